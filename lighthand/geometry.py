"""Between pixels and millimetres: the pinhole camera behind its lens.

Source of the pinhole's formulas: R. Hartley, A. Zisserman, *Multiple View Geometry*, 2nd ed., eq. 6.2; of the lens:
D. C. Brown, "Close-Range Camera Calibration", 1971, with the rational part that OpenCV adds.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from lighthand.types import Intrinsics

Doubles = npt.NDArray[np.float64]

_WIDEST = 4.0  # tangent of the angle from the axis up to which a lens is followed: 76 degrees
_STEPS, _LEAP, _TINY = 20, 0.5, 1e-6  # of Newton's method: at most, the longest, and that of the derivative


def _bend(x: Any, y: Any, k: Doubles) -> tuple[Any, Any]:
    """Give where a lens shows the direction (x, y, 1), numbers or arrays; ``k`` as in ``types.Intrinsics``, 8 long."""
    r2 = x * x + y * y
    radial = (1 + r2 * (k[0] + r2 * (k[1] + r2 * k[4]))) / (1 + r2 * (k[5] + r2 * (k[6] + r2 * k[7])))
    u = x * radial + 2 * k[2] * x * y + k[3] * (r2 + 2 * x * x)
    v = y * radial + k[2] * (r2 + 2 * y * y) + 2 * k[3] * x * y
    return u, v


_bend_one = numba.njit(cache=True, nogil=True)(_bend)


@numba.njit(cache=True, nogil=True)
def distort_one(x: float, y: float, lens: Doubles) -> tuple[float, float]:
    """Do what ``project`` does to one direction (x, y, 1); ``lens`` as ``lens_of`` gives it."""
    if lens[8] == np.inf:
        return x, y
    beyond = max(1.0, math.sqrt(x * x + y * y) / lens[8])
    u, v = _bend_one(x / beyond, y / beyond, lens)
    return u * beyond, v * beyond


@numba.njit(cache=True, nogil=True)
def _straighten(shown: Doubles, lens: Doubles) -> Doubles:
    """Undo ``distort_one`` for (n, 2) points by Newton's method, with steps that cannot leave the lens."""
    edge = _bend_one(lens[8], 0.0, lens)[0]
    straight = np.empty_like(shown)
    for i in range(len(shown)):
        u, v = shown[i]
        start = lens[8] / edge if math.sqrt(u * u + v * v) > edge else 1.0
        x, y = u * start, v * start
        for _ in range(_STEPS):
            reach = max(1.0, math.sqrt(x * x + y * y))
            tiny = _TINY * reach
            a, b = distort_one(x, y, lens)
            ax, bx = distort_one(x + tiny, y, lens)
            ay, by = distort_one(x, y + tiny, lens)
            xx, xy, yx, yy = (ax - a) / tiny, (ay - a) / tiny, (bx - b) / tiny, (by - b) / tiny
            size = xx * yy - xy * yx
            size = size if abs(size) > 1e-3 else 1e-3
            du, dv = u - a, v - b
            dx, dy = (yy * du - xy * dv) / size, (xx * dv - yx * du) / size
            leap = max(1.0, math.sqrt(dx * dx + dy * dy) / (_LEAP * reach))
            x, y = x + dx / leap, y + dy / leap
            if abs(dx) + abs(dy) < 1e-9 * reach:
                break
        straight[i, 0], straight[i, 1] = x, y
    return straight


@lru_cache(maxsize=16)
def lens_of(distortion: tuple[float, ...]) -> Doubles:
    """Give a lens in the form that compiled code takes.

    Args:
        distortion: as in ``types.Intrinsics``.

    Returns:
        (9,): the eight coefficients, and the distance from the axis (at z = 1) up to which they hold. A polynomial
        folds the image back where it was never fitted; from there on, points go straight outwards.
    """
    lens = np.zeros(9)
    lens[: len(distortion)] = distortion
    lens[8] = np.inf
    if distortion:
        radius = np.linspace(0, _WIDEST, 2001)
        shown = _bend(radius, np.zeros_like(radius), np.where(np.isin(np.arange(9), (2, 3)), 0, lens))[0]
        folds = np.flatnonzero(np.diff(shown) < 0.1 * np.diff(radius))  # nearly: an image so small shows nothing
        lens[8] = radius[folds[0]] if folds.size else _WIDEST
        lens[8] = max(lens[8], radius[1])
    lens.setflags(write=False)
    return lens


def _distort(x: Doubles, y: Doubles, distortion: tuple[float, ...]) -> tuple[Doubles, Doubles]:
    if not distortion:
        return x, y
    lens = lens_of(distortion)
    beyond = np.maximum(1.0, np.hypot(x, y) / lens[8])
    u, v = _bend(x / beyond, y / beyond, lens)
    return np.asarray(u * beyond), np.asarray(v * beyond)


def pixels(points_mm: npt.ArrayLike, camera: Intrinsics) -> tuple[Doubles, Doubles]:
    """Project (..., 3) mm, camera space, z > 0, to u and v in pixels, each (...) float64."""
    points = np.asarray(points_mm, np.float64)
    z = points[..., 2]
    x, y = _distort(points[..., 0] / z, points[..., 1] / z, camera.distortion)
    return x * camera.fx + camera.cx, y * camera.fy + camera.cy


def project(points_mm: npt.ArrayLike, camera: Intrinsics) -> npt.NDArray[np.float32]:
    """Turn camera space into pixels and depth.

    Args:
        points_mm: (..., 3), camera space, z > 0.
        camera: the intrinsics of the image.

    Returns:
        (..., 3) float32: u and v in pixels, z in mm.
    """
    points = np.asarray(points_mm, np.float64)
    u, v = pixels(points, camera)
    return np.stack([u, v, points[..., 2]], axis=-1).astype(np.float32)


def unproject(uvz: npt.ArrayLike, camera: Intrinsics) -> npt.NDArray[np.float32]:
    """Turn pixels and depth into camera space.

    Args:
        uvz: (..., 3): u and v in pixels, z in mm.
        camera: the intrinsics of the image.

    Returns:
        (..., 3) float32, camera space, mm.
    """
    points = np.asarray(uvz, np.float64)
    z = points[..., 2]
    x = (points[..., 0] - camera.cx) / camera.fx
    y = (points[..., 1] - camera.cy) / camera.fy
    if camera.distortion:
        straight = _straighten(np.stack([x, y], axis=-1).reshape(-1, 2), lens_of(camera.distortion))
        x, y = np.moveaxis(straight.reshape(*x.shape, 2), -1, 0)
    return np.stack([x * z, y * z, z], axis=-1).astype(np.float32)
