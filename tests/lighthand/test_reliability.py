from __future__ import annotations

import numpy as np
import pytest
import torch

from lighthand.network import HandNet, NetworkConfig
from lighthand.network.losses import near
from lighthand.reliability import calibrate, calibration_set, confidence_reliability, reliability
from lighthand.synthesis.sample import validation_set


def test_reliability_by_tenths() -> None:
    said = np.array([0.05, 0.05, 0.95, 0.95, 1.0, 0.92], np.float32)
    true = np.array([False, True, True, True, True, False])
    found = reliability(said, true)
    assert found.share == pytest.approx(4 / 6)
    assert found.count.tolist() == [2, 0, 0, 0, 0, 0, 0, 0, 0, 4]
    assert found.true[[0, 9]].tolist() == [0.5, 0.75]
    assert found.said[9] == pytest.approx(0.955)
    assert np.isnan(found.true[1:9]).all()
    assert found.error == pytest.approx((2 * 0.45 + 4 * 0.205) / 6, rel=1e-4)


def test_the_diagram_has_what_was_true_over_what_was_said_where_there_is_enough() -> None:
    probability = np.concatenate([np.full(60, 0.52), np.full(49, 0.91)]).astype(np.float32)
    said, true = reliability(probability, np.arange(109) < 30).points
    assert (said[5], true[5]) == pytest.approx((0.52, 0.5))
    assert np.isfinite(said).tolist() == np.isfinite(true).tolist() == [tenth == 5 for tenth in range(10)]


def test_confidence_speaks_of_15_mm_and_frames_without_a_pose_do_not_count() -> None:
    confidence = np.array([[0.85, 0.85], [np.nan, np.nan]], np.float32)
    errors = np.array([[14.9, 15.1], [np.nan, np.nan]], np.float32)
    found = confidence_reliability(confidence, errors)
    assert found.count.sum() == 2
    assert found.true[8] == 0.5


def test_calibration_makes_the_mean_probability_that_of_the_truth() -> None:
    torch.manual_seed(0)
    net = HandNet(NetworkConfig(channels=16, stem=8, depth_features=8, blocks=(1, 1))).eval()
    batch = calibration_set(60)
    with torch.no_grad():
        net.trust_bias += 3.0  # far too sure
        before = net(torch.from_numpy(batch.patches[:, None]))
        calibrate(net, batch)
        after = net(torch.from_numpy(batch.patches[:, None]))
    shown = batch.mask
    share = batch.visible[shown].mean()
    is_near = near(before.uvz, torch.from_numpy(batch.uvz), torch.from_numpy(shown))
    assert 0 < float(is_near.float().mean()) < 0.5
    assert float(torch.sigmoid(before.confidence).mean()) > 0.8
    assert float(torch.sigmoid(after.confidence).mean()) == pytest.approx(float(is_near.float().mean()), abs=0.005)
    assert abs(float(torch.sigmoid(before.visible[shown]).mean()) - share) > 0.1
    assert float(torch.sigmoid(after.visible[shown]).mean()) == pytest.approx(share, abs=0.01)
    assert torch.equal(before.uvz, after.uvz)


def test_calibration_crops_are_not_those_of_validation() -> None:
    calibration = calibration_set(3)
    assert not np.array_equal(calibration.patches, validation_set(3).patches)
