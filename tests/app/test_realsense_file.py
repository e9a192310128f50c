from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import pyrealsense2 as rs
import pytest

from app.cameras.base import (
    EndOfSourceError,
    NoFrameError,
    Pace,
)
from app.cameras.realsense import RealSenseCamera
from lighthand.errors import SourceError
from lighthand.types import Frame
from tests.app.bag import write_bag
from tests.app.software import SMALL, image, record


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("realsense") / "ten.db3"
    record(path, 10)
    return path


def play(camera: RealSenseCamera, most: int = 1000) -> list[Frame]:
    frames: list[Frame] = []
    with camera:
        while len(frames) < most:
            try:
                frames.append(camera.read(1.0))
            except EndOfSourceError:
                break
    return frames


def test_a_recording_plays_every_frame_once_and_twice_the_same(recording: Path) -> None:
    first, second = (play(RealSenseCamera(source=recording, pace="lockstep")) for _ in range(2))
    assert [frame.seq for frame in first] == list(range(100, 110))
    for index, (one, two) in enumerate(zip(first, second, strict=True)):
        assert np.array_equal(one.depth, image(index))
        assert np.array_equal(two.depth, one.depth)
        assert (one.seq, one.sensor_s) == (two.seq, two.sensor_s)
        assert one.sensor_s == pytest.approx(index / 60)
        assert (one.depth_unit_mm, one.serial) == (1.0, "0420")


def test_a_bag_of_an_older_sdk_plays_every_frame_once(tmp_path: Path) -> None:
    path = tmp_path / "old.bag"
    write_bag(path, [image(index) for index in range(10)], SMALL, unit_m=0.000125)
    frames = play(RealSenseCamera(source=path, pace="lockstep"))
    assert [frame.seq for frame in frames] == list(range(100, 110))
    assert all(np.array_equal(frame.depth, image(index)) for index, frame in enumerate(frames))
    assert frames[9].sensor_s == pytest.approx(0.15)
    assert {(frame.depth_unit_mm, frame.sensor_clock, frame.serial) for frame in frames} == {(0.125, "device", "0420")}
    assert (frames[0].intrinsics.fx, frames[0].intrinsics.fy, frames[0].intrinsics.cx) == (50.0, 45.0, 32.0)
    looped = play(RealSenseCamera(source=path, pace="lockstep", loop=True), 15)
    assert [frame.seq for frame in looped] == list(range(100, 115))


def test_a_recording_says_what_it_is(recording: Path) -> None:
    with RealSenseCamera(source=recording) as camera:
        info = camera.info
    assert (info.model, info.serial, info.link, info.live) == ("Intel RealSense D435", "0420", "file", False)
    assert (info.fps, info.depth_unit_mm, info.intrinsics.width) == (60.0, 1.0, 64)


def test_the_recorded_pace_loses_no_frame_and_is_no_faster(recording: Path) -> None:
    frames = play(RealSenseCamera(source=recording))
    assert [frame.seq for frame in frames] == list(range(100, 110))
    assert frames[-1].arrival_s - frames[0].arrival_s > 7.9 / 60  # the first may have been one late


def test_a_slow_taker_gets_every_frame_and_no_burst(recording: Path) -> None:
    arrivals = []
    with RealSenseCamera(source=recording) as camera:
        for index in range(10):
            arrivals.append(camera.read(1.0).arrival_s)
            if index == 2:
                time.sleep(0.15)
    assert arrivals[9] - arrivals[3] > 4.9 / 60  # at most one of the six came at once


@pytest.mark.parametrize("pace", ["lockstep", "recorded"])
def test_a_loop_goes_on_with_rising_numbers(recording: Path, pace: Pace) -> None:
    frames = play(RealSenseCamera(source=recording, pace=pace, loop=True), 25)
    assert [frame.seq for frame in frames] == list(range(100, 125))
    assert all(np.array_equal(frame.depth, image(index % 10)) for index, frame in enumerate(frames))


def test_the_end_of_a_recording_stays_the_end(recording: Path) -> None:
    with RealSenseCamera(source=recording, pace="lockstep") as camera:
        for _ in range(10):
            camera.read(1.0)
        for _ in range(2):
            with pytest.raises(EndOfSourceError, match=r"ten.db3: the recording is over"):
                camera.read(1.0)
        camera.open()
        assert np.array_equal(camera.read(1.0).depth, image(0))


def test_a_frame_that_is_not_due_is_kept(recording: Path) -> None:
    with RealSenseCamera(source=recording) as camera:
        camera.read(1.0)
        with pytest.raises(NoFrameError):
            camera.read(0.0)
        assert camera.read(1.0).seq == 101


def bad_file(folder: Path, good: Path, case: str) -> Path:
    """Make a file that cannot be played."""
    path = folder / case.replace(" ", "_")
    match case:
        case "truncated.db3":
            path.write_bytes(good.read_bytes()[: good.stat().st_size // 2])
        case "truncated.bag":
            write_bag(path, [image(index) for index in range(4)], SMALL, unit_m=0.001)
            path.write_bytes(path.read_bytes()[:12_000])
        case "garbage.db3" | "garbage.bag":
            path.write_bytes(b"no recording " * 400)
        case "empty.db3" | "empty.bag":
            path.touch()
        case "no depth.db3":
            record(path, 2, stream=rs.stream.infrared)
        case "no frame.db3":
            record(path, 0)
    return path


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("missing.db3", r"no such file. Give --source a .bag or .db3"),
        ("truncated.db3", r"cannot be played \(.*malformed.*Copy or record it again"),
        ("truncated.bag", r"cannot be played \(.*Copy or record it again"),
        ("garbage.db3", r"cannot be played \(.*not a database.*Copy or record it again"),
        ("garbage.bag", r"cannot be played \(.*Copy or record it again"),
        ("empty.db3", r"cannot be played"),
        ("empty.bag", r"cannot be played"),
        ("no depth.db3", r"cannot be played \(no depth stream in it\).*with the depth stream on"),
        ("no frame.db3", r"cannot be played \(no depth stream in it\)"),
    ],
)
def test_every_bad_recording_is_one_clear_error(tmp_path: Path, recording: Path, case: str, text: str) -> None:
    path = bad_file(tmp_path, recording, case)
    with pytest.raises(SourceError, match=text) as caught:
        RealSenseCamera(source=path).open()
    assert str(caught.value).startswith(str(path))


def test_a_recording_damaged_in_the_middle_ends_there_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "damaged.db3"
    record(path, 16, pause_s=0.08)
    assert len(play(RealSenseCamera(source=path, pace="lockstep"))) == 16
    assert not caplog.messages
    with closing(sqlite3.connect(path)) as tables, tables:
        where = "id = (SELECT id FROM messages WHERE length(data) > 1000 ORDER BY timestamp LIMIT 1 OFFSET 8)"
        assert tables.execute(f"UPDATE messages SET data = zeroblob(8) WHERE {where}").rowcount == 1
    frames = play(RealSenseCamera(source=path, pace="lockstep"))
    assert len(frames) == 8
    assert all(np.array_equal(frame.depth, image(index)) for index, frame in enumerate(frames))
    assert "damaged.db3: no more depth, 0." in caplog.text
