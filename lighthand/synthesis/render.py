"""A z-buffer for triangles, and the simple bodies that stand beside the hand."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from lighthand.types import FloatArray

NEAR_MM = 60.0
"""Triangles that reach nearer to the camera are not drawn."""


@numba.njit(cache=True, fastmath={"reassoc", "contract", "arcp", "nsz"})  # the image holds inf
def rasterise(
    vertices: FloatArray,
    triangles: npt.NDArray[np.int32],
    fx: float,
    fy: float,
    cx: float,
    cy: float,
    depth: FloatArray,
) -> None:
    """Draw triangles into a depth image, keeping what is nearer.

    Args:
        vertices: (V, 3) float32, camera space, mm.
        triangles: (T, 3) int32.
        fx: focal length, pixels; fy likewise.
        fy: focal length, pixels.
        cx: principal point, pixels of ``depth``; cy likewise.
        cy: principal point, pixels.
        depth: (H, W) float32 mm, changed in place; start with ``inf``.
    """
    height, width = depth.shape
    count = vertices.shape[0]
    us, vs, ws = np.empty(count, np.float32), np.empty(count, np.float32), np.empty(count, np.float32)
    for i in range(count):
        z = vertices[i, 2]
        w = np.float32(1.0) / z if z > NEAR_MM else np.float32(0.0)
        us[i] = vertices[i, 0] * w * fx + cx
        vs[i] = vertices[i, 1] * w * fy + cy
        ws[i] = w
    for t in range(triangles.shape[0]):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        wa, wb, wc = ws[a], ws[b], ws[c]
        if wa == 0.0 or wb == 0.0 or wc == 0.0:
            continue
        ua, ub, uc, va, vb, vc = us[a], us[b], us[c], vs[a], vs[b], vs[c]
        u0, u1 = max(int(np.ceil(min(ua, ub, uc))), 0), min(int(np.floor(max(ua, ub, uc))), width - 1)
        v0, v1 = max(int(np.ceil(min(va, vb, vc))), 0), min(int(np.floor(max(va, vb, vc))), height - 1)
        if u0 > u1 or v0 > v1:
            continue
        area = (ub - ua) * (vc - va) - (uc - ua) * (vb - va)
        if area == 0.0:
            continue
        inverse = 1.0 / area
        for v in range(v0, v1 + 1):
            for u in range(u0, u1 + 1):
                k1 = ((u - ua) * (vc - va) - (uc - ua) * (v - va)) * inverse
                k2 = ((ub - ua) * (v - va) - (u - ua) * (vb - va)) * inverse
                k0 = 1.0 - k1 - k2
                if k0 < 0.0 or k1 < 0.0 or k2 < 0.0:
                    continue
                z = 1.0 / (k0 * wa + k1 * wb + k2 * wc)
                if z < depth[v, u]:
                    depth[v, u] = z


def _octasphere(subdivisions: int) -> tuple[FloatArray, npt.NDArray[np.int32]]:
    """Build a unit sphere from an octahedron: vertices (V, 3) and triangles (T, 3)."""
    points = [np.array(p, np.float64) for p in [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]]
    faces = [(a, b, c) for a in (0, 1) for b in (2, 3) for c in (4, 5)]
    for _ in range(subdivisions):
        middles: dict[tuple[int, int], int] = {}

        def middle(i: int, j: int, middles: dict[tuple[int, int], int] = middles) -> int:
            key = (min(i, j), max(i, j))
            if key not in middles:
                point = points[i] + points[j]
                points.append(point / np.linalg.norm(point))
                middles[key] = len(points) - 1
            return middles[key]

        halved = []
        for a, b, c in faces:
            ab, bc, ca = middle(a, b), middle(b, c), middle(c, a)
            halved += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        faces = halved
    return np.array(points, np.float32), np.array(faces, np.int32)


_SPHERE, SPHERE_TRIANGLES = _octasphere(3)


def body(centre_mm: npt.ArrayLike, axes_mm: npt.ArrayLike, roundness: float = 1.0) -> FloatArray:
    """Give the vertices of a rounded body; its triangles are ``SPHERE_TRIANGLES``.

    Args:
        centre_mm: (3,) camera space.
        axes_mm: (3, 3), the three half axes as rows.
        roundness: 1 is an ellipsoid, towards 0 a box (a superquadric's exponent, Barr 1981).

    Returns:
        (V, 3) float32, camera space, mm.
    """
    unit = _SPHERE if roundness == 1.0 else np.sign(_SPHERE) * np.abs(_SPHERE) ** np.float32(roundness)
    return (unit @ np.asarray(axes_mm, np.float32) + np.asarray(centre_mm, np.float32)).astype(np.float32)


def tube(start_mm: FloatArray, end_mm: FloatArray, radius_mm: float) -> FloatArray:
    """Give the vertices of a rounded rod from start to end; its triangles are ``SPHERE_TRIANGLES``.

    Args:
        start_mm: (3,) camera space.
        end_mm: (3,) camera space.
        radius_mm: of the rod and of its round ends.

    Returns:
        (V, 3) float32, camera space, mm.
    """
    along = end_mm - start_mm
    length = float(np.linalg.norm(along)) + 1e-6
    along = along / length
    side = np.cross(along, (0.0, 0.0, 1.0) if abs(along[2]) < 0.9 else (1.0, 0.0, 0.0))
    side = side / np.linalg.norm(side)
    axes = radius_mm * np.stack([side, np.cross(along, side), along])
    vertices = body((start_mm + end_mm) / 2, axes)
    return (vertices + np.sign(_SPHERE[:, 2:3]) * (length / 2) * along).astype(np.float32)
