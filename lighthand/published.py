"""How far joints are from those of a test set: the metric of the papers, on files that others published or our own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lighthand.datasets.benchmarks import Benchmark, read_joints, read_truth
from lighthand.metrics import CURVE_MM, joint_errors, within, within_curve
from lighthand.types import FloatArray


def published_errors(predictions: Path, root: Path, benchmark: Benchmark) -> FloatArray:
    """Compare published joints with the truth.

    Args:
        predictions: the published file.
        root: the folder with the labels, as ``read_truth`` takes it.
        benchmark: the test set.

    Returns:
        (N, J) mm.

    Raises:
        DataError: a file is missing, damaged or of another test set.
    """
    return joint_errors(read_joints(predictions, benchmark), read_truth(root, benchmark))


def error_figures(errors_mm: FloatArray, joints: Sequence[str]) -> dict[str, Any]:
    """Sum up errors.

    Args:
        errors_mm: (N, J), every joint of every frame.
        joints: their J names.

    Returns:
        ``mean_mm``, the papers' error, and ``median_mm`` over all joints of all frames, ``per_joint_mm`` (means),
        ``frames``, ``within_20mm`` and ``within_30mm`` (fractions of frames whose every joint is that close), and
        ``curve``: those fractions over thresholds.
    """
    return {
        "mean_mm": float(errors_mm.mean(dtype=np.float64)),
        "median_mm": float(np.median(errors_mm)),
        "per_joint_mm": dict(zip(joints, errors_mm.mean(axis=0, dtype=np.float64).tolist(), strict=True)),
        "frames": len(errors_mm),
        "within_20mm": within(errors_mm, 20.0),
        "within_30mm": within(errors_mm, 30.0),
        "curve": {"threshold_mm": CURVE_MM.tolist(), "within": within_curve(errors_mm).tolist()},
    }
