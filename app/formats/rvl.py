"""RVL: depth images without loss, by runs of zeros and differences in groups of three bits.

A. D. Wilson, *Fast Lossless Depth Image Compression*, ISS 2017. Words of 32 bits, each of eight nibbles, the first in
the highest bits: as ROS's ``compressed_depth_image_transport`` has them.
"""

from __future__ import annotations

from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from lighthand.types import DepthArray

Words = npt.NDArray[np.uint32]

_TABLE: Final = 1 << 17  # more than any difference of two pixels, with its sign


def encode(depth: DepthArray) -> bytes:
    """Compress an image.

    Args:
        depth: of any shape; its pixels are taken row by row.

    Returns:
        Words, little-endian.
    """
    flat = np.ascontiguousarray(depth).reshape(-1)
    words = np.empty(_most_words(flat.size), np.uint32)
    return words[: _encode(flat, words, _PACKED, _BITS)].tobytes()


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


def _table() -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint8]]:
    """Give the nibbles of every number below _TABLE in a row, and how many bits they are."""
    numbers = np.arange(_TABLE, dtype=np.uint32)
    packed, bits = np.zeros(_TABLE, np.uint32), np.zeros(_TABLE, np.uint8)
    for place in range(0, 18, 3):
        left = numbers >> place
        here = (left > 0) | (place == 0)
        packed = np.where(here, packed << 4 | left & 7 | (left > 7) << 3, packed).astype(np.uint32)
        bits += 4 * here.astype(np.uint8)
    return packed, bits


_PACKED, _BITS = _table()


@numba.njit(cache=True, nogil=True)
def _encode(flat: DepthArray, words: Words, packed: Words, lengths: npt.NDArray[np.uint8]) -> int:
    """Fill ``words``; give how many. Bits wait in an accumulator of 64 until they make a word."""
    waiting, bits, used = np.uint64(0), np.uint64(0), np.uint64(0)
    before = np.int32(0)
    at, size = 0, flat.size
    while at < size:
        start = at
        while at < size and flat[at] == 0:
            at += 1
        end = at
        while end < size and flat[end] != 0:
            end += 1
        for run in (at - start, end - at):
            value = np.uint64(run)
            while True:
                last = value < 8
                waiting = (waiting << np.uint64(4)) | value & np.uint64(7) | np.uint64(0 if last else 8)
                value >>= np.uint64(3)
                bits += np.uint64(4)
                words[used] = np.uint32((waiting >> (bits & np.uint64(31))) & np.uint64(0xFFFFFFFF))
                used += bits >> np.uint64(5)
                bits &= np.uint64(31)
                if last:
                    break
        for pixel in flat[at:end]:
            delta = np.int32(pixel) - before
            before = np.int32(pixel)
            number = np.uint32((delta << np.int32(1)) ^ (delta >> np.int32(31)))
            length = np.uint64(lengths[number])
            waiting = (waiting << length) | np.uint64(packed[number])
            bits += length
            words[used] = np.uint32((waiting >> (bits & np.uint64(31))) & np.uint64(0xFFFFFFFF))
            used += bits >> np.uint64(5)  # a word that is not full is written over: quicker than to ask
            bits &= np.uint64(31)
        at = end
    if bits:
        words[used] = np.uint32((waiting << (np.uint64(32) - bits)) & np.uint64(0xFFFFFFFF))
        used += np.uint64(1)
    return int(used)


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
