from __future__ import annotations

import ctypes
import importlib.util
import logging
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pytest

from app.cameras import azure
from app.cameras.azure import AzureCamera, devices
from app.cameras.base import DeviceLostError, MissingSdkError, NoFrameError
from app.cameras.k4a import DeviceConfig, K4aCalibration, lens_of, load_k4a
from app.cameras.mkv import check_mkv
from app.cameras.modes import Wanted
from lighthand.errors import SourceError
from tests.app.mkv import CX, CY, FX, FY, P1, P2, K, write_mkv
from tests.app.native import in_a_process

TIMES_US = [0, 33_333, 66_666, 133_333]  # the fourth of five frames was lost
FRAMES = np.random.default_rng(0).integers(0, 6_000, (4, 288, 320)).astype(np.uint16)

IMPORTS = """
from app.cameras.azure import AzureCamera, devices
from app.cameras.base import EndOfSourceError
"""


@pytest.fixture(scope="module")
def sdk() -> None:
    if importlib.util.find_spec("pyk4a") is None:
        pytest.skip("pyk4a-bundle is not installed: .venv/bin/python -m pip install -e '.[azure]'")


PLAY = """
path, out = Path(sys.argv[1]), sys.argv[2]
with AzureCamera(source=path, pace=sys.argv[3]) as camera:
    frames = []
    while not (end := refusal(lambda: frames.append(camera.read(1.0)))):
        pass
info = camera.info
np.save(out, np.stack([frame.depth for frame in frames]))
print(json.dumps({"seq": [f.seq for f in frames], "sensor_s": [f.sensor_s for f in frames], "end": end,
                  "arrival_s": [f.arrival_s for f in frames], "owned": all(f.depth.flags.owndata for f in frames),
                  "about": [info.model, info.serial, info.link, info.depth_unit_mm, info.fps],
                  "lens": [info.intrinsics.fx, info.intrinsics.fy, info.intrinsics.cx, info.intrinsics.cy],
                  "distortion": info.intrinsics.distortion}))
"""


@pytest.mark.parametrize("pace", ["lockstep", "recorded"])
def test_a_recording_is_played_exactly(sdk: None, tmp_path: Path, pace: str) -> None:
    path = write_mkv(tmp_path / "hand.mkv", FRAMES, TIMES_US)
    told = in_a_process(IMPORTS + PLAY, path, tmp_path / "out.npy", pace)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), FRAMES)
    assert told["seq"] == [0, 1, 2, 4]
    assert told["sensor_s"] == pytest.approx([time_us / 1e6 for time_us in TIMES_US])
    assert told["owned"]
    assert told["about"] == ["Azure Kinect DK", "hand.mkv", "file", 1.0, 30.0]
    assert "EndOfSourceError" in told["end"]
    assert "the recording is over" in told["end"]
    assert pace == "lockstep" or told["arrival_s"][-1] - told["arrival_s"][0] > 0.08
    # binned: half the sensor's 1024 pixels; 192 of its columns are cut off at the left, 180 of its rows above
    assert told["lens"] == pytest.approx([FX * 512, FY * 512, (CX * 1024 - 192) / 2 - 0.5, (CY * 1024 - 180) / 2 - 0.5])
    assert told["distortion"] == pytest.approx([K[0], K[1], P1, P2, *K[2:]], rel=1e-6)


@pytest.mark.parametrize(("mode", "width", "height"), [("NFOV_UNBINNED", 640, 576), ("WFOV_2X2BINNED", 512, 512)])
def test_our_intrinsics_project_as_the_sdk_does(sdk: None, tmp_path: Path, mode: str, width: int, height: int) -> None:
    path = write_mkv(tmp_path / "a.mkv", np.ones((1, height, width), np.uint16), [0], mode=mode)
    script = """
import ctypes
from app.cameras.k4a import K4aCalibration, load_k4a, lens_of
k4a, handle, calibration = load_k4a(), ctypes.c_void_p(), K4aCalibration()
assert k4a.record.k4a_playback_open(sys.argv[1].encode(), ctypes.byref(handle)) == 0
assert k4a.record.k4a_playback_get_calibration(handle, ctypes.byref(calibration)) == 0
project, pixels = k4a.sensor.k4a_calibration_3d_to_2d, []
for point in json.loads(sys.argv[2]):
    at, pixel, valid = (ctypes.c_float * 3)(*point), (ctypes.c_float * 2)(), ctypes.c_int()
    assert project(ctypes.byref(calibration), at, 0, 0, pixel, ctypes.byref(valid)) == 0
    pixels.append([*pixel, valid.value])
k4a.record.k4a_playback_close(handle)
lens = lens_of(calibration, "x")
print(json.dumps({"pixels": pixels, "lens": [lens.fx, lens.fy, lens.cx, lens.cy], "distortion": lens.distortion}))
"""
    points = [[0, 0, 500], [100, -50, 600], [-150, 120, 500], [200, 180, 700], [-30, -160, 400]]
    told = in_a_process(script, path, points)
    fx, fy, cx, cy = told["lens"]
    camera = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    ours, _ = cv2.projectPoints(
        np.array(points, float), np.zeros(3), np.zeros(3), camera, np.array(told["distortion"], float)
    )
    theirs = np.array(told["pixels"])
    assert np.all(theirs[:, 2] == 1)
    np.testing.assert_allclose(ours[:, 0], theirs[:, :2], atol=1e-3)


