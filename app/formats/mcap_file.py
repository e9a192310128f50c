"""Write MCAP files chunk by chunk: after each, the file can be read up to there, whatever happens next.

Of the mcap package's own writer the records alone are used: it knows neither zstd's fastest level, which packs depth as
small as its default in a third of the time, nor when a chunk should end. Format: https://mcap.dev/spec
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from io import FileIO
from typing import Final

import zstandard
from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    Channel,
    Chunk,
    ChunkIndex,
    DataEnd,
    Footer,
    Header,
    McapRecord,
    Message,
    MessageIndex,
    Metadata,
    MetadataIndex,
    Schema,
    Statistics,
)

MAGIC: Final = b"\x89MCAP0\r\n"
LIBRARY: Final = "lighthand"
CHUNK_BYTES: Final = 1 << 20
CHUNK_NS: Final = 1_000_000_000
"""A chunk ends where it is so large or so old."""


class McapFile:
    """Takes messages; not for two threads at once."""

    def __init__(self, file: FileIO) -> None:
        """Write the beginning.

        Args:
            file: unbuffered, empty; stays the caller's to close.

        Raises:
            OSError: it cannot be written.
        """
        self.size_bytes = 0  # written
        self._file = file
        self._packer = zstandard.ZstdCompressor(level=1)
        self._schemas: dict[str, Schema] = {}
        self._channels: dict[str, Channel] = {}
        self._chunk_indexes: list[ChunkIndex] = []
        self._metadata_indexes: list[MetadataIndex] = []
        self._counts: Counter[int] = Counter()
        self._begin_chunk()
        self._write(MAGIC + packed(Header("ros2", LIBRARY)))

    def _begin_chunk(self) -> None:
        self._chunk = RecordBuilder()
        for known in (*self._schemas.values(), *self._channels.values()):  # so that no chunk needs another one
            known.write(self._chunk)
        self._indexes: dict[int, MessageIndex] = {}
        self._first_ns = self._last_ns = 0

    def channel(self, topic: str, kind: str, definition: bytes) -> int:
        """Give the number of a topic; at its first call the file gets to know it.

        Args:
            topic: its name.
            kind: type of its messages, which are CDR.
            definition: of the type, as ROS 2 writes it.
        """
        if topic not in self._channels:
            schema = self._schemas.get(kind)
            if schema is None:
                schema = self._schemas[kind] = Schema(len(self._schemas) + 1, definition, "ros2msg", kind)
                schema.write(self._chunk)
            channel = Channel(len(self._channels) + 1, topic, "cdr", {}, schema.id)
            self._channels[topic] = channel
            channel.write(self._chunk)
        return self._channels[topic].id

    def flush_when_due(self, time_ns: int) -> bool:
        """Write the chunk so far if it is large or old enough.

        Args:
            time_ns: of what comes next.

        Returns:
            Whether all so far is written.

        Raises:
            OSError: it cannot be written.
        """
        due = self._chunk.count > CHUNK_BYTES or time_ns - self._first_ns > CHUNK_NS
        if due:
            self.flush()
        return due

    def message(self, channel: int, time_ns: int, data: bytes, sequence: int = 0) -> None:
        """Add a message to the chunk.

        Args:
            channel: from ``channel``.
            time_ns: nanoseconds since 1970.
            data: encoded.
            sequence: number of the message at its source, modulo 2^32.
        """
        if not self._indexes:
            self._first_ns = self._last_ns = time_ns
        self._first_ns, self._last_ns = min(self._first_ns, time_ns), max(self._last_ns, time_ns)
        index = self._indexes.setdefault(channel, MessageIndex(channel, []))
        index.records.append((time_ns, self._chunk.count))
        Message(channel, time_ns, data, time_ns, sequence % 2**32).write(self._chunk)
        self._counts[channel] += 1

    def flush(self) -> None:
        """Write the chunk so far.

        Raises:
            OSError: it cannot be written; it is lost, what was written before can be read.
        """
        if not self._indexes:
            return
        raw = _taken(self._chunk)
        data = self._packer.compress(raw)
        chunk = Chunk("zstd", data, self._last_ns, self._first_ns, zlib.crc32(raw), len(raw))
        out = RecordBuilder()
        chunk.write(out)
        length = out.count
        offsets = {}
        for number, index in self._indexes.items():
            offsets[number] = self.size_bytes + out.count
            index.write(out)
        first_ns, last_ns, start = self._first_ns, self._last_ns, self.size_bytes
        extra = out.count - length
        self._begin_chunk()
        self._write(_taken(out))
        self._chunk_indexes.append(
            ChunkIndex(length, start, "zstd", len(data), last_ns, extra, offsets, first_ns, len(raw))
        )

    def metadata(self, name: str, values: Mapping[str, str]) -> None:
        """Add names and values, after the chunk so far.

        Raises:
            OSError: they cannot be written.
        """
        self.flush()
        data = packed(Metadata(name, dict(values)))
        self._metadata_indexes.append(MetadataIndex(self.size_bytes, len(data), name))
        self._write(data)

    def finish(self) -> None:
        """Write the last chunk, the index and the end.

        Raises:
            OSError: they cannot be written.
        """
        self.flush()
        data = ending(
            self.size_bytes,
            self._schemas.values(),
            self._channels.values(),
            self._chunk_indexes,
            self._metadata_indexes,
            self._counts,
        )
        self._write(data)

    def _write(self, data: bytes) -> None:
        """Write all of it, or none."""
        left = memoryview(data)
        try:
            while left:
                left = left[self._file.write(left) :]
        except OSError:
            self._file.truncate(self.size_bytes)
            self._file.seek(self.size_bytes)
            raise
        self.size_bytes += len(data)


def ending(
    start: int,
    schemas: Collection[Schema],
    channels: Collection[Channel],
    chunks: Sequence[ChunkIndex],
    metadata: Sequence[MetadataIndex],
    counts: Mapping[int, int],
) -> bytes:
    """Give the end of a file: of its data, the index, and the magic.

    Args:
        start: where it will be, behind the last record.
        schemas: all.
        channels: all.
        chunks: the index of each, in their order.
        metadata: the index of each.
        counts: of the messages of each channel.
    """
    statistics = Statistics(
        attachment_count=0,
        channel_count=len(channels),
        channel_message_counts=dict(counts),
        chunk_count=len(chunks),
        message_count=sum(counts.values()),
        message_end_time=max((index.message_end_time for index in chunks), default=0),
        message_start_time=min((index.message_start_time for index in chunks), default=0),
        metadata_count=len(metadata),
        schema_count=len(schemas),
    )
    data_end = packed(DataEnd(0))
    groups: tuple[Iterable[McapRecord], ...] = (schemas, channels, (statistics,), chunks, metadata)
    summary = b"".join(packed(record) for group in groups for record in group)
    start += len(data_end)
    head = bytes([Opcode.FOOTER]) + (20).to_bytes(8, "little") + start.to_bytes(8, "little") + bytes(8)
    return data_end + summary + packed(Footer(start, 0, zlib.crc32(summary + head))) + MAGIC


def packed(record: McapRecord) -> bytes:
    """Give a record as it is in a file."""
    out = RecordBuilder()
    record.write(out)
    return _taken(out)


def _taken(builder: RecordBuilder) -> bytes:
    return bytes(builder.end())  # type: ignore[no-untyped-call]
