"""Checks the head of a Matroska file before Azure Kinect's library gets it.

A head that was cut, or a track without a number, makes the library end the process.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import BinaryIO, Final

from lighthand.errors import SourceError

_LOG: Final = logging.getLogger(__name__)

_EBML: Final = 0x1A45DFA3
_SEGMENT: Final = 0x18538067
_CLUSTER: Final = 0x1F43B675
_TRACKS: Final = 0x1654AE6B
_TRACK: Final = 0xAE
_TRACK_NUMBER: Final = 0xD7


def check_mkv(path: Path) -> None:
    """Walk through the elements before the first cluster; a file cut later plays to where it ends.

    Raises:
        SourceError: it cannot be read, is no Matroska file or ends before its first frame.
    """
    try:
        with path.open("rb") as file:
            _walk(path, file, path.stat().st_size)
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}). Give --source an .mkv recording.") from error


def _walk(path: Path, file: BinaryIO, size: int) -> None:
    name, length = _head(file)
    if name != _EBML or length is None:
        raise SourceError(f"{path}: not a Matroska file ({size} bytes). Give --source an .mkv of an Azure Kinect.")
    end = file.tell() + length
    file.seek(end)
    name, length = _head(file)
    whole = name == _SEGMENT and (length is None or file.tell() + length <= size)
    while end <= size and name is not None:
        if name == _CLUSTER:
            if not whole:
                _LOG.warning("%s: was cut off; it plays to where it ends", path)
            return
        end = file.tell() + (0 if name == _SEGMENT else length or 0)
        if name == _TRACKS and end <= size and not _is_sound(file, end):
            raise SourceError(f"{path}: damaged, its list of tracks cannot be read. Copy it again.")
        file.seek(end)
        name, length = _head(file)
    raise SourceError(f"{path}: truncated, it ends after {size} bytes without a frame. Copy it again.")


def _is_sound(file: BinaryIO, end: int, *, track: bool = False) -> bool:
    """Tell whether the elements up to the end fit, and each track has a number."""
    numbered = not track
    while file.tell() < end:
        name, length = _head(file)
        if name is None or length is None or file.tell() + length > end:
            return False
        if name == _TRACK_NUMBER:
            numbered = 0 < length <= 8
        if name == _TRACK and not track and not _is_sound(file, file.tell() + length, track=True):
            return False
        if track or name != _TRACK:
            file.seek(length, 1)
    return numbered


def _head(file: BinaryIO) -> tuple[int | None, int | None]:
    """Read the name and the length of an element; None where the file ends or the length is left open."""
    name = _number(file, 4, keep=True)
    length = _number(file, 8, keep=False)
    return name, length


def _number(file: BinaryIO, longest: int, *, keep: bool) -> int | None:
    """Read a number whose first set bit says how many bytes it has; a name keeps that bit."""
    first = file.read(1)
    count = 9 - first[0].bit_length() if first else 9
    rest = file.read(count - 1) if count <= longest else b""
    if not first or len(rest) != count - 1:
        return None
    value = int.from_bytes(first + rest, "big")
    if keep:
        return value
    value &= (1 << 7 * count) - 1
    return None if value == (1 << 7 * count) - 1 else value
