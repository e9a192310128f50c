"""How far predicted joints are from the true ones. Arrays of N frames and J joints, camera space, mm.

A frame without a pose is a row of NaN. Errors in mm are over the frames with a pose; the fraction of frames
under a threshold is over all frames, one without a pose counting as over it.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from lighthand.types import FloatArray

CURVE_MM: Final = np.linspace(0, 80, 161, dtype=np.float32)
"""Thresholds of ``within_curve``."""


def joint_errors(predicted_mm: FloatArray, true_mm: FloatArray) -> FloatArray:
    """Give the Euclidean distance of each joint.

    Args:
        predicted_mm: (N, J, 3), NaN where there is no pose.
        true_mm: (N, J, 3).

    Returns:
        (N, J) mm, NaN where there is no pose.
    """
    distances: FloatArray = np.linalg.norm(predicted_mm - true_mm, axis=-1)
    return distances


def found(errors_mm: FloatArray) -> npt.NDArray[np.bool_]:
    """Tell for each frame of (N, J) errors whether it has a pose."""
    return np.asarray(np.isfinite(errors_mm).all(axis=1))


def within(errors_mm: FloatArray, threshold_mm: float) -> float:
    """Give the fraction of all frames whose every joint is within a threshold; NaN where there are no frames."""
    if len(errors_mm) == 0:
        return float("nan")
    return float((errors_mm <= threshold_mm).all(axis=1).mean())  # NaN compares false


def within_curve(errors_mm: FloatArray) -> FloatArray:
    """Give ``within`` at each threshold of ``CURVE_MM``: (161,)."""
    return np.array([within(errors_mm, float(threshold)) for threshold in CURVE_MM], np.float32)


def mean_offset(predicted_mm: FloatArray, true_mm: FloatArray) -> FloatArray:
    """Give the constant that each joint is off by.

    Args:
        predicted_mm: (N, J, 3), NaN where there is no pose; at least one frame has one.
        true_mm: (N, J, 3).

    Returns:
        (J, 3): predicted minus true, the mean over the frames with a pose.
    """
    gaps = predicted_mm - true_mm
    offset: FloatArray = gaps[np.asarray(np.isfinite(gaps).all(axis=(1, 2)))].mean(axis=0)
    return offset
