"""Azure Kinect DK, live and its MKV recordings.

Exercised: recordings made without a device, the calibration against the SDK's own projection, the absence of a
device. Not exercised: a live device, of which none was at hand; Microsoft no longer sells it.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import time
from ctypes import byref, c_void_p
from pathlib import Path
from typing import Final

import numpy as np

from app.cameras.base import CameraInfo, Device, DeviceLostError, EndOfSourceError, Metronome, Mode, Pace
from app.cameras.k4a import (
    AT_END,
    INSTALL,
    OK,
    TIMED_OUT,
    DeviceConfig,
    K4a,
    K4aCalibration,
    RecordConfig,
    Version,
    lens_of,
    load_k4a,
    serial_of,
)
from app.cameras.mkv import check_mkv
from app.cameras.modes import ANY, Wanted
from app.cameras.sliced import SlicedCamera
from lighthand.errors import SourceError
from lighthand.types import DepthArray, Frame

_LOG: Final = logging.getLogger(__name__)

_MODEL: Final = "Azure Kinect DK"
_RATES: Final = (5, 15, 30)  # by the SDK's number of each
_MODES: Final = {  # by its depth mode, the default first
    2: (640, 576, (30, 15, 5)),  # narrow
    1: (320, 288, (30, 15, 5)),  # narrow, binned
    3: (512, 512, (30, 15, 5)),  # wide, binned
    4: (1024, 1024, (15, 5)),  # wide
}
MODES: Final = {Mode(width, height, fps): number for number, (width, height, rates) in _MODES.items() for fps in rates}


class AzureCamera(SlicedCamera):
    """Depth in the depth camera's own view, in millimetres, as its lens distorts it."""

    def __init__(
        self,
        *,
        serial: str | None = None,
        wanted: Wanted = ANY,
        source: Path | None = None,
        pace: Pace = "recorded",
        loop: bool = False,
    ) -> None:
        """Take note of what to open.

        Args:
            serial: of the device; None takes the first, and the same one again when it is opened anew.
            wanted: the mode; 640x576@30 where nothing is asked.
            source: an ``.mkv`` recording to play instead.
            pace: of a recording, see ``base.Metronome``.
            loop: begin the recording again after its last frame.
        """
        super().__init__(f"{_MODEL} {source or serial or ''}".rstrip())
        self._serial = serial
        self._wanted = wanted
        self._source = source
        self._pace: Pace = pace
        self._loop = loop
        self._handle = c_void_p()
        self._seq = -1
        self._last_us: int | None = None
        self._round_us = 0

    def _start(self, cleanup: contextlib.ExitStack) -> tuple[CameraInfo, Metronome | None]:
        """Open the device or the recording.

        Raises:
            MissingSdkError: the SDK is not installed.
            DeviceLostError: the device of that serial number is not plugged in.
            SourceError: there is no device, another program has it, it lacks the mode or the depth engine, or the
                recording cannot be used.
        """
        self._seq, self._last_us, self._round_us = -1, None, 0
        if self._source:
            check_mkv(self._source)
            self._k4a = load_k4a()
            info = self._start_recording(self._source, cleanup)
            return info, Metronome(info.fps, self._pace)
        mode = self._wanted.choose(_MODEL, MODES)
        self._k4a = load_k4a()
        return self._start_device(mode, cleanup), None

    def _start_recording(self, path: Path, cleanup: contextlib.ExitStack) -> CameraInfo:
        record, handle = self._k4a.record, c_void_p()
        if record.k4a_playback_open(str(path).encode(), byref(handle)) != OK:
            raise SourceError(f"{path}: no Azure Kinect recording. {_RECORDED_HOW}")
        cleanup.callback(record.k4a_playback_close, handle)
        config, calibration = RecordConfig(), K4aCalibration()
        if record.k4a_playback_get_record_configuration(handle, byref(config)) != OK or not config.depth_track_enabled:
            raise SourceError(f"{path}: holds no depth track. {_RECORDED_HOW}")
        if record.k4a_playback_get_calibration(handle, byref(calibration)) != OK:
            raise SourceError(f"{path}: holds no calibration of its camera. {_RECORDED_HOW}")
        self._handle = handle
        fps = float(_RATES[config.camera_fps])
        return CameraInfo(_MODEL, path.name, "", "file", 1.0, lens_of(calibration, str(path)), fps)

    def _start_device(self, mode: Mode, cleanup: contextlib.ExitStack) -> CameraInfo:
        sensor = self._k4a.sensor
        if self._k4a.no_engine:
            raise SourceError(f"{_MODEL}: no depth engine ({self._k4a.no_engine}). Install it: {INSTALL}")
        handle, serial = _find(self._k4a, self._serial)
        cleanup.callback(sensor.k4a_device_close, handle)
        calibration, version = K4aCalibration(), Version()
        if sensor.k4a_device_get_calibration(handle, MODES[mode], 0, byref(calibration)) != OK:
            raise SourceError(f"{_MODEL} {serial}: gives no calibration. Plug it in again.")
        sensor.k4a_device_get_version(handle, byref(version))
        config = DeviceConfig(depth_mode=MODES[mode], camera_fps=_RATES.index(mode.fps))
        if sensor.k4a_device_start_cameras(handle, byref(config)) != OK:
            raise SourceError(
                f"{_MODEL} {serial}: does not start {mode}. It needs a USB 3 port of its own, its power supply, and "
                "for the depth engine a screen (DISPLAY) with OpenGL 4.4; K4A_ENABLE_LOG_TO_STDOUT=1 shows the SDK's "
                "own words."
            )
        cleanup.callback(sensor.k4a_device_stop_cameras, handle)
        self._handle, self._serial = handle, serial
        firmware = ".".join(map(str, version.numbers[3:6]))
        return CameraInfo(_MODEL, serial, firmware, "USB 3", 1.0, lens_of(calibration, serial), float(mode.fps))

    def _take(self, info: CameraInfo, wait_s: float) -> Frame | None:
        capture = self._next_recorded() if self._source else self._newest(info, int(wait_s * 1e3))
        if capture is None:
            return None
        arrival_s = time.perf_counter()
        try:
            taken = _copy_depth(self._k4a, capture, info)
        finally:
            self._k4a.sensor.k4a_capture_release(capture)
        if taken is None:
            return None
        depth, time_us = taken
        time_us += self._round_us
        steps = 1 if self._last_us is None else max(1, round((time_us - self._last_us) * 1e-6 * info.fps))
        self._seq, self._last_us = self._seq + steps, time_us
        return Frame(
            self._seq, depth, info.depth_unit_mm, info.intrinsics, arrival_s, time_us / 1e6, "device", info.serial
        )

    def _next_recorded(self) -> c_void_p | None:
        """Give the next capture of the recording; None where it begins again."""
        capture = c_void_p()
        result = self._k4a.record.k4a_playback_get_next_capture(self._handle, byref(capture))
        if result == AT_END:
            self._rewind()
            return None
        if result != OK:
            raise SourceError(f"{self._source}: damaged after frame {self._seq}. Copy it again, or record it anew.")
        return capture

    def _newest(self, info: CameraInfo, wait_ms: int) -> c_void_p | None:
        """Empty the SDK's queue and give the last of it: what waited there must not pass for what comes now."""
        sensor, newest = self._k4a.sensor, None
        while True:
            capture = c_void_p()
            result = sensor.k4a_device_get_capture(self._handle, byref(capture), 0 if newest else wait_ms)
            if result == TIMED_OUT:
                return newest
            if newest:
                sensor.k4a_capture_release(newest)
            if result != OK:
                raise DeviceLostError(f"{info.model} {info.serial}: unplugged, or its stream broke. Plug it in again.")
            newest = capture

    def _rewind(self) -> None:
        """Begin the recording again, or say that it is over."""
        if self._last_us is None:
            raise SourceError(f"{self._source}: holds no depth frame. {_RECORDED_HOW}")
        if not self._loop:
            raise EndOfSourceError(f"{self._source}: the recording is over")
        if self._k4a.record.k4a_playback_seek_timestamp(self._handle, 0, 0) != OK:
            raise SourceError(f"{self._source}: cannot be played again from its start. Leave --loop out.")
        self._round_us = self._last_us + round(1e6 / self.info.fps)


