"""Whether joints could be those of a hand that a frame shows: of a hand's size, at the surface that was measured."""

from __future__ import annotations

import math

import numba
import numpy as np

from lighthand.crop import MIN_DEPTH_MM
from lighthand.geometry import Doubles, distort_one, lens_of
from lighthand.skeleton import BONES
from lighthand.types import DepthArray, FloatArray, Frame

# What no hand exceeds, with room for the network's error: mm
_BONE_MM = 140.0
_SKELETON_MM = (580.0, 1150.0)  # sum of the 20 bones; about 800 in an adult
_PALM_MM = (55.0, 120.0)  # mean distance from the wrist to the four finger roots
_BEFORE_MM, _BEHIND_MM = 25.0, 65.0  # a joint against the surface measured at its pixel
_SUPPORTED = 0.5  # of the joints, at least

_BONE_ENDS = np.array(BONES)
_FINGER_ROOTS = (5, 9, 13, 17)


def credible(frame: Frame, joints_mm: FloatArray) -> bool:
    """Say whether joints could be those of a hand that this frame shows.

    Args:
        frame: the depth image.
        joints_mm: (21, 3), camera space.

    Returns:
        False where bones are longer or shorter than any hand's, or too few joints lie at the measured surface.
    """
    camera = frame.intrinsics
    depth = np.ascontiguousarray(frame.depth)
    unit_mm, fx, fy = float(frame.depth_unit_mm), float(camera.fx), float(camera.fy)  # an int would compile anew
    lens = lens_of(camera.distortion)
    return bool(_credible(depth, unit_mm, fx, fy, float(camera.cx), float(camera.cy), lens, joints_mm))


@numba.njit(cache=True, nogil=True)
def _credible(
    depth: DepthArray, unit_mm: float, fx: float, fy: float, cx: float, cy: float, lens: Doubles, joints: FloatArray
) -> bool:
    """Judge the joints, (21, 3) mm; see ``credible``."""
    skeleton = palm = 0.0
    supported = 0
    for joint in range(joints.shape[0]):
        x, y, z = np.float64(joints[joint, 0]), np.float64(joints[joint, 1]), np.float64(joints[joint, 2])
        if not (np.isfinite(x) and np.isfinite(y) and MIN_DEPTH_MM <= z < np.inf):
            return False
        u, v = distort_one(x / z, y / z, lens)
        column, row = int(np.rint(u * fx + cx)), int(np.rint(v * fy + cy))
        if 0 <= column < depth.shape[1] and 0 <= row < depth.shape[0]:
            count = depth[row, column]
            behind = z - count * unit_mm
            supported += count > 0 and -_BEFORE_MM <= behind <= _BEHIND_MM
    for bone in range(_BONE_ENDS.shape[0]):
        length = _distance(joints, _BONE_ENDS[bone, 0], _BONE_ENDS[bone, 1])
        if length > _BONE_MM:
            return False
        skeleton += length
    for root in _FINGER_ROOTS:
        palm += _distance(joints, 0, root) / len(_FINGER_ROOTS)
    if not (_SKELETON_MM[0] <= skeleton <= _SKELETON_MM[1] and _PALM_MM[0] <= palm <= _PALM_MM[1]):
        return False
    return bool(supported >= _SUPPORTED * joints.shape[0])


@numba.njit(cache=True, nogil=True)
def _distance(joints: FloatArray, a: int, b: int) -> float:
    total = 0.0
    for axis in range(3):
        total += (np.float64(joints[a, axis]) - np.float64(joints[b, axis])) ** 2
    return math.sqrt(total)
