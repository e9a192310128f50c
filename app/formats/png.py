"""Depth in PNGs: 16-bit grey, or NYU's 8-bit RGB with the high byte in green and the low one in blue."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from lighthand.errors import SourceError
from lighthand.types import DepthArray

_HEAD: Final = b"\x89PNG\r\n\x1a\n"
_COLOURS: Final = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"}


def read_grey(path: Path) -> DepthArray:
    """Read a 16-bit single-channel PNG.

    Raises:
        SourceError: it cannot be read, is damaged, or holds something else.
    """
    return np.asarray(
        _read(path, 16, 0, "16-bit grey: depth, not a colour image or a preview of depth"), dtype=np.uint16
    )


def read_nyu(path: Path) -> DepthArray:
    """Read a PNG of NYU: depth = green * 256 + blue.

    Raises:
        SourceError: it cannot be read, is damaged, or holds something else.
    """
    image = _read(path, 8, 2, "8-bit RGB: depth_1_*.png are NYU's, with depth in green and blue")
    blue, green = image[..., 0].astype(np.uint16), image[..., 1].astype(np.uint16)  # OpenCV gives BGR
    return np.asarray(green << 8 | blue, np.uint16)


def _read(path: Path, bits: int, colours: int, expected: str) -> npt.NDArray[Any]:
    """Read a PNG, checked whole: OpenCV returns half of a truncated one in silence."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}).") from error
    its_bits, its_colours = _check(path, data)
    if (its_bits, its_colours) != (bits, colours):
        kind = _COLOURS.get(its_colours, "unknown")
        raise SourceError(f"{path}: {its_bits}-bit {kind} PNG, expected {expected}.")
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None or image.dtype.itemsize * 8 != bits:
        raise SourceError(f"{path}: damaged PNG, its pixels cannot be unpacked. Copy it again or remove it.")
    return np.asarray(image)


def _check(path: Path, data: bytes) -> tuple[int, int]:
    """Walk through the chunks of a PNG; give its bits a sample and its colour type."""
    if not data.startswith(_HEAD) or data[12:16] != b"IHDR":
        raise SourceError(f"{path}: not a PNG ({len(data)} bytes). Copy it again or remove it.")
    start, kind = len(_HEAD), b""
    while kind != b"IEND":
        if start + 12 > len(data):
            raise SourceError(f"{path}: truncated PNG, it ends after {len(data)} bytes. Copy it again or remove it.")
        length, kind = struct.unpack_from(">I4s", data, start)
        end = start + 12 + length
        if end > len(data):
            raise SourceError(f"{path}: truncated PNG, {end - len(data)} bytes missing. Copy it again or remove it.")
        if zlib.crc32(data[start + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise SourceError(f"{path}: damaged PNG, wrong checksum at byte {start}. Copy it again or remove it.")
        start = end
    return data[24], data[25]
