"""Checks an ``.oni`` recording before OpenNI's own player gets it, which trusts every length that it reads.

The player of libopenni2-0 2.2.0.33 was seen to end the process, to give frames of other places and to spin for ever
on damaged files.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from lighthand.errors import SourceError

_HEADER: Final = struct.Struct("<4sBBHIQI")  # magic, version (4 parts), last time stamp, greatest node
_RECORD: Final = struct.Struct(
    "<4s4I"
)  # magic, kind, node, bytes of header and fields, bytes of payload; then a position
_OLDEST: Final = (1, 0, 0, 4)
_WIDE: Final = (1, 0, 1, 0)  # from here on, positions in the file have 8 bytes, not 4
_NODES: Final = 100
_FIELDS: Final = 1 << 20  # bytes; the longest are tables of 20 kB
_PAYLOAD: Final = 1600 * 1200 * 3  # bytes: the player's buffer

_ADDED: Final = (0x02, 0x0C, 0x0D)
_PROPERTIES: Final = (0x03, 0x04, 0x05, 0x06)
_DATA: Final = 0x0A
_END: Final = 0x0B
_SEEK_TABLE: Final = 0x0E
_KINDS: Final = range(0x02, 0x0F)
_DEPTH: Final = 2
_CROPPING: Final = b"xnCropping"


@dataclass(frozen=True, slots=True)
class FramePlace:
    """Where a frame of a recording stands.

    Attributes:
        number: as the player gives it with the frame, from 1.
        time_us: its time stamp.
    """

    number: int
    time_us: int


def read_oni(path: Path) -> tuple[FramePlace, ...]:
    """Walk through an ``.oni`` file, record by record.

    Returns:
        Every frame of the first depth stream.

    Raises:
        SourceError: the file is none, is damaged, was not finished or holds no depth.
    """
    try:
        with path.open("rb") as file:
            frames = _walk(file, path.stat().st_size)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}). Give --source an .oni recording.") from error
    except _DamagedError as error:
        raise SourceError(f"{path}: {error}. Copy it again, or record it again to its end.") from error
    if not frames:
        raise SourceError(f"{path}: holds no depth frame. Record the depth stream.")
    return tuple(frames)


def mean_fps(frames: tuple[FramePlace, ...]) -> float | None:
    """Give the mean rate of the time stamps; None where they tell none between 0.1 and 1000 a second."""
    span_s = (frames[-1].time_us - frames[0].time_us) / 1e6
    fps = (len(frames) - 1) / span_s if span_s > 0 else 0.0
    return fps if 0.1 <= fps <= 1000 else None


class _DamagedError(Exception):
    pass


def _walk(file: BinaryIO, size: int) -> list[FramePlace]:
    head = file.read(_HEADER.size)
    if len(head) < _HEADER.size or not head.startswith(b"NI10"):
        raise _DamagedError(f"not an .oni recording ({size} bytes)")
    _, *version, last_us, greatest = _HEADER.unpack(head)
    if not _OLDEST <= tuple(version) <= _WIDE or greatest >= _NODES:
        raise _DamagedError(f"version {'.'.join(map(str, version))} with {greatest + 1} nodes is not known")
    header = _RECORD.size + (8 if tuple(version) >= _WIDE else 4)
    frames: list[FramePlace] = []
    depth: int | None = None
    has_cropping = False
    start, kind = _HEADER.size, 0
    while kind != _END:
        head = file.read(header)
        if len(head) < header:
            raise _DamagedError(f"truncated, it ends after {size} bytes without an end record")
        magic, kind, node, fields, payload = _RECORD.unpack_from(head)
        if magic != b"NIR\0" or kind not in _KINDS or node > greatest or not header <= fields <= _FIELDS:
            raise _DamagedError(f"damaged record at byte {start}")
        body = file.read(fields - header)
        skip = payload if kind in (_DATA, _SEEK_TABLE) else 0
        if len(body) < fields - header or start + fields + skip > size:
            raise _DamagedError(f"truncated, {start + fields + skip - size} bytes missing")
        name = _name(body) if kind in (*_PROPERTIES, *_ADDED) else b""
        if name is None or (kind in _PROPERTIES and not _has_value(body)) or (kind == _DATA and skip > _PAYLOAD):
            raise _DamagedError(f"damaged record at byte {start}")
        if kind in _ADDED and depth is None and _number_after_name(body) == _DEPTH:
            depth = node
        if name == _CROPPING and node == depth:
            has_cropping = True
        if kind == _DATA and node == depth:
            frames.append(_stamp(body, start, last_us))
        start = file.seek(start + fields + skip)
    if frames and not has_cropping:
        raise _DamagedError("its depth stream has no xnCropping, without which OpenNI gives no frame")
    return frames


def _name(body: bytes) -> bytes | None:
    """Give the name that begins a record; None where it is none, of which OpenNI's tables take a byte over 127 ill."""
    name = body[4 : _name_end(body)]
    sound = len(name) == _name_end(body) - 4 and name.endswith(b"\0") and name.isascii()
    return name[:-1] if sound else None


def _name_end(body: bytes) -> int:
    return 4 + int.from_bytes(body[:4], "little")


def _number_after_name(body: bytes) -> int:
    end = _name_end(body)
    return int.from_bytes(body[end : end + 4], "little")


def _has_value(body: bytes) -> bool:
    """Tell whether a property's value is as long as it says."""
    return _name_end(body) + 4 + _number_after_name(body) <= len(body)


def _stamp(body: bytes, start: int, last_us: int) -> FramePlace:
    """Give the number and the time of a frame; the player passes over those beyond the header's last time."""
    if len(body) < 12:
        raise _DamagedError(f"damaged record at byte {start}")
    time_us, number = struct.unpack_from("<QI", body)
    if number == 0 or time_us > last_us:
        raise _DamagedError(
            f"frame {number} at byte {start} has the time {time_us} us, the recording ends at {last_us}"
        )
    return FramePlace(number, time_us)
