from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lighthand import predictions
from lighthand.crop import camera_to_crop, crop_hand
from lighthand.datasets.record import DepthRecord
from lighthand.errors import DataError
from lighthand.predictions import BATCH, predict_at_truth, predict_each_frame, predict_synthetic, predict_with_pipeline
from lighthand.report import figures
from lighthand.synthesis.sample import validation_set
from lighthand.types import HandRegion
from tests.lighthand.annotated import ScriptedEstimator, ScriptedPipeline, frame, joints, records, tracked


def test_a_perfect_network_has_no_error_at_the_truth() -> None:
    data = records(BATCH + 3)
    uvz = []
    for n in range(len(data)):
        crop = crop_hand(frame(n), HandRegion(joints(n).mean(axis=0), 240.0))
        uvz.append(camera_to_crop(crop, joints(n)))
    said = predict_at_truth("small", data, ScriptedEstimator(uvz))
    assert said.errors_mm.shape == (BATCH + 3, 21)
    assert said.errors_mm.max() < 0.01
    assert said.right.all()
    assert said.behind_mm is not None
    np.testing.assert_allclose(said.behind_mm[0], said.behind_mm[1], atol=0.01)
    assert np.isfinite(said.behind_mm).any()


def test_the_path_is_asked_in_order_and_a_frame_without_a_hand_has_no_pose(monkeypatch: pytest.MonkeyPatch) -> None:
    moved = joints(2) + np.array([0, 3, 4], np.float32)
    script = ScriptedPipeline({0: tracked(joints(0)), 1: None, 2: tracked(moved, "left", smoothing_mm=12.0)})
    monkeypatch.setattr(predictions, "Pipeline", lambda estimator, config: script)
    said = predict_with_pipeline("small", records(3), ScriptedEstimator([joints(0)]))
    assert script.seen == [0, 1, 2]
    assert script.resets == 0
    np.testing.assert_allclose(said.errors_mm[:, 0], [0, np.nan, 13], atol=1e-3)
    np.testing.assert_allclose(said.unsmoothed_mm[2], moved)
    assert said.right.tolist() == [True, False, False]
    assert np.isnan(said.centres_mm[1]).all()
    assert said.behind_mm is not None
    known = np.isfinite(said.behind_mm)
    assert known[:, [0, 2]].any()
    assert not known[:, 1].any()
    assert (known[0] == known[1]).all()


def test_each_frame_alone_is_neither_followed_nor_smoothed(monkeypatch: pytest.MonkeyPatch) -> None:
    script = ScriptedPipeline({0: tracked(joints(0)), 1: None, 2: tracked(joints(2), smoothing_mm=12.0)})
    monkeypatch.setattr(predictions, "Pipeline", lambda estimator, config: script)
    said = predict_each_frame("small", records(3), ScriptedEstimator([joints(0)]))
    assert script.resets == 3
    np.testing.assert_allclose(said.errors_mm[:, 0], [0, np.nan, 0], atol=1e-3)
    np.testing.assert_allclose(said.unsmoothed_mm, said.predicted_mm)


def test_every_frame_can_be_drawn() -> None:
    said = predict_at_truth("small", records(2), ScriptedEstimator([np.zeros((21, 3), np.float32)] * 2))
    assert said.draw(1).shape == (192, 192, 3)


def test_synthetic_errors_are_in_millimetres(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = validation_set(4)
    monkeypatch.setattr(predictions, "validation_set", lambda: batch)
    said = predict_synthetic(ScriptedEstimator(list(batch.uvz + np.array([0, 0, 0.1], np.float32))))
    # z in half cubes of 240 mm; off the camera's axis a joint moves along its ray, which is longer.
    errors = said.errors_mm
    assert errors.min() == pytest.approx(0.1 * 120, rel=0.03)
    assert errors.min() >= 0.1 * 120 - 1e-3
    np.testing.assert_allclose(np.abs(said.predicted_mm - said.true_mm)[..., 2], 0.1 * 120, rtol=1e-3)
    assert said.draw(0).shape == (192, 192, 3)


def test_synthetic_crops_know_their_centres_and_the_surface(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = validation_set(6)
    monkeypatch.setattr(predictions, "validation_set", lambda: batch)
    said = predict_synthetic(ScriptedEstimator(list(batch.uvz + np.array([0, 0, 0.05], np.float32))))
    values = figures([said])
    assert 0 < values["centre_median_mm"] < 60
    assert values["centre_within_60mm"] > 0.8
    assert said.behind_mm is not None
    ours, true = said.behind_mm
    known = np.isfinite(true)
    assert known.mean() > 0.2
    assert not (known & ~(batch.mask & (batch.visible > 0.5))).any()
    np.testing.assert_allclose(ours[known] - true[known], 0.05 * 120, atol=1e-3)
    assert 0 < np.median(true[known]) < 20  # within the flesh
    assert (np.isfinite(ours) == known).all()


def test_joints_that_synthesis_hid_do_not_tell_of_the_surface(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = validation_set(2)
    batch = replace(batch, visible=np.zeros_like(batch.visible))
    monkeypatch.setattr(predictions, "validation_set", lambda: batch)
    said = predict_synthetic(ScriptedEstimator(list(batch.uvz)))
    assert said.behind_mm is not None
    assert np.isnan(said.behind_mm).all()


@pytest.mark.parametrize("data", [[], [DepthRecord("small/0", lambda: frame(0))]])
def test_frames_without_truth_are_refused(data: list[DepthRecord]) -> None:
    with pytest.raises(DataError, match="without true joints"):
        predict_at_truth("small", data, ScriptedEstimator([joints(0)]))
