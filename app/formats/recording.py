"""The one interface of every recording on disk, and its simplest kind: images in a row."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np

from lighthand.errors import SourceError
from lighthand.types import DepthArray, Intrinsics

Clock = Literal["device", "system", "none"]

UNITS: Final = "1.0 for most cameras, 0.125 for SR300 and SR305, 0.1 for D405"

NO_MEASUREMENT: Final = 65536
"""No count: every one is a measurement, but 0."""


_WIDEST: Final = 11.43
"""Tangent of 85 degrees, half of what the widest lens that is taken for real sees."""


class DamagedFrameError(SourceError):
    """A frame cannot be read; those after it may be whole."""


@dataclass(frozen=True, slots=True)
class Description:
    """What the numbers of a recording mean.

    Attributes:
        model: the camera's name.
        serial: its serial number, or the name of the recording.
        depth_unit_mm: millimetres a count.
        intrinsics: of each image.
        fps: frames a second.
        invalid_from: counts from here on are no measurement, beside 0.
        firmware: of the camera; "" where it is unknown.
    """

    model: str
    serial: str
    depth_unit_mm: float
    intrinsics: Intrinsics
    fps: float
    invalid_from: int = NO_MEASUREMENT
    firmware: str = ""

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            SourceError: one is out of its range.
        """
        if not (math.isfinite(self.depth_unit_mm) and 0.001 <= self.depth_unit_mm <= 100):
            raise SourceError(f"depth_unit_mm is {self.depth_unit_mm:g}, expected 0.001 to 100 ({UNITS}).")
        if not (math.isfinite(self.fps) and 0.1 <= self.fps <= 1000):
            raise SourceError(f"fps is {self.fps:g}, expected 0.1 to 1000.")
        if not 1 <= self.invalid_from <= NO_MEASUREMENT:
            raise SourceError(f"invalid_from is {self.invalid_from}, expected 1 to {NO_MEASUREMENT}.")


def check_lens(intrinsics: Intrinsics) -> None:
    """Refuse what someone wrote where no lens is like that.

    Raises:
        SourceError: it would see more than 170 degrees, or its principal point lies farther from the image's middle
            than such a lens sees.
    """
    for size, focal, centre in (("width", "fx", "cx"), ("height", "fy", "cy")):
        pixels, f, c = (float(getattr(intrinsics, name)) for name in (size, focal, centre))
        if max(pixels / 2, abs(c - pixels / 2)) > f * _WIDEST:
            raise SourceError(
                f"{focal} is {f:g} and {centre} {c:g} with a {size} of {pixels:g}: no lens is like that. Give pixels "
                "of images of this size; a camera's tool or driver prints them."
            )


Describe = Callable[[Path, int, int], Description]
"""Finds the description of images in a folder (or of the file of that name) whose width and height are given."""


@dataclass(frozen=True, slots=True)
class RecordedFrame:
    """A frame as the file has it; times as in ``lighthand.types.Frame``.

    Attributes:
        depth: (H, W) uint16, ours to keep.
        seq: number at the camera.
        sensor_s: the camera's stamp, or None.
        sensor_clock: of ``sensor_s``.
        backend_s: the driver's stamp, or None.
    """

    depth: DepthArray
    seq: int
    sensor_s: float | None
    sensor_clock: Clock
    backend_s: float | None = None


class Recording(ABC):
    """Depth frames on disk, read when they are asked for."""

    about: Description
    count: int

    @abstractmethod
    def frame(self, index: int) -> RecordedFrame:
        """Read the frame of a number from 0 to ``count`` - 1.

        Raises:
            DamagedFrameError: this one cannot be read, the next may.
            SourceError: the recording cannot be read.
        """

    @abstractmethod
    def moment_s(self, index: int) -> float:
        """Give when the frame came, seconds since the first one did."""

    def close(self) -> None:  # noqa: B027 - most have nothing to close
        """Let the file go; safe twice."""


class ImageRow(Recording):
    """Images without times of their own; frame k carries the sensor time k / fps, so that two runs see the same."""

    def __init__(self, about: Description, count: int, load: Callable[[int], DepthArray]) -> None:
        """Note what there is.

        Args:
            about: of all images.
            count: of the images, at least 1.
            load: reads the image of a number, or raises SourceError.
        """
        self.about = about
        self.count = count
        self._load = load

    def frame(self, index: int) -> RecordedFrame:
        """See ``Recording.frame``."""
        depth = self._load(index)
        if self.about.invalid_from < NO_MEASUREMENT:
            depth = np.where(depth >= self.about.invalid_from, np.uint16(0), depth)
        return RecordedFrame(depth, index, self.moment_s(index), "device")

    def moment_s(self, index: int) -> float:
        """See ``Recording.moment_s``."""
        return index / self.about.fps
