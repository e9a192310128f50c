"""Cameras of OpenNI2's drivers: Kinect v1 and v2, PrimeSense, Xtion, Structure, Orbbec; and ``.oni`` recordings.

Run against OpenNI's own software device and its real player of recordings. No hardware was at hand: what only a
camera shows (a lost device, one that another program holds, mirrored images) follows OpenNI's sources.

The calls go through ctypes, which lets the GIL go while they wait.
"""

from __future__ import annotations

import contextlib
import ctypes
import logging
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from app.cameras import openni_sdk as sdk
from app.cameras.base import CameraInfo, DeviceLostError, EndOfSourceError, Metronome, Pace
from app.cameras.calibration import load_calibration
from app.cameras.modes import ANY, Wanted
from app.cameras.oni import FramePlace, mean_fps, read_oni
from app.cameras.openni_sdk import advice as advice
from app.cameras.openni_sdk import devices as devices
from app.cameras.sliced import SlicedCamera
from lighthand.errors import SourceError
from lighthand.types import DepthArray, Frame

_LOG: Final = logging.getLogger(__name__)

_REST_S: Final = 0.15  # the Dummy's thread still writes this long after a stop; closing within 33 ms crashed each time
_PATIENCE_S: Final = 2.0  # the player reads a frame from the disk in a millisecond, or never
_ANEW: Final = "The recording is damaged: copy it again, or record it anew."
_PLAYED_BY_READING: Final = -1.0  # playback speed: the next frame comes when it is asked for


