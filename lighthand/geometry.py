"""Between pixels and millimetres: the pinhole camera.

Source of both formulas: R. Hartley, A. Zisserman, *Multiple View Geometry*, 2nd ed., eq. 6.2.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lighthand.types import Intrinsics


def project(points_mm: npt.ArrayLike, camera: Intrinsics) -> npt.NDArray[np.float32]:
    """Turn camera space into pixels and depth.

    Args:
        points_mm: (..., 3), camera space, z > 0.
        camera: the intrinsics of the image.

    Returns:
        (..., 3) float32: u and v in pixels, z in mm.
    """
    points = np.asarray(points_mm, np.float64)
    z = points[..., 2]
    u = points[..., 0] / z * camera.fx + camera.cx
    v = points[..., 1] / z * camera.fy + camera.cy
    return np.stack([u, v, z], axis=-1).astype(np.float32)


def unproject(uvz: npt.ArrayLike, camera: Intrinsics) -> npt.NDArray[np.float32]:
    """Turn pixels and depth into camera space.

    Args:
        uvz: (..., 3): u and v in pixels, z in mm.
        camera: the intrinsics of the image.

    Returns:
        (..., 3) float32, camera space, mm.
    """
    points = np.asarray(uvz, np.float64)
    z = points[..., 2]
    x = (points[..., 0] - camera.cx) / camera.fx * z
    y = (points[..., 1] - camera.cy) / camera.fy * z
    return np.stack([x, y, z], axis=-1).astype(np.float32)
