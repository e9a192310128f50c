"""Write a recording: frames, results and drops as ROS 2 messages in an MCAP file."""

from __future__ import annotations

import fcntl
import json
import zlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

from app.formats import messages
from app.formats.mcap_file import McapFile
from app.formats.recording import Description
from app.formats.schemas import CAMERA, DEPTH, DROPS, FRAME, HANDS, IMAGE, MARKERS, SCHEMAS, TOPICS
from lighthand.errors import SourceError
from lighthand.types import Frame, Result

BEGIN: Final = "lighthand"
END: Final = "lighthand_end"
"""Names of the metadata: who recorded what with which settings; and how it ended."""


def check_absent(path: Path) -> None:
    """Refuse to write over a file.

    Raises:
        SourceError: the file is there.
    """
    if path.exists():
        raise SourceError(f"{path}: is there already. Choose another name, or remove it.")


class RecordingWriter:
    """A recording that is being written; not for two threads at once. Times are nanoseconds since 1970."""

    def __init__(self, path: Path, camera: Description, about: Mapping[str, object], *, raw: bool = False) -> None:
        """Make the file.

        Args:
            path: of the file, which must not be there.
            camera: what took the frames.
            about: what else to keep, for JSON: the settings of the program.
            raw: images uncompressed and hands as drawings, for other programs; not for replay.

        Raises:
            SourceError: the file is there, or cannot be made.
        """
        self.path = path
        self.frames = self.saved = 0
        """Frames taken, and frames in chunks that are written: what a kill leaves."""
        self._raw = raw
        check_absent(path)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("xb", buffering=0)
        except OSError as error:
            raise SourceError(f"{path}: cannot be made ({error.strerror}). Choose another place.") from error
        with suppress(OSError):  # some file systems have no locks; on them nothing is repaired
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # until it is closed: no reader takes it for cut off
        try:
            self._mcap = McapFile(self._file)
            values = {"camera": asdict(camera), "about": dict(about)}
            texts = {name: json.dumps(value, default=str) for name, value in values.items()}
            checksum = str(zlib.crc32(texts["camera"].encode()))
            self._mcap.metadata(BEGIN, {"version": _version(), "camera_crc32": checksum, **texts})
        except OSError as error:
            self._file.close()
            path.unlink(missing_ok=True)
            raise SourceError(f"{path}: cannot be written ({error.strerror}). Choose another place.") from error

    @property
    def size_bytes(self) -> int:
        """How long the file is."""
        return self._mcap.size_bytes

    def frame(self, frame: Frame, time_ns: int) -> None:
        """Add a frame that came at that time; later ones have later times.

        Raises:
            OSError: it cannot be written.
        """
        if self._mcap.flush_when_due(time_ns):  # not between the messages of one frame
            self.saved = self.frames
        self._add(FRAME, time_ns, messages.frame_info(frame, time_ns), frame.seq)
        self._add(CAMERA, time_ns, messages.camera_info(frame.intrinsics, time_ns), frame.seq)
        if self._raw:
            self._add(IMAGE, time_ns, messages.image(frame, time_ns), frame.seq)
        else:
            self._add(DEPTH, time_ns, messages.depth(frame, time_ns), frame.seq)
        self.frames += 1

    def result(self, result: Result, time_ns: int, topic: str = HANDS) -> None:
        """Add what was found in a frame.

        Args:
            result: joints, stamps.
            time_ns: when it was ready.
            topic: HANDS, or TRUTH for what is known to be so.

        Raises:
            OSError: it cannot be written.
        """
        self._add(topic, time_ns, messages.hands(result, time_ns), result.frame.seq)
        if self._raw:
            for hand in result.hands:
                self._add(MARKERS, time_ns, messages.marker(hand, time_ns), result.frame.seq)

    def drops(self, first_seq: int, last_seq: int, count: int, where: str, time_ns: int) -> None:
        """Note frames that are not in the file.

        Raises:
            OSError: it cannot be written.
        """
        self._add(DROPS, time_ns, messages.drops(first_seq, last_seq, count, where, time_ns))

    def finish(self, end: Mapping[str, object]) -> None:
        """Write how it ended, the index and the end, and close.

        Raises:
            OSError: they cannot be written; what was written before can be read.
        """
        try:
            self._mcap.metadata(END, {name: str(value) for name, value in end.items()})
            self._mcap.finish()
            self.saved = self.frames
        finally:
            self.close()

    def discard(self) -> None:
        """Close, and remove the file.

        Raises:
            OSError: it cannot be removed.
        """
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let the file go as it is; safe twice."""
        self._file.close()

    def _add(self, topic: str, time_ns: int, data: bytes, sequence: int = 0) -> None:
        kind = TOPICS[topic]
        self._mcap.message(self._mcap.channel(topic, kind, SCHEMAS[kind].encode()), time_ns, data, sequence)


def _version() -> str:
    try:
        return version("lighthand")
    except PackageNotFoundError:  # runs from a copy that is not installed
        return "unknown"
