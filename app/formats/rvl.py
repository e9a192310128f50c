"""RVL: depth images without loss, by runs of zeros and differences in groups of three bits.

A. D. Wilson, *Fast Lossless Depth Image Compression*, ISS 2017. Words of 32 bits, each of eight nibbles, the first in
the highest bits: as ROS's ``compressed_depth_image_transport`` has them.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from lighthand.types import DepthArray

Words = npt.NDArray[np.uint32]


def encode(depth: DepthArray) -> bytes:
    """Compress an image.

    Args:
        depth: of any shape; its pixels are taken row by row.

    Returns:
        Words, little-endian.
    """
    flat = np.ascontiguousarray(depth).reshape(-1)
    words = np.empty(_most_words(flat.size), np.uint32)
    return words[: _encode(flat, words)].tobytes()


def decode(data: bytes, width: int, height: int) -> DepthArray:
    """Expand an image.

    Args:
        data: from ``encode``.
        width: of the image, pixels.
        height: of the image, pixels.

    Returns:
        (H, W) uint16.

    Raises:
        ValueError: the data are not those of an image of that size.
    """
    if len(data) % 4:
        raise ValueError(f"RVL: {len(data)} bytes, expected whole words of 4")
    depth = np.empty(width * height, np.uint16)
    words = np.frombuffer(data, "<u4")
    used = _decode(words, depth)
    if used != len(words):
        raise ValueError(f"RVL: {len(words)} words do not make an image of {width}x{height}")
    return depth.reshape(height, width)


def _most_words(pixels: int) -> int:
    """Bound the length: a pixel takes six nibbles (17 bits and their marks), or a run's length before and after it."""
    return pixels * 9 // 8 + 16


@numba.njit(cache=True, nogil=True)
def _encode(flat: DepthArray, words: Words) -> int:
    word, nibbles, used = np.uint32(0), 0, 0
    before, at, size = 0, 0, flat.size
    while at < size:
        start = at
        while at < size and flat[at] == 0:
            at += 1
        end = at
        while end < size and flat[end] != 0:
            end += 1
        for item in range(at - 2, end):
            if item == at - 2:
                value = at - start
            elif item == at - 1:
                value = end - at
            else:
                delta = int(flat[item]) - before
                before = int(flat[item])
                value = (delta << 1) ^ (delta >> 63)
            more = True
            while more:
                nibble = value & 7
                value >>= 3
                more = value != 0
                if more:
                    nibble |= 8
                word = np.uint32((word << np.uint32(4)) | np.uint32(nibble))
                nibbles += 1
                if nibbles == 8:
                    words[used] = word
                    used += 1
                    word, nibbles = np.uint32(0), 0
        at = end
    if nibbles:
        words[used] = np.uint32(word << np.uint32(4 * (8 - nibbles)))
        used += 1
    return used


@numba.njit(cache=True, nogil=True)
def _decode(words: Words, flat: DepthArray) -> int:
    """Fill ``flat``; give how many words that took, or -1 where they do not fit."""
    word, left, used = np.uint32(0), 0, 0
    before, at, size = 0, 0, flat.size
    zeros, others = 0, 0
    expects = 0  # 0: a run of zeros, 1: a run of others, 2: a difference
    while at < size or expects == 1:
        value, shift, more = 0, 0, True
        while more:
            if left == 0:
                if used == words.size:
                    return -1
                word = words[used]
                used += 1
                left = 8
            nibble = int(word >> np.uint32(28))
            word = np.uint32(word << np.uint32(4))
            left -= 1
            value |= (nibble & 7) << shift
            shift += 3
            more = nibble & 8 != 0
            if shift > 33:
                return -1
        if expects == 0:
            zeros = value
            if zeros > size - at:
                return -1
            flat[at : at + zeros] = 0
            at += zeros
            expects = 1
        elif expects == 1:
            others = value
            if others > size - at or (zeros == 0 and others == 0):
                return -1
            expects = 2 if others else 0
        else:
            before += (value >> 1) ^ -(value & 1)
            if before <= 0 or before > 65535:
                return -1
            flat[at] = before
            at += 1
            others -= 1
            if others == 0:
                expects = 0
    return used
