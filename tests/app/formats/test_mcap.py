"""Damaged and cut-off MCAP files: what is whole is read, and one message says what is not."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mcap.exceptions import EndOfFile
from mcap.reader import NonSeekingReader, SeekingReader
from mcap.writer import Writer

from app.cameras.base import EndOfSourceError
from app.cameras.replay import ReplayCamera
from app.formats import mcap_file
from app.formats.mcap_file import MAGIC
from app.formats.mcap_read import McapRecording
from app.formats.mcap_write import RecordingWriter
from app.formats.recording import Description
from lighthand.errors import SourceError
from lighthand.types import DepthArray
from tests.app.scripted import SIZE, frame, result

FRAMES = 40


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcap_file, "CHUNK_BYTES", 20_000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A recording of 40 frames, some five to a chunk."""
    path = tmp_path / "a.mcap"
    writer = RecordingWriter(path, Description("cam", "1", 1.0, SIZE, 30.0), {})
    for seq in range(FRAMES):
        writer.frame(frame(seq, depth=600 + seq), 10**18 + seq)
        writer.result(result(frame(seq)), 10**18 + seq)
    writer.finish({"frames": FRAMES})
    return path


def seen(path: Path) -> list[int]:
    out = []
    with ReplayCamera(path, pace="lockstep") as camera:
        while True:
            try:
                item = camera.read(1.0)
            except EndOfSourceError:
                return out
            assert item.depth[0, 0] == 600 + item.seq
            out.append(item.seq)


def chunks(path: Path) -> list[tuple[int, int]]:
    with path.open("rb") as file:
        summary = SeekingReader(file).get_summary()
    assert summary is not None
    return [(index.chunk_start_offset, index.chunk_length) for index in summary.chunk_indexes]


def test_the_mcap_package_reads_all_and_agrees_with_every_checksum(path: Path) -> None:
    with path.open("rb") as file:
        messages = list(NonSeekingReader(file, validate_crcs=True).iter_messages(topics=["/depth"]))
    assert len(messages) == FRAMES
    assert len(chunks(path)) > 3


