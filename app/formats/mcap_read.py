"""Read a recording out of an MCAP file, frame by frame."""

from __future__ import annotations

import json
import logging
import math
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from mcap.opcode import Opcode
from mcap_ros2.decoder import DecoderFactory

from app.formats import rvl
from app.formats.mcap_repair import repair
from app.formats.mcap_scan import DAMAGE, Index, check_ours, chunk_at, is_whole, read_index, scan_index
from app.formats.mcap_write import BEGIN, END
from app.formats.messages import FORMAT, HEAD
from app.formats.recording import Clock, DamagedFrameError, Description, RecordedFrame, Recording
from app.formats.schemas import DEPTH, FRAME
from lighthand.errors import SourceError
from lighthand.types import Intrinsics

_LOG: Final = logging.getLogger(__name__)
_MESSAGE_HEAD: Final = struct.Struct("<HIQQ")  # channel, sequence, two times


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the index has a message: the chunk's start in the file, the message's in the chunk, and its channel."""

    chunk: int
    offset: int
    channel: int


class McapRecording(Recording):
    """A recording of ours; of one that was cut off, or is being written, what is whole.

    One that was cut off is repaired as it is opened: see ``mcap_repair``.
    """

    def __init__(self, path: Path) -> None:
        """Open the file and read its index.

        Raises:
            SourceError: it cannot be read, or is no recording of ours.
        """
        self._path = path
        try:
            file: BinaryIO = path.open("rb")
        except OSError as error:
            raise SourceError(f"{path}: cannot be read ({error.strerror}).") from error
        self._file = file
        try:
            check_ours(path, file)
            whole = is_whole(file)
            index = read_index(file) if whole else scan_index(file)
            self._take(index)
            if not whole:
                self._repair(index.unread_bytes)
        except DAMAGE as error:
            self.close()
            raise SourceError(f"{path}: damaged MCAP, its index makes no sense ({error}). Copy it again.") from error
        except BaseException:
            self.close()
            raise

    def _repair(self, unread_bytes: int) -> None:
        """Give the file its missing end, if nobody writes it and nothing else is wrong with it; say what was done."""
        try:
            lost_bytes = repair(self._path)
        except BlockingIOError:
            _LOG.warning("%s: is being recorded: %d frames so far", self._path, self.count)
        except (OSError, *DAMAGE):
            _LOG.warning(
                "%s: the recording was cut off, or goes on: %d frames in it can be played; %d bytes that make no whole "
                "chunk are left out",
                self._path, self.count, unread_bytes,
            )  # fmt: skip
        else:
            if lost_bytes is None:
                self._take(read_index(self._file))
                return
            _LOG.warning(
                "%s: the recording was cut off; repaired: %d frames saved, %d bytes of a last, unfinished chunk lost",
                self._path, self.count, lost_bytes,
            )  # fmt: skip

    def _take(self, index: Index) -> None:
        """Find the messages of each topic."""
        self._metadata = index.metadata
        factory = DecoderFactory()
        self._decoders = {
            channel.topic: cast(
                Callable[[bytes], Any],
                factory.decoder_for(channel.message_encoding, index.schemas.get(channel.schema_id)),
            )
            for channel in index.channels.values()
        }
        self._places: dict[str, list[tuple[int, _Place]]] = {topic: [] for topic in self._decoders}
        for start, messages in index.chunks:
            for group in messages:
                places = self._places[index.channels[group.channel_id].topic]
                places += [(time_ns, _Place(start, offset, group.channel_id)) for time_ns, offset in group.records]
        self._unpacked: dict[int, bytes] = {}
        self._frames = dict(self._places.get(FRAME, []))
        depth = self._places.get(DEPTH, [])
        if not any(self._places.values()):
            raise SourceError(
                f"{self._path}: no frame is in it: it was ended or cut off before its first one, or began only just "
                "now. Record again."
            )
        if not depth or not self._frames:
            topics = ", ".join(sorted(self._places))
            raise SourceError(
                f"{self._path}: holds {topics}, but no {DEPTH} with {FRAME} beside it: no frame that LightHand "
                "recorded. Record again, or convert the original: "
                ".venv/bin/python -m app.recording convert SRC DST.mcap."
            )
        self.count = len(depth)
        self.about = self._describe()

    def _describe(self) -> Description:
        text = self.metadata.get("camera", "")
        if self.metadata.get("camera_crc32") != str(zlib.crc32(text.encode())):  # the format has none for metadata
            raise SourceError(f"{self._path}: the camera's description in it is damaged. Copy the file again.")
        values = json.loads(text)
        lens = values.pop("intrinsics")
        try:
            intrinsics = Intrinsics(**(lens | {"distortion": tuple(lens["distortion"])}))
            return Description(**values, intrinsics=intrinsics)
        except (TypeError, SourceError) as error:
            raise SourceError(
                f"{self._path}: the camera's description in it cannot be used ({error}). Record again."
            ) from error

    @property
    def metadata(self) -> dict[str, str]:
        """What was noted at the start: version, camera and about, the last two as JSON."""
        return self._metadata.get(BEGIN, {})

    @property
    def end(self) -> dict[str, str]:
        """What was noted at the end: frames, drops, error."""
        return self._metadata.get(END, {})

    def frame(self, index: int) -> RecordedFrame:
        """See ``Recording.frame``."""
        time_ns, place = self._places[DEPTH][index]
        try:
            depth = self._decoders[DEPTH](self._message(time_ns, place))
            if time_ns not in self._frames:
                raise ValueError(f"no {FRAME} beside it")
            about = self._decoders[FRAME](self._message(time_ns, self._frames[time_ns]))
            _, _, _, columns, rows = HEAD.unpack_from(depth.data)
            size = (self.about.intrinsics.width, self.about.intrinsics.height)
            if depth.format != FORMAT or (columns, rows) != size:
                raise ValueError(f"{depth.format}, {columns}x{rows}")
            pixels = rvl.decode(depth.data[HEAD.size :], columns, rows)
        except DAMAGE as error:
            raise DamagedFrameError(
                f"{self._path}: frame {index} of {self.count} is damaged ({error}). Copy the file again."
            ) from error
        clock = cast(Clock, about.sensor_clock)
        return RecordedFrame(pixels, about.seq, _or_none(about.sensor_s), clock, _or_none(about.backend_s))

    def moment_s(self, index: int) -> float:
        """See ``Recording.moment_s``."""
        depth = self._places[DEPTH]
        return (depth[index][0] - depth[0][0]) / 1e9

    def messages(self, topic: str) -> Iterator[tuple[int, Any]]:
        """Give the messages of a topic, decoded, with their times; those in damaged chunks are left out."""
        for time_ns, place in self._places.get(topic, []):
            try:
                message = self._decoders[topic](self._message(time_ns, place))
            except DAMAGE:
                continue
            yield time_ns, message

    def stamps(self) -> dict[int, float | None]:
        """Give the camera's stamp of each frame, by its number."""
        return {message.seq: _or_none(message.sensor_s) for _, message in self.messages(FRAME)}

    def close(self) -> None:
        """See ``Recording.close``."""
        self._file.close()

    def _message(self, time_ns: int, place: _Place) -> bytes:
        """Give the bytes of a message; ValueError where the index, which has no checksum in a chunk, is not of it."""
        if place.chunk not in self._unpacked:
            self._unpacked = {place.chunk: chunk_at(self._file, place.chunk)}
        raw = self._unpacked[place.chunk]
        opcode, length = struct.unpack_from("<BQ", raw, place.offset)
        end = place.offset + 9 + length
        if opcode != Opcode.MESSAGE or end > len(raw):
            raise ValueError("no message where the index has one")
        channel, _, logged_ns, _ = _MESSAGE_HEAD.unpack_from(raw, place.offset + 9)
        if (channel, logged_ns) != (place.channel, time_ns):
            raise ValueError("another message than the index says")
        return raw[place.offset + 9 + _MESSAGE_HEAD.size : end]


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
