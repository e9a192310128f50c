"""A recording as a camera: its frames, their order, times and lens; broken ones are in test_replay_broken."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from app.cameras.base import Camera, EndOfSourceError, NoFrameError, Pace
from app.cameras.calibration import FOLDER, load_calibration
from app.cameras.replay import ReplayCamera
from app.formats.arrays import open_npz
from app.formats.mcap_write import RecordingWriter
from app.formats.recording import Description, ImageRow
from lighthand.errors import SourceError
from lighthand.types import DepthArray, Frame
from tests.app.playing import ABOUT, image
from tests.app.scripted import SIZE, frame


def play(camera: Camera) -> list[Frame]:
    frames = []
    with camera:
        while True:
            try:
                frames.append(camera.read(1.0))
            except EndOfSourceError:
                return frames


def test_plays_a_folder_in_natural_order_with_its_unit_and_times(folder: Path) -> None:
    frames = play(ReplayCamera(folder))
    assert [int(frame.depth[0, 0]) for frame in frames] == [1001, 1002, 1010]
    assert [frame.seq for frame in frames] == [0, 1, 2]
    assert [frame.sensor_s for frame in frames] == [0.0, 1 / 200, 2 / 200]
    assert all(frame.depth_unit_mm == 0.5 and frame.intrinsics.fx == 7.0 for frame in frames)
    arrivals = [frame.arrival_s for frame in frames]
    assert arrivals[2] - arrivals[0] > 1.5 / 200


def test_the_description_may_stand_beside_the_folder_or_be_named(folder: Path, tmp_path: Path) -> None:
    beside = tmp_path / "recording.yaml"
    (folder / "camera.yaml").rename(beside)
    assert len(play(ReplayCamera(folder, pace="lockstep"))) == 3
    named = beside.rename(tmp_path / "mine.yaml")
    assert len(play(ReplayCamera(folder, named, pace="lockstep"))) == 3


def test_plays_folders_inside_the_folder(folder: Path) -> None:
    (folder / "9").mkdir()
    shutil.move(folder / "2.png", folder / "9" / "2.png")
    frames = play(ReplayCamera(folder, pace="lockstep"))
    assert [int(frame.depth[0, 0]) for frame in frames] == [1001, 1002, 1010]


def test_counts_from_invalid_from_on_are_no_measurement(folder: Path) -> None:
    (folder / "camera.yaml").write_text(yaml.safe_dump(ABOUT | {"invalid_from": 1010}))
    assert [int(frame.depth[0, 0]) for frame in play(ReplayCamera(folder, pace="lockstep"))] == [1001, 1002, 0]


def test_loop_goes_on_with_rising_numbers_and_times(folder: Path) -> None:
    with ReplayCamera(folder, pace="lockstep", loop=True) as camera:
        frames = [camera.read(1.0) for _ in range(7)]
    assert [frame.seq for frame in frames] == list(range(7))
    assert [int(frame.depth[0, 0]) for frame in frames[3:6]] == [1001, 1002, 1010]
    times = [frame.sensor_s for frame in frames]
    assert times == sorted(times)  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("pace", "loop", "said"), [("recorded", False, 1), ("recorded", True, 0), ("lockstep", False, 0)]
)
def test_a_short_recording_says_how_to_see_it(
    folder: Path, caplog: pytest.LogCaptureFixture, pace: Pace, loop: bool, said: int
) -> None:
    with caplog.at_level(logging.WARNING), ReplayCamera(folder, pace=pace, loop=loop):
        pass
    assert len(caplog.messages) == said
    assert all("3 frame(s), over in 0.015 s: --loop plays" in message for message in caplog.messages)


def test_a_frame_arrives_when_it_is_read_not_before(folder: Path) -> None:
    read_s: list[float] = []
    with ReplayCamera(folder) as camera:
        assert isinstance(camera._recording, ImageRow)
        load = camera._recording._load

        def slow(index: int) -> DepthArray:
            time.sleep(0.02)
            depth = load(index)
            read_s.append(time.perf_counter())
            return depth

        camera._recording._load = slow
        frames = [camera.read(1.0) for _ in range(3)]
    assert all(frame.arrival_s >= moment_s for frame, moment_s in zip(frames, read_s, strict=True))


def test_a_long_pause_in_a_recording_is_cut_and_its_times_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    writer = RecordingWriter(path, Description("cam", "1", 1.0, SIZE, 30.0), {})
    for seq, moment_s in enumerate((0.0, 0.03, 600.0, 600.03)):
        writer.frame(replace(frame(seq), sensor_s=moment_s), round(moment_s * 1e9))
    writer.finish({})
    with ReplayCamera(path) as camera:
        frames = [camera.read(5.0) for _ in range(4)]
    assert [item.sensor_s for item in frames] == [0.0, 0.03, 600.0, 600.03]
    assert frames[2].arrival_s - frames[1].arrival_s > 0.4


def test_plays_an_npz(tmp_path: Path) -> None:
    depth = np.stack([image(700), image(800)])
    path = tmp_path / "two.npz"
    np.savez_compressed(
        path, depth=depth, intrinsics=[7.0, 7.0, 3.5, 2.5], depth_unit_mm=0.25, joints=np.zeros((2, 21, 3))
    )
    frames = play(ReplayCamera(path, pace="lockstep"))
    assert [int(frame.depth[0, 0]) for frame in frames] == [700, 800]
    assert frames[0].depth_unit_mm == 0.25
    assert frames[0].intrinsics.width == 8


def test_an_npz_plays_at_the_pace_of_its_times(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    arrays = {"depth": image(700)[None].repeat(3, axis=0), "intrinsics": [7.0, 7.0, 3.5, 2.5], "depth_unit_mm": 1.0}
    for times_s, moments_s in (([5.0, 5.25, 6.0], [0.0, 0.25, 1.0]), ([5.0, np.nan, 6.0], [0.0, 1 / 30, 2 / 30])):
        np.savez(path, **arrays, sensor_s=times_s)  # type: ignore[arg-type]
        row = open_npz(path)
        assert [row.moment_s(index) for index in range(3)] == moments_s
        assert row.frame(1).sensor_s == (None if np.isnan(times_s[1]) else 5.25)


def test_size_alone_chooses_only_a_camera_that_it_tells(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for name, width, height in (("kinect", 512, 424), ("vga", 640, 480), ("odd", 100, 90)):
        (tmp_path / name).mkdir()
        cv2.imwrite(str(tmp_path / name / "0.png"), image(900, width, height))
    with caplog.at_level(logging.WARNING), ReplayCamera(tmp_path / "kinect", pace="lockstep") as camera:
        assert camera.info.model == "Kinect v2"
    assert len(caplog.messages) == 1
    assert "kinect2.yaml" in caplog.messages[0]
    with pytest.raises(
        SourceError, match=r"640x480 images come from many cameras.*--intrinsics .*sr305.yaml .*0.125 mm"
    ):
        ReplayCamera(tmp_path / "vga").open()
    with pytest.raises(SourceError, match=r"None is 100x90.*kinect2.yaml.*senz3d.yaml.*sr305.yaml"):
        ReplayCamera(tmp_path / "odd").open()


def test_a_unit_that_the_size_contradicts_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "kinect.npz"
    arrays = {"depth": image(900, 512, 424)[None], "intrinsics": [363.9, 363.9, 255.4, 206.3]}
    for unit in (1.0, 0.125):
        np.savez(path, **arrays, depth_unit_mm=unit)  # type: ignore[arg-type]
        with caplog.at_level(logging.WARNING), ReplayCamera(path, pace="lockstep"):
            pass
    assert len(caplog.messages) == 1
    assert "depth_unit_mm is 0.125, but 512x424 is a Kinect v2, which has 1: see" in caplog.messages[0]


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_shipped_description_reads(path: Path) -> None:
    about = load_calibration(path)
    assert 0 < about.intrinsics.cx < about.width
    assert about.model in (FOLDER / "README.md").read_text() or path.stem in (FOLDER / "README.md").read_text()


def test_close_wakes_a_waiting_read_and_is_safe_twice(folder: Path) -> None:
    (folder / "camera.yaml").write_text(yaml.safe_dump(ABOUT | {"fps": 0.1}))
    camera = ReplayCamera(folder)
    camera.close()
    camera.open()
    camera.read(1.0)
    with pytest.raises(NoFrameError):
        camera.read(0.01)
    errors: list[BaseException] = []

    def read() -> None:
        try:
            camera.read(30.0)
        except EndOfSourceError as error:
            errors.append(error)

    thread = threading.Thread(target=read)
    thread.start()
    camera.close()
    camera.close()
    thread.join(2)
    assert len(errors) == 1


def test_reads_the_real_recordings(shared_data: Path) -> None:
    with ReplayCamera(shared_data / "kinect2_scene", FOLDER / "kinect2.yaml", pace="lockstep") as camera:
        frames = [camera.read(1.0) for _ in range(180)]
        assert 500 < np.median(frames[0].depth) < 3000
        with pytest.raises(EndOfSourceError):
            camera.read(1.0)
    with ReplayCamera(shared_data / "sr305", FOLDER / "sr305.yaml", pace="lockstep") as camera:
        frames = [camera.read(1.0) for _ in range(19)]
    assert all(frame.depth_unit_mm == 0.125 for frame in frames)
