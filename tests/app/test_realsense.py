from __future__ import annotations

import gc
import math
import os
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pyrealsense2 as rs
import pytest

from app.cameras.base import (
    DeviceLostError,
    EndOfSourceError,
    MissingSdkError,
    Mode,
    NoFrameError,
    Pace,
    check_same_stream,
)
from app.cameras.realsense import RealSenseCamera, devices
from app.cameras.realsense_devices import Wanted, translated
from app.cameras.realsense_frames import Numbering, to_intrinsics
from lighthand.errors import SourceError
from lighthand.types import Frame
from tests.app.bag import write_bag
from tests.app.software import SMALL, SoftwareDevice, image, record

D435 = [Mode(*size, fps) for size in ((424, 240), (640, 480), (848, 480)) for fps in (6, 15, 30, 60, 90)]
D435 += [Mode(1280, 720, fps) for fps in (6, 15, 30)]


@pytest.fixture
def context() -> rs.context:
    return rs.context()


@pytest.fixture
def plugged(context: rs.context) -> SoftwareDevice:
    ours = SoftwareDevice()
    ours.plug_into(context)
    return ours


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("realsense") / "ten.db3"
    record(path, 10)
    return path


def play_on(camera: RealSenseCamera) -> None:
    """Read until an error."""
    while True:
        camera.read(1.0)


def play(camera: RealSenseCamera, most: int = 1000) -> list[Frame]:
    frames: list[Frame] = []
    with camera:
        while len(frames) < most:
            try:
                frames.append(camera.read(1.0))
            except EndOfSourceError:
                break
    return frames


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


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (Wanted(), "848x480@60"),
        (Wanted(fps=90), "848x480@90"),
        (Wanted(width=640), "640x480@60"),
        (Wanted(width=640, fps=15), "640x480@15"),
        (Wanted(height=720), "1280x720@30"),
        (Wanted(424, 240), "424x240@60"),
        (Wanted(1280, 720, 90), "None"),
    ],
)
def test_the_mode_is_the_one_asked_for_or_the_preferred(wanted: Wanted, chosen: str) -> None:
    assert str(wanted.choose(D435)) == chosen


def test_without_a_preferred_mode_any_other_will_do() -> None:
    assert Wanted().choose([Mode(1024, 768, 30), Mode(320, 240, 30)]) == Mode(320, 240, 30)
    assert Wanted().choose([]) is None


def test_the_device_streams_in_the_chosen_mode(context: rs.context) -> None:
    modes = (Mode(1280, 720, 30), Mode(640, 480, 30), Mode(640, 480, 60))
    ours = SoftwareDevice(*modes)
    ours.plug_into(context)
    for asked, mode in ((None, modes[2]), (1280, modes[0])):
        with RealSenseCamera(context=context, width=asked) as camera:
            ours.send(1, image(5, mode), mode=mode)
            assert np.array_equal(camera.read(1.0).depth, image(5, mode))
            assert camera.info.fps == mode.fps


def test_a_mode_that_the_link_does_not_carry_is_an_error_that_lists_those_it_does(context: rs.context) -> None:
    ours = SoftwareDevice(Mode(640, 480, 15), Mode(480, 270, 30), usb="2.1")
    ours.plug_into(context)
    with pytest.raises(
        SourceError,
        match=r"D435 0420: no depth mode 848x\?@60 on USB 2.1. It has 480x270@30, 640x480@15: use a USB 3 port",
    ):
        RealSenseCamera(context=context, width=848, fps=60).open()


def test_devices_are_listed_with_link_and_modes(context: rs.context) -> None:
    assert devices(context) == ()
    usb3 = SoftwareDevice(Mode(848, 480, 60), Mode(640, 480, 30), serial="2")
    usb3.plug_into(context)
    (one,) = devices(context)
    assert (one.kind, one.model, one.serial, one.link) == ("realsense", "Intel RealSense D435", "2", "USB 3.2")
    assert one.modes == (Mode(640, 480, 30), Mode(848, 480, 60))
    assert one.note == ""
    other = rs.context()
    SoftwareDevice(stream=rs.stream.infrared).plug_into(other)
    assert devices(other) == ()
    usb2 = SoftwareDevice(Mode(640, 480, 15), Mode(480, 270, 30), usb="2.1")
    usb2.plug_into(other)
    (slow,) = devices(other)
    assert slow.note == "USB 2.1: at most 640x480@15 or 480x270@30; a USB 3 port and cable give more"


