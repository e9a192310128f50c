from __future__ import annotations

import gc
import math
import os
import threading
import time
from pathlib import Path

import numpy as np
import pyrealsense2 as rs
import pytest

from app.cameras.base import (
    DeviceLostError,
    EndOfSourceError,
    Mode,
    NoFrameError,
    check_same_stream,
)
from app.cameras.modes import Wanted
from app.cameras.realsense import RealSenseCamera
from lighthand.backends import NetworkSource, open_estimator
from lighthand.errors import SourceError
from lighthand.pipeline import Pipeline, PipelineConfig
from lighthand.synthesis.scene import HandAnimator
from tests.app.software import SMALL, SoftwareDevice, image, record


@pytest.fixture
def context() -> rs.context:
    return rs.context()


@pytest.fixture
def plugged(context: rs.context) -> SoftwareDevice:
    ours = SoftwareDevice()
    ours.plug_into(context)
    return ours


def play_on(camera: RealSenseCamera) -> None:
    """Read until an error."""
    while True:
        camera.read(1.0)


def test_a_frame_is_what_the_device_sent(context: rs.context, plugged: SoftwareDevice) -> None:
    with RealSenseCamera(context=context) as camera:
        plugged.sensor.set_metadata(rs.frame_metadata_value.backend_timestamp, 1_700_000_000_123)
        for number in range(7, 17):
            before_s = time.perf_counter()
            plugged.send(number, image(number), time_ms=number * 16.5)
            frame = camera.read(1.0)
            assert np.array_equal(frame.depth, image(number))
            assert frame.depth.base is None  # ours, and no view of the SDK's memory
            assert (frame.seq, frame.sensor_s, frame.sensor_clock) == (number, number * 16.5 / 1e3, "device")
            assert frame.backend_s == 1_700_000_000.123
            assert before_s <= frame.arrival_s <= time.perf_counter()
            assert frame.serial == "0420"
            check_same_stream(frame, camera.info)
        info, lens = camera.info, camera.info.intrinsics
    assert (info.model, info.serial, info.firmware) == ("Intel RealSense D435", "0420", "5.16.0.1")
    assert (info.link, info.fps, info.live) == ("USB 3.2", 60.0, True)
    assert (lens.width, lens.height, lens.distortion) == (64, 48, ())
    assert (lens.fx, lens.fy, lens.cx, lens.cy) == pytest.approx((48.0, 44.8, 31.75, 24.75), rel=1e-7)


def test_only_the_newest_frame_waits_and_the_others_count_as_lost(context: rs.context, plugged: SoftwareDevice) -> None:
    with RealSenseCamera(context=context) as camera:
        for number in range(5):
            plugged.send(number, image(number))
        frame = camera.read(1.0)
        assert frame.seq == 4
        assert np.array_equal(frame.depth, image(4))
        with pytest.raises(NoFrameError):
            camera.read(0.01)
        plugged.send(9, image(9))
        assert camera.read(1.0).seq == 9


@pytest.mark.parametrize(
    ("domain", "clock"),
    [
        (rs.timestamp_domain.hardware_clock, "device"),
        (rs.timestamp_domain.system_time, "system"),
        (rs.timestamp_domain.global_time, "system"),
    ],
)
def test_the_stamp_says_whose_clock_it_is(
    context: rs.context, plugged: SoftwareDevice, domain: object, clock: str
) -> None:
    with RealSenseCamera(context=context) as camera:
        plugged.send(1, image(1), time_ms=1234.0, domain=domain)
        frame = camera.read(1.0)
    assert (frame.sensor_s, frame.sensor_clock) == (1.234, clock)


@pytest.mark.parametrize("unit_mm", [1.0, 0.25, 0.125, 0.1])
def test_one_scene_gives_the_same_millimetres_in_every_unit(context: rs.context, unit_mm: float) -> None:
    ours = SoftwareDevice(unit_m=unit_mm / 1e3)
    ours.plug_into(context)
    scene_mm = image(3)
    with RealSenseCamera(context=context) as camera:
        ours.send(1, np.round(scene_mm / unit_mm).astype(np.uint16))
        frame = camera.read(1.0)
        assert frame.depth_unit_mm == camera.info.depth_unit_mm == unit_mm
    assert np.allclose(frame.depth * frame.depth_unit_mm, scene_mm, atol=unit_mm / 2)


