from __future__ import annotations

import ctypes
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from app.cameras import azure
from app.cameras.azure import AzureCamera, devices
from app.cameras.base import DeviceLostError, NoFrameError
from app.cameras.k4a import DeviceConfig
from app.cameras.modes import Wanted
from lighthand.errors import SourceError

FRAMES = np.random.default_rng(0).integers(0, 6_000, (4, 288, 320)).astype(np.uint16)


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