def test_no_device_is_a_quick_error_that_says_what_to_do(context: rs.context) -> None:
    start_s = time.perf_counter()
    with pytest.raises(DeviceLostError, match=r"no depth camera found.*USB 3 port.*udev.*--list.*--camera synthetic"):
        RealSenseCamera(context=context).open()
    assert time.perf_counter() - start_s < 1.0


def test_the_device_is_found_by_its_serial_number(context: rs.context) -> None:
    first, second = SoftwareDevice(serial="1"), SoftwareDevice(serial="2", unit_m=0.0001)
    plugged_in = []
    context.set_devices_changed_callback(lambda change: plugged_in.append(change.get_new_devices()))
    for ours in (first, second):
        ours.device.add_to(context)
    with RealSenseCamera(context=context, serial="2") as camera:
        assert (camera.info.serial, camera.info.depth_unit_mm) == ("2", 0.1)
    with pytest.raises(DeviceLostError, match=r"RealSense 3: not plugged in; there is .*1"):
        RealSenseCamera(context=context, serial="3").open()
    with RealSenseCamera(context=context) as camera:
        taken = camera.info.serial
        with pytest.raises(DeviceLostError, match=rf"D435 {taken}: another program uses it .*realsense-viewer"):
            RealSenseCamera(context=context, serial=taken).open()


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
    seqs = []
    for _ in range(2):
        camera.open()
        seqs.append(camera.read(1.0).seq)
        context.unload_device(str(path))
        with pytest.raises(DeviceLostError, match=r"D435 0420: unplugged"):
            play_on(camera)
        with pytest.raises(DeviceLostError):
            camera.read(1.0)
        camera.close()
        with pytest.raises(DeviceLostError, match=r"RealSense 0420: no depth camera found"):
            camera.open()
        loaded = context.load_device(str(path))
    assert seqs == sorted(set(seqs))
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
    assert seqs == list(range(30))
    assert len(os.listdir("/proc/self/task")) <= threads


def test_numbers_rise_through_gaps_and_restarts() -> None:
    numbering = Numbering()
    assert [numbering.next(number) for number in (5, 6, 9, 0, 1, 1, 4)] == [5, 6, 9, 10, 11, 12, 15]
    numbering.restart()
    assert [numbering.next(number) for number in (99, 101)] == [16, 18]


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


def lens_of(model: object, coefficients: tuple[float, ...]) -> rs.intrinsics:
    """As an SR300's: 640x480 with a wide lens."""
    lens = rs.intrinsics()
    lens.width, lens.height, lens.fx, lens.fy, lens.ppx, lens.ppy = 640, 480, 475.3, 475.3, 309.9, 245.0
    lens.model, lens.coeffs = model, list(coefficients)
    return lens


@pytest.mark.parametrize(
    ("model", "coefficients", "within_px"),
    [
        (rs.distortion.brown_conrady, (0.12, -0.2, 0.002, -0.001, 0.05), 0.02),
        (rs.distortion.inverse_brown_conrady, (0.138, 0.083, 0.0033, 0.0005, -0.029), 0.2),
        (rs.distortion.inverse_brown_conrady, (-0.1, 0.05, -0.002, 0.001, 0.0), 0.1),
    ],
)
def test_the_lens_bends_rays_as_the_sdk_does(model: object, coefficients: tuple[float, ...], within_px: float) -> None:
    lens = lens_of(model, coefficients)
    camera = to_intrinsics(rs, lens, "test")
    matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1.0]])
    pixels = np.random.default_rng(0).uniform((0, 0), (639, 479), (200, 2))
    rays = np.array([rs.rs2_deproject_pixel_to_point(lens, pixel, 1.0) for pixel in pixels.tolist()])
    ours, _ = cv2.projectPoints(rays, np.zeros(3), np.zeros(3), matrix, np.array(camera.distortion))
    assert np.abs(ours[:, 0] - pixels).max() < within_px
    assert np.median(np.abs(ours[:, 0] - pixels)) < within_px / 5
    straight = rays[:, :2] * (camera.fx, camera.fy) + (camera.cx, camera.cy)
    assert np.abs(straight - pixels).max() > 3  # there was something to correct


