"""One array out of a MATLAB file of version 5 to 7, without SciPy.

Source: MathWorks, *MAT-File Format* (R2023b), "Level 5 MAT-file format": a header of 128 bytes, then elements of a tag
(type, bytes) and data, filled up to 8 bytes; version 7 packs each variable with zlib. Version 7.3 is HDF5 and refused.
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from lighthand.errors import DataError

_NUMBERS: Final = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""Storage types by number: MATLAB keeps whole doubles in the smallest that holds them."""

_MATRIX: Final = 14
_PACKED: Final = 15
_DOUBLE_CLASS: Final = 6


def read_array(path: Path, name: str) -> npt.NDArray[np.float64]:
    """Read a real array of doubles.

    Args:
        path: the file.
        name: of the variable.

    Returns:
        The array with the dimensions that MATLAB shows.

    Raises:
        DataError: the file is missing, cut short, of another version, or holds no such array.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error}). Check --root.") from error
    if content[124:128] != b"\x00\x01IM":
        raise DataError(f"{path}: no MATLAB file of version 5 to 7 in little-endian order. Fetch the data set again.")
    try:
        for kind, data in _elements(memoryview(content)[128:]):
            if kind == _PACKED:
                ((kind, data),) = _elements(memoryview(zlib.decompress(data)))
            if kind == _MATRIX:
                array = _array(data, name)
                if array is not None:
                    return array
    except (struct.error, zlib.error, ValueError, KeyError, IndexError, StopIteration) as error:
        reason = str(error) or "a part of an array is missing"  # StopIteration has no text
        raise DataError(f"{path}: damaged or cut short ({reason}). Fetch the data set again.") from error
    raise DataError(f"{path}: no array {name!r} of real doubles in it. Fetch the data set again.")


def _elements(content: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Give the type and the data of each element."""
    start = 0
    while start < len(content):
        kind, size = struct.unpack_from("<II", content, start)
        if kind >> 16:  # a small element: its size and up to 4 bytes of data stand in the tag
            kind, size, begin, following = kind & 0xFFFF, kind >> 16, start + 4, start + 8
        else:
            begin = start + 8
            following = begin + size + (0 if kind == _PACKED else -size % 8)
        if begin + size > len(content):
            raise ValueError(f"an element of {size} bytes, {len(content) - begin} are left")
        yield kind, content[begin : begin + size]
        start = following


def _array(content: memoryview, name: str) -> npt.NDArray[np.float64] | None:
    """Read a matrix element; None where it is another variable, or no real array of doubles."""
    parts = _elements(content)
    flags = next(parts)[1][0:2]
    dimensions = np.frombuffer(next(parts)[1], "<i4").tolist()
    if bytes(next(parts)[1]) != name.encode() or flags[0] != _DOUBLE_CLASS or flags[1] & 0x08:
        return None
    kind, data = next(parts)
    numbers = np.frombuffer(data, f"<{_NUMBERS[kind]}")
    if len(numbers) != math.prod(dimensions):
        raise ValueError(f"{len(numbers)} numbers for {dimensions}")
    return numbers.reshape(dimensions, order="F").astype(np.float64)
