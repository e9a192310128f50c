"""ROS 2 messages as bytes: the encoding of DDS, little-endian. The mcap-ros2-support package decodes them."""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
import numpy.typing as npt

_HEAD: Final = b"\x00\x01\x00\x00"


class CdrWriter:
    """Puts the fields of one message in a row; each number stands at a multiple of its size."""

    def __init__(self) -> None:
        """Start a message."""
        self._out = bytearray(_HEAD)

    def put(self, codes: str, *values: float) -> None:
        """Put numbers, by their codes in ``struct``: one a value."""
        for code, value in zip(codes, values, strict=True):
            self._align(struct.calcsize(code))
            self._out += struct.pack("<" + code, value)

    def text(self, value: str) -> None:
        """Put a string."""
        data = value.encode() + b"\0"
        self.put("I", len(data))
        self._out += data

    def blob(self, *parts: bytes) -> None:
        """Put bytes as a uint8[], given in parts."""
        self.put("I", sum(map(len, parts)))
        for part in parts:
            self._out += part

    def array(self, values: npt.NDArray[np.generic], *, counted: bool = True) -> None:
        """Put an array row by row, with its count before it where the type has no fixed one."""
        if counted:
            self.put("I", values.size)
        if values.size:
            self._align(values.itemsize)
            self._out += np.ascontiguousarray(values, values.dtype.newbyteorder("<")).tobytes()

    @property
    def data(self) -> bytes:
        """The message."""
        return bytes(self._out)

    def _align(self, size: int) -> None:
        self._out += bytes(-(len(self._out) - len(_HEAD)) % size)
