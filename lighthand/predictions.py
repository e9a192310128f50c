"""What the network, or the whole path, says of annotated frames, side by side with the truth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from lighthand.crop import CUBE_MM, camera_to_crop, crop_hand, crop_to_camera
from lighthand.datasets.record import DepthRecord
from lighthand.drawing import PREDICTED_COLOUR, TRUE_COLOUR, Image, draw_skeleton, patch_image, patch_points
from lighthand.errors import DataError
from lighthand.estimator import Estimator
from lighthand.metrics import joint_errors
from lighthand.pipeline import Pipeline, PipelineConfig
from lighthand.scatter import behind_patch, behind_surface
from lighthand.synthesis.sample import validation_set
from lighthand.types import FloatArray, Frame, HandRegion

BATCH: Final = 16


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was said of a sequence of N frames.

    Attributes:
        name: of the sequence.
        true_mm: (N, 21, 3).
        predicted_mm: (N, 21, 3), NaN where there is no pose.
        unsmoothed_mm: likewise, before the tracker's smoothing.
        right: (N,) bool, the hand was taken for a right one; all of them are.
        centres_mm: (N, 3), of the cube the network saw, NaN where there is no pose.
        confidence: (N, 21), what the network thinks of each joint, NaN where there is no pose.
        draw: gives the picture of frame number n.
        visible: of the joints for which that is known, its probability that they are in view, and whether they are;
            None where nobody knows.
        behind_mm: (2, N, 21), how far our joints, unsmoothed, and the true ones lie behind the surface that was
            measured; NaN where either is not near it, or the joint is hidden: as the network says, but of synthetic
            crops as is known. None where it was not measured.
    """

    name: str
    true_mm: FloatArray
    predicted_mm: FloatArray
    unsmoothed_mm: FloatArray
    right: npt.NDArray[np.bool_]
    centres_mm: FloatArray
    confidence: FloatArray
    draw: Callable[[int], Image]
    visible: tuple[FloatArray, npt.NDArray[np.bool_]] | None = None
    behind_mm: FloatArray | None = None

    @property
    def errors_mm(self) -> FloatArray:
        """(N, 21), NaN where there is no pose."""
        return joint_errors(self.predicted_mm, self.true_mm)


def predict_synthetic(estimator: Estimator) -> Prediction:
    """Estimate the fixed validation set."""
    batch = validation_set()
    estimates = [estimator.estimate(batch.patches[start : start + BATCH]) for start in range(0, len(batch.uvz), BATCH)]
    uvz = np.concatenate([estimate.uvz for estimate in estimates])
    predicted = batch.to_camera(uvz)
    behind = [
        _same_joints(behind_patch(patch, said), behind_patch(patch, true), hidden)
        for patch, said, true, hidden in zip(
            batch.patches, uvz, batch.uvz, ~batch.mask | (batch.visible < 0.5), strict=True
        )
    ]

    def draw(index: int) -> Image:
        return _tile(batch.patches[index], batch.uvz[index], uvz[index])

    return Prediction(
        "synthetic",
        batch.to_camera(batch.uvz),
        predicted,
        predicted,
        np.concatenate([estimate.right for estimate in estimates]) > 0.5,
        batch.centres_mm,
        np.concatenate([estimate.confidence for estimate in estimates]),
        draw,
        (np.concatenate([estimate.visible for estimate in estimates])[batch.mask], batch.visible[batch.mask] > 0.5),
        np.stack(behind, axis=1),
    )


def predict_at_truth(name: str, records: Sequence[DepthRecord], estimator: Estimator) -> Prediction:
    """Estimate one crop a frame, centred on the mean of the true joints and not mirrored.

    Args:
        name: of the sequence.
        records: its frames, with true joints.
        estimator: reads the joints.

    Raises:
        DataError: there is no frame, one has no true joints, or its image is missing or damaged.
    """
    true = _truth(records)
    centres = true.mean(axis=1)
    predicted = np.empty_like(true)
    right = np.empty(len(true), np.bool_)
    confidence = np.empty(true.shape[:2], np.float32)
    behind = np.empty((2, *true.shape[:2]), np.float32)
    for start in range(0, len(records), BATCH):
        part = range(start, min(start + BATCH, len(records)))
        frames = [records[n].load() for n in part]
        crops = [
            crop_hand(frame, HandRegion(centres[n].copy(), CUBE_MM)) for n, frame in zip(part, frames, strict=True)
        ]
        estimate = estimator.estimate(np.stack([crop.patch for crop in crops]))
        predicted[part] = [crop_to_camera(crop, uvz) for crop, uvz in zip(crops, estimate.uvz, strict=True)]
        right[part] = estimate.right > 0.5
        confidence[part] = estimate.confidence
        for n, frame, visible in zip(part, frames, estimate.visible, strict=True):
            behind[:, n] = _behind(frame, predicted[n], true[n], visible < 0.5)
    draw = _painter(records, true, predicted)
    return Prediction(name, true, predicted, predicted, right, centres, confidence, draw, behind_mm=behind)


