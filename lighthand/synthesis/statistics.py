"""Numbers that tell measured crops of hands from synthesised ones: pure functions on patches and joints.

A patch is 128 pixels across a cube of 240 mm, so that a pixel is ``PIXEL_MM`` in the cube's middle plane.
"""

from __future__ import annotations

import math
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from lighthand.crop import BACKGROUND, CUBE_MM, PATCH
from lighthand.types import FloatArray

Mask = npt.NDArray[np.bool_]
Array = npt.NDArray[np.float64]

PIXEL_MM: Final = CUBE_MM / PATCH

BOXES_PX: Final = (1, 3, 5, 9)
"""Edges of the means whose differences are the bands of ``roughness_mm``."""

BLOCK_PX: Final = 16
"""Edge of the blocks of ``spectrum_mm2``, which overlap by half."""

FREQUENCIES: Final = np.arange(2, BLOCK_PX // 2 + 1) / BLOCK_PX
"""Of ``spectrum_mm2``, cycles a pixel of the patch: waves of 15 to 3.75 mm. One wave a block is much like its slope."""

EDGE_PX: Final = 4
"""Distances from the silhouette in ``edge_fall_mm``."""

PALM: Final = (0, 5, 9, 13, 17)
"""Joints whose mean is the palm, as in the labels of ICVL."""

_SURFACE_MM: Final = 30.0  # a window with more depth than that holds a step between two surfaces
_SLOPE: Final = 0.5  # steeper surfaces are stairs of the nearest pixels, whatever the sensor
_HOLE_PX: Final = 60  # larger gaps that the hand encloses are rings of its fingers
_SPECK_PX: Final = 30  # larger islands are things, not specks
_INNER_PX: Final = 3.0  # the surface beside a silhouette begins that far inside
_REACH_PX: Final = 13  # and is a mean over a window of that edge
_FLYING_MM: Final = 15.0

BENT: Final = 0.72
"""A finger whose ``reach`` is less is bent."""

_STRAIGHT: Final = 0.82


def depth_mm(patch: FloatArray) -> FloatArray:
    """Turn a patch (S, S) into depth from the cube's middle, mm, 0 where there is background."""
    return np.where(patch < BACKGROUND, patch * np.float32(CUBE_MM / 2), np.float32(0))


def known_mean(values: Array) -> float:
    """Give the mean of the values that are not NaN; NaN where none is known."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else math.nan


def largest_island(patch: FloatArray) -> Mask:
    """Give the largest connected foreground (8 neighbours): the hand and what touches it, (S, S)."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((patch < BACKGROUND).astype(np.uint8))
    areas = stats[1:, cv2.CC_STAT_AREA]
    return np.asarray(labels == 1 + np.argmax(areas)) if areas.size else np.zeros(patch.shape, np.bool_)


def border_share(patch: FloatArray) -> float:
    """Give the share of a patch's border that is foreground: an arm takes a tenth, a wall behind most of it."""
    near = patch < BACKGROUND
    return float(np.concatenate([near[0], near[-1], near[1:-1, 0], near[1:-1, -1]]).mean())


def roughness_mm(z_mm: FloatArray, mask: Mask) -> Array:
    """Measure a surface's roughness in bands of wavelength.

    A band is what the mean over a small box has and that over the next larger one has not; each box lies
    inside the mask, on a surface without steps that faces the camera, so that its slope cancels out. White noise
    of sigma gives sigma * sqrt(1/a^2 - 1/b^2) between boxes of a and b pixels.

    Args:
        z_mm: (S, S) depth.
        mask: (S, S) where it is the hand's.

    Returns:
        (3,) standard deviations between neighbouring ``BOXES_PX``; NaN where there is too little surface.
    """
    window = np.ones((BOXES_PX[-1], BOXES_PX[-1]), np.uint8)
    inside = cv2.erode(mask.astype(np.uint8), window, borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    inside &= cv2.dilate(z_mm, window) - cv2.erode(z_mm, window) < _SURFACE_MM
    places = np.arange(BOXES_PX[-1]) - (BOXES_PX[-1] - 1) / 2
    ramp = np.tile(places / (BOXES_PX[-1] * (places**2).sum() * PIXEL_MM), (BOXES_PX[-1], 1))
    z = z_mm.astype(np.float64)
    inside &= np.hypot(cv2.filter2D(z, -1, ramp), cv2.filter2D(z, -1, ramp.T)) < _SLOPE
    if inside.sum() < 100:
        return np.full(len(BOXES_PX) - 1, np.nan)
    means = [cv2.blur(z, (box, box))[inside] for box in BOXES_PX]
    return np.array([np.sqrt(((fine - coarse) ** 2).mean()) for fine, coarse in zip(means, means[1:], strict=False)])


def spectrum_mm2(z_mm: FloatArray, mask: Mask) -> Array:
    """Give the power spectrum of a surface, averaged over its blocks and over directions (Welch's method).

    A block lies wholly on the hand, away from its silhouette, on a surface without steps that faces the camera. Its
    mean plane is taken off, and it fades to its edges (Hann).

    Args:
        z_mm: (S, S) depth.
        mask: (S, S) where it is the hand's.

    Returns:
        (len(FREQUENCIES),) power density, mm^2 over (cycles a pixel)^2: white noise of sigma mm has sigma^2
        everywhere (an eighth less at the first, which its plane takes). NaN where there is no block.
    """
    places = np.arange(BLOCK_PX) - (BLOCK_PX - 1) / 2
    fade = np.cos(np.pi * places / BLOCK_PX) ** 2
    window = np.outer(fade, fade).ravel()
    y, x = np.meshgrid(places * PIXEL_MM, places * PIXEL_MM, indexing="ij")
    plane = np.stack([np.ones(BLOCK_PX**2), x.ravel(), y.ravel()], axis=1)
    blocks = _blocks(z_mm)[_blocks(_inside_px(mask) >= _INNER_PX).all(axis=1)].astype(np.float64)
    fits = blocks * window @ np.linalg.pinv(plane * window[:, None]).T
    above = blocks - fits @ plane.T
    flat = (np.ptp(above, axis=1) < _SURFACE_MM) & (np.hypot(fits[:, 1], fits[:, 2]) < _SLOPE)
    if not flat.any():
        return np.full(len(FREQUENCIES), np.nan)
    waves = np.fft.fft2((above[flat] * window).reshape(-1, BLOCK_PX, BLOCK_PX))
    power = (np.abs(waves) ** 2).mean(axis=0) / (window**2).sum()
    along = np.fft.fftfreq(BLOCK_PX)
    ring = np.rint(np.hypot(along[:, None], along) * BLOCK_PX)
    return np.array([power[ring == frequency * BLOCK_PX].mean() for frequency in FREQUENCIES])


def _blocks(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Cut (S, S) into overlapping blocks, a row each: (N, BLOCK_PX^2)."""
    step = BLOCK_PX // 2
    views = np.lib.stride_tricks.sliding_window_view(values, (BLOCK_PX, BLOCK_PX))[::step, ::step]
    return views.reshape(-1, BLOCK_PX**2)


def hole_share(mask: Mask) -> float:
    """Give the share of a silhouette that was not measured: hairlines, and gaps too small to be a ring of fingers.

    Args:
        mask: (S, S) the hand.

    Returns:
        Of the pixels of the mask with a closing of 3 pixels and its small enclosed gaps filled, those missing.
    """
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    padded = np.pad(mask, 2).astype(np.uint8)
    whole = cv2.morphologyEx(padded, cv2.MORPH_CLOSE, kernel)[2:-2, 2:-2]
    count, labels, stats, _ = cv2.connectedComponentsWithStats(1 - whole, connectivity=4)
    for number in range(1, count):
        left, top, width, height, area = stats[number]
        at_edge = left == 0 or top == 0 or left + width == mask.shape[1] or top + height == mask.shape[0]
        if area <= _HOLE_PX and not at_edge:
            whole[labels == number] = 1
    return 1 - float(mask.sum()) / float(whole.sum()) if whole.any() else 0.0


def raggedness_px(mask: Mask) -> float:
    """Give how far a silhouette strays from its smoothed self: pixels of difference a pixel of outline."""
    solid = np.zeros(mask.shape, np.uint8)
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(solid, outlines, -1, 1, cv2.FILLED)
    smooth = cv2.medianBlur(solid, 7)
    outlines, _ = cv2.findContours(smooth, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    length = sum(len(outline) for outline in outlines)
    return float((smooth != solid).sum()) / max(length, 1)


def specks(patch: FloatArray) -> int:
    """Count the islands of foreground that are too small to be a thing."""
    stats = cv2.connectedComponentsWithStats((patch < BACKGROUND).astype(np.uint8))[2]
    return int((stats[1:, cv2.CC_STAT_AREA] < _SPECK_PX).sum())


def _above_surface(z_mm: FloatArray, mask: Mask) -> tuple[Array, Array]:
    """Give each masked pixel's distance from the silhouette, px, and its depth behind the surface beside it, mm."""
    distance = _inside_px(mask)
    inner = (distance >= _INNER_PX).astype(np.float64)
    weight = cv2.blur(inner, (_REACH_PX, _REACH_PX))
    surface = cv2.blur(z_mm * inner, (_REACH_PX, _REACH_PX)) / np.maximum(weight, 1e-9)
    known = mask & (weight > 0.02)
    return distance[known], (z_mm - surface)[known]


def _inside_px(mask: Mask) -> Array:
    """Give the distance to the nearest pixel that is not masked; the patch's border is no silhouette."""
    padded = np.pad(mask, 1, mode="edge").astype(np.uint8)
    return cv2.distanceTransform(padded, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)[1:-1, 1:-1].astype(np.float64)


def edge_fall_mm(z_mm: FloatArray, mask: Mask) -> Array:
    """Give how far a hand's surface falls back towards its silhouette.

    Args:
        z_mm: (S, S) depth.
        mask: (S, S) the hand.

    Returns:
        (EDGE_PX,) the mean depth behind the surface inside, mm, from 1 to EDGE_PX pixels off the outside.
    """
    distance, behind = _above_surface(z_mm, mask)
    ring = np.rint(distance).astype(int)
    return np.array([behind[ring == k].mean() if (ring == k).any() else np.nan for k in range(1, EDGE_PX + 1)])


def flying_share(z_mm: FloatArray, mask: Mask) -> float:
    """Give the share of the pixels at a silhouette (up to 2 pixels in) that lie far behind the surface beside it."""
    distance, behind = _above_surface(z_mm, mask)
    edge = behind[distance < 2.5]
    return float((edge > _FLYING_MM).mean()) if edge.size else math.nan


def is_open(mask: Mask) -> bool:
    """Tell whether fingers stand apart: the mask fills less than 0.8 of its convex hull."""
    hull = cv2.convexHull(cv2.findNonZero(mask.astype(np.uint8)))
    return float(mask.sum()) < 0.8 * cv2.contourArea(hull)


def finger_width_mm(mask: Mask) -> float:
    """Give the median width of what is narrow in a mask; NaN where nothing is.

    Twice the distance to the outside on the ridges of the smoothed mask, where that is 7 to 28 mm.
    """
    distance = _inside_px(cv2.medianBlur(mask.astype(np.uint8), 5) > 0)
    ridge = (distance > 0) & (distance >= cv2.dilate(distance, np.ones((3, 3), np.uint8)))
    ridge[[0, -1]] = ridge[:, [0, -1]] = False
    # The middle of an odd width w is (w + 1) / 2 from the nearest pixel outside.
    widths = (2 * distance[ridge] - 1) * PIXEL_MM
    narrow = widths[(widths > 7) & (widths < 28)]
    return float(np.median(narrow)) if narrow.size >= 10 else math.nan


def flexion_deg(joints_mm: npt.ArrayLike) -> tuple[Array, Array]:
    """Give the flexion of knuckles and middle joints of the four fingers of right hands.

    Args:
        joints_mm: (N, 21, 3), in the order of ``lighthand.skeleton``.

    Returns:
        MCP (N, 4), of the first phalanx against its metacarpal in the plane across the palm, positive towards the
        palm; and PIP (N, 4), between the first and second phalanx. Degrees.
    """
    joints = np.asarray(joints_mm, np.float64)
    knuckles = joints[:, [5, 9, 13, 17]]
    along = _unit(knuckles - joints[:, :1])
    radial = (joints[:, 5] - joints[:, 17])[:, None]
    palmar = -_unit(np.cross(along, radial))
    first = _unit(joints[:, [6, 10, 14, 18]] - knuckles)
    second = _unit(joints[:, [7, 11, 15, 19]] - joints[:, [6, 10, 14, 18]])
    mcp = np.arctan2((first * palmar).sum(-1), (first * along).sum(-1))
    pip = np.arccos(np.clip((first * second).sum(-1), -1, 1))
    return np.degrees(mcp), np.degrees(pip)


def _unit(vectors: Array) -> Array:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True), np.float64)


def finger_length_mm(joints_mm: FloatArray) -> FloatArray:
    """Give the length of the middle finger's three phalanges, (N, 21, 3) -> (N,): the size of a hand."""
    return np.asarray(np.linalg.norm(np.diff(joints_mm[:, 9:13], axis=1), axis=-1).sum(axis=1), np.float32)


def reach(tips_mm: npt.ArrayLike, palm_mm: npt.ArrayLike) -> Array:
    """Give how far each finger's tip is from the palm's middle, against the farthest of its hand: 1 is straight.

    Args:
        tips_mm: (N, 4, 3) index to little, of hands of one size; the unit does not matter.
        palm_mm: (N, 3).

    Returns:
        (N, 4), against the 98th percentile of each finger.
    """
    lengths = np.linalg.norm(np.asarray(tips_mm, np.float64) - np.asarray(palm_mm, np.float64)[:, None], axis=-1)
    return np.asarray(lengths / np.percentile(lengths, 98, axis=0), np.float64)


def one_bent_share(reaches: Array) -> float:
    """Give the share of hands, (N, 4) as ``reach``, with one finger bent and the others straight (above 0.82)."""
    bent, straight = reaches < BENT, reaches > _STRAIGHT
    return float(((bent.sum(1) == 1) & (straight.sum(1) == 3)).mean())
