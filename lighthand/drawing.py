"""Pictures of depth and skeletons with OpenCV: BGR uint8 images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from lighthand.skeleton import BONES, FINGER_OF_JOINT
from lighthand.types import FloatArray

Image = npt.NDArray[np.uint8]

FINGER_BGR: Final = ((60, 76, 231), (18, 156, 243), (113, 204, 46), (219, 152, 52), (182, 89, 155))
"""One colour a finger, thumb to little."""

WRIST_BGR: Final = (220, 220, 220)


def draw_skeleton(image: Image, points_px: npt.ArrayLike, *, thickness: int = 2, grey: bool = False) -> None:
    """Draw the bones and joints of a hand, in place.

    Args:
        image: (H, W, 3) uint8.
        points_px: (21, 2) or (21, 3), u and v in pixels first; a hand with a point that is not finite is not drawn.
        thickness: of the bones, pixels.
        grey: draw it in one colour, as what others are compared with.
    """
    points = np.asarray(points_px, np.float64)[:, :2]
    if not np.isfinite(points).all():
        return
    places = np.round(np.clip(points, -1e4, 1e4) * 16).astype(int)
    for parent, child in BONES:
        colour = (170, 170, 170) if grey else FINGER_BGR[FINGER_OF_JOINT[child]]
        ends = tuple(map(int, places[parent])), tuple(map(int, places[child]))
        cv2.line(image, *ends, colour, thickness, cv2.LINE_AA, 4)
    if not grey:
        for joint, place in enumerate(places):
            finger = FINGER_OF_JOINT[joint]
            colour = WRIST_BGR if finger < 0 else FINGER_BGR[finger]
            cv2.circle(image, tuple(map(int, place)), 16 * (thickness + 1), colour, -1, cv2.LINE_AA, 4)


def draw_patch(patch: FloatArray, edge_px: int = 192) -> Image:
    """Show a patch: near is bright, background black; (S, S) -> (edge_px, edge_px, 3)."""
    bright = np.where(patch < 1, 230 - 90 * (patch + 1), 0).astype(np.uint8)
    grey = cv2.resize(bright, (edge_px, edge_px), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)


def patch_to_px(uvz: npt.ArrayLike, edge_px: int = 192) -> npt.NDArray[np.float64]:
    """Turn coordinates of a patch, (..., 3), into pixels (..., 2) of the image that ``draw_patch`` gives."""
    return (np.asarray(uvz, np.float64)[..., :2] + 1) / 2 * edge_px - 0.5


def contact_sheet(tiles: Sequence[npt.NDArray[Any]], columns: int) -> Image:
    """Put images of one size side by side, row by row; the last row is filled with black."""
    blank = np.zeros_like(tiles[0])
    padded = [*tiles, *[blank] * (-len(tiles) % columns)]
    rows = [np.hstack(padded[start : start + columns]) for start in range(0, len(padded), columns)]
    return np.asarray(np.vstack(rows), np.uint8)
