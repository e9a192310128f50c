"""Depth as colour, and a colour a finger: shared by the window and the pictures on disk."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from lighthand.geometry import project
from lighthand.skeleton import BONES, FINGER_OF_JOINT
from lighthand.types import FloatArray, Frame, Intrinsics

Colour = tuple[int, int, int]
Image = npt.NDArray[np.uint8]

FINGER_COLOURS: Final[tuple[Colour, ...]] = (
    (255, 92, 92), (255, 196, 60), (120, 230, 110), (80, 200, 255), (216, 130, 255),
)  # fmt: skip
"""RGB, in the order of ``skeleton.FINGERS``."""

WRIST_COLOUR: Final[Colour] = (245, 245, 245)
BACKGROUND: Final[Colour] = (18, 20, 24)
TEXT: Final[Colour] = (226, 230, 236)

NEAR_MM: Final = 250.0
FAR_MM: Final = 3000.0


def finger_colour(joint: int) -> Colour:
    """Give the colour of a joint and of the bone that leads to it."""
    finger = FINGER_OF_JOINT[joint]
    return WRIST_COLOUR if finger < 0 else FINGER_COLOURS[finger]


def bones_of_finger(finger: int) -> tuple[tuple[int, int], ...]:
    """Give the (parent, child) bones of one finger, from the wrist to the tip."""
    return tuple((parent, child) for parent, child in BONES if FINGER_OF_JOINT[child] == finger)


@lru_cache(maxsize=4)
def _table(unit_mm: float) -> Image:
    """Give the colour of every count: even steps in 1 / depth, so that the near has most of the scale."""
    depth_mm = np.maximum(np.arange(65536) * unit_mm, 1e-3)
    share = (1 / depth_mm - 1 / FAR_MM) / (1 / NEAR_MM - 1 / FAR_MM)
    grey = (20 + 235 * np.clip(share, 0, 1) ** 0.8).astype(np.uint8)
    table = cv2.applyColorMap(grey[:, None], cv2.COLORMAP_VIRIDIS)[:, 0, ::-1].astype(np.float32) * 0.85
    table[0] = BACKGROUND
    return np.ascontiguousarray(table.astype(np.uint8))


def depth_image(frame: Frame) -> Image:
    """Turn a depth image into (H, W, 3) RGB: near is bright, what was not measured is dark."""
    return _table(frame.depth_unit_mm)[frame.depth]


def joints_px(joints_mm: FloatArray, camera: Intrinsics) -> npt.NDArray[np.float32]:
    """Project joints: (21, 3) mm, camera space -> (21, 2) pixels."""
    return project(joints_mm, camera)[:, :2]
