"""What a RealSense measures, in our words: numbers, unit, lens, frame."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final, Literal, Protocol

import numpy as np

from app.cameras.base import CameraInfo, Filter
from app.cameras.realsense_devices import name_of, text_of
from app.formats.recording import UNITS
from lighthand.errors import SourceError
from lighthand.types import Frame, Intrinsics

_LOG: Final = logging.getLogger(__name__)
_GRID: Final = 24  # points along each edge of the image on which a lens is fitted
_FIT_PX: Final = 0.2  # a fit that is farther off than this is said


class DepthStream(Protocol):
    """A started device or file."""

    info: CameraInfo

    def wait(self, timeout_s: float) -> Frame | None:
        """Give the next frame, None where none came in time.

        Raises:
            SourceError: none will come, or it cannot be used.
        """

    def silence(self, timeout_s: float) -> str:
        """Say that no frame came for so long, and what to do."""

    def stop(self) -> None:
        """End, and let go of all that is the SDK's; raises nothing."""


class Numbering:
    """Numbers that rise, out of a device's own, which begin again when it starts again."""

    def __init__(self) -> None:
        """Start at the first number that comes."""
        self._theirs = self._ours = -1

    def next(self, theirs: int) -> int:
        """Give the number of the frame that the device calls ``theirs``; frames it skipped leave a gap."""
        self._ours += max(theirs - self._theirs, 1)
        self._theirs = theirs
        return self._ours


class FrameMaker:
    """Makes frames of a started stream: the SDK's filters, then a copy."""

    def __init__(self, sdk: Any, info: CameraInfo, filters: Sequence[Filter]) -> None:
        """Build the filters.

        Args:
            sdk: librealsense.
            info: of the started stream.
            filters: which run on each frame, in this order.
        """
        makers = {
            "threshold": sdk.threshold_filter,
            "spatial": sdk.spatial_filter,
            "temporal": sdk.temporal_filter,
            "holes": sdk.hole_filling_filter,
        }
        self._filters = [makers[name]() for name in filters]
        self._info = info
        self._numbering = Numbering()
        self._device_clock = sdk.timestamp_domain.hardware_clock
        self._backend = sdk.frame_metadata_value.backend_timestamp

    def make(self, frame: Any, arrival_s: float) -> Frame:
        """Copy a depth frame of the SDK.

        Raises:
            SourceError: its unit or size cannot be.
        """
        depth = frame
        for step in self._filters:
            depth = step.process(depth)
        clock: Literal["device", "system"] = (
            "device" if frame.get_frame_timestamp_domain() == self._device_clock else "system"
        )
        has_backend = frame.supports_frame_metadata(self._backend)
        return Frame(
            self._numbering.next(frame.get_frame_number()),
            np.array(depth.get_data()),
            unit_mm(frame.as_depth_frame().get_units()),
            self._info.intrinsics,
            arrival_s,
            frame.get_timestamp() / 1e3,
            clock,
            self._info.serial,
            frame.get_frame_metadata(self._backend) / 1e3 if has_backend else None,
        )


def unit_mm(unit_m: float) -> float:
    """Give millimetres a count of the SDK's metres, which are 32 bits wide: 0.00025000001 is 0.25."""
    return float(f"{unit_m * 1e3:.6g}")


def describe(sdk: Any, device: Any, sensor: Any, profile: Any, link: str, serial: str) -> CameraInfo:
    """Read what a started device says of itself.

    Raises:
        SourceError: the unit or the intrinsics cannot be.
    """
    name = name_of(sdk, device)
    unit = unit_mm(sensor.as_depth_sensor().get_depth_scale())
    if not (math.isfinite(unit) and unit > 0):
        raise SourceError(
            f"{name}: its depth unit is {unit} mm, expected a positive number ({UNITS}). "
            "Plug it out and in again; update its firmware with realsense-viewer if that does not help."
        )
    video = profile.as_video_stream_profile()
    try:
        intrinsics = to_intrinsics(sdk, video.get_intrinsics(), name)
    except SourceError as error:
        raise SourceError(f"{name}: {error}") from error
    return CameraInfo(
        text_of(sdk, device, "name") or "RealSense", serial, text_of(sdk, device, "firmware_version"), link, unit,
        intrinsics, float(video.fps()),
    )  # fmt: skip


def to_intrinsics(sdk: Any, lens: Any, name: str) -> Intrinsics:
    """Put the SDK's lens into OpenCV's terms.

    Raises:
        SourceError: its numbers cannot be.
    """
    pinhole = Intrinsics(lens.width, lens.height, lens.fx, lens.fy, lens.ppx, lens.ppy)
    coefficients = tuple(float(value) for value in lens.coeffs)
    if lens.model == sdk.distortion.none or not any(coefficients):
        return pinhole
    if lens.model != sdk.distortion.brown_conrady and all(map(math.isfinite, coefficients)):
        coefficients, worst_px = _fit(sdk, lens)
        if worst_px > _FIT_PX:
            _LOG.warning(
                "%s: its lens (%s) is met to %.2g pixels only at the image's border", name, lens.model, worst_px
            )
    return replace(pinhole, distortion=coefficients)


def _fit(sdk: Any, lens: Any) -> tuple[tuple[float, ...], float]:
    """Fit k1, k2, p1, p2, k3 to where the SDK sees a grid of pixels: linear, since the rays are known.

    Returns:
        The coefficients and the largest distance from the grid, pixels.
    """
    us, vs = np.meshgrid(np.linspace(0, lens.width - 1, _GRID), np.linspace(0, lens.height - 1, _GRID))
    pixels = np.stack([us.ravel(), vs.ravel()], axis=1)
    rays = np.array([sdk.rs2_deproject_pixel_to_point(lens, [u, v], 1.0) for u, v in pixels.tolist()])
    x, y = rays[:, 0], rays[:, 1]
    r2 = x * x + y * y
    along_x = np.stack([x * r2, x * r2**2, 2 * x * y, r2 + 2 * x * x, x * r2**3], axis=1) * lens.fx
    along_y = np.stack([y * r2, y * r2**2, r2 + 2 * y * y, 2 * x * y, y * r2**3], axis=1) * lens.fy
    rows = np.concatenate([along_x, along_y])
    shifts = np.concatenate([pixels[:, 0] - lens.ppx - x * lens.fx, pixels[:, 1] - lens.ppy - y * lens.fy])
    solved = np.linalg.lstsq(rows, shifts, rcond=None)[0]
    off = (rows @ solved - shifts).reshape(2, -1)
    return tuple(solved.tolist()), float(np.hypot(*off).max())