def test_a_lens_that_bends_nothing_has_no_coefficients() -> None:
    for model in (rs.distortion.none, rs.distortion.brown_conrady, rs.distortion.inverse_brown_conrady):
        assert to_intrinsics(rs, lens_of(model, (0.0,) * 5), "test").distortion == ()


def test_a_recording_plays_every_frame_once_and_twice_the_same(recording: Path) -> None:
    first, second = (play(RealSenseCamera(source=recording, pace="lockstep")) for _ in range(2))
    assert [frame.seq for frame in first] == list(range(100, 110))
    for index, (one, two) in enumerate(zip(first, second, strict=True)):
        assert np.array_equal(one.depth, image(index))
        assert np.array_equal(two.depth, one.depth)
        assert (one.seq, one.sensor_s) == (two.seq, two.sensor_s)
        assert one.sensor_s == pytest.approx(index / 60)
        assert (one.depth_unit_mm, one.serial) == (1.0, "ten.db3")


def test_a_bag_of_an_older_sdk_plays_every_frame_once(tmp_path: Path) -> None:
    path = tmp_path / "old.bag"
    write_bag(path, [image(index) for index in range(10)], SMALL, unit_m=0.000125)
    frames = play(RealSenseCamera(source=path, pace="lockstep"))
    assert [frame.seq for frame in frames] == list(range(100, 110))
    assert all(np.array_equal(frame.depth, image(index)) for index, frame in enumerate(frames))
    assert frames[9].sensor_s == pytest.approx(0.15)
    assert {(frame.depth_unit_mm, frame.sensor_clock, frame.serial) for frame in frames} == {
        (0.125, "device", "old.bag")
    }
    assert (frames[0].intrinsics.fx, frames[0].intrinsics.fy, frames[0].intrinsics.cx) == (50.0, 45.0, 32.0)
    looped = play(RealSenseCamera(source=path, pace="lockstep", loop=True), 15)
    assert [frame.seq for frame in looped] == list(range(100, 115))


def test_a_recording_says_what_it_is(recording: Path) -> None:
    with RealSenseCamera(source=recording) as camera:
        info = camera.info
    assert (info.model, info.serial, info.link, info.live) == ("Intel RealSense D435", "ten.db3", "file", False)
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


@pytest.mark.parametrize(
    ("said", "error", "text"),
    [
        (
            "xioctl(VIDIOC_S_FMT) failed, errno=16 Last Error: Device or resource busy",
            DeviceLostError,
            "another program",
        ),
        ("failed to claim usb interface: 0, error: RS2_USB_STATUS_BUSY", DeviceLostError, "another program uses it"),
        ("failed to open usb interface: 0, error: RS2_USB_STATUS_ACCESS", SourceError, "99-realsense-libusb.rules"),
        ("Cannot open '/dev/video2 Last Error: Permission denied", SourceError, "udevadm control --reload"),
        (
            "get_xu(...). xioctl(UVCIOC_CTRL_QUERY) failed Last Error: No such device",
            DeviceLostError,
            "out and in again",
        ),
    ],
)
def test_errors_of_the_sdk_say_what_to_do(said: str, error: type[SourceError], text: str) -> None:
    ours = translated(RuntimeError(said), "D435 0420")
    assert type(ours) is error
    assert text in str(ours)
    assert str(ours).startswith("D435 0420: ")
    assert said in str(ours)


@pytest.fixture
def without_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)


def test_a_missing_sdk_is_named_with_the_command(
    without_sdk: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(MissingSdkError, match="pip install pyrealsense2"):
        RealSenseCamera().open()
    (tmp_path / "pyrealsense2.py").write_text("raise ImportError('libusb-1.0.so.0: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pyrealsense2")
    with pytest.raises(MissingSdkError, match=r"libusb-1.0.so.0.*sudo apt-get install libusb-1.0-0"):
        devices()


def test_the_module_does_not_import_the_sdk() -> None:
    code = "import sys, app.cameras.realsense; sys.exit('pyrealsense2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
