"""The figures of joints side by side with the truth: what ``lighthand.evaluate`` writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from lighthand.handsize import keep_bones
from lighthand.metrics import CURVE_MM, found, joint_errors, mean_offset, within, within_curve
from lighthand.predictions import Prediction
from lighthand.reliability import confidence_reliability, reliability
from lighthand.scatter import scatter
from lighthand.skeleton import JOINT_NAMES
from lighthand.types import FloatArray


def figures(predictions: Sequence[Prediction]) -> dict[str, Any]:
    """Sum up one or more sequences.

    Args:
        predictions: of each sequence.

    Returns:
        What ``lighthand.evaluate`` writes of each sequence; None stands for what no frame could tell.
    """
    errors = np.concatenate([prediction.errors_mm for prediction in predictions])
    unsmoothed = np.concatenate([joint_errors(p.unsmoothed_mm, p.true_mm) for p in predictions])
    gaps = np.concatenate([np.linalg.norm(p.centres_mm - p.true_mm.mean(axis=1), axis=1) for p in predictions])
    right = np.concatenate([prediction.right for prediction in predictions])
    has_pose = found(errors)
    joint_means = [_mean(column) for column in errors[has_pose].T]
    return {
        "mean_mm": _mean(errors[has_pose]),
        "median_mm": _median(errors[has_pose]),
        "per_joint_mm": dict(zip(JOINT_NAMES, joint_means, strict=True)),
        "frames": len(errors),
        "found": float(has_pose.mean()),
        "within_20mm": within(errors, 20.0),
        "within_30mm": within(errors, 30.0),
        "unsmoothed_mean_mm": _mean(unsmoothed[has_pose]),
        "curve": {"threshold_mm": CURVE_MM.tolist(), "within": within_curve(errors).tolist()},
        "side_correct": _mean(right[has_pose]),
        "centre_median_mm": _median(gaps[has_pose]),
        "centre_within_60mm": float((gaps <= 60).mean()),
        **_trust(predictions, errors),
        **_scatter(predictions),
    }


def _trust(predictions: Sequence[Prediction], errors_mm: FloatArray) -> dict[str, Any]:
    """Sum up what the network thought of its joints, and how that compares with their errors."""
    confidence = np.concatenate([prediction.confidence for prediction in predictions])
    if not np.isfinite(confidence).any():
        return {}
    curve = confidence_reliability(confidence, errors_mm)
    known = [prediction.visible for prediction in predictions if prediction.visible is not None]
    return {
        "confidence_mean": float(np.nanmean(confidence)),
        "joints_within_15mm": curve.share,
        "confidence_calibration_error": curve.error,
        **({"visibility_calibration_error": reliability(*known[0]).error} if len(known) == 1 else {}),
    }


def _scatter(predictions: Sequence[Prediction]) -> dict[str, Any]:
    """Give how much our joints in view, and those of the data, scatter in depth about the measured surface."""
    known = [prediction.behind_mm for prediction in predictions if prediction.behind_mm is not None]
    if not known:
        return {}
    ours, data = (_mean(np.concatenate([scatter(behind[part]) for behind in known])) for part in (0, 1))
    return {"depth_scatter_mm": {"ours": ours, "data": data}}


def report(predictions: Sequence[Prediction], bones_mm: FloatArray | None = None) -> dict[str, Any]:
    """Sum up all sequences and each, with the error after an offset fitted on the other where there are two.

    Args:
        predictions: of each sequence.
        bones_mm: (20,), the lengths that the data set gives every hand's bones, if it does.

    Returns:
        ``figures`` of all, with those of each as ``per_sequence``; the rest as ``lighthand.evaluate`` says.
    """
    total = figures(predictions)
    total["per_sequence"] = {prediction.name: figures([prediction]) for prediction in predictions}
    _add_offset_means(total, predictions)
    if bones_mm is not None:
        moved = [_at_bones(prediction, bones_mm) for prediction in predictions]
        total["at_data_bones"] = short = _means(moved)
        short["per_sequence"] = {prediction.name: _means([prediction]) for prediction in moved}
        _add_offset_means(short, moved)
    return total


def _means(predictions: Sequence[Prediction]) -> dict[str, Any]:
    errors = np.concatenate([prediction.errors_mm for prediction in predictions])
    return {"mean_mm": _mean(errors[found(errors)])}


def after_offsets(predictions: Sequence[Prediction]) -> list[Prediction]:
    """Take one offset a joint, fitted on the other sequence, off each of two; give none where there are not two."""
    if len(predictions) != 2 or not all(found(prediction.errors_mm).any() for prediction in predictions):
        return []
    offsets = [mean_offset(other.predicted_mm, other.true_mm) for other in predictions[::-1]]
    return [replace(p, predicted_mm=p.predicted_mm - offset) for p, offset in zip(predictions, offsets, strict=True)]


def _palm_axes(joints_mm: FloatArray) -> FloatArray:
    """Give (N, 3, 3), whose columns are the palm's axes: to the fingers, to the index finger's side, out of it."""
    along = joints_mm[:, JOINT_NAMES.index("middle_mcp")] - joints_mm[:, 0]
    across = joints_mm[:, JOINT_NAMES.index("index_mcp")] - joints_mm[:, JOINT_NAMES.index("little_mcp")]
    out = np.cross(along, across)
    axes = np.stack([along, np.cross(out, along), out], axis=-1)
    turns: FloatArray = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    return turns


def _turning_offset_mean(predictions: Sequence[Prediction]) -> float | None:
    """Give the mean error after one offset a joint that turns with our palm, fitted on the other of two sequences."""
    axes = [_palm_axes(p.predicted_mm) for p in predictions]
    turned = zip(predictions, axes, strict=True)
    gaps = [((p.predicted_mm - p.true_mm) @ turn).astype(np.float32) for p, turn in turned]
    offsets = [mean_offset(other, np.zeros_like(other)) for other in gaps[::-1]]
    left = np.concatenate([np.linalg.norm(gap - offset, axis=-1) for gap, offset in zip(gaps, offsets, strict=True)])
    return _mean(left[found(left)])


def _add_offset_means(total: dict[str, Any], predictions: Sequence[Prediction]) -> None:
    """Add the errors after one offset a joint, fitted on the other of two sequences."""
    moved = after_offsets(predictions)
    if moved:
        errors = np.concatenate([part.errors_mm for part in moved])
        total["offset_per_joint_mm"] = dict(zip(JOINT_NAMES, map(_mean, errors[found(errors)].T), strict=True))
        total["turning_offset_mean_mm"] = _turning_offset_mean(predictions)
        gaps = np.concatenate([np.abs(part.predicted_mm - part.true_mm) for part in moved])[found(errors)]
        total["offset_axes_mm"] = dict(zip("xyz", map(_mean, gaps.reshape(-1, 3).T), strict=True))
    for rows, parts in ((total, moved), *((total["per_sequence"][p.name], [p]) for p in moved)):
        if parts:
            errors = np.concatenate([part.errors_mm for part in parts])
            rows["offset_mean_mm"] = _mean(errors[found(errors)])
            rows["offset_within_20mm"], rows["offset_within_30mm"] = within(errors, 20.0), within(errors, 30.0)


def _at_bones(prediction: Prediction, bones_mm: FloatArray) -> Prediction:
    """Give each pose bones of these lengths."""
    moved = np.stack([keep_bones(joints, bones_mm) for joints in prediction.predicted_mm])  # NaN stays NaN
    return replace(prediction, predicted_mm=moved)


def _mean(values: npt.NDArray[Any]) -> float | None:
    return float(values.mean()) if values.size else None


def _median(values: npt.NDArray[Any]) -> float | None:
    return float(np.median(values)) if values.size else None
