"""Depth as colour, and a colour a finger: shared by the window and the pictures on disk."""

from __future__ import annotations

import math
import os
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from app.viewer.scale import SCENE, Span, level
from app.viewer.theme import THEMES, Colour, Theme
from lighthand.geometry import project
from lighthand.skeleton import FINGER_OF_JOINT
from lighthand.types import FloatArray, Frame, Intrinsics

# opencv-python points Qt at its own plugins, with which PyQt6 finds no display.
os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)

Image = npt.NDArray[np.uint8]
Table = npt.NDArray[np.uint32]

FINGER_COLOURS: Final[tuple[Colour, ...]] = (
    (255, 92, 92), (255, 196, 60), (120, 230, 110), (80, 200, 255), (216, 130, 255),
)  # fmt: skip
"""RGB, in the order of ``skeleton.FINGERS``."""

WRIST_COLOUR: Final[Colour] = (245, 245, 245)
BACKGROUND: Final = THEMES["dark"].page
TEXT: Final = THEMES["dark"].text

FAINTEST: Final = 0.25  # opacity of what the network does not believe in at all: to be seen as such

_SHADE: Final = 0.85  # of the map's colours, so that the fingers' stand out
_DARK_END: Final = 20  # of the map's 256 colours, the darkest that differs from a dark page
_PALE: Final = 0.6  # of the page's colour in the far end of a light window's scale
_GREYS: Final = (0.08, 0.30)  # from the page's to the text's colour: far and near outside of a hand's span


def finger_colour(joint: int) -> Colour:
    """Give the colour of a joint and of the bone that leads to it."""
    finger = FINGER_OF_JOINT[joint]
    return WRIST_COLOUR if finger < 0 else FINGER_COLOURS[finger]


def opacity_of(confidence: float) -> float:
    """Give the opacity of a joint, and of the bone that leads to it, by the network's confidence, 0 to 1."""
    return min(max(confidence, FAINTEST), 1.0)


@lru_cache(maxsize=2)
def ramp(theme: Theme) -> Image:
    """Give the (256, 3) RGB colours from the far end of a scale to the near one: the far is close to the page."""
    light = sum(theme.page) > sum(theme.text)
    steps = np.linspace(255, _DARK_END, 256) if light else np.linspace(_DARK_END, 255, 256)
    colours = cv2.applyColorMap(steps.round().astype(np.uint8)[:, None], cv2.COLORMAP_VIRIDIS)[:, 0, ::-1] * _SHADE
    if light:  # where the map is brightest, it is also gaudiest
        share = np.linspace(_PALE, 0, 256)[:, None]
        colours = colours * (1 - share) + np.array(theme.page) * share
    return colours.astype(np.uint8)


@lru_cache(maxsize=2)
def _greys(theme: Theme) -> Image:
    """Give the (256, 3) RGB colours, far to near, of what lies outside of a hand's span."""
    share = np.linspace(*_GREYS, 256)[:, None]
    return (np.array(theme.page) * (1 - share) + np.array(theme.text) * share).astype(np.uint8)


def _packed(colours: Image) -> Table:
    """Turn (n, 3) RGB into n times 0xffRRGGBB."""
    red, green, blue = colours.astype(np.uint32).T
    return np.asarray(np.uint32(0xFF000000) | red << 16 | green << 8 | blue, np.uint32)


def _steps(counts: npt.NDArray[np.float32], unit_mm: float, span: Span) -> Image:
    """Give which of 256 colours, far to near, each count > 0 has."""
    return (255 * level(counts * np.float32(unit_mm), span)).astype(np.uint8)


@lru_cache(maxsize=4)
def _scene_steps(unit_mm: float) -> Image:
    counts = np.arange(65536, dtype=np.float32)
    counts[0] = 1  # not measured
    return _steps(counts, unit_mm, SCENE)


@lru_cache(maxsize=8)
def depth_table(unit_mm: float, span: Span, theme: Theme) -> Table:
    """Give the colour of every count.

    Args:
        unit_mm: millimetres a count.
        span: the scale.
        theme: whose page shows where nothing was measured.

    Returns:
        (65536,) of 0xffRRGGBB, as Qt's RGB32 has it.
    """
    outside = _greys(theme) if span.even else ramp(theme)
    table = _packed(outside)[_scene_steps(unit_mm)]
    if span.even:
        within = slice(max(math.ceil(span.near_mm / unit_mm), 1), math.floor(span.far_mm / unit_mm) + 1)
        counts = np.arange(65536, dtype=np.float32)[within]
        table[within] = _packed(ramp(theme))[_steps(counts, unit_mm, span)]
    table[:1] = _packed(np.array([theme.page], np.uint8))
    table.setflags(write=False)
    return table


def depth_image(frame: Frame) -> Image:
    """Turn a depth image into (H, W, 3) RGB as the dark window shows a scene: near is bright."""
    pixels = depth_table(frame.depth_unit_mm, SCENE, THEMES["dark"]).take(frame.depth)
    return np.ascontiguousarray(pixels.view(np.uint8).reshape(*frame.depth.shape, 4)[:, :, 2::-1])


def joints_px(joints_mm: FloatArray, camera: Intrinsics) -> npt.NDArray[np.float32]:
    """Project joints: (21, 3) mm, camera space -> (21, 2) pixels, as the lens shows them."""
    return project(joints_mm, camera)[:, :2]