def test_a_loop_goes_on_and_an_end_can_be_opened_again(sdk: None, tmp_path: Path) -> None:
    path = write_mkv(tmp_path / "a.mkv", FRAMES, TIMES_US)
    script = """
camera = AzureCamera(source=Path(sys.argv[1]), pace="lockstep", loop=True)
frames = []
for _ in range(20):
    with camera:
        frames = [camera.read(1.0) for _ in range(10)]
thread = threading.Timer(0.2, camera.close)
with AzureCamera(source=Path(sys.argv[1]), loop=True) as camera:
    thread = threading.Timer(0.1, camera.close)
    thread.start()
    while not (closed := refusal(lambda: camera.read(5.0))):
        pass
    thread.join()
print(json.dumps({"sums": [int(f.depth.sum()) for f in frames], "seq": [f.seq for f in frames],
                  "sensor_s": [f.sensor_s for f in frames], "closed": closed}))
"""
    told = in_a_process(IMPORTS + script, path)
    assert told["sums"] == ([int(frame.sum()) for frame in FRAMES] * 3)[:10]
    assert told["seq"] == [0, 1, 2, 4, 5, 6, 7, 9, 10, 11]
    assert np.all(np.diff(told["sensor_s"]) > 0.03)
    assert "EndOfSourceError" in told["closed"]


def test_without_a_device_it_says_so_at_once(sdk: None) -> None:
    script = """
listed = devices()
began_s = time.perf_counter()
none = refusal(AzureCamera().open)
absent = refusal(AzureCamera(serial="000123412312").open)
print(json.dumps({"listed": len(listed), "none": none, "absent": absent, "took_s": time.perf_counter() - began_s}))
"""
    told = in_a_process(IMPORTS + script)
    if told["listed"]:
        pytest.skip("an Azure Kinect is plugged in")
    assert told["none"].startswith("SourceError: Azure Kinect DK: none found (0 plugged in")
    assert told["absent"].startswith("DeviceLostError: Azure Kinect DK 000123412312: not found")
    assert told["took_s"] < 5  # 0.01 on an idle machine


def test_what_a_recording_lacks_is_named(sdk: None, tmp_path: Path) -> None:
    paths = [
        write_mkv(tmp_path / "plain.mkv", FRAMES[:1], [0], calibrated=False),
        write_mkv(tmp_path / "other.mkv", FRAMES[:1], [0], mode="NFOV_UNBINNED"),  # whose images are larger
        tmp_path / "cut.mkv",
    ]
    paths[2].write_bytes(write_mkv(tmp_path / "a.mkv", FRAMES, TIMES_US).read_bytes()[:-100])
    script = """
plain, other, cut = map(Path, sys.argv[1:])
out = [refusal(AzureCamera(source=plain).open), refusal(AzureCamera(source=other).open)]
with AzureCamera(source=cut, pace="lockstep") as camera:
    while not refusal(lambda: out.append(camera.read(1.0).seq)):
        pass
print(json.dumps(out))
"""
    plain, other, *numbers = in_a_process(IMPORTS + script, *paths)
    assert "plain.mkv: holds no calibration" in plain
    assert "other.mkv: no Azure Kinect recording" in other
    assert numbers == [0, 1, 2]


def test_a_head_that_is_cut_anywhere_is_refused(tmp_path: Path) -> None:
    cut = write_mkv(tmp_path / "cut.mkv", FRAMES[:1], [0])
    for length in reversed(range(cut.read_bytes().index(bytes.fromhex("1F43B675")))):
        os.truncate(cut, length)
        with pytest.raises(SourceError, match="cut.mkv: (not a Matroska|truncated)"):
            check_mkv(cut)


