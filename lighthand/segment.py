"""Where in a depth image hands may be, by geometry alone: Frame -> a few HandRegions, the likeliest first.

A hand is the end of a limb, and a limb is what is narrow: less than a torso, a table or a wall. Distances
along the surface are measured from the limb's root: from whatever is thick in the same connected surface,
else from where the surface leaves the image (the forearm of an egocentric view), else from either end of an
island. The parts of the surface farther from the root than t form a tree as t falls: fingers join to a palm,
the palm ends in a wrist. Each cut of that tree is judged by what is beyond it: its area, its length from
the cut to the tip, the width at the cut and beyond, its outline. The best cuts far enough apart are given.

The surface's ends as hands and feet: C. Plagemann et al., "Real-time Identification and Localization of
Body Parts from Depth Images", ICRA 2010.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from lighthand.errors import ConfigError
from lighthand.geometry import pixels, unproject
from lighthand.limbtree import Rows, tree_cuts
from lighthand.surface import TICKS, Indices, flood, flood_islands, inner_pixels, link_pixels, reduce_depth
from lighthand.types import FloatArray, Frame, HandRegion, Intrinsics

_COLUMNS = 160  # of the grid that an image is reduced to, about
_THICK_MM = 62.0  # radius of the largest disc a limb may hold: palms have up to 50 mm, heads 75, torsos more
_LEVEL_MM = 8  # step of the cuts along a limb
_INSIDE_MM = 10.0  # the joints' mean lies this far behind the visible surface
_APART_MM = 80.0  # two regions whose centres are nearer than that show the same hand
_LEAST_SCORE = 0.05
_ALIKE = 0.95  # cuts of one hand that score nearly as well as its best one: their mean moves less than the best
_REACH_MM = 600.0  # about an arm's length: hands that are meant to be seen are near

# Where a hand's measure rises from nothing to full, and falls back: areas from an edge-on or closed hand to a
# large open one, lengths from a fist to extended fingers with some forearm, widths at the wrist and across.
_AREA_MM2 = (3000.0, 6500.0, 18500.0, 30000.0)
_LENGTH_MM = (50.0, 110.0, 290.0, 420.0)
_WIDTH_MM = (-1.0, 0.0, 65.0, 110.0)
_GREATEST_WIDTH_MM = (25.0, 45.0, 135.0, 190.0)
_OUTLINE = (0.0, 20.0, 400.0, 900.0)  # outline^2 / area: a disc has 13, an open hand 100 to 300, noise more


@dataclass(frozen=True, slots=True)
class SegmentConfig:
    """Where the segmenter looks.

    Attributes:
        near_mm: least depth of a hand.
        far_mm: greatest depth of a hand.
        candidates: regions given at most.
    """

    near_mm: float = 150.0
    far_mm: float = 1500.0
    candidates: int = 2

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ConfigError: near and far do not span a range in front of the camera, or no candidate is asked for.
        """
        if not 50 <= self.near_mm < self.far_mm <= 10000:
            raise ConfigError(
                f"segment.near_mm={self.near_mm}, segment.far_mm={self.far_mm}: expected 50 <= near < far <= 10000."
            )
        if not 1 <= self.candidates <= 16:
            raise ConfigError(f"segment.candidates={self.candidates}: expected 1 to 16.")


@dataclass(frozen=True, slots=True)
class _Grid:
    """A reduced image: z (h, w) mm, its spacing at 1 mm depth, row over column spacing, principal point."""

    z: FloatArray
    pitch: float
    aspect: float
    cx: float
    cy: float


def _reduce(frame: Frame, config: SegmentConfig) -> _Grid:
    camera = frame.intrinsics
    stride = max(1, round(camera.width / _COLUMNS))
    depth = np.ascontiguousarray(frame.depth)
    z = reduce_depth(depth, float(frame.depth_unit_mm), stride, float(config.near_mm), float(config.far_mm))
    middle = (stride - 1) / 2
    cx, cy = (camera.cx - middle) / stride, (camera.cy - middle) / stride
    return _Grid(z, stride / camera.fx, camera.fx / camera.fy, cx, cy)


