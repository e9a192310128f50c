"""The values that flow through LightHand, from camera to viewer.

Camera space everywhere: x right, y down, z forward, millimetres. Pixel (0, 0) is the centre of the
top left pixel. Times are seconds of ``time.perf_counter`` unless a field says otherwise. Arrays held
by these types are read-only.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

from lighthand.errors import SourceError

Side = Literal["left", "right"]
FloatArray = npt.NDArray[np.float32]
DepthArray = npt.NDArray[np.uint16]


def _freeze(array: npt.NDArray[np.generic]) -> None:
    array.setflags(write=False)


@dataclass(frozen=True, slots=True)
class Intrinsics:
    """A pinhole camera with a lens: size, focal lengths and principal point in pixels.

    ``distortion`` is what OpenCV calls distCoeffs: none, or k1, k2, p1, p2[, k3[, k4, k5, k6]] (Brown-Conrady, the
    longest with the rational part).
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse a camera that cannot be.

        Raises:
            SourceError: a size that is no whole number, a size or focal length that is not positive, a value
                that is not finite, or another number of distortion coefficients than those models have.
        """
        values = (self.width, self.height, self.fx, self.fy, self.cx, self.cy, *self.distortion)
        if len(self.distortion) not in (0, 4, 5, 8):
            raise SourceError(f"intrinsics: {len(self.distortion)} numbers of distortion, expected none, 4, 5 or 8.")
        whole = isinstance(self.width, int) and isinstance(self.height, int)
        if not whole or not all(math.isfinite(v) for v in values) or min(values[:4]) <= 0:
            raise SourceError(
                f"intrinsics {values}: width, height, fx and fy must be positive, the first two whole, all finite. "
                "Read them from the started camera, or correct the YAML beside the recording."
            )


@dataclass(frozen=True, slots=True)
class Frame:
    """One depth image as the camera gave it.

    Attributes:
        seq: number of the frame at its source, rising; gaps are frames lost before arrival.
        depth: (H, W) uint16 in units of ``depth_unit_mm``; 0 is "no measurement".
        depth_unit_mm: millimetres a count of ``depth``.
        intrinsics: of this image's size.
        arrival_s: when the frame reached this process.
        backend_s: when the computer's driver had it, on the system's clock (seconds since 1970), or None.
        sensor_s: the device's own stamp on ``sensor_clock``, or None where the source has none.
        sensor_clock: the clock of ``sensor_s``: "device", "system" or "none".
        serial: the device's serial number, or the name of the recording.
    """

    seq: int
    depth: DepthArray
    depth_unit_mm: float
    intrinsics: Intrinsics
    arrival_s: float
    sensor_s: float | None = None
    sensor_clock: Literal["device", "system", "none"] = "none"
    serial: str = ""
    backend_s: float | None = None

    def __post_init__(self) -> None:
        """Check the image once, at the border.

        Raises:
            SourceError: the image's type or shape, or the unit, is not what the fields promise.
        """
        size = (self.intrinsics.height, self.intrinsics.width)
        if self.depth.dtype != np.uint16 or self.depth.shape != size:
            raise SourceError(
                f"{self.serial or 'frame'} {self.seq}: depth is {self.depth.dtype} {self.depth.shape}, "
                f"expected uint16 {size} as in the intrinsics. Use the intrinsics of this image size."
            )
        if not (math.isfinite(self.depth_unit_mm) and self.depth_unit_mm > 0):
            raise SourceError(
                f"{self.serial or 'frame'} {self.seq}: depth unit {self.depth_unit_mm} mm, expected a "
                "positive number (1.0 for most cameras, 0.125 for SR300/SR305, 0.1 for D405)."
            )
        _freeze(self.depth)


@dataclass(frozen=True, slots=True)
class HandRegion:
    """A cube in camera space that holds one hand.

    Attributes:
        centre_mm: (3,) float32, camera space: about the mean of the hand's 21 joints.
        cube_mm: edge of the cube.
        side: the hand's side where it is known, else None.
    """

    centre_mm: FloatArray
    cube_mm: float
    side: Side | None = None

    def __post_init__(self) -> None:
        """Refuse a cube that cannot be.

        Raises:
            SourceError: the centre is not finite, or the edge is not positive and finite.
        """
        if not (np.isfinite(self.centre_mm).all() and math.isfinite(self.cube_mm) and self.cube_mm > 0):
            raise SourceError(
                f"hand region of {self.cube_mm} mm at {self.centre_mm} mm: expected a finite centre and a positive, "
                "finite edge. Take the centre from joints that are finite, and the edge from crop.CUBE_MM."
            )
        _freeze(self.centre_mm)


@dataclass(frozen=True, slots=True)
class HandCrop:
    """The network's view of one region, and what is needed to come back from it.

    Attributes:
        patch: (128, 128) float32: (z - z_centre) / (cube / 2), in [-1, 1]; +1 is background.
        region: the cube the patch shows.
        box_px: left, top, right, bottom edges of the patch in the frame, pixels; edges of pixels, so
            that pixel k of the frame spans k - 0.5 to k + 0.5.
        intrinsics: of the frame.
        mirrored: the patch is flipped left to right (a left hand shown as a right one).
    """

    patch: FloatArray
    region: HandRegion
    box_px: tuple[float, float, float, float]
    intrinsics: Intrinsics
    mirrored: bool = False

    def __post_init__(self) -> None:
        """Make the array read-only."""
        _freeze(self.patch)


@dataclass(frozen=True, slots=True)
class HandPose:
    """The joints of one hand in one frame, as the network saw them.

    Attributes:
        joints_mm: (21, 3) float32, camera space, in the order of ``lighthand.skeleton``.
        side: the hand's side.
        side_probability: the network's belief in ``side``, 0 to 1.
        presence: the network's belief that the crop holds a hand, 0 to 1.
        confidence: (21,) float32, its belief that the joint is within 15 mm of the truth, 0 to 1.
        hidden: (21,) bool, it takes the joint for one that something stands before, the hand itself or another thing.
    """

    joints_mm: FloatArray
    side: Side
    side_probability: float
    presence: float
    confidence: FloatArray
    hidden: npt.NDArray[np.bool_]

    @property
    def score(self) -> float:
        """How far to trust the hand as a whole, 0 to 1: presence times the mean of the joints' confidence."""
        return self.presence * float(self.confidence.mean())

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.joints_mm, self.confidence, self.hidden):
            _freeze(array)


