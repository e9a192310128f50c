"""Find what is in an MCAP file, by its index or, where that is missing, chunk by chunk; the file stays as it is."""

from __future__ import annotations

import os
import re
import struct
import zlib
from collections import defaultdict
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

import zstandard
from mcap.data_stream import ReadDataStream
from mcap.exceptions import McapError
from mcap.opcode import Opcode
from mcap.reader import SeekingReader
from mcap.records import Channel, Chunk, Header, MessageIndex, Metadata, Schema
from mcap.stream_reader import get_chunk_data_stream

from app.formats.mcap_file import LIBRARY, MAGIC
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


_PIECE_BYTES: Final = 1 << 20
_CHUNK_HEAD: Final = re.compile(rb"\x06.{36}\x04\0\0\0zstd", re.DOTALL)
_CHUNK_HEAD_BYTES: Final = 45


@dataclass(slots=True)
class Index:
    """What is where in a file.

    Attributes:
        schemas: by their numbers.
        channels: by their numbers.
        metadata: by its name.
        chunks: where each begins, and the times and places of the messages of each known channel in it.
        unread_bytes: of no whole record.
    """

    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    metadata: dict[str, dict[str, str]] = field(default_factory=dict)
    chunks: list[tuple[int, list[MessageIndex]]] = field(default_factory=list)
    unread_bytes: int = 0


def check_ours(path: Path, file: BinaryIO) -> None:
    """Refuse what is no MCAP file, or one that another program wrote: we know nothing of its messages.

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
            "record again, or convert the original: .venv/bin/python -m app.recording convert SRC DST.mcap."
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


def chunk_at(file: BinaryIO, start: int) -> bytes:
    """Give what is in the chunk that begins there; one of DAMAGE where it is not as it was written."""
    file.seek(start + 9)
    stream, length = get_chunk_data_stream(Chunk.read(ReadDataStream(file)), validate_crc=True)
    return stream.read(length)


def read_index(file: BinaryIO) -> Index:
    """Read the index of a whole file; one of DAMAGE where it makes no sense."""
    file.seek(0)
    reader = SeekingReader(file)
    summary = reader.get_summary()
    assert summary is not None
    index = Index(summary.schemas, summary.channels)
    index.metadata = {record.name: record.metadata for record in reader.iter_metadata()}
    for chunk in sorted(summary.chunk_indexes, key=lambda chunk: chunk.chunk_start_offset):
        messages = []
        for start in chunk.message_index_offsets.values():
            file.seek(start + 9)
            messages.append(MessageIndex.read(ReadDataStream(file)))
        index.chunks.append((chunk.chunk_start_offset, messages))
    return index


def scan_index(file: BinaryIO) -> Index:
    """Make the index of a file that has none; what is damaged is passed over."""
    index = Index()
    size = file.seek(0, os.SEEK_END)
    at, in_chunk = len(MAGIC), False
    while at + 9 <= size:
        file.seek(at)
        opcode, length = struct.unpack("<BQ", file.read(9))
        end = at + 9 + length
        if opcode == Opcode.DATA_END and length == 4:
            at = size
        elif not 0 < opcode <= max(Opcode) or end > size:
            end = next_chunk(file, at + 1, size)
            index.unread_bytes += end - at
            at, in_chunk = end, False
        else:
            if opcode == Opcode.CHUNK:
                index.chunks.append((at, []))
            elif opcode == Opcode.METADATA or (opcode == Opcode.MESSAGE_INDEX and in_chunk):
                _note(index, opcode, file.read(length))
            in_chunk = opcode == Opcode.CHUNK or (opcode == Opcode.MESSAGE_INDEX and in_chunk)
            at = end
    index.unread_bytes += size - at
    _look_into_chunks(index, file)
    return index


def next_chunk(file: BinaryIO, start: int, size: int) -> int:
    """Find where the next chunk begins after bytes that make no sense; the file's size where none does."""
    for at in range(start, size, _PIECE_BYTES):
        file.seek(at)
        if found := _CHUNK_HEAD.search(file.read(_PIECE_BYTES + _CHUNK_HEAD_BYTES - 1)):
            return at + found.start()
    return size


def _note(index: Index, opcode: int, body: bytes) -> None:
    try:
        if opcode == Opcode.METADATA:
            metadata = Metadata.read(_stream(body))
            index.metadata[metadata.name] = metadata.metadata
        else:
            index.chunks[-1][1].append(MessageIndex.read(_stream(body)))
    except DAMAGE:
        index.unread_bytes += len(body)


def _look_into_chunks(index: Index, file: BinaryIO) -> None:
    """Unpack the chunks that tell of channels not known yet, and the last: its messages' places may be cut off."""
    for number, (start, messages) in enumerate(index.chunks):
        last = number == len(index.chunks) - 1
        if not last and all(group.channel_id in index.channels for group in messages):
            continue
        try:
            found = messages_of(chunk_at(file, start), index)
        except DAMAGE:
            continue
        if last:
            messages[:] = found
    for _, messages in index.chunks:
        messages[:] = [group for group in messages if group.channel_id in index.channels]


def messages_of(raw: bytes, index: Index) -> list[MessageIndex]:
    """Find the messages in a chunk, and note the channels."""
    found: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    at = 0
    while at < len(raw):
        opcode, length = struct.unpack_from("<BQ", raw, at)
        body = raw[at + 9 : at + 9 + length]
        if opcode == Opcode.SCHEMA:
            schema = Schema.read(_stream(body))
            index.schemas[schema.id] = schema
        elif opcode == Opcode.CHANNEL:
            channel = Channel.read(_stream(body))
            index.channels[channel.id] = channel
        elif opcode == Opcode.MESSAGE:
            number, _, time_ns = struct.unpack_from("<HIQ", body)
            found[number].append((time_ns, at))
        at += 9 + length
    return [MessageIndex(*item) for item in found.items()]


def _stream(body: bytes) -> ReadDataStream:
    return ReadDataStream(BytesIO(body))
