"""A recording that was cut off gets its end: afterwards every reader opens it; what may not be repaired stays."""

from __future__ import annotations

import logging
import os
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mcap.reader import SeekingReader, make_reader
from mcap.records import ChunkIndex, Statistics
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from app.formats import mcap_file, mcap_repair
from app.formats.mcap_read import McapRecording
from app.formats.mcap_write import RecordingWriter
from app.formats.recording import Description
from tests.app.scripted import SIZE, frame, result

FRAMES = 24


def write(path: Path) -> RecordingWriter:
    writer = RecordingWriter(path, Description("cam", "1", 1.0, SIZE, 30.0), {})
    for seq in range(FRAMES):
        writer.frame(frame(seq, depth=600 + seq), 10**18 + seq)
        writer.result(result(frame(seq)), 10**18 + seq)
    return writer


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A whole recording of some five frames to a chunk."""
    monkeypatch.setattr(mcap_file, "CHUNK_BYTES", 20_000)
    path = tmp_path / "a.mcap"
    write(path).finish({"frames": FRAMES})
    return path


def index_of(path: Path) -> tuple[list[ChunkIndex], Statistics]:
    with path.open("rb") as file:
        summary = SeekingReader(file).get_summary()
    assert summary is not None
    assert summary.statistics is not None
    return summary.chunk_indexes, summary.statistics


def frames_of(path: Path) -> list[tuple[int, bytes]]:
    with closing(McapRecording(path)) as recording:
        frames = [recording.frame(index) for index in range(recording.count)]
    return [(item.seq, item.depth.tobytes()) for item in frames]


def images(path: Path) -> list[bytes]:
    """Give the depth messages by the package's seeking reader, and see that the others find the same."""
    with path.open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        assert isinstance(reader, SeekingReader)
        found = [message.data for _, _, message in reader.iter_messages(topics=["/depth"])]
        everything = sum(1 for _ in reader.iter_messages())
    with AnyReader([path], default_typestore=get_typestore(Stores.ROS2_HUMBLE)) as bag:
        depth = [connection for connection in bag.connections if connection.topic == "/depth"]
        assert [raw for _, _, raw in bag.messages(connections=depth)] == found
        assert bag.message_count == everything
        assert bag.topics["/depth"].msgcount == len(found)
    return found