@dataclass(frozen=True, slots=True)
class TrackedHand:
    """A hand followed over time.

    Attributes:
        track_id: stays with the hand while it is followed; a hand found again gets a new one.
        side: voted over the life of the track.
        joints_mm: (21, 3) float32, camera space, smoothed.
        pose: this frame's pose before smoothing.
        region: the cube the pose was read from.
    """

    track_id: int
    side: Side
    joints_mm: FloatArray
    pose: HandPose
    region: HandRegion

    def __post_init__(self) -> None:
        """Make the array read-only."""
        _freeze(self.joints_mm)


@dataclass(frozen=True, slots=True)
class Stamps:
    """When each stage of one frame ended, seconds of ``time.perf_counter``; NaN where not reached."""

    arrival_s: float = math.nan
    taken_s: float = math.nan
    segmented_s: float = math.nan
    estimated_s: float = math.nan
    tracked_s: float = math.nan
    drawn_s: float = math.nan


@dataclass(frozen=True, slots=True)
class Result:
    """All that the pipeline says of one frame; ``hands`` is empty where no hand was seen."""

    frame: Frame
    hands: tuple[TrackedHand, ...] = ()
    stamps: Stamps = field(default_factory=Stamps)
    skipped: int = 0
    """Frames that the source gave and the pipeline skipped since the last result."""
