"""How evenly joints lie behind the surface that was measured: what tells a noisy annotation from a wrong pose.

A joint in view lies a few millimetres behind the skin, half the thickness of its finger, and that hardly changes from
frame to frame. So joints that scatter in depth about the surface are off in depth by as much, and no other annotation
is needed to see it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from lighthand.geometry import pixels
from lighthand.types import FloatArray, Frame

_NEAR_MM: Final = 60.0
"""Farther from the surface at its pixel, a joint was put beside the hand."""


def behind_surface(frame: Frame, joints_mm: FloatArray) -> FloatArray:
    """Measure how far joints lie behind the surface at their pixels.

    Args:
        frame: the depth image.
        joints_mm: (J, 3), camera space.

    Returns:
        (J,) mm; NaN outside the image, where nothing was measured, and farther than 60 mm from the surface.
    """
    u, v = (np.rint(axis).astype(int) for axis in pixels(joints_mm, frame.intrinsics))
    height, width = frame.depth.shape
    inside = (u >= 0) & (u < width) & (v >= 0) & (v < height)
    surface = frame.depth[v.clip(0, height - 1), u.clip(0, width - 1)] * frame.depth_unit_mm
    behind = joints_mm[:, 2] - surface
    measured = inside & (surface > 0) & (np.abs(behind) <= _NEAR_MM)
    return np.where(measured, behind, np.nan).astype(np.float32)


def scatter(behind_mm: FloatArray) -> npt.NDArray[np.float64]:
    """Give how far each value is from its joint's median over the frames.

    Args:
        behind_mm: (N, J), NaN where unknown.

    Returns:
        (M,) mm, of all that is known.
    """
    known = [column[np.isfinite(column)] for column in behind_mm.T]
    return np.concatenate([np.abs(column - np.median(column)) for column in known if column.size] or [np.empty(0)])
