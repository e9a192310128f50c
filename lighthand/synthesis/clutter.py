"""What is in a depth image besides the hand: walls, bodies, rods, and the things a segmenter takes for hands."""

from __future__ import annotations

import cv2
import numba
import numpy as np
import numpy.typing as npt

from lighthand.synthesis.render import SPHERE_TRIANGLES, body, rasterise, tube
from lighthand.types import FloatArray

Lens = tuple[float, float, float, float]
"""fx, fy, cx, cy in pixels."""


def draw_body(
    rng: np.random.Generator, depth: FloatArray, lens: Lens, centre_mm: npt.ArrayLike, half_axes_mm: tuple[float, float]
) -> None:
    """Draw an ellipsoid, a box or something between, turned at random, in place.

    Args:
        rng: the source of chance.
        depth: (H, W) float32 mm.
        lens: of the image.
        centre_mm: (3,) camera space.
        half_axes_mm: least and greatest half axis.
    """
    least, greatest = half_axes_mm
    axes = np.linalg.qr(rng.normal(size=(3, 3)))[0] * rng.uniform(least, greatest, (3, 1))
    rasterise(body(centre_mm, axes, float(rng.choice((1.0, 0.5, 0.25)))), SPHERE_TRIANGLES, *lens, depth)


def draw_rod(rng: np.random.Generator, depth: FloatArray, lens: Lens, start_mm: FloatArray) -> None:
    """Draw a rod from ``start_mm`` (3,) to anywhere, in place."""
    end = start_mm + rng.normal(0, 150, 3).astype(np.float32)
    end[2] = max(end[2], 80.0)
    rasterise(tube(start_mm, end, rng.uniform(6, 45)), SPHERE_TRIANGLES, *lens, depth)


def draw_things(rng: np.random.Generator, depth: FloatArray, lens: Lens, centre_mm: FloatArray) -> None:
    """Draw what is no hand about a place: a head, one thing as large as a hand, or bodies and rods; at times ragged.

    Args:
        rng: the source of chance.
        depth: (H, W) float32 mm, changed in place.
        lens: of the image.
        centre_mm: (3,) camera space.
    """
    kind = rng.random()
    if kind < 0.15:
        size = rng.uniform(0.85, 1.15)
        place = centre_mm + np.array([*rng.normal(0, 25, 2), 80])
        rasterise(body(place, np.diag((75.0, 110.0, 95.0)) * size), SPHERE_TRIANGLES, *lens, depth)
        for _ in range(rng.integers(1, 4)):  # nose, ears, hair
            draw_body(rng, depth, lens, place + rng.normal(0, 1, 3) * (50, 70, 30) - (0, 0, 80), (8, 35))
    elif kind < 0.5:  # one thing, smooth and of a hand's size: a ball, a lamp, a cup, a cushion
        draw_body(rng, depth, lens, centre_mm + rng.normal(0, 20, 3), (10, 110))
    else:
        for _ in range(rng.integers(0, 5)):
            greatest = float(np.exp(rng.uniform(np.log(25), np.log(160))))
            draw_body(rng, depth, lens, centre_mm + rng.normal(0, 60, 3), (min(12.0, greatest / 2), greatest))
        for _ in range(rng.integers(0, 5)):
            draw_rod(rng, depth, lens, centre_mm + rng.normal(0, 50, 3).astype(np.float32))
    if rng.random() < 0.35:
        cells = rng.integers(3, 14)
        noise = cv2.resize(rng.random((cells, cells), np.float32), depth.shape[::-1], interpolation=cv2.INTER_CUBIC)
        depth[noise < rng.uniform(0.3, 0.6)] = np.inf


def draw_wall(
    rng: np.random.Generator, depth: FloatArray, lens: Lens, centre_mm: FloatArray, farthest_mm: float
) -> None:
    """Draw a wall or table behind the hand, at times close behind it, at times none; in place.

    Args:
        rng: the source of chance.
        depth: (H, W) float32 mm.
        lens: of the image.
        centre_mm: (3,) of the crop, camera space.
        farthest_mm: greatest depth of the hand.
    """
    if rng.random() < 0.8:
        behind = farthest_mm + (rng.uniform(15, 150) if rng.random() < 0.35 else rng.uniform(150, 2500))
        x, y = float(centre_mm[0] / centre_mm[2]), float(centre_mm[1] / centre_mm[2])
        _plane(depth, lens, behind, rng.normal(0, 0.35, 2), x, y)


@numba.njit(cache=True)
def _plane(depth: FloatArray, lens: Lens, behind_mm: float, slope: npt.NDArray[np.float64], x: float, y: float) -> None:
    """Draw a plane that stands ``behind_mm`` deep on the ray (x, y, 1) and leans by ``slope``."""
    fx, fy, cx, cy = lens
    for v in range(depth.shape[0]):
        for u in range(depth.shape[1]):
            lean = 1.0 + slope[0] * ((u - cx) / fx - x) + slope[1] * ((v - cy) / fy - y)
            if lean > 0.05:
                z = np.float32(behind_mm / lean)
                if z < depth[v, u]:
                    depth[v, u] = z
