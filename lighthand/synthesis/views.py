"""Where the camera stands: how the hand is turned before it, how far away, through which lens."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class View:
    """A hand before a camera.

    Attributes:
        rotation: (3, 3), turns the hand's canonical frame into camera space.
        centre_mm: (3,) where the mean of the joints stands, camera space.
        focal_px: of the image, both axes; the box about the hand is at most ``MAX_BOX_PX`` wide.
    """

    rotation: Array
    centre_mm: Array
    focal_px: float


MIN_BOX_PX, MAX_BOX_PX = 55.0, 190.0
"""Width of the crop's cube in the camera's own pixels; finer is lost when 128 are drawn from it."""


def look(in_plane: float, tilt: float, roll: float) -> Array:
    """Turn a hand: rotation (3, 3) from the canonical frame to camera space.

    Args:
        in_plane: angle of the fingers in the image, from up, clockwise; radians.
        tilt: of the fingers out of the image plane, away from the camera; radians.
        roll: about the fingers; 0 shows the back of the hand, pi the palm; radians.
    """
    x = np.array([np.cos(tilt) * np.sin(in_plane), -np.cos(tilt) * np.cos(in_plane), np.sin(tilt)])
    towards = np.array([0.0, 0.0, -1.0])
    towards = towards - (towards @ x) * x
    towards = towards / np.linalg.norm(towards)
    z = np.cos(roll) * towards + np.sin(roll) * np.cross(x, towards)
    return np.stack([x, np.cross(z, x), z], axis=1)


def draw_view(rng: np.random.Generator, cube_mm: float) -> View:
    """Draw the place of a camera: before the user, on the head, on the table, anywhere.

    The forearm never points straight at the camera, where it would hide the hand.

    Args:
        rng: the source of chance.
        cube_mm: edge of the crop, which limits the resolution that is of use.
    """
    in_plane = rng.normal(0, 0.75) if rng.random() < 0.5 else rng.uniform(-np.pi, np.pi)
    tilt = float(np.clip(rng.normal(0, 0.5) if rng.random() < 0.8 else rng.uniform(-1.2, 1.2), -1.3, 1.1))
    facing = rng.random()
    if facing < 0.42:
        roll = np.pi + rng.normal(0, 0.6)
    elif facing < 0.72:
        roll = rng.normal(0, 0.6)
    else:
        roll = rng.uniform(-np.pi, np.pi)
    distance = rng.uniform(230, 800) if rng.random() < 0.8 else rng.uniform(600, 1300)
    focal = float(np.exp(rng.uniform(np.log(190), np.log(640))))
    focal = float(np.clip(focal, MIN_BOX_PX * distance / cube_mm, MAX_BOX_PX * distance / cube_mm))
    aside = np.clip(rng.normal(0, (0.25, 0.2)), -0.6, 0.6)
    centre = np.array([aside[0] * distance, aside[1] * distance, distance])
    return View(look(in_plane, tilt, roll), centre, focal)
