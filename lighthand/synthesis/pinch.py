"""Bring the thumb and a finger together: the poses that curls drawn apart from each other hardly ever hit."""

from __future__ import annotations

from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from lighthand.synthesis.hand import bone_transforms
from lighthand.synthesis.poses import HIGH, LOW

Array = npt.NDArray[np.float64]

APART_MM: Final = 14.0
"""Between the ends of the skin of two fingers, along their axes, that touch with their pads."""

_TRIES: Final = 60
_GOOD_MM: Final = 3.0


def pinch(rng: np.random.Generator, angles: Array, joints_mm: Array) -> Array:
    """Let the thumb touch the tip of one finger, chosen at random; most times with the other fingers nearly straight.

    Args:
        rng: the source of chance.
        angles: (24,) radians, see ``hand.ANGLES``.
        joints_mm: (B, 3) roots of the bones at rest.

    Returns:
        (24,) radians, within the joints' ranges: the nearest to a touch that a short random search found.
    """
    finger = int(rng.integers(4))
    start = angles.copy()
    if rng.random() < 0.6:
        for other in range(4):
            at = 7 + 4 * other
            start[at + 1 : at + 4] = np.radians(np.array([25, 22, 14]) * rng.beta(0.9, 1.4) + rng.normal(0, 6, 3))
    first = 7 + 4 * finger
    bend = rng.uniform(0.25, 0.8)
    start[first + 1 : first + 4] = np.radians((88 * bend, 98 * rng.uniform(0.1, 0.7), 0.0))
    start[first + 3] = 0.6 * start[first + 2]
    start[2:7] = np.radians((12 + 8 * finger, 22 + 6 * finger, 20 + 6 * finger, 15, 20)) + rng.normal(0, 0.15, 5)
    free = np.array([2, 3, 4, 5, 6, first, first + 1, first + 2, first + 3, 23])
    steps = rng.normal(0, 1, (_TRIES, len(free)))
    return _search(
        np.clip(start, LOW, HIGH), free, steps, joints_mm, 10 + 5 * finger, APART_MM * rng.uniform(0.85, 1.3)
    )


@numba.njit(cache=True)
def _search(
    angles: Array, free: npt.NDArray[np.int64], steps: Array, joints: Array, tip: int, apart_mm: float
) -> Array:
    """Change the ``free`` angles step by step, smaller ones as it goes, and keep what brings the tips nearer."""
    best = angles
    least = _gap(best, joints, tip, apart_mm)
    for k in range(steps.shape[0]):
        candidate = best.copy()
        size = 0.35 * (1.0 - k / steps.shape[0]) + 0.03
        for n in range(free.shape[0]):
            at = free[n]
            candidate[at] = min(max(candidate[at] + size * steps[k, n], LOW[at]), HIGH[at])
        gap = _gap(candidate, joints, tip, apart_mm)
        if gap < least:
            best, least = candidate, gap
        if least < _GOOD_MM:
            break
    return best


@numba.njit(cache=True)
def _gap(angles: Array, joints: Array, tip: int, apart_mm: float) -> float:
    transforms = bone_transforms(joints, angles)
    total = 0.0
    for k in range(3):
        a = (transforms[5, k, :3] * joints[5]).sum() + transforms[5, k, 3]
        b = (transforms[tip, k, :3] * joints[tip]).sum() + transforms[tip, k, 3]
        total += (a - b) ** 2
    return float(abs(np.sqrt(total) - apart_mm))
