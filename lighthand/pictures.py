"""Pictures of how far predictions are from the truth: curves, reliability, best and worst frames."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from lighthand.drawing import label, save_curves, save_image, sheet
from lighthand.errors import DataError
from lighthand.metrics import CURVE_MM, within_curve
from lighthand.predictions import Prediction
from lighthand.reliability import BINS, confidence_reliability, reliability
from lighthand.types import FloatArray

TILES: Final = 6
"""Best, median and worst frames on the sheet, each."""


def save_plot(path: Path, predictions: Sequence[Prediction], after_offsets: Sequence[Prediction] = ()) -> None:
    """Plot the fraction of frames whose every joint is within a threshold, a curve a sequence.

    Args:
        path: the file.
        predictions: of each sequence.
        after_offsets: the same less an offset a joint; drawn as one curve of all.
    """
    errors = {prediction.name: prediction.errors_mm for prediction in predictions}
    if after_offsets:
        together = np.concatenate([prediction.errors_mm for prediction in after_offsets])
        errors[f"{' and '.join(errors)}, after offsets"] = together
    save_within(path, errors)


def save_within(path: Path, errors_mm: Mapping[str, FloatArray]) -> None:
    """Plot the fraction of frames whose every joint is within a threshold, a curve an entry: errors (N, J) by name."""
    curves = {name: within_curve(errors) for name, errors in errors_mm.items()}
    save_curves(path, curves, CURVE_MM, "threshold, mm", "fraction of frames with every joint within")


def save_reliability(path: Path, predictions: Sequence[Prediction]) -> None:
    """Plot how often a joint was within 15 mm, or in view, over the probability that was given for it."""
    diagonal = np.linspace(0, 1, BINS, dtype=np.float32)
    points = {"as it should be": (diagonal, diagonal)}
    for prediction in predictions:
        near = confidence_reliability(prediction.confidence, prediction.errors_mm)
        points[f"{prediction.name}: within 15 mm"] = near.points
        if prediction.visible is not None:
            points[f"{prediction.name}: in view"] = reliability(*prediction.visible).points
    said = np.stack([said for said, _ in points.values()])
    curves = {name: true for name, (_, true) in points.items()}
    save_curves(path, curves, said, "probability given, mean of each tenth", "fraction that was so")


def save_sheet(path: Path, predictions: Sequence[Prediction]) -> None:
    """Draw the best, median and worst frames with a pose: truth green, prediction red, a row each."""
    ranked = sorted(
        (float(error), prediction.name, index, prediction.draw)
        for prediction in predictions
        for index, error in enumerate(prediction.errors_mm.mean(axis=1))
        if math.isfinite(error)
    )
    if not ranked:
        raise DataError(f"{path}: no frame has a pose, so there is nothing to draw.")
    count = min(TILES, len(ranked))
    middle = (len(ranked) - count) // 2
    tiles = []
    for row in (ranked[:count], ranked[middle : middle + count], ranked[-count:]):
        for error, name, index, draw in row:
            tile = draw(index)
            label(tile, f"{name} {index}: {error:.1f} mm")
            tiles.append(tile)
    save_image(path, sheet(tiles, count))