def predict_each_frame(name: str, records: Sequence[DepthRecord], estimator: Estimator) -> Prediction:
    """Find and estimate the hand in each frame on its own: nothing is followed, nothing smoothed.

    Arguments and errors are those of ``predict_at_truth``.
    """
    return _run(name, records, estimator, alone=True)


def predict_with_pipeline(name: str, records: Sequence[DepthRecord], estimator: Estimator) -> Prediction:
    """Run the whole path over the frames in order, as the live program would on the first hand it follows.

    Arguments and errors are those of ``predict_at_truth``.
    """
    return _run(name, records, estimator, alone=False)


def _run(name: str, records: Sequence[DepthRecord], estimator: Estimator, *, alone: bool) -> Prediction:
    true = _truth(records)
    predicted, unsmoothed = np.full_like(true, np.nan), np.full_like(true, np.nan)
    centres = np.full((len(true), 3), np.nan, np.float32)
    confidence = np.full(true.shape[:2], np.nan, np.float32)
    behind = np.full((2, *true.shape[:2]), np.nan, np.float32)
    right = np.zeros(len(true), np.bool_)
    pipeline = Pipeline(estimator, PipelineConfig())
    for index, record in enumerate(records):
        if alone:
            pipeline.reset()
        frame = record.load()
        hands = pipeline.process(frame).hands
        if hands:
            predicted[index] = hands[0].pose.joints_mm if alone else hands[0].joints_mm
            unsmoothed[index] = hands[0].pose.joints_mm
            centres[index] = hands[0].region.centre_mm
            right[index] = hands[0].side == "right"
            confidence[index] = hands[0].pose.confidence
            behind[:, index] = _behind(frame, unsmoothed[index], true[index], hands[0].pose.hidden)
    draw = _painter(records, true, predicted)
    return Prediction(name, true, predicted, unsmoothed, right, centres, confidence, draw, behind_mm=behind)


def _behind(frame: Frame, predicted_mm: FloatArray, true_mm: FloatArray, hidden: npt.NDArray[np.bool_]) -> FloatArray:
    return _same_joints(behind_surface(frame, predicted_mm), behind_surface(frame, true_mm), hidden)


def _same_joints(ours_mm: FloatArray, true_mm: FloatArray, hidden: npt.NDArray[np.bool_]) -> FloatArray:
    """Put depths behind the surface, (21,) each, side by side, with NaN in both where either is or it is hidden."""
    both = np.stack([ours_mm, true_mm])
    both[:, np.isnan(both).any(axis=0) | hidden] = np.nan
    return both


def _truth(records: Sequence[DepthRecord]) -> FloatArray:
    joints = [record.joints_mm for record in records if record.joints_mm is not None]
    if not records or len(joints) != len(records):
        raise DataError("there are frames without true joints, or no frames: choose an annotated sequence.")
    return np.stack(joints)


def _painter(records: Sequence[DepthRecord], true: FloatArray, predicted: FloatArray) -> Callable[[int], Image]:
    def draw(index: int) -> Image:
        crop = crop_hand(records[index].load(), HandRegion(true[index].mean(axis=0), CUBE_MM))
        return _tile(crop.patch, camera_to_crop(crop, true[index]), camera_to_crop(crop, predicted[index]))

    return draw


def _tile(patch: FloatArray, true_uvz: FloatArray, predicted_uvz: FloatArray) -> Image:
    tile = patch_image(patch)
    draw_skeleton(tile, patch_points(true_uvz), TRUE_COLOUR)
    draw_skeleton(tile, patch_points(predicted_uvz), PREDICTED_COLOUR)
    return tile
