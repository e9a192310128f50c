"""A region of a frame -> the 128x128 patch the network sees, and the way back to camera space.

The pre-processing of DeepPrior++ (Oberweger & Lepetit 2017, sec. 3): a cube around the hand's centre,
its projection resized with nearest neighbours, depth relative to the centre in half cubes. What lies
outside the cube, nearer or farther, and what was not measured, is background.
"""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from lighthand.errors import SourceError
from lighthand.geometry import pixels, unproject
from lighthand.types import DepthArray, FloatArray, Frame, HandCrop, HandRegion, Intrinsics

PATCH: int = 128
"""Edge of the network's input, pixels."""

CUBE_MM: float = 240.0
"""Edge of the cube that the network is trained to see; weights remember theirs."""

BACKGROUND: float = 1.0

MIN_DEPTH_MM: float = 50.0
"""Nearest centre a cube may have; nearer, its projection grows without bound."""


def region_box(region: HandRegion, camera: Intrinsics) -> tuple[float, float, float, float]:
    """Project the mid-plane of a region's cube: through a lens, its four edges where their middles are shown.

    Args:
        region: the cube, its centre at z >= MIN_DEPTH_MM.
        camera: the intrinsics of the frame.

    Returns:
        Left, top, right and bottom edge in pixels, as in ``HandCrop.box_px``.

    Raises:
        SourceError: the centre is not in front of the camera.
    """
    x, y, z = (float(c) for c in region.centre_mm)
    if not z >= MIN_DEPTH_MM:
        raise SourceError(f"hand region at z = {z:.0f} mm: a crop needs z of at least {MIN_DEPTH_MM:.0f} mm.")
    half = region.cube_mm / 2
    if camera.distortion:
        middles = [(x - half, y, z), (x, y - half, z), (x + half, y, z), (x, y + half, z)]
        u, v = pixels(middles, camera)
        return float(u[0]), float(v[1]), float(u[2]), float(v[3])
    return (
        (x - half) / z * camera.fx + camera.cx,
        (y - half) / z * camera.fy + camera.cy,
        (x + half) / z * camera.fx + camera.cx,
        (y + half) / z * camera.fy + camera.cy,
    )


@numba.njit(cache=True, nogil=True)
def _sample(
    depth: DepthArray,
    unit_mm: float,
    box: tuple[float, float, float, float],
    centre_mm: float,
    half_mm: float,
    mirrored: bool,
    patch: FloatArray,
) -> None:
    """Fill the patch from the frame's nearest pixels."""
    size = patch.shape[0]
    left, top, right, bottom = box
    scale, middle, inverse = np.float32(unit_mm), np.float32(centre_mm), np.float32(1 / half_mm)
    for j in range(size):
        row = int(np.floor(top + (j + 0.5) * ((bottom - top) / size) + 0.5))
        if row < 0 or row >= depth.shape[0]:
            patch[j] = BACKGROUND
            continue
        for i in range(size):
            column = int(np.floor(left + (i + 0.5) * ((right - left) / size) + 0.5))
            value = np.float32(BACKGROUND)
            if 0 <= column < depth.shape[1]:
                count = depth[row, column]
                near = (np.float32(count) * scale - middle) * inverse
                if count > 0 and -1 <= near <= 1:
                    value = near
            patch[j, size - 1 - i if mirrored else i] = value


def crop_hand(frame: Frame, region: HandRegion, *, mirrored: bool = False) -> HandCrop:
    """Cut a region out of a frame and normalise it.

    Args:
        frame: the depth image.
        region: the cube to show.
        mirrored: flip the patch left to right.

    Returns:
        The crop; pixels outside the image are background.

    Raises:
        SourceError: the region is not in front of the camera.
    """
    box = region_box(region, frame.intrinsics)
    patch = np.empty((PATCH, PATCH), np.float32)
    depth = np.ascontiguousarray(frame.depth)
    centre, half = float(region.centre_mm[2]), region.cube_mm / 2
    _sample(depth, float(frame.depth_unit_mm), box, centre, half, mirrored, patch)
    return HandCrop(patch, region, box, frame.intrinsics, mirrored)


def crop_to_camera(crop: HandCrop, uvz: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Turn the network's coordinates into camera space.

    Args:
        crop: the crop the coordinates belong to.
        uvz: (..., 3) in the patch: u from -1 at its left edge to +1 at its right, v likewise from top
            to bottom, z in half cubes from the centre.

    Returns:
        (..., 3) float32, camera space, mm.
    """
    points = np.array(uvz, np.float64)
    left, top, right, bottom = crop.box_px
    if crop.mirrored:
        points[..., 0] *= -1
    points[..., 0] = left + (points[..., 0] + 1) / 2 * (right - left)
    points[..., 1] = top + (points[..., 1] + 1) / 2 * (bottom - top)
    points[..., 2] = crop.region.centre_mm[2] + points[..., 2] * (crop.region.cube_mm / 2)
    return unproject(points, crop.intrinsics)


def camera_to_crop(crop: HandCrop, joints_mm: npt.ArrayLike) -> npt.NDArray[np.float32]:
    """Undo ``crop_to_camera``: (..., 3) camera space, mm -> (..., 3) coordinates of the patch."""
    points = np.array(joints_mm, np.float64)
    left, top, right, bottom = crop.box_px
    u, v = pixels(points, crop.intrinsics)
    points[..., 0] = (u - left) / (right - left) * 2 - 1
    points[..., 1] = (v - top) / (bottom - top) * 2 - 1
    points[..., 2] = (points[..., 2] - crop.region.centre_mm[2]) / (crop.region.cube_mm / 2)
    if crop.mirrored:
        points[..., 0] *= -1
    return points.astype(np.float32)
