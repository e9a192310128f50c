"""A RealSense without a camera: the SDK's own software device, under a live context or in front of its recorder."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyrealsense2 as rs

from app.cameras.base import Mode

SMALL = Mode(64, 48, 60)


def image(seed: int, mode: Mode = SMALL) -> npt.NDArray[np.uint16]:
    """A scene of noise: no two seeds give the same."""
    return np.random.default_rng(seed).integers(400, 4000, (mode.height, mode.width)).astype(np.uint16)


class SoftwareDevice:
    """A D435 whose frames are sent by the test."""

    def __init__(
        self,
        *modes: Mode,
        unit_m: float = 0.001,
        serial: str = "0420",
        usb: str = "3.2",
        fx: float | None = None,
        model: object = rs.distortion.brown_conrady,
        coefficients: tuple[float, ...] = (0.0,) * 5,
        stream: object = rs.stream.depth,
    ) -> None:
        self.device = rs.software_device()
        for key, text in (
            (rs.camera_info.name, "Intel RealSense D435"),
            (rs.camera_info.serial_number, serial),
            (rs.camera_info.firmware_version, "5.16.0.1"),
            (rs.camera_info.usb_type_descriptor, usb),
        ):
            self.device.register_info(key, text)
        self.sensor = self.device.add_sensor("Stereo Module")
        self.unit_m = unit_m
        self.sensor.add_read_only_option(rs.option.depth_units, unit_m)
        self.profiles = {}
        for uid, mode in enumerate(modes or (SMALL,), 1):
            video, lens = rs.video_stream(), rs.intrinsics()
            lens.width, lens.height, lens.model = mode.width, mode.height, model
            lens.fx, lens.fy = (mode.width * 0.75 if fx is None else fx), mode.width * 0.7
            lens.ppx, lens.ppy = mode.width / 2 - 0.25, mode.height / 2 + 0.75
            lens.coeffs = list(coefficients)
            video.type, video.uid, video.fmt = (
                stream,
                uid,
                rs.format.z16 if stream == rs.stream.depth else rs.format.y16,
            )
            video.width, video.height, video.fps, video.bpp, video.intrinsics = *_size(mode), 2, lens
            self.profiles[mode] = self.sensor.add_video_stream(video).as_video_stream_profile()
        self._plugged_in: list[object] = []

    def plug_into(self, context: rs.context) -> None:
        """Have the context find the device: as long as somebody holds what its callback was told."""
        context.set_devices_changed_callback(lambda change: self._plugged_in.append(change.get_new_devices()))
        self.device.add_to(context)

    def unplug(self) -> None:
        """Have the context forget the device."""
        self._plugged_in.clear()

    def send(
        self,
        number: int,
        depth: npt.NDArray[np.uint16],
        *,
        mode: Mode = SMALL,
        time_ms: float = 0.0,
        domain: object = rs.timestamp_domain.hardware_clock,
        unit_m: float | None = None,
    ) -> float:
        """Have the device give a frame.

        Returns:
            When it was given to the SDK, which has handed it on by the return of this call.
        """
        frame = rs.software_video_frame()
        frame.pixels, frame.bpp, frame.stride = depth, 2, 2 * mode.width
        frame.frame_number, frame.timestamp, frame.domain = number, time_ms, domain
        frame.profile, frame.depth_units = self.profiles[mode], self.unit_m if unit_m is None else unit_m
        sent_s = time.perf_counter()
        self.sensor.on_video_frame(frame)
        return sent_s


def _size(mode: Mode) -> tuple[int, int, int]:
    return mode.width, mode.height, mode.fps


def record(path: Path, frames: int, *, stream: object = rs.stream.depth, pause_s: float = 0.002) -> None:
    """Have the SDK's recorder write image(k), number 100 + k, at the mode's rate by the device's clock.

    It notes our clock, too, and drops what comes faster than it writes: ``pause_s`` is between two frames.
    """
    mode = SMALL
    ours = SoftwareDevice(mode, stream=stream)
    recorder = rs.recorder(str(path), ours.device)
    sensor = recorder.query_sensors()[0]
    queue = rs.frame_queue(frames + 1)
    sensor.open(sensor.get_stream_profiles()[0])
    sensor.start(queue)
    for index in range(frames):
        ours.send(100 + index, image(index, mode), mode=mode, time_ms=1e3 * index / mode.fps)
        time.sleep(pause_s)
    sensor.stop()
    sensor.close()