def test_one_hand_gives_the_same_joints_in_every_unit() -> None:
    mode = Mode(640, 480, 30)
    joints = []
    for unit_mm in (1.0, 0.25, 0.125):
        context, ours = rs.context(), SoftwareDevice(mode, unit_m=unit_mm / 1e3)
        ours.plug_into(context)
        with RealSenseCamera(context=context) as camera:
            scene_mm, truth = HandAnimator(camera=camera.info.intrinsics).render(0.0)  # whole millimetres
            ours.send(1, np.round(scene_mm / unit_mm).astype(np.uint16), mode=mode)
            result = Pipeline(open_estimator(NetworkSource()), PipelineConfig()).process(camera.read(1.0))
        joints.append(result.hands[0].joints_mm)
        assert np.linalg.norm(joints[-1] - truth, axis=1).mean() < 20
    assert np.ptp(joints, axis=0).max() < 0.01


def test_a_unit_that_changes_while_it_streams_is_noticed(context: rs.context, plugged: SoftwareDevice) -> None:
    with RealSenseCamera(context=context) as camera:
        plugged.send(1, image(1), unit_m=0.0001)
        with pytest.raises(SourceError, match=r"0420, frame 1: unit 0.1 mm .* began with 1.0 mm"):
            check_same_stream(camera.read(1.0), camera.info)


@pytest.mark.parametrize(
    ("broken", "text"),
    [
        ({"unit_m": 0.0}, r"D435 0420: its depth unit is 0.0 mm, expected a positive number .*0.1 for D405"),
        ({"unit_m": math.nan}, r"D435 0420: its depth unit is nan mm"),
        ({"fx": math.nan}, r"D435 0420: intrinsics \(64, 48, nan"),
        ({"fx": 0.0}, r"D435 0420: intrinsics \(64, 48, 0.0"),
        ({"coefficients": (math.nan, 0.0, 0.0, 0.0, 0.0)}, r"D435 0420: intrinsics"),
        (
            {"coefficients": (math.nan, 0.0, 0.0, 0.0, 0.0), "model": rs.distortion.inverse_brown_conrady},
            r"D435 0420: intrinsics",
        ),
    ],
)
def test_a_device_whose_numbers_cannot_be_is_refused_and_let_go(
    context: rs.context, broken: dict[str, float], text: str
) -> None:
    ours = SoftwareDevice(**broken)  # type: ignore[arg-type]
    ours.plug_into(context)
    for _ in range(2):  # it was closed: else the second time it would be in use
        with pytest.raises(SourceError, match=text):
            RealSenseCamera(context=context).open()


def test_the_device_streams_in_the_chosen_mode(context: rs.context) -> None:
    modes = (Mode(1280, 720, 30), Mode(640, 480, 30), Mode(640, 480, 60))
    ours = SoftwareDevice(*modes)
    ours.plug_into(context)
    for asked, mode in ((None, modes[2]), (1280, modes[0])):
        with RealSenseCamera(context=context, wanted=Wanted(asked)) as camera:
            ours.send(1, image(5, mode), mode=mode)
            assert np.array_equal(camera.read(1.0).depth, image(5, mode))
            assert camera.info.fps == mode.fps


def test_it_opens_again_the_device_that_it_had(context: rs.context, plugged: SoftwareDevice) -> None:
    camera = RealSenseCamera(context=context)
    with camera:
        plugged.send(50, image(1))
        assert camera.read(1.0).seq == 50
    plugged.unplug()
    other = SoftwareDevice(serial="9")
    other.plug_into(context)
    with pytest.raises(DeviceLostError, match=r"RealSense 0420: not plugged in; there is 9"):
        camera.open()


def test_an_unplugged_device_is_lost_and_found_again(tmp_path: Path, context: rs.context) -> None:
    path = tmp_path / "device.db3"
    record(path, 8)
    threads = len(os.listdir("/proc/self/task"))
    loaded = context.load_device(str(path))  # a real hot-plug event of the SDK
    camera = RealSenseCamera(context=context)
    for _ in range(2):
        camera.open()
        assert camera.read(1.0).serial == "0420"
        context.unload_device(str(path))
        with pytest.raises(DeviceLostError, match=r"D435 0420: unplugged"):
            play_on(camera)
        with pytest.raises(DeviceLostError):
            camera.read(1.0)
        camera.close()
        with pytest.raises(DeviceLostError, match=r"RealSense 0420: no depth camera found"):
            camera.open()
        loaded = context.load_device(str(path))
    context.unload_device(str(path))
    del loaded
    gc.collect()
    assert len(os.listdir("/proc/self/task")) <= threads


