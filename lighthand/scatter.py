"""How evenly joints lie behind the surface that was measured: what shows that an annotation is noisy in depth.

A joint in view lies a few millimetres behind the skin. Other hands, poses and views and the pixels of the image change
that, so exact truth scatters about the surface too: ``evaluate --data synthetic`` measures by how much. Only an
annotation that scatters more than exact truth is noisy. That a network's joints scatter little proves nothing: the
network reads the same surface.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from lighthand.crop import BACKGROUND, CUBE_MM
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
    u, v = pixels(joints_mm, frame.intrinsics)
    counts = _at(frame.depth, u, v)
    return _near(joints_mm[:, 2] - np.where(counts > 0, counts * frame.depth_unit_mm, np.nan))


def behind_patch(patch: FloatArray, uvz: FloatArray) -> FloatArray:
    """Measure how far joints lie behind the surface that a patch shows, where there is no frame.

    Args:
        patch: (S, S), as ``HandCrop.patch``, of a cube of ``CUBE_MM``.
        uvz: (J, 3), as ``crop_to_camera`` takes them.

    Returns:
        (J,) mm; NaN outside the patch, on background, and farther than 60 mm from the surface.
    """
    u, v = (uvz[:, :2].T + 1) * (len(patch) / 2) - 0.5
    surface = _at(patch, u, v)
    return _near((uvz[:, 2] - np.where(surface < BACKGROUND, surface, np.nan)) * (CUBE_MM / 2))


def _at(image: npt.NDArray[Any], u: npt.NDArray[Any], v: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Give an image's values at pixels, NaN outside."""
    column, row = np.rint(u).astype(int), np.rint(v).astype(int)
    height, width = image.shape
    inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
    return np.where(inside, image[row.clip(0, height - 1), column.clip(0, width - 1)].astype(np.float64), np.nan)


def _near(behind_mm: npt.NDArray[np.floating[Any]]) -> FloatArray:
    return np.where(np.abs(behind_mm) <= _NEAR_MM, behind_mm, np.nan).astype(np.float32)


def scatter(behind_mm: FloatArray) -> npt.NDArray[np.float64]:
    """Give how far each value is from its joint's median over the frames.

    Args:
        behind_mm: (N, J), NaN where unknown.

    Returns:
        (M,) mm, of all that is known.
    """
    known = [column[np.isfinite(column)] for column in behind_mm.T]
    return np.concatenate([np.abs(column - np.median(column)) for column in known if column.size] or [np.empty(0)])
