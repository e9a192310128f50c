"""Writes .oni recordings as OpenNI2's own recorder does: one depth stream, not compressed."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from app.cameras import openni_sdk

needs_openni = pytest.mark.skipif(
    not any(list(Path(folder).glob("libOpenNI2.so*")) for folder in openni_sdk._FOLDERS),
    reason="OpenNI2 is not installed: sudo apt-get install libopenni2-0",
)

NODE = "Depth1"
_INT, _GENERAL, _BEGIN, _READY, _DATA, _END, _NODE_ADDED = 0x03, 0x06, 0x08, 0x09, 0x0A, 0x0B, 0x0D
_DEPTH = 2  # XnProductionNodeType


def _text(value: str) -> bytes:
    data = value.encode() + b"\0"
    return struct.pack("<I", len(data)) + data


def record(kind: int, fields: bytes = b"", payload: bytes = b"") -> bytes:
    return struct.pack("<4s4IQ", b"NIR\0", kind, 0, 28 + len(fields), len(payload), 0) + fields + payload


def write_oni(
    path: Path,
    frames: npt.NDArray[np.uint16],
    times_us: list[int],
    *,
    fov: tuple[float, float] | None = (math.radians(58.6), math.radians(45.6)),
    pixel_format: int = 100,
    mirrored: bool = False,
) -> Path:
    """Write (N, H, W) frames: 100 is 1 mm, 101 is 100 um."""
    count, height, width = frames.shape

    def general(name: str, data: bytes) -> bytes:
        return record(_GENERAL, _text(name) + struct.pack("<I", len(data)) + data)

    def whole(name: str, value: int) -> bytes:
        return record(_INT, _text(name) + struct.pack("<IQ", 8, value))

    added = _text(NODE) + struct.pack("<I4sIQQQ", _DEPTH, b"NONE", count, times_us[0], times_us[-1], 0)
    parts = [
        struct.pack("<4sBBHIQI", b"NI10", 1, 0, 1, 0, times_us[-1], 0),
        record(_NODE_ADDED, added),
        general("xnMapOutputMode", struct.pack("<3I", width, height, 30)),
        whole("oniPixelFormat", pixel_format),
        whole("xnDeviceMaxDepth", 10_000),
        whole("xnMirror", int(mirrored)),
        general("xnCropping", struct.pack("<i4H", 0, 0, 0, 0, 0)),
        *([general("xnFOV", struct.pack("<2d", *fov))] if fov else []),
        record(_READY),
        record(_BEGIN, struct.pack("<IQ", count, times_us[-1])),
    ]
    for number, (frame, time_us) in enumerate(zip(frames, times_us, strict=True), start=1):
        parts.append(record(_DATA, struct.pack("<QI", time_us, number), frame.astype("<u2").tobytes()))
    path.write_bytes(b"".join([*parts, record(_END)]))
    return path
