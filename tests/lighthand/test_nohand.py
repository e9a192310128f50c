from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lighthand import nohand
from lighthand.datasets.record import DepthRecord
from lighthand.estimator import Estimate
from lighthand.nohand import emptied, evaluate_no_hand, false_hands, scores
from lighthand.synthesis.sample import validation_set
from lighthand.types import FloatArray
from tests.lighthand.annotated import ScriptedEstimator
from tests.lighthand.scenes import BlobEstimator, flat_hand, hand_balls, render


def records(count: int, z_mm: float) -> list[DepthRecord]:
    frame = render(hand_balls(flat_hand() + [0.0, 40.0, z_mm]))
    return [DepthRecord(f"r/{n}", lambda: frame) for n in range(count)]


def test_emptied_frames_keep_what_is_farther() -> None:
    frame = records(1, 500.0)[0].load()
    middle = float(np.median(frame.depth[frame.depth > 0])) * frame.depth_unit_mm
    depth = emptied(frame, middle).depth * frame.depth_unit_mm
    assert depth[depth > 0].min() == middle
    assert 0 < (depth > 0).sum() < (frame.depth > 0).sum()
    assert np.array_equal(emptied(frame, 1.0).depth, frame.depth)


@pytest.mark.parametrize(("beyond_mm", "false"), [(1, 3), (800, 0)])
def test_hands_that_are_left_are_counted(beyond_mm: float, false: int) -> None:
    assert false_hands(records(3, 500.0), beyond_mm, BlobEstimator(), complete=True) == (false, 3)


def test_score_is_presence_times_mean_confidence() -> None:
    batch = validation_set(3)
    found = scores(ScriptedEstimator(list(batch.uvz)), batch)
    assert found.tolist() == pytest.approx([0.81] * 3)


def test_frames_that_do_not_follow_each_other_are_each_looked_at_as_if_the_first() -> None:
    looks = []
    for count, complete in ((1, True), (3, True), (3, False)):
        estimator = BlobEstimator()
        assert false_hands(records(count, 500.0), 1, estimator, complete=complete) == (count, count)
        looks.append(len(estimator.batches))
    first, followed, anew = looks
    assert followed < anew == 3 * first  # a hand that is followed needs no search


def test_auc_is_the_chance_that_a_hand_scores_above_a_thing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Scores:
        def __init__(self) -> None:
            self.left = [(0.9, 0.8, 0.4, 0.3), (0.1, 0.3, 0.5, 0.7)]  # of hands, then of things

        def estimate(self, patches: FloatArray) -> Estimate:
            ones = np.ones((len(patches), 21), np.float32)
            presence = np.array(self.left.pop(0), np.float32)
            return Estimate(np.zeros((len(patches), 21, 3), np.float32), ones[:, 0], presence, ones, ones.copy())

    for recordings in ("ANNOTATED_MM", "CVAR_MM"):
        monkeypatch.setattr(nohand, recordings, {})
    monkeypatch.setattr(nohand, "CROPS", 4)
    values = evaluate_no_hand(Path("none"), Scores())
    assert list(values) == ["score"]
    assert values["score"]["auc"] == (4 + 4 + 2 + 1) / 16
    assert values["score"]["with_hand"]["p50"] == pytest.approx(0.6)
    assert values["score"]["without_hand"]["p50"] == pytest.approx(0.4)
    assert "a hand scores higher in 68.75% of pairs" in capsys.readouterr().out


def test_real_frames_without_a_hand(shared_data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    class Blind(BlobEstimator):
        def __init__(self) -> None:
            super().__init__(presence=0.1)

    values = evaluate_no_hand(shared_data, Blind())
    assert {name: row["frames"] for name, row in values.items() if name != "score"} == {
        "kinect2_scene": 180, "sr305": 19, "P4": 381, "P5": 371,
    }  # fmt: skip
    assert all(row["false_hands"] == 0 for name, row in values.items() if name != "score")
    assert "a hand in 0 of 180 frames" in capsys.readouterr().out