def _limb_cuts(grid: _Grid) -> Rows:
    """List the cuts of all limbs: rows as in ``limbtree.tree_cuts``."""
    z, pitch = grid.z, grid.pitch
    size = z.size
    links = link_pixels(z, pitch)
    distance: Indices = np.full(size, -1, np.int32)
    order: Indices = np.empty(size, np.int32)
    radius = cv2.distanceTransform(inner_pixels(z, links), cv2.DIST_L2, 3)  # a huge number where there is no edge
    filled = flood(z, links, pitch, _indices(radius > _THICK_MM / (pitch * np.maximum(z, 1))), distance, order, 0)
    border = z > 0
    border[1:-1, 1:-1] = False
    filled = flood(z, links, pitch, _indices(border & (distance.reshape(z.shape) < 0)), distance, order, filled)
    other: Indices = np.full(size, -1, np.int32)
    other_order: Indices = np.empty(size, np.int32)
    filled, other_filled = flood_islands(
        z, links, pitch, grid.aspect, _AREA_MM2[0], distance, order, filled, other, other_order
    )
    level = _LEVEL_MM * TICKS
    cuts = [
        tree_cuts(z, links, pitch, grid.aspect, grid.cx, grid.cy, d, o, level, _AREA_MM2[0], _AREA_MM2[3])
        for d, o in ((distance, order[:filled]), (other, other_order[:other_filled]))
    ]
    return np.concatenate(cuts)


def _indices(mask: npt.NDArray[np.bool_]) -> Indices:
    return np.flatnonzero(mask).astype(np.int32)


def _within(value: Rows, ramp: tuple[float, float, float, float]) -> Rows:
    """Give 1 from ramp[1] to ramp[2], 0 outside ramp[0] to ramp[3], and straight lines between."""
    return np.interp(value, ramp, (0.0, 1.0, 1.0, 0.0))


def _score(cuts: Rows) -> Rows:
    """Judge cuts, (n, 12): (n,) from 0 (no hand) to 1."""
    area, cut, tip, width, greatest, outline = cuts[:, :6].T
    narrowing = np.clip(2 * (1 - width / np.maximum(greatest, 1)), 0, 1)
    shape = _within(area, _AREA_MM2) * _within(tip - cut, _LENGTH_MM)
    shape *= _within(width, _WIDTH_MM) * _within(greatest, _GREATEST_WIDTH_MM)
    shape *= _within(outline**2 / area, _OUTLINE) * (0.7 + 0.3 * narrowing)
    return np.asarray(shape / (1 + (cuts[:, 8] / _REACH_MM) ** 2), np.float64)


def _centres(cuts: Rows) -> Rows:
    """Estimate the mean of the joints beyond each cut: (n, 3), camera space, mm.

    The mean weighted with the distance from the cut hardly moves with the cut, and leans to the fingers, as
    the joints do.
    """
    surface = 0.2 * cuts[:, 6:9] + 0.8 * cuts[:, 9:12]
    return np.asarray(surface * (1 + _INSIDE_MM / np.linalg.norm(surface, axis=1, keepdims=True)), np.float64)


def _behind_lens(points_mm: Rows, camera: Intrinsics) -> Rows:
    """Move points that were found as if there were no lens to where it says that they are."""
    pinhole = replace(camera, distortion=())
    u, v = pixels(points_mm, pinhole)
    return unproject(np.stack([u, v, points_mm[:, 2]], axis=-1), camera).astype(np.float64)


def find_hands(frame: Frame, config: SegmentConfig, cube_mm: float) -> tuple[HandRegion, ...]:
    """Propose where hands may be.

    Args:
        frame: the whole depth image.
        config: the depth range and how many regions to give.
        cube_mm: edge of the regions' cubes.

    Returns:
        At most ``config.candidates`` regions, the likeliest first; none where nothing has a hand's shape.
    """
    cuts = _limb_cuts(_reduce(frame, config))
    scores, centres = _score(cuts), _centres(cuts)
    if frame.intrinsics.distortion:
        centres = _behind_lens(centres, frame.intrinsics)
    regions: list[HandRegion] = []
    free = scores >= _LEAST_SCORE
    while free.any() and len(regions) < config.candidates:
        best = np.argmax(np.where(free, scores, 0))
        near = np.linalg.norm(centres - centres[best], axis=1) < _APART_MM
        alike = free & near & (scores >= _ALIKE * scores[best])
        centre = centres[alike].mean(axis=0)
        free &= ~near & (np.linalg.norm(centres - centre, axis=1) > _APART_MM)
        regions.append(HandRegion(centre.astype(np.float32), cube_mm))
    return tuple(regions)