def test_a_track_without_a_number_is_refused(tmp_path: Path) -> None:
    path = write_mkv(tmp_path / "a.mkv", FRAMES[:1], [0])
    data = path.read_bytes()
    number = data.index(b"\xd7\x01")
    for place, byte in ((number, 0xB6), (number + 1, 0x00), (number + 2, 0x70), (number + 8, 0xFF)):
        path.write_bytes(data[:place] + bytes([byte]) + data[place + 1 :])
        with pytest.raises(SourceError, match="damaged, its list of tracks"):
            check_mkv(path)


def test_a_file_that_was_cut_later_is_played_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_mkv(tmp_path / "a.mkv", FRAMES, TIMES_US)
    with caplog.at_level(logging.WARNING):
        check_mkv(path)
        assert not caplog.messages
        path.write_bytes(path.read_bytes()[:-1])
        check_mkv(path)
    assert "was cut off" in caplog.text


def test_what_is_no_recording_is_refused_without_the_sdk(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(SourceError, match="not a Matroska file"):
        AzureCamera(source=path).open()
    with pytest.raises(SourceError, match="No such file"):
        AzureCamera(source=tmp_path / "none.mkv").open()


def test_a_mode_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(SourceError, match="no depth mode 1024xany@30. It has .*640x576@30, .*1024x1024@15: set"):
        AzureCamera(wanted=Wanted(1024, fps=30)).open()


def test_without_the_sdk_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    load_k4a.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    for call in (AzureCamera().open, devices):
        with pytest.raises(MissingSdkError, match=r"-m pip install -e '\.\[azure\]'"):
            call()
    assert "pyk4a" not in sys.modules


class Scripted:
    """The SDK's functions as the driver calls them, with two devices; ``captures`` says what each call gives."""

    def __init__(self, captures: list[int]) -> None:
        self.captures = captures
        self.calls: list[str] = []
        self.config = DeviceConfig()
        self.plugged_in = [b"000111", b"000222"]
        self.pixels = (ctypes.c_uint16 * (288 * 320))(*FRAMES[0].ravel().tolist())

    def __getattr__(self, name: str) -> Callable[..., int]:
        def call(*args: Any) -> int:
            self.calls.append(name)
            scripted = vars(Scripted).get(f"_{name.removeprefix('k4a_')}")
            return (scripted and scripted(self, *args)) or 0

        return call

    def _device_get_installed_count(self) -> int:
        return len(self.plugged_in)

    def _device_open(self, index: int, handle: Any) -> None:
        handle._obj.value = index + 1

    def _device_get_serialnum(self, handle: ctypes.c_void_p, text: Any, size: object) -> None:
        text.value = self.plugged_in[int(handle.value or 0) - 1]

    def _device_get_version(self, handle: ctypes.c_void_p, version: Any) -> None:
        version._obj.numbers[:6] = (1, 6, 110, 1, 6, 80)

    def _device_get_calibration(self, handle: ctypes.c_void_p, mode: int, color: int, calibration: Any) -> None:
        depth = calibration._obj.depth
        depth.type, depth.parameter_count, depth.width, depth.height = 4, 14, 320, 288
        depth.parameters[:4] = (160, 144, 250, 250)

    def _device_start_cameras(self, handle: ctypes.c_void_p, config: Any) -> None:
        self.config = config._obj

    def _device_get_capture(self, handle: ctypes.c_void_p, capture: Any, wait_ms: int) -> int:
        capture._obj.value = 7
        return self.captures.pop(0) if self.captures else 2

    def _capture_get_depth_image(self, capture: ctypes.c_void_p) -> int:
        return 8

    def _image_get_width_pixels(self, image: int) -> int:
        return 320

    def _image_get_height_pixels(self, image: int) -> int:
        return 288

    def _image_get_stride_bytes(self, image: int) -> int:
        return 640

    def _image_get_size(self, image: int) -> int:
        return 640 * 288

    def _image_get_buffer(self, image: int) -> int:
        return ctypes.addressof(self.pixels)

    def _image_get_device_timestamp_usec(self, image: int) -> int:
        return 5_000_000


def test_the_calls_to_a_live_device(monkeypatch: pytest.MonkeyPatch) -> None:
    sdk = Scripted([2, 0, 2, 1])  # nothing in time, a capture, none behind it, a broken stream
    monkeypatch.setattr(azure, "load_k4a", lambda: SimpleNamespace(sensor=sdk, no_engine=""))
    camera = AzureCamera(serial="000222", wanted=Wanted(320, fps=15))
    camera.open()
    assert (sdk.config.depth_mode, sdk.config.camera_fps, sdk.config.color_resolution) == (1, 1, 0)
    info = camera.info
    assert (info.serial, info.firmware, info.fps, info.live) == ("000222", "1.6.80", 15.0, True)
    frame = camera.read(1.0)
    np.testing.assert_array_equal(frame.depth, FRAMES[0])
    assert (frame.sensor_s, frame.serial) == (5.0, "000222")
    with pytest.raises(DeviceLostError, match="000222: unplugged"):
        camera.read(1.0)
    with pytest.raises(NoFrameError, match="asked 320x288@15"):
        camera.read(0.01)
    camera.close()
    assert sdk.calls[-2:] == ["k4a_device_stop_cameras", "k4a_device_close"]
    for kind in ("capture", "image"):
        assert sdk.calls.count(f"k4a_{kind}_release") == sdk.calls.count("k4a_capture_get_depth_image") == 1
    assert sdk.calls.count("k4a_device_open") == sdk.calls.count("k4a_device_close") == 2
    assert [device.serial for device in devices()] == ["000111", "000222"]
    sdk.plugged_in = [b"000111"]
    with pytest.raises(DeviceLostError, match="000222: not found .*be opened: 000111"):
        camera.open()
    sdk.plugged_in = [b"000111", b"000222"]
    camera.open()
    assert camera.info.serial == "000222"
    camera.close()


def test_what_waited_in_the_queue_is_not_taken_for_what_comes_now(monkeypatch: pytest.MonkeyPatch) -> None:
    sdk = Scripted([0, 0, 0, 2, 0, 0, 1])
    waits_ms: list[int] = []
    handed_out, released = [], []

    def get(self: Scripted, handle: object, capture: Any, wait_ms: int) -> int:
        waits_ms.append(wait_ms)
        result = self.captures.pop(0)
        if result == 0:
            handed_out.append(len(handed_out) + 1)
            capture._obj.value = handed_out[-1]
        return result

    monkeypatch.setattr(Scripted, "_device_get_capture", get)
    monkeypatch.setattr(
        Scripted, "_capture_release", lambda self, capture: released.append(capture.value), raising=False
    )
    monkeypatch.setattr(Scripted, "_capture_get_depth_image", lambda self, capture: capture.value)
    monkeypatch.setattr(Scripted, "_image_get_device_timestamp_usec", lambda self, image: 1_000_000 * image)
    monkeypatch.setattr(azure, "load_k4a", lambda: SimpleNamespace(sensor=sdk, no_engine=""))
    with AzureCamera(wanted=Wanted(320)) as camera:
        assert camera.read(1.0).sensor_s == 3.0  # of the newest of three
        assert waits_ms[0] > 0
        assert waits_ms[1:] == [0, 0, 0]
        with pytest.raises(DeviceLostError):
            camera.read(1.0)
    assert released == handed_out == [1, 2, 3, 4, 5]


def test_without_the_depth_engine_a_device_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    sdk = Scripted([])
    monkeypatch.setattr(azure, "load_k4a", lambda: SimpleNamespace(sensor=sdk, no_engine="libGL.so.1: not there"))
    with pytest.raises(SourceError, match="no depth engine .libGL.so.1: not there"):
        AzureCamera().open()
    assert not sdk.calls
    assert devices()[0].modes == ()
    assert devices()[0].serial == "000111"
    assert devices()[0].note == "cannot be opened now: no depth engine (libGL.so.1: not there)"


def test_a_device_that_another_program_has_is_listed_without_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    sdk = Scripted([])

    def open_second(self: Scripted, index: int, handle: Any) -> int:
        handle._obj.value = index + 1
        return int(index == 0)

    monkeypatch.setattr(Scripted, "_device_open", open_second)
    monkeypatch.setattr(azure, "load_k4a", lambda: SimpleNamespace(sensor=sdk, no_engine=""))
    taken, free = devices()
    assert (taken.serial, taken.modes) == ("", ())
    assert taken.note.startswith("cannot be opened now")
    assert (free.serial, len(free.modes), free.note) == ("000222", 11, "")


def test_a_lens_of_another_model_is_refused() -> None:
    with pytest.raises(SourceError, match="a lens of model 0 with 0 parameters"):
        lens_of(K4aCalibration(), "x")