class OpenNICamera(SlicedCamera):
    """Depth as the driver measures it: not mirrored, not moved into the colour camera's view."""

    def __init__(
        self,
        *,
        serial: str | None = None,
        wanted: Wanted = ANY,
        source: Path | None = None,
        intrinsics: Path | None = None,
        pace: Pace = "recorded",
        loop: bool = False,
    ) -> None:
        """Take note of what to open.

        Args:
            serial: the device's address as ``--list`` gives it, or "Dummy" for OpenNI's software device; None takes
                the first camera, and the same one again when it is opened anew.
            wanted: the mode.
            source: an ``.oni`` recording to play instead.
            intrinsics: camera description that replaces the stream's field of view.
            pace: of a recording, see ``base.Metronome``; the rate is the mean of its time stamps.
            loop: begin the recording again after its last frame.
        """
        super().__init__(f"OpenNI {source or serial or 'camera'}")
        self._uri = serial
        self._wanted = wanted
        self._source = source
        self._intrinsics = intrinsics
        self._pace: Pace = pace
        self._loop = loop
        self._recorded: tuple[FramePlace, ...] = ()
        self._seq = 0
        self._silent_s = 0.0

    def _start(self, cleanup: contextlib.ExitStack) -> tuple[CameraInfo, Metronome | None]:
        """Find the device, choose its mode and start its depth stream.

        Raises:
            MissingSdkError: OpenNI2 is not installed.
            DeviceLostError: the device with that address is not plugged in.
            SourceError: there is no camera, another program has it, it lacks the mode or the field of view, or the
                recording cannot be used.
            ConfigError: the camera description cannot be read.
        """
        self._recorded = read_oni(self._source) if self._source else ()
        self._openni2 = sdk.load_openni()
        from openni.utils import OpenNIError

        uri = str(self._source) if self._source else sdk.find(self._openni2, self._uri)
        try:
            info = self._start_stream(uri, cleanup)
        except OpenNIError as error:
            raise SourceError(sdk.cannot_open(uri, sdk.reason(error), file=self._source is not None)) from error
        self._seq, self._silent_s = 0, 0.0
        if not self._recorded:
            self._uri = uri
            return info, None
        info = replace(info, fps=mean_fps(self._recorded) or info.fps)
        return info, Metronome(info.fps, self._pace)

    def _start_stream(self, uri: str, cleanup: contextlib.ExitStack) -> CameraInfo:
        openni2 = self._openni2
        self._plugged_in = any(each.uri == uri for each in sdk.listed(openni2))
        device = openni2.Device(uri.encode())
        cleanup.callback(device.close)
        modes = sdk.depth_modes(openni2, device)
        self._stream = stream = device.create_depth_stream()
        cleanup.callback(stream.close)
        chosen = sdk.choose(modes, sdk.depth_mode(stream.video_mode), self._wanted, name=uri)
        if sdk.depth_mode(stream.video_mode) != chosen:
            stream.set_video_mode(chosen.native)
        _attempt(lambda: stream.set_mirroring_enabled(False))
        _attempt(lambda: device.set_image_registration_mode(openni2.IMAGE_REGISTRATION_OFF))
        if device.playback:
            device.playback.set_speed(_PLAYED_BY_READING)
        else:
            cleanup.callback(time.sleep, _REST_S)
        info = self._describe(device, stream, uri)
        self._mirrored = bool(_attempt(stream.get_mirroring_enabled))
        cleanup.callback(stream.stop)
        stream.start()
        return info

    def _describe(self, device: Any, stream: Any, uri: str) -> CameraInfo:
        """Read unit, size and lens from the stream as it is set; each frame is held against them."""
        chosen = sdk.depth_mode(stream.video_mode)
        if chosen is None:
            raise SourceError(f"OpenNI {uri}: streams counts that are no lengths. Choose another mode.")
        mode = chosen.mode
        if self._intrinsics:
            about = load_calibration(self._intrinsics)
            lens = about.intrinsics
            if (lens.width, lens.height, about.depth_unit_mm) != (mode.width, mode.height, chosen.unit_mm):
                raise SourceError(
                    f"OpenNI {uri}: streams {mode}, unit {chosen.unit_mm:g} mm, but {self._intrinsics} is for "
                    f"{lens.width}x{lens.height}, unit {about.depth_unit_mm:g} mm. Choose that mode with camera.width "
                    "and camera.height, or another description."
                )
        else:
            across, down = _attempt(stream.get_horizontal_fov), _attempt(stream.get_vertical_fov)
            lens = sdk.lens(mode, across or 0.0, down or 0.0, name=uri)
        about_device = device.device_info
        model = f"{about_device.vendor.decode()} {about_device.name.decode()}".strip()
        firmware = _attempt(lambda: device.get_property(0, ctypes.c_char * 256).value.decode(errors="replace")) or ""
        _LOG.info("OpenNI %s: %s, %s, unit %g mm, depth in its own camera's view", uri, model, mode, chosen.unit_mm)
        if self._source:
            return CameraInfo(model, self._source.name, "", "file", chosen.unit_mm, lens, float(mode.fps))
        return CameraInfo(model, uri, firmware, "USB", chosen.unit_mm, lens, float(mode.fps))

    def _take(self, info: CameraInfo, wait_s: float) -> Frame | None:
        from openni.utils import OpenNIError

        if self._recorded and self._seq >= len(self._recorded) and not self._loop:
            raise EndOfSourceError(f"{self._source}: the recording is over after {len(self._recorded)} frames")
        try:
            if self._openni2.wait_for_any_stream([self._stream], wait_s) is None:
                self._silent_s += wait_s
                if self._recorded and self._silent_s > _PATIENCE_S:
                    raise SourceError(f"{self._source}: OpenNI's player passes over frame {self._seq}. {_ANEW}")
                if self._plugged_in and info.serial not in [each.uri for each in sdk.listed(self._openni2)]:
                    raise DeviceLostError(f"{info.model} {info.serial}: unplugged. Plug it in again.")
                return None
            arrival_s = time.perf_counter()
            with self._stream.read_frame() as native:
                depth = _copy(native, info, mirrored=self._mirrored)
                number, time_us = int(native.frameIndex), int(native.timestamp)
        except OpenNIError as error:
            if not info.live:
                raise SourceError(f"{self._source}: OpenNI's player fails ({sdk.reason(error)}). {_ANEW}") from error
            raise DeviceLostError(f"{info.model} {info.serial}: {sdk.reason(error)}. Plug it in again.") from error
        if self._recorded:
            seq, sensor_s = self._seq, self._time_played_s(number, info.fps)
        else:
            seq, sensor_s = max(self._seq, number), time_us / 1e6
        self._seq, self._silent_s = seq + 1, 0.0
        return Frame(seq, depth, info.depth_unit_mm, info.intrinsics, arrival_s, sensor_s, "device", info.serial)

    def _time_played_s(self, number: int, fps: float) -> float:
        """Give the time of a played frame, rising over the rounds of a loop."""
        frames = self._recorded
        rounds, place = divmod(self._seq, len(frames))
        if number != frames[place].number:
            raise SourceError(f"{self._source}: the player gave frame {number}, not {frames[place].number}. {_ANEW}")
        length_s = (frames[-1].time_us - frames[0].time_us) / 1e6 + 1 / fps
        return frames[place].time_us / 1e6 + rounds * length_s


def _attempt(call: Callable[[], Any]) -> Any:
    """Ask what not every driver knows; None where it does not."""
    from openni.utils import OpenNIError

    try:
        return call()
    except OpenNIError:
        return None


def _copy(native: Any, info: CameraInfo, *, mirrored: bool) -> DepthArray:
    """Copy the pixels out of OpenNI's buffer, turned back where the driver mirrors them."""
    width, height, row = int(native.width), int(native.height), int(native.stride) // 2
    lens = info.intrinsics
    unit_mm = sdk.UNITS_MM.get(native.videoMode.pixelFormat.value)
    same = (width, height, unit_mm) == (lens.width, lens.height, info.depth_unit_mm)
    if not same or row < width or native.dataSize < 2 * row * height:
        raise SourceError(
            f"{info.model} {info.serial}: a frame of {width}x{height}, unit {unit_mm} mm, in {native.dataSize} bytes, "
            f"expected {lens.width}x{lens.height}, {info.depth_unit_mm} mm. Stream or record whole images in one mode."
        )
    image = np.frombuffer(native.get_buffer_as_uint16(), np.uint16)[: row * height].reshape(height, row)[:, :width]
    return image[:, ::-1].copy() if mirrored else image.copy()
