"""Pictures of hands: skeletons, patches, sheets of tiles, curves. Images are (H, W, 3) uint8, BGR as in OpenCV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lighthand.errors import DataError
from lighthand.skeleton import BONES, FINGER_OF_JOINT
from lighthand.types import FloatArray

Image = npt.NDArray[np.uint8]
Colour = tuple[int, int, int]

TRUE_COLOUR: Final[Colour] = (80, 220, 80)
PREDICTED_COLOUR: Final[Colour] = (60, 60, 240)
FINGER_COLOURS: Final[tuple[Colour, ...]] = (
    (60, 76, 231), (18, 156, 243), (113, 204, 46), (219, 152, 52), (182, 89, 155), (220, 220, 220),
)  # fmt: skip
"""Thumb, index, middle, ring, little; the last is the wrist's."""

TILE_PX: Final = 192
"""Edge of the picture of a patch."""

_SHIFT: Final = 4
"""Fractional bits of the coordinates that OpenCV draws at."""


def draw_skeleton(
    image: Image,
    uv_px: FloatArray,
    colour: Colour | None = None,
    *,
    bones: Sequence[tuple[int, int]] = BONES,
    fingers: Sequence[int] = FINGER_OF_JOINT,
) -> None:
    """Draw bones and joints into an image; joints that are not finite are left out.

    Args:
        image: drawn into.
        uv_px: (J, 2) or (J, 3), u and v in pixels of ``image`` first; 21 joints unless the next two say otherwise.
        colour: of all bones and joints; None for a colour a finger.
        bones: parent and child of each.
        fingers: index into ``FINGERS`` of each joint, -1 for the wrist or palm.
    """
    uv = np.asarray(uv_px[:, :2], np.float64)
    drawable = [bool(np.isfinite(point).all() and np.abs(point).max() < 1e5) for point in uv]
    points = [
        np.rint(point * (1 << _SHIFT)).astype(int).tolist() if ok else []
        for point, ok in zip(uv, drawable, strict=True)
    ]
    for parent, child in bones:
        if drawable[parent] and drawable[child]:
            bone = colour or FINGER_COLOURS[fingers[child]]
            cv2.line(image, points[parent], points[child], bone, 1, cv2.LINE_AA, _SHIFT)
    for joint, point in enumerate(points):
        if drawable[joint]:
            dot = colour or FINGER_COLOURS[fingers[joint]]
            cv2.circle(image, point, 2 << _SHIFT, dot, cv2.FILLED, cv2.LINE_AA, _SHIFT)


def patch_image(patch: FloatArray) -> Image:
    """Show a patch of ``HandCrop``: near is light, far dark, background black.

    Args:
        patch: (S, S) float32 in [-1, 1].

    Returns:
        (TILE_PX, TILE_PX, 3).
    """
    grey = np.where(patch < 1, 225 - 75 * (patch + 1), 0).astype(np.uint8)
    large = cv2.resize(grey, (TILE_PX, TILE_PX), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.cvtColor(large, cv2.COLOR_GRAY2BGR), np.uint8)


def patch_points(uvz: npt.ArrayLike) -> FloatArray:
    """Turn coordinates of the patch, -1 to +1 from edge to edge, into pixels of ``patch_image``: (..., 2)."""
    return ((np.asarray(uvz)[..., :2] + 1) / 2 * TILE_PX - 0.5).astype(np.float32)


def label(image: Image, text: str) -> None:
    """Write a line of text into the top left corner."""
    cv2.putText(image, text, (6, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (255, 255, 255), 1, cv2.LINE_AA)


def sheet(tiles: Sequence[Image], columns: int) -> Image:
    """Put tiles of one size side by side, row by row; the rest of the last row is black.

    Args:
        tiles: at least one.
        columns: tiles a row.
    """
    height, width = tiles[0].shape[:2]
    page = np.zeros((-(-len(tiles) // columns) * height, columns * width, 3), np.uint8)
    for index, tile in enumerate(tiles):
        top, left = index // columns * height, index % columns * width
        page[top : top + height, left : left + width] = tile
    return page


def save_image(path: Path, image: Image) -> None:
    """Write a PNG, and the folder it goes into.

    Raises:
        DataError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
    except OSError as error:
        raise DataError(f"{path}: cannot write the picture ({error}). Choose another path.") from error


def save_curves(path: Path, curves: Mapping[str, FloatArray], x: FloatArray, x_label: str, y_label: str) -> None:
    """Plot curves into a PNG.

    Args:
        path: the file.
        curves: values by name, each (K,).
        x: (K,) of all curves, or (N, K) of each.
        x_label: what the axis shows, with its unit.
        y_label: what the curves show.

    Raises:
        DataError: the file cannot be written.
    """
    figure = Figure(figsize=(6.4, 4.4), layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    for (name, values), places in zip(curves.items(), np.broadcast_to(x, (len(curves), x.shape[-1])), strict=True):
        axes.plot(places, values, label=name)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.set_xlim(float(np.nanmin(x)), float(np.nanmax(x)))
    axes.grid(alpha=0.3)
    axes.legend()
    canvas.draw()
    save_image(path, np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., 2::-1]))


def save_bars(path: Path, bars: Mapping[str, float], x_label: str) -> None:
    """Draw horizontal bars on a logarithmic axis into a PNG, the first on top.

    Args:
        path: the file.
        bars: positive lengths by name.
        x_label: what they show, with its unit.

    Raises:
        DataError: the file cannot be written.
    """
    figure = Figure(figsize=(8.0, 0.6 + 0.32 * len(bars)), layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    drawn = axes.barh(list(bars), list(bars.values()), log=True)
    axes.bar_label(drawn, fmt="%.2f", padding=3)
    axes.margins(x=0.2)
    axes.invert_yaxis()
    axes.set_xlabel(x_label)
    axes.grid(axis="x", alpha=0.3)
    canvas.draw()
    save_image(path, np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., 2::-1]))