def cuts(path: Path) -> list[int]:
    """Give lengths: about the places where records begin and end, and some between, behind the first chunk."""
    chunks, _ = index_of(path)
    size = path.stat().st_size
    ends = [chunk.chunk_start_offset + chunk.chunk_length for chunk in chunks]
    places = [*ends, chunks[-1].chunk_start_offset, *chunks[-1].message_index_offsets.values(), size]
    near = {place + step for place in places for step in (-1, 0, 1, 8, 9, 14)}
    return sorted(cut for cut in near | set(range(ends[0], size, size // 40)) if ends[0] <= cut < size)


def test_a_file_cut_anywhere_is_repaired_for_every_reader(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data, all_images = path.read_bytes(), images(path)
    chunks, _ = index_of(path)
    for cut in cuts(path):
        part = tmp_path / "part.mcap"
        part.write_bytes(data[:cut])
        caplog.clear()
        first = frames_of(part)
        assert len(caplog.messages) == 1
        assert f"part.mcap: the recording was cut off; repaired: {len(first)} frames saved, " in caplog.messages[0]
        found = images(part)
        assert found == all_images[: len(first)]
        whole = [chunk for chunk in chunks if chunk.chunk_start_offset + chunk.chunk_length <= cut]
        assert index_of(part)[0] == whole
        assert index_of(part)[1].message_count == sum(index_of(part)[1].channel_message_counts.values())
        assert (
            part.read_bytes()[: min(cut, whole[-1].chunk_start_offset + whole[-1].chunk_length)]
            == (data[: min(cut, whole[-1].chunk_start_offset + whole[-1].chunk_length)])
        )
        caplog.clear()
        assert frames_of(part) == first
        assert not caplog.messages
    assert len(first) == FRAMES


def test_what_is_repaired_is_what_would_have_been_written(path: Path) -> None:
    data = path.read_bytes()
    _, statistics = index_of(path)
    assert statistics.message_count == 3 * FRAMES + FRAMES
    path.write_bytes(data[:-100])
    frames_of(path)
    assert path.read_bytes() == data


def test_the_lost_bytes_of_a_last_chunk_are_said(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    last = index_of(path)[0][-1]
    os.truncate(path, last.chunk_start_offset + last.chunk_length - 1)
    frames = frames_of(path)
    assert 0 < len(frames) < FRAMES
    assert caplog.messages == [
        f"{path}: the recording was cut off; repaired: {len(frames)} frames saved, {last.chunk_length - 1} bytes of a "
        "last, unfinished chunk lost"
    ]


@pytest.mark.parametrize("place", ["kind", "length", "time", "checksum", "compression", "content", "index"])
@pytest.mark.parametrize("number", [0, 1, -2])
def test_a_file_with_damage_in_the_middle_is_not_changed(path: Path, place: str, number: int) -> None:
    chunks, _ = index_of(path)
    chunk = chunks[number]
    places = {"kind": 0, "length": 2, "time": 9, "checksum": 33, "compression": 42, "content": chunk.chunk_length // 2}
    places["index"] = chunk.chunk_length + 20
    data = bytearray(path.read_bytes()[: chunks[-1].chunk_start_offset + 99])
    data[chunk.chunk_start_offset + places[place]] ^= 0x55
    if number == -2 and place in ("kind", "compression"):
        data += path.read_bytes()[chunks[-1].chunk_start_offset + 99 : -1]  # else it is a last one that is not whole
    path.write_bytes(data)
    assert frames_of_undamaged(path)
    assert path.read_bytes() == data


def frames_of_undamaged(path: Path) -> int:
    with closing(McapRecording(path)) as recording:
        return recording.count


def test_a_file_that_is_being_written_is_left_alone_and_plays_so_far(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = path.with_name("now.mcap")
    writer = write(other)
    data = other.read_bytes()
    frames = frames_of(other)
    assert 0 < len(frames) < FRAMES
    assert caplog.messages == [f"{other}: is being recorded: {len(frames)} frames so far"]
    assert other.read_bytes() == data
    writer.finish({"frames": FRAMES})
    assert frames_of(other) == frames_of(path)
    assert len(caplog.messages) == 1


def test_a_file_that_gets_whole_while_it_is_opened_is_read_anew(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    other = path.with_name("now.mcap")
    writer = write(other)
    real = mcap_repair.repair

    def later(path: Path) -> int | None:
        writer.finish({"frames": FRAMES})
        return real(path)

    monkeypatch.setattr("app.formats.mcap_read.repair", later)
    assert len(frames_of(other)) == FRAMES
    assert not caplog.messages


def test_a_file_that_may_not_be_written_plays_as_it_is(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    data = path.read_bytes()[: index_of(path)[0][-1].chunk_start_offset + 500]
    path.write_bytes(data)
    real = Path.open

    def refuse(self: Path, mode: str = "r", *values: Any, **names: Any) -> Any:
        if "+" in mode:
            raise PermissionError(13, "Permission denied")
        return real(self, mode, *values, **names)

    monkeypatch.setattr(Path, "open", refuse)  # root may write everything
    frames = frames_of(path)
    assert f"was cut off, or goes on: {len(frames)} frames in it can be played; 500 bytes" in caplog.messages[0]
    assert len(caplog.messages) == 1
    assert path.read_bytes() == data


@pytest.mark.parametrize("tail", [0, 500, 20_000])
@pytest.mark.parametrize("done", [0, 1, 700])
def test_a_full_disk_leaves_the_file_as_it_was(
    path: Path, tail: int, done: int, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    data = path.read_bytes()[: index_of(path)[0][-1].chunk_start_offset] + b"\x06" + bytes([255]) * tail
    path.write_bytes(data)
    real, tries = os.pwrite, []

    def full(file: int, part: bytes, start: int) -> int:
        tries.append(start)
        if len(tries) == 1 and done:
            return real(file, part[:done], start)
        if len(tries) <= 2:
            tries.append(start)
            raise OSError(28, "No space left on device")
        return real(file, part, start)

    monkeypatch.setattr(os, "pwrite", full)
    frames = frames_of(path)
    assert tries
    assert path.read_bytes() == data
    assert "was cut off, or goes on" in caplog.messages[0]
    monkeypatch.undo()
    assert frames_of(path) == frames
    assert len(images(path)) == len(frames)


def test_a_kill_at_any_moment_of_the_repair_loses_no_frame(path: Path) -> None:
    cut = index_of(path)[0][-1].chunk_start_offset + 2000
    before = path.read_bytes()[:cut]
    path.write_bytes(before)
    frames = frames_of(path)
    after = path.read_bytes()
    start = cut - 2000
    for count in range(0, len(after) - start, 97):
        path.write_bytes(after[: start + count] + before[start + count :])
        assert frames_of(path) == frames
        assert path.read_bytes() == after


def test_a_file_system_without_locks_repairs_nothing(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def none(file: object, operation: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("fcntl.flock", none)
    other = path.with_name("now.mcap")
    writer = write(other)
    data = other.read_bytes()
    with caplog.at_level(logging.WARNING):
        frames = frames_of(other)
    assert "was cut off, or goes on" in caplog.messages[0]
    assert other.read_bytes() == data
    writer.close()
    assert np.array_equal([seq for seq, _ in frames], range(len(frames)))
