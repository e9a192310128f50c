"""A frame as points in camera space: the scene in wide steps and dimmed, what lies in a hand's cube in fine ones."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from app.viewer.colours import Image, depth_image
from app.viewer.space_shape import VERTEX, Vertices
from app.viewer.theme import Colour
from lighthand.crop import region_box
from lighthand.geometry import unproject
from lighthand.types import FloatArray, Frame, HandRegion, Intrinsics

SCENE_PIXELS: Final = 26_000  # looked at, at most; about those of them that were measured become points
HAND_PIXELS: Final = 24_000  # of which the hand fills less than half
_RAYS: Final = 80_000  # directions that are worked out once a camera: through a lens that takes 0.7 us each

_DIMMED: Final = 0.5  # how much of a scene's colour is the page's
_LIT: Final = 0.3  # how much of a hand's colour is white
_STEEPEST: Final = 3.0  # slope that shades a hand: beyond are its edges

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Cloud:
    """Points and how far they are from each other.

    Attributes:
        vertices: (n,) of space_shape.VERTEX.
        spread: from one pixel looked at to the next, mm a mm of depth.
    """

    vertices: Vertices
    spread: float


def scene_cloud(frame: Frame, regions: tuple[HandRegion, ...], page: Colour) -> Cloud:
    """Give the points outside the cubes of the hands, dimmed towards the page's colour."""
    unit = _unit(frame.intrinsics)
    step = unit * _times(frame.intrinsics.height / unit, frame.intrinsics.width / unit, SCENE_PIXELS)
    depth = np.ascontiguousarray(frame.depth[::step, ::step])
    shown = depth > 0
    for region in regions:
        rows, columns = _window(region, frame.intrinsics, step)
        shown[rows, columns] &= ~_within(depth[rows, columns], frame.depth_unit_mm, region)
    directions = _rays(frame.intrinsics, unit)[:: step // unit, :: step // unit]
    colours = _colours(frame, depth[shown]) * (1 - _DIMMED) + np.array(page, np.float32) * _DIMMED
    vertices = _points(depth[shown], frame.depth_unit_mm, directions[shown], colours)
    return Cloud(vertices, step / frame.intrinsics.fx)


def hand_cloud(frame: Frame, regions: tuple[HandRegion, ...]) -> Cloud:
    """Give the points within the cubes of the hands, shaded."""
    camera, unit = frame.intrinsics, _unit(frame.intrinsics)
    boxes = [_window(region, camera, unit) for region in regions]
    area = sum((rows.stop - rows.start) * (columns.stop - columns.start) for rows, columns in boxes)
    times = _times(1, max(area, 1), HAND_PIXELS)
    spread = unit * times / camera.fx
    parts = [np.empty(0, VERTEX)]
    for region in regions:
        rows, columns = _window(region, camera, unit * times)
        depth = np.ascontiguousarray(frame.depth[:: unit * times, :: unit * times][rows, columns])
        shown = _within(depth, frame.depth_unit_mm, region)
        if not shown.any():
            continue
        directions = _rays(camera, unit)[::times, ::times][rows, columns]
        colours = _colours(frame, depth[shown]) * (1 - _LIT) + 255 * _LIT
        points = _points(depth[shown], frame.depth_unit_mm, directions[shown], colours)
        points["normal"][:, :3] = _normals(depth * np.float32(frame.depth_unit_mm), spread)[shown]
        parts.append(points)
    return Cloud(np.concatenate(parts), spread)


def _times(rows: float, columns: float, most: int) -> int:
    """Give the least whole step at which an image has no more pixels than ``most``."""
    return max(1, math.ceil(math.sqrt(rows * columns / most)))


def _unit(camera: Intrinsics) -> int:
    """Give the step of pixels whose directions are kept."""
    return _times(camera.height, camera.width, _RAYS)


@lru_cache(maxsize=2)
def _rays(camera: Intrinsics, step: int) -> FloatArray:
    """Give (h, w, 3) the places at z = 1 that each step-th pixel sees."""
    u, v = np.meshgrid(np.arange(0, camera.width, step), np.arange(0, camera.height, step))
    return unproject(np.stack([u, v, np.ones_like(u)], axis=-1), camera)


def _window(region: HandRegion, camera: Intrinsics, step: int) -> tuple[slice, slice]:
    """Give the rows and columns of each step-th pixel that a region's cube covers."""
    left, top, right, bottom = (math.ceil(edge / step) for edge in region_box(region, camera))
    rows, columns = math.ceil(camera.height / step), math.ceil(camera.width / step)
    top, left = min(max(top, 0), rows), min(max(left, 0), columns)
    return slice(top, min(max(bottom, top), rows)), slice(left, min(max(right, left), columns))


def _within(depth: npt.NDArray[np.uint16], unit_mm: float, region: HandRegion) -> Bools:
    """Tell which pixels were measured no farther from the region's centre than its cube reaches."""
    middle, half = float(region.centre_mm[2]), region.cube_mm / 2
    nearest, farthest = max((middle - half) / unit_mm, 1), (middle + half) / unit_mm
    return (depth >= nearest) & (depth <= farthest)


def _colours(frame: Frame, counts: npt.NDArray[np.uint16]) -> Image:
    """Give the colours that (n,) pixels of the frame have in its picture."""
    if not len(counts):
        return np.empty((0, 3), np.uint8)
    size = replace(frame.intrinsics, height=1, width=len(counts))
    picture = depth_image(replace(frame, depth=counts[None], intrinsics=size))
    return picture.reshape(-1, 3)


def _points(
    depth: npt.NDArray[np.uint16], unit_mm: float, directions: FloatArray, colours: npt.NDArray[np.generic]
) -> Vertices:
    vertices = np.zeros(len(depth), VERTEX)
    vertices["position"] = directions * (depth * np.float32(unit_mm))[:, None]
    vertices["colour"][:, :3] = colours
    vertices["colour"][:, 3] = 255
    return vertices


def _normals(depth_mm: FloatArray, spread: float) -> npt.NDArray[np.int8]:
    """Give (h, w, 3) the surface's normals, towards the camera, 127 long."""
    padded = np.pad(depth_mm, 1, mode="edge")
    per_mm = 0.5 / spread / np.maximum(depth_mm, 1)
    across = np.clip((padded[1:-1, 2:] - padded[1:-1, :-2]) * per_mm, -_STEEPEST, _STEEPEST)
    down = np.clip((padded[2:, 1:-1] - padded[:-2, 1:-1]) * per_mm, -_STEEPEST, _STEEPEST)
    length = 127 / np.sqrt(across * across + down * down + 1)
    normals = np.empty((*depth_mm.shape, 3), np.int8)
    for part, value in enumerate((across * length, down * length, -length)):
        normals[..., part] = value
    return normals