def test_silence_and_a_slow_link_are_named(context: rs.context, caplog: pytest.LogCaptureFixture) -> None:
    ours = SoftwareDevice(usb="2.1")
    ours.plug_into(context)
    with (
        RealSenseCamera(context=context) as camera,
        pytest.raises(
            NoFrameError,
            match=r"no frame for 0.1 s \(asked 60 fps, USB 2.1\)\. Use a USB 3 port, or set camera.fps=30\.",
        ),
    ):
        camera.read(0.1)
    assert caplog.messages == ["Intel RealSense D435 0420: 64x48@60 on USB 2.1; a USB 3 port and cable give more"]


def test_close_wakes_a_waiting_read_and_is_safe_twice(context: rs.context, plugged: SoftwareDevice) -> None:
    camera = RealSenseCamera(context=context)
    camera.close()
    with pytest.raises(EndOfSourceError):
        camera.read(1.0)
    camera.open()
    ended = threading.Event()

    def read() -> None:
        with pytest.raises(EndOfSourceError):
            camera.read(60.0)
        ended.set()

    thread = threading.Thread(target=read)
    thread.start()
    time.sleep(0.05)
    camera.close()
    camera.close()
    assert ended.wait(2.0)
    thread.join()


def test_thirty_times_open_and_closed(context: rs.context, plugged: SoftwareDevice) -> None:
    camera = RealSenseCamera(context=context)
    seqs = []
    for number in range(30):
        with camera:
            plugged.send(number % 7, image(number))  # the device begins again and again
            seqs.append(camera.read(1.0).seq)
        if number == 4:
            threads = len(os.listdir("/proc/self/task"))
    assert seqs == [number % 7 for number in range(30)]  # whoever opens it again shifts them: app.capture
    assert len(os.listdir("/proc/self/task")) <= threads


@pytest.mark.parametrize("name", ["threshold", "spatial", "temporal", "holes"])
def test_filters_run_and_leave_number_and_time(context: rs.context, plugged: SoftwareDevice, name: str) -> None:
    scene = np.full((SMALL.height, SMALL.width), 1000, np.uint16)
    scene[20:24, 20:24] = 0
    scene[:, 40:] = 9000
    scene[30:, :20] += np.arange(20, dtype=np.uint16) % 2 * 4
    with RealSenseCamera(context=context, filters=(name,)) as camera:  # type: ignore[arg-type]
        plugged.send(8, scene, time_ms=500.0)
        frame = camera.read(1.0)
    assert (frame.seq, frame.sensor_s, frame.depth_unit_mm) == (8, 0.5, 1.0)
    far, hole, rough = frame.depth[:, 40:], frame.depth[20:24, 20:24], frame.depth[35:, :20]
    assert (far == 0).all() == (name == "threshold")
    assert (hole > 0).all() == (name == "holes")
    assert (np.ptp(rough) < 4) == (name == "spatial")


def test_the_temporal_filter_remembers_the_frames_before(context: rs.context, plugged: SoftwareDevice) -> None:
    with RealSenseCamera(context=context, filters=("temporal",)) as camera:
        for number, count in enumerate((1000, 1010)):
            plugged.send(number, np.full((SMALL.height, SMALL.width), count, np.uint16))
            frame = camera.read(1.0)
    assert 1000 < frame.depth[20, 20] < 1010


def test_filters_run_in_their_order(context: rs.context, plugged: SoftwareDevice) -> None:
    scene = np.full((SMALL.height, SMALL.width), 1000, np.uint16)
    scene[:, 30:34] = 9000
    results = []
    for filters in (("threshold", "holes"), ("holes", "threshold")):
        with RealSenseCamera(context=context, filters=filters) as camera:  # type: ignore[arg-type]
            plugged.send(1, scene)
            results.append(camera.read(1.0).depth[20, 31])
    assert results == [1000, 0]
