"""How far the fingertips are from those marked by hand in recordings of whole scenes.

Every annotated frame goes through the whole path on its own; where the frames between are there too
(``kinect2_scene``) the whole recording also goes through it in order. A tip's error is the distance in the image
plane at the marked tip's depth; tips marked as rough (``approx``) are left out of it. Of the frames marked
as empty (``empty_frames``) those with a hand found are ``false_positives``; ``left_out`` counts the frames of two
hands or more, which are compared with nothing.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from lighthand.crop import camera_to_crop, crop_hand
from lighthand.datasets.annotations import AnnotatedRecord, HandAnnotation, read_annotations, read_sequence
from lighthand.drawing import TRUE_COLOUR, Image, draw_skeleton, label, patch_image, patch_points, save_image, sheet
from lighthand.errors import DataError
from lighthand.estimator import Estimator
from lighthand.geometry import project, unproject
from lighthand.pipeline import Pipeline, PipelineConfig
from lighthand.skeleton import FINGERS, TIPS
from lighthand.types import FloatArray, Frame, HandRegion, Intrinsics, Result, TrackedHand

RECORDINGS: Final = {"kinect2_scene": True, "sr305": False}
"""Annotation files by name, and whether the recording is complete."""

_TILE_CUBE_MM: Final = 320.0


@dataclass(frozen=True, slots=True)
class Compared:
    """One annotated frame and what the path said of it; ``hand`` is None where it found none."""

    name: str
    frame: Frame
    truth: HandAnnotation
    hand: TrackedHand | None


def evaluate_tips(root: Path, estimator: Estimator, sheet_path: Path | None = None) -> dict[str, Any]:
    """Measure each recording, print a line each and give the figures.

    Args:
        root: the folder that holds the annotation files.
        estimator: the network.
        sheet_path: a PNG to draw every annotated frame into, each on its own; None for no picture.

    Returns:
        Figures by recording and by ``single`` or ``sequence``; see ``tip_figures`` and the module.

    Raises:
        DataError: an annotation or an image is missing or damaged, no frame has exactly one hand, or the picture
            cannot be written.
    """
    pipeline = Pipeline(estimator, PipelineConfig())
    values: dict[str, Any] = {}
    tiles: list[Image] = []
    for name, complete in RECORDINGS.items():
        path = root / f"{name}.json"
        items = read_annotations(path)
        annotated = [item for item in items if len(item.hands) == 1]
        if not annotated:
            raise DataError(f"{path}: none of {len(items)} images has exactly one hand: there is nothing to compare.")
        single = run_single(pipeline, annotated)
        values[name] = {"single": {**tip_figures(single), **_others(pipeline, items)}}
        tiles += [_tile(item) for item in single]
        if complete:
            in_order, found = run_sequence(pipeline, annotated)
            values[name]["sequence"] = {**tip_figures(in_order), "all_frames": len(found), "all_found": np.mean(found)}
    for name, by_mode in values.items():
        for mode, row in by_mode.items():
            print(f"{name} {mode}: " + ", ".join(f"{key} {_text(value)}" for key, value in row.items()))
    if sheet_path:
        save_image(sheet_path, sheet(tiles, 8))
    return values


def run_single(pipeline: Pipeline, annotated: Sequence[AnnotatedRecord]) -> list[Compared]:
    """Process each annotated frame as if it were the first."""
    compared = []
    for item in annotated:
        pipeline.reset()
        compared.append(_compare(item, pipeline.process(item.record.load())))
    return compared


def _others(pipeline: Pipeline, items: Sequence[AnnotatedRecord]) -> dict[str, int]:
    """Count the frames without exactly one hand, and process those without any as if each were the first."""
    empty = [item for item in items if not item.hands]
    false_positives = 0
    for item in empty:
        pipeline.reset()
        false_positives += bool(pipeline.process(item.record.load()).hands)
    left_out = sum(len(item.hands) > 1 for item in items)
    return {"empty_frames": len(empty), "false_positives": false_positives, "left_out": left_out}


def run_sequence(pipeline: Pipeline, annotated: Sequence[AnnotatedRecord]) -> tuple[list[Compared], list[bool]]:
    """Process the whole recording in order; give the annotated frames, and for every frame whether it has a hand."""
    by_name = {item.record.name: item for item in annotated}
    pipeline.reset()
    compared, found = [], []
    for record in read_sequence(annotated[0]):
        result = pipeline.process(record.load())
        found.append(bool(result.hands))
        if record.name in by_name:
            compared.append(_compare(by_name[record.name], result))
    return compared, found


def _compare(item: AnnotatedRecord, result: Result) -> Compared:
    hand = result.hands[0] if result.hands else None
    return Compared(item.record.name, result.frame, item.hands[0], hand)


def tip_distances(joints_mm: FloatArray, truth: HandAnnotation, camera: Intrinsics) -> list[float]:
    """Give the distance of each marked tip in the image plane at its marked depth, mm."""
    predicted = project(joints_mm, camera)
    distances = []
    for finger, (u, v, z) in truth.tips.items():
        tip = predicted[TIPS[FINGERS.index(finger)]]
        distances.append(math.hypot((tip[0] - u) / camera.fx * z, (tip[1] - v) / camera.fy * z))
    return distances


def tip_figures(compared: Sequence[Compared]) -> dict[str, Any]:
    """Sum up annotated frames.

    Returns:
        ``frames``; ``found``, the fraction of them with a hand; ``tips`` compared, ``tip_median_mm``,
        ``tip_p90_mm`` and ``tip_over_20mm``, the fraction of the tips that is farther off; ``tip_said_hidden``, the
        fraction of them, all of which the person saw, that the network takes for hidden;
        ``side_correct`` of the hands found; ``centre_median_mm`` and ``centre_max_mm`` from the crop's centre
        to the marked palm; ``centre_within_60mm``, the fraction of all frames where that is at most 60 mm.
        None stands for what no frame could tell.
    """
    seen = [(item, item.hand) for item in compared if item.hand is not None]
    tips = [
        distance for item, hand in seen for distance in tip_distances(hand.joints_mm, item.truth, item.frame.intrinsics)
    ]
    hidden = [bool(hand.pose.hidden[TIPS[FINGERS.index(finger)]]) for item, hand in seen for finger in item.truth.tips]
    centres = [
        float(np.linalg.norm(hand.region.centre_mm - unproject(item.truth.palm, item.frame.intrinsics)))
        for item, hand in seen
    ]
    return {
        "frames": len(compared),
        "found": len(seen) / len(compared),
        "tips": len(tips),
        "tip_median_mm": float(np.median(tips)) if tips else None,
        "tip_p90_mm": float(np.percentile(tips, 90)) if tips else None,
        "tip_over_20mm": float(np.mean(np.array(tips) > 20)) if tips else None,
        "tip_said_hidden": float(np.mean(hidden)) if hidden else None,
        "side_correct": float(np.mean([hand.side == item.truth.side for item, hand in seen])) if seen else None,
        "centre_median_mm": float(np.median(centres)) if seen else None,
        "centre_max_mm": max(centres) if seen else None,
        "centre_within_60mm": sum(centre <= 60 for centre in centres) / len(compared),
    }


def _tile(item: Compared) -> Image:
    palm = unproject(item.truth.palm, item.frame.intrinsics)
    crop = crop_hand(item.frame, HandRegion(palm, _TILE_CUBE_MM))
    tile = patch_image(crop.patch)
    if item.hand:
        draw_skeleton(tile, patch_points(camera_to_crop(crop, item.hand.joints_mm)))
    for tip in item.truth.tips.values():
        point = patch_points(camera_to_crop(crop, unproject(tip, item.frame.intrinsics)))
        cv2.circle(tile, np.rint(point).astype(int).tolist(), 5, TRUE_COLOUR, 1, cv2.LINE_AA)
    label(tile, item.name + (f" {item.hand.side}" if item.hand else " none"))
    return tile


def _text(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
