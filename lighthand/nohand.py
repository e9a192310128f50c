"""How often a hand is seen where there is none: real frames with the hand taken out, and synthetic crops without one.

From each frame of a recording all that is nearer than a depth is taken away, the hand with it; the rest (a head, the
stump of an arm, furniture) goes through the whole path, in order where the frames follow each other, as the live
program would see it. The synthetic crops are the ones without a hand of ``synthesis.sample`` (things, forearms,
stumps), each looked at once; their scores are set against those of the validation set's hands.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from lighthand.datasets.annotations import read_annotations, read_sequence
from lighthand.datasets.cvar import read_cvar
from lighthand.datasets.record import DepthRecord
from lighthand.estimator import Estimate, Estimator
from lighthand.pipeline import Pipeline, PipelineConfig
from lighthand.predictions import BATCH
from lighthand.synthesis.sample import Batch, SampleGenerator, SynthesisConfig, validation_set
from lighthand.tips import RECORDINGS
from lighthand.types import FloatArray, Frame

ANNOTATED_MM: Final = {"kinect2_scene": 850, "sr305": 720}
CVAR_MM: Final = {"P4": 520, "P5": 520}
"""Depth up to which each recording is emptied: behind every hand in it."""

CROPS: Final = 600
_SEED: Final = (3, 20_261_125)


def emptied(frame: Frame, beyond_mm: float) -> Frame:
    """Take away all that is nearer than ``beyond_mm``."""
    depth = frame.depth.copy()
    depth[depth * frame.depth_unit_mm < beyond_mm] = 0
    return replace(frame, depth=depth)


def false_hands(
    records: Iterable[DepthRecord], beyond_mm: float, estimator: Estimator, *, complete: bool
) -> tuple[int, int]:
    """Count the emptied frames of a recording that were said to show a hand, and all of them.

    Args:
        records: in order.
        beyond_mm: depth up to which they are emptied.
        estimator: the network.
        complete: the frames follow each other; else each is looked at as if it were the first.
    """
    pipeline = Pipeline(estimator, PipelineConfig())
    hands = []
    for record in records:
        if not complete:
            pipeline.reset()
        hands.append(bool(pipeline.process(emptied(record.load(), beyond_mm)).hands))
    return sum(hands), len(hands)


def scores(estimator: Estimator, batch: Batch) -> FloatArray:
    """Give the score of each crop as ``types.HandPose.score`` has it: (B,)."""
    parts: list[Estimate] = [estimator.estimate(batch.patches[k : k + BATCH]) for k in range(0, len(batch.uvz), BATCH)]
    return np.concatenate([part.presence * part.confidence.mean(axis=1) for part in parts])


def evaluate_no_hand(root: Path, estimator: Estimator) -> dict[str, Any]:
    """Measure, print a line each and give the figures.

    Args:
        root: the folder with ``kinect2_scene.json``, ``sr305.json`` and CVAR.
        estimator: the network.

    Returns:
        By recording ``frames`` and ``false_hands``; ``score`` with the medians and the tenth and ninetieth percentile
        over crops with and without a hand, and ``auc``, the chance that a crop with a hand scores above one without.

    Raises:
        DataError: a recording is missing or damaged.
    """
    values: dict[str, Any] = {}
    for name, beyond_mm in {**ANNOTATED_MM, **CVAR_MM}.items():
        complete = RECORDINGS.get(name, True)
        false, frames = false_hands(_records(root, name), beyond_mm, estimator, complete=complete)
        values[name] = {"beyond_mm": beyond_mm, "frames": frames, "false_hands": false}
        print(f"{name}: a hand in {false} of {frames} frames without one (all nearer than {beyond_mm} mm taken out)")
    hands = scores(estimator, validation_set(CROPS))
    things = scores(estimator, SampleGenerator(SynthesisConfig(left=0.0, empty=1.0)).batch(CROPS, _SEED))
    auc = float((hands[:, None] > things).mean())
    values["score"] = {"auc": auc, "with_hand": _percentiles(hands), "without_hand": _percentiles(things)}
    print(
        f"score, median (p10 to p90) over {CROPS} synthetic crops: with a hand {_text(values['score']['with_hand'])}, "
        f"without {_text(values['score']['without_hand'])}; a hand scores higher in {auc:.2%} of pairs"
    )
    return values


def _records(root: Path, name: str) -> list[DepthRecord]:
    if name in CVAR_MM:
        return read_cvar(root, name)
    annotated = read_annotations(root / f"{name}.json")
    return read_sequence(annotated[0]) if RECORDINGS[name] else [item.record for item in annotated]


def _percentiles(values: FloatArray) -> dict[str, float]:
    return {f"p{p}": float(np.percentile(values, p)) for p in (10, 50, 90)}


def _text(values: dict[str, float]) -> str:
    return f"{values['p50']:.2f} ({values['p10']:.2f} to {values['p90']:.2f})"
