"""What the 3D view looks at: the scene when it is first seen, then the hand, after which the view glides."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from lighthand.geometry import unproject
from lighthand.types import FloatArray, Frame, TrackedHand

GLIDE_S: Final = 0.3  # in which two thirds of the way are made
HAND_RADIUS_MM: Final = 190.0  # shown about a hand
_LEAST_MEASURED: Final = 200  # pixels of a frame that tells of the scene
_PIXELS: Final = 4000  # that are looked at
_STEP_MM: Final = 50.0  # of the floor's place


@dataclass(frozen=True, slots=True)
class Aim:
    """A ball in camera space.

    Attributes:
        centre_mm: (3,).
        radius_mm: of what is to be seen about it.
    """

    centre_mm: FloatArray
    radius_mm: float


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a scene is.

    Attributes:
        aim: what holds most of it.
        floor_mm: y below nearly all of it, in whole steps of 5 cm.
        depth_mm: z before which nearly all of it is.
    """

    aim: Aim
    floor_mm: float
    depth_mm: float


def scene_of(frame: Frame) -> Scene | None:
    """Measure a scene; None where the frame holds too little."""
    step = max(1, math.isqrt(frame.depth.size // _PIXELS))
    depth = frame.depth[::step, ::step]
    v, u = np.nonzero(depth)
    if len(u) * step**2 < _LEAST_MEASURED:
        return None
    depth_mm = depth[v, u] * frame.depth_unit_mm
    points = unproject(np.stack([u * step, v * step, depth_mm], axis=1), frame.intrinsics)
    low, middle, high = np.percentile(points, (5, 50, 95), axis=0).astype(np.float32)
    radius_mm = float(np.clip(np.linalg.norm(high - low) / 2, HAND_RADIUS_MM, 2500))
    floor_mm = math.ceil((float(high[1]) + _STEP_MM) / _STEP_MM) * _STEP_MM
    return Scene(Aim(middle, radius_mm), floor_mm, float(high[2]) * 1.1)


def aim_at(hands: tuple[TrackedHand, ...]) -> Aim | None:
    """Give what holds every hand; None without one."""
    if not hands:
        return None
    centres = np.stack([hand.region.centre_mm for hand in hands])
    low, high = centres.min(axis=0), centres.max(axis=0)
    return Aim((low + high) / 2, HAND_RADIUS_MM + float(np.linalg.norm(high - low)) / 2)


def glide(aim: Aim, target: Aim, elapsed_s: float) -> Aim:
    """Give what is looked at some time later."""
    share = 1 - math.exp(-elapsed_s / GLIDE_S)
    centre = aim.centre_mm + np.float32(share) * (target.centre_mm - aim.centre_mm)
    return Aim(centre, aim.radius_mm * (target.radius_mm / aim.radius_mm) ** share)
