"""Where the depth image ends a hand within its cube."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from lighthand.crop import region_box
from lighthand.types import Frame, HandRegion

_ROUNDED_PX: Final = 0.8  # steps between two rows of pixels become slopes, which are drawn in a third of the time
_LEAST_SHARE: Final = 1e-3  # of the box: smaller patches are the camera's noise


def hand_outline(frame: Frame, region: HandRegion) -> npt.NDArray[np.float32]:
    """Go about what lies in a region's cube.

    Args:
        frame: the depth image.
        region: the cube.

    Returns:
        (N, 2) pixels: closed lines along the outermost pixels of each patch, a row of NaN after each.

    Raises:
        SourceError: the region is not in front of the camera.
    """
    left, top, right, bottom = region_box(region, frame.intrinsics)
    column, row = max(math.ceil(left), 0), max(math.ceil(top), 0)
    within = frame.depth[row : max(math.floor(bottom) + 1, 0), column : max(math.floor(right) + 1, 0)]
    if not within.size:
        return np.empty((0, 2), np.float32)
    middle_mm, half_mm = float(region.centre_mm[2]), region.cube_mm / 2
    near = max((middle_mm - half_mm) / frame.depth_unit_mm, 1)  # 0 is not measured
    far = (middle_mm + half_mm) / frame.depth_unit_mm
    mask = cv2.inRange(within, math.ceil(near), math.floor(far))
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE, offset=(column, row))
    lines = []
    for contour in contours:
        if cv2.contourArea(contour) >= _LEAST_SHARE * mask.size:
            line = cv2.approxPolyDP(contour, _ROUNDED_PX, closed=True)[:, 0].astype(np.float32)
            lines += [line, line[:1], np.full((1, 2), np.nan, np.float32)]
    return np.concatenate(lines) if lines else np.empty((0, 2), np.float32)