def test_a_file_cut_anywhere_gives_every_frame_of_its_whole_chunks(path: Path, tmp_path: Path) -> None:
    data = path.read_bytes()
    ends = [start + length for start, length in chunks(path)]
    for cut in range(ends[0], len(data), len(data) // 60):
        part = tmp_path / "part.mcap"
        part.write_bytes(data[:cut])
        whole = sum(end <= cut for end in ends)
        frames = seen(part)
        assert frames == list(range(len(frames)))
        assert len(frames) >= whole


def test_a_file_cut_before_its_first_frame_is_one_clear_error(path: Path) -> None:
    start, length = chunks(path)[0]
    path.write_bytes(path.read_bytes()[: start + length // 2])
    with pytest.raises(SourceError, match=r"a.mcap: no frame is in it: it was ended or cut off before its first"):
        ReplayCamera(path).open()


def of_chunks(path: Path, numbers: Sequence[int]) -> list[int]:
    """Give the numbers of the frames in some chunks, by the package's own reader."""
    data = path.read_bytes()
    first = min(start for start, _ in chunks(path))
    parts = [data[start : start + length] for start, length in (chunks(path)[number] for number in numbers)]
    stream = BytesIO(data[:first] + b"".join(parts))
    found = []
    with suppress(EndOfFile):
        for _, _, message in NonSeekingReader(stream).iter_messages(topics=["/depth"], log_time_order=False):
            found.append(message.sequence)
    return found


@pytest.mark.parametrize("field", ["kind", "length", "checksum", "compression", "content"])
@pytest.mark.parametrize("number", [0, 2])
def test_a_damaged_chunk_of_a_cut_file_costs_no_other_chunk_and_no_byte(path: Path, number: int, field: str) -> None:
    start, length = chunks(path)[number]
    last, last_length = chunks(path)[-1]
    expected = of_chunks(path, [at for at in range(len(chunks(path)) - 1) if at != number])
    data = bytearray(path.read_bytes()[: last + last_length // 2])
    places = {"kind": 0, "length": 4, "checksum": 33, "compression": 42, "content": length // 2}
    data[start + places[field]] ^= 0x55
    path.write_bytes(data)
    frames = seen(path)
    assert frames == expected
    assert FRAMES // 2 < len(frames) < FRAMES
    assert path.read_bytes() == data
    assert list(path.parent.iterdir()) == [path]


def test_every_chunk_can_be_read_without_the_others(path: Path) -> None:
    each = [of_chunks(path, [number]) for number in range(len(chunks(path)))]
    assert all(each)
    assert sum(each, []) == list(range(FRAMES))


def test_a_damaged_chunk_is_left_out_and_said_once(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    start, length = chunks(path)[1]
    data = bytearray(path.read_bytes())
    data[start + length // 2] ^= 0x55
    path.write_bytes(data)
    frames = seen(path)
    assert 0 < FRAMES - len(frames) < FRAMES // 2
    assert frames[0] == 0
    assert frames[-1] == FRAMES - 1
    assert len(caplog.messages) == 1
    assert "is damaged" in caplog.messages[0]


def test_a_damaged_index_never_gives_one_frame_for_another(path: Path) -> None:
    good = path.read_bytes()
    (start, length), (end, _) = chunks(path)[1:3]
    bad = path.with_name("bad.mcap")
    for at in range(start + length, end, 5):  # between two chunks lies what says where the messages of the first are
        bad.write_bytes(good[:at] + bytes([good[at] ^ 1]) + good[at + 1 :])
        with suppress(SourceError):
            frames = seen(bad)
            assert frames == sorted(frames)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_damage_is_a_clear_error_or_fewer_frames(path: Path, data: st.DataObject) -> None:
    good = path.read_bytes()
    good = good[: len(good) // data.draw(st.sampled_from((1, 2)))]
    at = data.draw(st.integers(0, len(good) - 1))
    bad = path.with_name("bad.mcap")
    bad.write_bytes(good[:at] + bytes([good[at] ^ data.draw(st.integers(1, 255))]) + good[at + 1 :])
    try:
        frames = seen(bad)
    except SourceError as error:
        assert "bad.mcap" in str(error)  # noqa: PT017 - either is right
    else:
        assert frames == sorted(frames)


@pytest.mark.parametrize("content", [b"", b"x", b"\x89PNG\r\n\x1a\n" + bytes(100), MAGIC[:-1]])
def test_what_is_no_mcap_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "no.mcap"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"no.mcap: no MCAP file"):
        ReplayCamera(path).open()
    assert path.read_bytes() == content


@pytest.mark.parametrize("cut", [0, 100])
def test_an_mcap_of_others_is_said_and_never_touched(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "other.mcap"
    with path.open("wb") as file:
        writer = Writer(file)
        writer.start(library="rosbag2")
        schema = writer.register_schema("std_msgs/msg/String", "ros2msg", b"string data")
        writer.add_message(writer.register_channel("/chatter", "cdr", schema), 1, b"\0\1\0\0", 1)
        writer.finish()  # type: ignore[no-untyped-call]
    data = path.read_bytes()[: path.stat().st_size - cut]
    path.write_bytes(data)
    with pytest.raises(SourceError, match=r"other.mcap: an MCAP of rosbag2, not of LightHand"):
        McapRecording(path)
    assert path.read_bytes() == data


def test_an_mcap_of_ours_without_frames_is_said(tmp_path: Path) -> None:
    path = tmp_path / "empty.mcap"
    RecordingWriter(path, Description("cam", "1", 1.0, SIZE, 30.0), {}).finish({})
    with pytest.raises(SourceError, match=r"empty.mcap: no frame is in it: it was ended or cut off before"):
        McapRecording(path)


def test_every_frame_can_be_asked_for_in_any_order(path: Path) -> None:
    recording = McapRecording(path)
    images: list[DepthArray] = [recording.frame(index).depth for index in (39, 0, 17, 39)]
    assert [int(image[0, 0]) for image in images] == [639, 600, 617, 639]
    assert not np.shares_memory(images[0], images[3])
    recording.close()