_RECORDED_HOW: Final = "Record one with `k4arecorder --depth-mode NFOV_UNBINNED`."


def _find(k4a: K4a, wanted: str | None) -> tuple[c_void_p, str]:
    """Open the first device, or the one of that serial number, and give its handle and serial number."""
    count = k4a.sensor.k4a_device_get_installed_count()
    seen = []
    for index in range(count):
        handle = c_void_p()
        if k4a.sensor.k4a_device_open(index, byref(handle)) != OK:
            continue
        serial = serial_of(k4a, handle)
        if wanted in (None, serial):
            return handle, serial
        k4a.sensor.k4a_device_close(handle)
        seen.append(serial)
    there = f"{count} plugged in" + (f", these can be opened: {', '.join(seen)}" if seen else "")
    remedy = f"{advice()} --list shows what is seen."
    if count > len(seen):
        remedy = (
            "Close other programs that use it; put the SDK's 99-k4a.rules into /etc/udev/rules.d and plug it in again."
        )
    if wanted is not None:
        raise DeviceLostError(f"{_MODEL} {wanted}: not found ({there}). {remedy}")
    raise SourceError(f"{_MODEL}: none found ({there}). {remedy}")


def advice() -> str:
    """Say what to do where no camera is found."""
    return "Plug it into a USB 3 port and its power supply."


