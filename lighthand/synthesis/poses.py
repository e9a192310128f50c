"""Anatomical pose sampling: joint angles a real hand takes, and the test that fingers do not overlap.

Ranges after Kapandji, *The Physiology of the Joints*, vol. 1, and Chen Chen et al. (2013), "Constraint
study for a hand exoskeleton"; DIP flexion follows PIP flexion at about two thirds.
"""

from __future__ import annotations

from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from lighthand.synthesis.hand import ANGLES
from lighthand.types import FloatArray

Array = npt.NDArray[np.float64]

LOW: Final = np.radians(
    [-65, -25, -25, -40, -25, -15, -20, *([-20, -25, -5, -8] * 4), 0]
)  # fmt: skip
HIGH: Final = np.radians(
    [65, 20, 45, 40, 40, 60, 80, *([20, 92, 108, 75] * 4), 25]
)  # fmt: skip

# Curl of thumb, index, middle, ring, little (0 straight, 1 closed), spread of the fingers (-1 closed,
# 1 wide) and opposition of the thumb (0 beside the palm, 1 before it).
TEMPLATES: Final = {
    "open": (0.0, 0.0, 0.0, 0.0, 0.0, 0.3, 0.1),
    "spread": (0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "closed flat": (0.2, 0.05, 0.05, 0.05, 0.05, -0.6, 0.2),
    "relaxed": (0.25, 0.25, 0.3, 0.35, 0.35, 0.0, 0.35),
    "fist": (0.75, 1.0, 1.0, 1.0, 1.0, -0.3, 0.75),
    "fist, thumb out": (0.0, 1.0, 1.0, 1.0, 1.0, -0.3, 0.0),
    "point": (0.7, 0.0, 1.0, 1.0, 1.0, 0.0, 0.75),
    "gun": (0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0),
    "two": (0.75, 0.0, 0.0, 1.0, 1.0, 0.7, 0.8),
    "three": (0.75, 0.0, 0.0, 0.0, 1.0, 0.5, 0.9),
    "three, thumb": (0.0, 0.0, 0.0, 1.0, 1.0, 0.5, 0.0),
    "four": (0.7, 0.0, 0.0, 0.0, 0.0, 0.5, 0.95),
    "horns": (0.7, 0.0, 1.0, 1.0, 0.0, 0.2, 0.7),
    "call": (0.0, 1.0, 1.0, 1.0, 0.0, 0.2, 0.0),
    "little": (0.7, 1.0, 1.0, 1.0, 0.0, 0.0, 0.7),
    "middle down": (0.2, 0.1, 0.8, 0.1, 0.1, 0.2, 0.4),
    "ring down": (0.5, 0.1, 0.2, 0.8, 0.2, 0.2, 0.7),
    "pinch index": (0.35, 0.5, 0.2, 0.2, 0.2, 0.2, 0.75),
    "pinch closed": (0.35, 0.5, 0.6, 0.7, 0.75, 0.0, 0.75),
    "pinch middle": (0.35, 0.15, 0.52, 0.2, 0.15, 0.2, 0.9),
    "grasp": (0.3, 0.4, 0.42, 0.45, 0.48, 0.1, 0.8),
    "claw": (0.3, 0.45, 0.45, 0.45, 0.45, 0.6, 0.4),
}
_TEMPLATE_ROWS: Final = np.array(list(TEMPLATES.values()))


def _from_curl(thumb: float, knuckles: Array, curls: Array, spread: float, opposition: float) -> Array:
    """Turn curls into angles (24,).

    Args:
        thumb: curl of the thumb, 0 to 1.
        knuckles: (4,) curl of the MCP joints, index to little.
        curls: (4,) curl of the PIP and DIP joints.
        spread: of the fingers.
        opposition: of the thumb.
    """
    angles = np.zeros(ANGLES)
    angles[2] = np.radians(-8 + 26 * opposition + 12 * thumb)
    angles[3] = np.radians(-28 + 48 * opposition + 14 * thumb)
    angles[4] = np.radians(25 * opposition - 5)
    angles[5] = np.radians(-5 + 50 * thumb)
    angles[6] = np.radians(-5 + 65 * thumb)
    for finger in range(4):
        a = 7 + 4 * finger
        closed = min(max(knuckles[finger], 0), 1)
        angles[a] = np.radians((1.2, 0.2, -0.8, -1.7)[finger] * 10 * spread) * (1 - 0.8 * closed)
        angles[a + 1] = np.radians(-5 + 88 * knuckles[finger])
        angles[a + 2] = np.radians(3 + 98 * curls[finger])
        angles[a + 3] = np.radians(2 + 62 * curls[finger])
    angles[23] = np.radians(12 * max(knuckles[3], opposition * 0.7))
    return angles


def _styled(rng: np.random.Generator, curls: Array) -> tuple[Array, Array]:
    """Tell whether this hand closes from its knuckles or from its fingertips: (4,) curls -> knuckles, curls."""
    lean = rng.normal(0, 0.15) * 4 * curls * (1 - curls)
    return np.clip(curls + lean, -0.1, 1.1), np.clip(curls - lean, -0.1, 1.1)


def _apart(rng: np.random.Generator) -> tuple[Array, Array]:
    """Bend each finger for itself, at the knuckle, beyond it, at both or not at all: knuckles, curls, (4,) each."""
    straight = rng.uniform(0.3, 0.9)  # most hands have most fingers straight
    bent = rng.random(4) >= straight
    where = rng.choice(3, size=4, p=(0.38, 0.3, 0.32))  # at the knuckle, beyond it, at both
    high, low = rng.beta(1.6, 1.0, (2, 4)), rng.beta(0.7, 4.0, (2, 4))
    return np.where(bent & (where != 1), high[0], low[0]), np.where(bent & (where != 0), high[1], low[1])


def sample_angles(rng: np.random.Generator) -> Array:
    """Draw the joint angles of one plausible hand; (24,) radians, see ``hand.ANGLES``.

    A third of the draws blend two named poses, a sixth curls each finger with its neighbours, a tenth is free;
    in two fifths each finger bends for itself, at the knuckle, beyond it, at both or not at all, as the
    fingers of one who moves them one by one.
    """
    kind = rng.random()
    if kind < 0.35:
        first, second = _TEMPLATE_ROWS[rng.integers(len(_TEMPLATE_ROWS), size=2)]
        blend = rng.beta(0.5, 0.5)
        row = first * (1 - blend) + second * blend
        row = row + rng.normal(0, 0.08, 7)
        angles = _from_curl(row[0], *_styled(rng, row[1:5]), row[5], row[6])
    elif kind < 0.53:
        base = rng.beta(0.7, 0.9)
        curls = np.clip(base + np.cumsum(rng.normal(0, 0.22, 4)) - rng.normal(0, 0.1), -0.1, 1.1)
        angles = _from_curl(rng.beta(0.7, 0.9), *_styled(rng, curls), rng.uniform(-0.8, 1.1), rng.beta(0.8, 0.8))
    elif kind < 0.62:
        curls = rng.beta(0.6, 0.7, 4)
        angles = _from_curl(rng.random(), *_styled(rng, curls), rng.uniform(-1, 1.2), rng.random())
    else:
        angles = _from_curl(rng.beta(0.7, 0.9), *_apart(rng), rng.uniform(-0.8, 1.1), rng.beta(0.8, 0.8))
    angles[2:7] += rng.normal(0, np.radians(9), 5)
    for finger in range(4):
        a = 7 + 4 * finger
        angles[a] += rng.normal(0, np.radians(4))
        angles[a + 1] += rng.normal(0, np.radians(12 if kind >= 0.53 else 8))
        bend = rng.normal(0, np.radians(14 if kind >= 0.53 else 9))
        angles[a + 2] += bend
        angles[a + 3] += 0.66 * bend + rng.normal(0, np.radians(7))
    angles[0] = rng.normal(0, np.radians(25))
    angles[1] = rng.normal(0, np.radians(10))
    return np.clip(angles, LOW, HIGH)


@numba.njit(cache=True)
def _segment_distance(p: FloatArray, q: FloatArray, r: FloatArray, s: FloatArray) -> float:
    """Shortest distance between segments p-q and r-s (Ericson, *Real-Time Collision Detection*, 5.1.9)."""
    d1, d2, w = q - p, s - r, p - r
    a, e, f = (d1 * d1).sum(), (d2 * d2).sum(), (d2 * w).sum()
    c, b = (d1 * w).sum(), (d1 * d2).sum()
    denominator = a * e - b * b
    t1 = 0.0
    if denominator > 1e-6:
        t1 = min(max((b * f - c * e) / denominator, 0.0), 1.0)
    t2 = (b * t1 + f) / e
    if t2 < 0.0:
        t2 = 0.0
        t1 = min(max(-c / a, 0.0), 1.0)
    elif t2 > 1.0:
        t2 = 1.0
        t1 = min(max((b - c) / a, 0.0), 1.0)
    gap = w + t1 * d1 - t2 * d2
    return float(np.sqrt((gap * gap).sum()))


@numba.njit(cache=True)
def fingers_overlap(joints: FloatArray) -> bool:
    """Tell whether bones of different fingers, or a finger and the palm, run through each other.

    Args:
        joints: (21, 3) of one hand, mm.

    Returns:
        True where two capsules of the model's own radii, less three tenths, intersect: flesh gives way, and
        the thicker flesh of a thicker hand gives way too.
    """
    radii = (10.0, 8.5, 7.5, 7.5)  # mm, metacarpal to distal
    reach = np.float32(0.0)
    for k in range(9, 12):
        reach += np.sqrt(((joints[k + 1] - joints[k]) ** 2).sum())
    unit = 0.7 * reach / 88.4  # Buryanov & Kotiuk's middle finger is 88.4 mm from its root to the end of its bones
    for i in range(20):
        for j in range(i + 1, 20):
            a, b = i % 4, j % 4
            if i // 4 == j // 4 or (min(a, b) == 0 and max(a, b) <= 1):
                continue  # one finger; bones of the palm, and proximal ones at their knuckles, stand close
            touch = (radii[a] + radii[b]) * unit
            if a == 1 and b == 1 and i >= 4:
                touch *= 0.8
            first, second = joints[0 if a == 0 else i], joints[0 if b == 0 else j]
            if _segment_distance(first, joints[i + 1], second, joints[j + 1]) < touch:
                return True
    return False
