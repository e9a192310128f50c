"""Find the chunks of an MCAP file, whole or cut off, and make a cut-off one whole."""

from __future__ import annotations

import fcntl
import os
import shutil
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, Header, Message, Metadata, Schema
from mcap.stream_reader import breakup_chunk, get_chunk_data_stream

from app.formats.mcap_file import LIBRARY, MAGIC, McapFile
from app.formats.mcap_write import END
from app.formats.schemas import DEPTH
from lighthand.errors import SourceError

DAMAGE: Final = (
    McapError,
    ValueError,
    KeyError,
    struct.error,
    EOFError,
    MemoryError,
    OverflowError,
    zstandard.ZstdError,
)
"""What the mcap package raises on bytes that make no sense; UnicodeDecodeError and wrong checksums are ValueErrors."""

_FOOTER_BYTES: Final = 29


@dataclass(frozen=True, slots=True)
class Repair:
    """What came of a repair.

    Attributes:
        frames: saved.
        damaged: chunks that could not be read, each about a megabyte.
        lost_bytes: behind the last whole chunk.
    """

    frames: int
    damaged: int
    lost_bytes: int

    def __str__(self) -> str:
        """Say it."""
        damaged = f", {self.damaged} damaged chunk(s) left out" if self.damaged else ""
        return f"{self.frames} frames saved{damaged}, {self.lost_bytes} bytes of a last, unfinished chunk lost"


@dataclass(slots=True)
class _Found:
    """What a walk through a file came upon."""

    frames: int = 0
    damaged: int = 0
    end: int = 0
    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)


def check_ours(path: Path, file: BinaryIO) -> None:
    """Refuse what is no MCAP file, or one that another program wrote: that is not ours to repair.

    Raises:
        SourceError: it does not begin like one of ours.
    """
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        size = path.stat().st_size
        raise SourceError(f"{path}: no MCAP file ({size} bytes, it begins otherwise). Copy it again or remove it.")
    head = file.read(9)
    try:
        opcode, length = struct.unpack("<BQ", head)
        library = Header.read(_stream(file.read(min(length, 1 << 16)))).library if opcode == Opcode.HEADER else ""
    except DAMAGE:
        library = ""
    if library != LIBRARY:
        raise SourceError(
            f"{path}: an MCAP of {library or 'an unknown program'}, not of LightHand. Only recordings of its own play: "
            "record again, or convert the original: python -m app.recording convert SRC DST.mcap."
        )


def is_whole(file: BinaryIO) -> bool:
    """Say whether the end of the file and its index are there, and as they were written."""
    file.seek(0, os.SEEK_END)
    footer = file.tell() - len(MAGIC) - _FOOTER_BYTES
    if footer < len(MAGIC):
        return False
    file.seek(footer)
    tail = file.read()
    opcode, _, start, _, checksum = struct.unpack_from("<BQQQI", tail)
    if opcode != Opcode.FOOTER or not tail.endswith(MAGIC) or not 0 < start < footer:
        return False
    file.seek(start)
    return bool(checksum == zlib.crc32(file.read(footer - start) + tail[: _FOOTER_BYTES - 4]))


def unpack(chunk: Chunk) -> bytes:
    """Give what is in a chunk; one of DAMAGE where it is not as it was written."""
    stream, length = get_chunk_data_stream(chunk, validate_crc=True)
    return stream.read(length)


def being_written(file: BinaryIO) -> bool:
    """Say whether some program records into the file right now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    fcntl.flock(file, fcntl.LOCK_UN)
    return False


def repair(path: Path, target: Path | None = None) -> Repair:
    """Make a cut-off file whole.

    Args:
        path: the file.
        target: gets the whole one; None for ``path`` itself, which stays as it is until the new one is on the disk.

    Returns:
        What was saved.

    Raises:
        SourceError: it is no MCAP file, or is being written by a recorder.
        OSError: the whole one cannot be written.
    """
    path = path.resolve()  # a link stays one
    beside = target or path.with_name(path.name + ".repairing")
    with path.open("rb") as source:
        check_ours(path, source)
        if target is None and being_written(source):
            raise SourceError(f"{path}: is being recorded right now. Stop the recording first.")
        try:
            with beside.open("wb", buffering=0) as file:
                report = _copy(source, McapFile(file), path.stat().st_size)
                os.fsync(file.fileno())
            if target is None:
                shutil.copymode(path, beside)
                beside.replace(path)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
    return report


def _copy(source: BinaryIO, target: McapFile, size: int) -> Repair:
    """Copy every whole chunk and the metadata, and note what was left out."""
    found = _Found()
    ended = False
    for content in _walk(source, found):
        if isinstance(content, Metadata):
            target.metadata(content.name, content.metadata)
            ended = ended or content.name == END
            continue
        for record in content:
            channel = found.channels[record.channel_id]
            schema = found.schemas[channel.schema_id]
            number = target.channel(
                channel.topic, schema.name, schema.data, encoding=channel.message_encoding, how=schema.encoding
            )
            target.message(number, record.log_time, record.data, record.sequence)
        target.flush()
    report = Repair(found.frames, found.damaged, size - found.end)
    if not ended:
        target.metadata(END, {"frames": str(report.frames), "error": f"cut off; repaired: {report}"})
    target.finish()
    return report


def _walk(source: BinaryIO, found: _Found) -> Iterator[list[Message] | Metadata]:
    """Give the messages of each whole chunk, and metadata, up to where the file ends or makes no sense."""
    source.seek(len(MAGIC))
    found.end = len(MAGIC)
    while len(head := source.read(9)) == 9:
        opcode, length = struct.unpack("<BQ", head)
        if opcode in (Opcode.DATA_END, Opcode.FOOTER) or not 0 < opcode <= max(Opcode):
            return
        body = source.read(length) if length < 1 << 32 else b""
        if len(body) < length:
            return
        found.end = source.tell()
        try:
            if opcode == Opcode.CHUNK:
                yield _of_chunk(Chunk.read(_stream(body)), found)
            elif opcode == Opcode.METADATA:
                yield Metadata.read(_stream(body))
            elif opcode == Opcode.HEADER:
                Header.read(_stream(body))
        except DAMAGE:
            found.damaged += 1


def _of_chunk(chunk: Chunk, found: _Found) -> list[Message]:
    out = []
    for record in breakup_chunk(chunk, validate_crc=True):
        if isinstance(record, Schema):
            found.schemas[record.id] = record
        elif isinstance(record, Channel):
            found.channels[record.id] = record
        elif isinstance(record, Message) and found.channels[record.channel_id].schema_id in found.schemas:
            out.append(record)
            found.frames += found.channels[record.channel_id].topic == DEPTH
    return out


def _stream(body: bytes) -> ReadDataStream:
    return ReadDataStream(BytesIO(body))
