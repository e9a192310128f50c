"""What the 3D view draws as lines: the floor, the camera and what it sees, the crops, the axes."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from app.viewer.space_shape import VERTEX, Vertices
from app.viewer.theme import Colour
from lighthand.geometry import unproject
from lighthand.types import FloatArray, HandRegion, Intrinsics

CELL_MM: Final = 100.0
_MOST_CELLS: Final = 20  # from the middle of the floor to its edge
_GLYPH_MM: Final = 35.0  # how far the drawn camera reaches
_RIM: Final = 8  # pieces of an edge of the image, which a lens may bend

_AXIS_COLOURS: Final[tuple[Colour, ...]] = ((235, 80, 80), (70, 175, 80), (70, 130, 245))
_LETTERS: Final = (
    ((-1, -1), (1, 1), (-1, 1), (1, -1)),
    ((-1, 1), (0, 0), (1, 1), (-1, -1)),
    ((-1, 1), (1, 1), (1, 1), (-1, -1), (-1, -1), (1, -1)),
)
"""The ends of the strokes of x, y and z."""

_CORNERS: Final = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], np.float32) / 2
_EDGES: Final = np.array([(a, b) for a in range(8) for b in range(a) if (a ^ b).bit_count() == 1]).ravel()


def lines(ends: npt.ArrayLike, colour: Colour, opacity: npt.ArrayLike = 1.0) -> Vertices:
    """Make lines.

    Args:
        ends: (..., 3) camera space, mm; each two are a line.
        colour: RGB.
        opacity: of all ends, or of each.
    """
    places = np.asarray(ends, np.float32).reshape(-1, 3)
    vertices = np.zeros(len(places), VERTEX)
    vertices["position"] = places
    vertices["colour"][:, :3] = colour
    vertices["colour"][:, 3] = np.round(255 * np.asarray(opacity)).reshape(-1)
    return vertices


def grid(middle_mm: FloatArray, radius_mm: float, floor_mm: float, colour: Colour) -> Vertices:
    """Draw a floor.

    Args:
        middle_mm: (3,) what it lies below, camera space.
        radius_mm: how far it reaches, rounded up to whole cells; it fades away towards there.
        floor_mm: its y.
        colour: RGB.
    """
    cells = int(np.clip(np.ceil(radius_mm / CELL_MM), 4, _MOST_CELLS))
    steps = np.arange(-cells, cells + 1) * CELL_MM
    across, along = np.meshgrid(steps, steps, indexing="ij")  # of a line; its points
    pairs = np.stack([along[:, :-1], along[:, 1:]], axis=-1)
    still = np.broadcast_to(across[:, :-1, None], pairs.shape)
    x, z = np.concatenate([pairs.ravel(), still.ravel()]), np.concatenate([still.ravel(), pairs.ravel()])
    fade = 0.5 * np.clip(1.2 - np.hypot(x, z) / (cells * CELL_MM), 0, 1)
    place = np.round(middle_mm / CELL_MM) * CELL_MM
    return lines(np.stack([x + place[0], np.full(x.shape, floor_mm), z + place[2]], axis=1), colour, fade)


def frustum(camera: Intrinsics, depth_mm: float, colour: Colour) -> Vertices:
    """Draw the camera at its place, and the edges of what it sees up to a depth."""
    left, right, top, bottom = -0.5, camera.width - 0.5, -0.5, camera.height - 0.5
    walk = np.linspace(0, 1, _RIM, endpoint=False)
    u = np.concatenate([left + walk * camera.width, np.full(_RIM, right), right - walk * camera.width])
    v = np.concatenate([np.full(_RIM, top), top + walk * camera.height, np.full(_RIM, bottom)])
    u, v = np.concatenate([u, np.full(_RIM, left)]), np.concatenate([v, bottom - walk * camera.height])
    rim = unproject(np.stack([u, v, np.ones(4 * _RIM)], axis=1), camera)
    around = np.stack([rim, np.roll(rim, -1, axis=0)], axis=1)
    corners = rim[::_RIM]
    spokes = np.stack([np.zeros_like(corners), corners], axis=1)
    up_left, up_right = corners[0] * _GLYPH_MM, corners[1] * _GLYPH_MM
    tip = (up_left + up_right) / 2 + [0, -0.35 * _GLYPH_MM, 0]
    far = np.stack([corners * _GLYPH_MM, corners * depth_mm], axis=1)
    return np.concatenate(
        [
            lines(np.concatenate([spokes, around]) * _GLYPH_MM, colour),
            lines([up_left, tip, tip, up_right], colour),
            lines(far, colour, np.tile([0.6, 0.3], len(far))),
            lines(around * depth_mm, colour, 0.3),
        ]
    )


def cubes(regions: tuple[HandRegion, ...], colour: Colour, opacity: float) -> Vertices:
    """Draw the cubes of regions."""
    ends = [(region.centre_mm + _CORNERS * region.cube_mm)[_EDGES] for region in regions]
    return lines(np.concatenate([*ends, np.empty((0, 3))]), colour, opacity)


def axes(turn: npt.NDArray[np.float64]) -> Vertices:
    """Draw the directions x, y and z with their letters, flat, each 1 long where it is seen from the side.

    Args:
        turn: (3, 3) from camera space to the eye's, a rotation.
    """
    drawn = []
    for axis in np.argsort(turn[2]):  # the one that points away from the eye first
        flat = np.array([turn[0, axis], turn[1, axis], 0])
        length = float(np.hypot(*flat[:2]))
        shown = np.clip(2.5 * length - 0.4, 0, 1)  # none where it is seen from its end
        letter = np.array([(x * 0.09, y * 0.13, 0) for x, y in _LETTERS[axis]]) + flat * (1 + 0.26 / max(length, 0.1))
        drawn.append(lines(np.concatenate([np.zeros((1, 3)), flat[None], letter]), _AXIS_COLOURS[axis], shown))
    return np.concatenate(drawn)
