"""Give a recording that was cut off its missing end, so that every MCAP reader can open it.

No frame is moved or written over: only bytes behind the last whole record are. Killed at any moment, it still plays.
"""

from __future__ import annotations

import fcntl
import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final

from mcap.data_stream import ReadDataStream
from mcap.opcode import Opcode
from mcap.records import Chunk, ChunkIndex, Metadata, MetadataIndex

from app.formats.mcap_file import MAGIC, ending, packed
from app.formats.mcap_scan import DAMAGE, Index, chunk_at, is_whole, messages_of, next_chunk

_HEAD_BYTES: Final = 9


@dataclass(slots=True)
class _Records:
    """The whole records at the beginning of a file.

    Attributes:
        end: where the last one ends.
        missing: message indexes of the last chunk that are not there.
        index: holds the schemas and channels.
        chunks: the index of each.
        metadata: the index of each.
        counts: of the messages of each channel.
    """

    end: int
    missing: list[bytes] = field(default_factory=list)
    index: Index = field(default_factory=Index)
    chunks: list[ChunkIndex] = field(default_factory=list)
    metadata: list[MetadataIndex] = field(default_factory=list)
    counts: Counter[int] = field(default_factory=Counter)


def repair(path: Path) -> int | None:
    """Write the end and the index of a file of ours that was cut off.

    Args:
        path: of the file; it stays as it is where this raises.

    Returns:
        How many bytes of a last, unfinished record are lost; None where the file got whole meanwhile.

    Raises:
        BlockingIOError: it is being written.
        OSError: it cannot be written.
        Exception: one of DAMAGE: more is wrong with it than a missing end.
    """
    with path.open("r+b", buffering=0) as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as a writer has it; let go with the file
        if is_whole(file):
            return None
        size = file.seek(0, os.SEEK_END)
        records, lost = _read(file, size)
        _refuse_chunks(file, records.end, size)
        _replace_tail(file, records.end, size, _ending(records))
        return lost


def _read(file: BinaryIO, size: int) -> tuple[_Records, int]:
    """Read the whole records, and say how many bytes of no record come next; one of DAMAGE where one is damaged."""
    records = _Records(len(MAGIC))
    while True:
        file.seek(records.end)
        head = file.read(_HEAD_BYTES)
        opcode, length = int.from_bytes(head[:1], "little"), int.from_bytes(head[1:], "little")
        start, end = records.end, records.end + _HEAD_BYTES + length
        if len(head) < _HEAD_BYTES or end > size:
            return records, 0 if records.missing else size - start  # what is missing can be made again
        if opcode == Opcode.DATA_END and length == 4:
            return records, 0
        body = file.read(length)
        if opcode == Opcode.MESSAGE_INDEX and records.missing:
            _expect(head + body == records.missing.pop(0))
        elif opcode == Opcode.CHUNK:
            _expect(not records.missing)
            _add_chunk(records, start, head + body)
        elif opcode == Opcode.METADATA:
            _expect(not records.missing)
            name = Metadata.read(ReadDataStream(BytesIO(body))).name
            records.metadata.append(MetadataIndex(start, len(head) + length, name))
        elif opcode != Opcode.HEADER or start != len(MAGIC):
            return records, size - start
        records.end = end


def _add_chunk(records: _Records, start: int, record: bytes) -> None:
    """Check a chunk against its messages, and note it with the message indexes that have to follow."""
    chunk = Chunk.read(ReadDataStream(BytesIO(record[_HEAD_BYTES:])))
    _expect(packed(chunk) == record)
    messages = messages_of(chunk_at(BytesIO(record), 0), records.index)
    times_ns = [time_ns for group in messages for time_ns, _ in group.records]
    _expect((min(times_ns), max(times_ns)) == (chunk.message_start_time, chunk.message_end_time))
    records.missing = [packed(group) for group in messages]
    offsets, at = {}, start + len(record)
    for group, data in zip(messages, records.missing, strict=True):
        records.counts[group.channel_id] += len(group.records)
        offsets[group.channel_id] = at
        at += len(data)
    records.chunks.append(
        ChunkIndex(
            len(record), start, chunk.compression, len(chunk.data), chunk.message_end_time, at - start - len(record),
            offsets, chunk.message_start_time, chunk.uncompressed_size,
        )
    )  # fmt: skip


def _expect(right: bool) -> None:
    if not right:
        raise ValueError("a record is not as it was written")


def _refuse_chunks(file: BinaryIO, start: int, size: int) -> None:
    """Raise a ValueError where a whole chunk is behind the last whole record: the damage is not a missing end."""
    while (start := next_chunk(file, start, size)) < size:
        with suppress(*DAMAGE):
            chunk_at(file, start)
            break
        start += 1
    _expect(start == size)


def _ending(records: _Records) -> bytes:
    indexes = b"".join(records.missing)
    index = records.index
    return indexes + ending(
        records.end + len(indexes),
        index.schemas.values(),
        index.channels.values(),
        records.chunks,
        records.metadata,
        records.counts,
    )


def _replace_tail(file: BinaryIO, start: int, size: int, data: bytes) -> None:
    """Write the data there and end the file behind it, or leave it as it is and raise an OSError."""
    file.seek(start)
    before = file.read(len(data))
    try:
        _write_at(file, start, data)
        os.fsync(file.fileno())
        file.truncate(start + len(data))
    except OSError:
        with suppress(OSError):
            _write_at(file, start, before)
            file.truncate(size)
        raise


def _write_at(file: BinaryIO, start: int, data: bytes) -> None:
    left = memoryview(data)
    while left:
        count = os.pwrite(file.fileno(), left, start)
        left, start = left[count:], start + count