def _copy_depth(k4a: K4a, capture: c_void_p, info: CameraInfo) -> tuple[DepthArray, int] | None:
    """Copy the depth image out of a capture and give its time in microseconds; None where it holds none."""
    sensor, lens = k4a.sensor, info.intrinsics
    image = sensor.k4a_capture_get_depth_image(capture)
    if not image:
        return None
    try:
        width, height = sensor.k4a_image_get_width_pixels(image), sensor.k4a_image_get_height_pixels(image)
        row, size = sensor.k4a_image_get_stride_bytes(image) // 2, sensor.k4a_image_get_size(image)
        if (width, height) != (lens.width, lens.height) or row < width or size < 2 * row * height:
            raise SourceError(
                f"{info.model} {info.serial}: a depth image of {width}x{height} in {size} bytes, expected "
                f"{lens.width}x{lens.height}. Record it anew."
            )
        data = ctypes.string_at(sensor.k4a_image_get_buffer(image), 2 * row * height)
        depth = np.frombuffer(data, "<u2").reshape(height, row)[:, :width].copy()
        return depth, int(sensor.k4a_image_get_device_timestamp_usec(image))
    finally:
        sensor.k4a_image_release(image)


def devices() -> tuple[Device, ...]:
    """List what is plugged in, each opened for a moment to read its serial number.

    Raises:
        MissingSdkError: the SDK is not installed.
    """
    k4a = load_k4a()
    found = []
    for index in range(k4a.sensor.k4a_device_get_installed_count()):
        handle, serial = c_void_p(), ""
        modes: tuple[Mode, ...] = ()
        note = "cannot be opened now: another program may use it"
        if k4a.sensor.k4a_device_open(index, byref(handle)) == OK:
            serial = serial_of(k4a, handle)
            note = k4a.no_engine and f"cannot be opened now: no depth engine ({k4a.no_engine})"
            modes = () if k4a.no_engine else tuple(MODES)
            k4a.sensor.k4a_device_close(handle)
        found.append(Device("azure", _MODEL, serial, "USB 3", modes, note))
    return tuple(found)
