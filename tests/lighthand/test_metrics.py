from __future__ import annotations

import math

import numpy as np
import pytest

from lighthand.metrics import found, joint_errors, mean_offset, within

NAN = math.nan


@pytest.mark.parametrize(
    ("predicted", "true", "expected"),
    [
        ([0, 0, 0], [0, 0, 0], 0.0),
        ([3, 4, 0], [0, 0, 0], 5.0),
        ([1, 1, 1], [3, -1, 2], 3.0),
        ([0, 0, 500], [0, 0, 512], 12.0),
        ([NAN, NAN, NAN], [0, 0, 0], NAN),
    ],
)
def test_joint_errors(predicted: list[float], true: list[float], expected: float) -> None:
    errors = joint_errors(np.array([[predicted]], np.float32), np.array([[true]], np.float32))
    assert errors.shape == (1, 1)
    assert errors[0, 0] == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("errors", "threshold", "expected"),
    [
        ([[5, 5], [5, 25], [NAN, NAN], [20, 20]], 20, 0.5),  # one joint over: the frame is over; no pose: over
        ([[5, 5]], 5, 1.0),
        ([[NAN, NAN]], 1000, 0.0),
    ],
)
def test_within(errors: list[list[float]], threshold: float, expected: float) -> None:
    assert within(np.array(errors, np.float32), threshold) == expected


def test_within_of_no_frames_is_unknown() -> None:
    assert math.isnan(within(np.empty((0, 21), np.float32), 20))


def test_found() -> None:
    assert found(np.array([[1, 2], [NAN, NAN], [0, 0]], np.float32)).tolist() == [True, False, True]


def test_mean_offset_is_of_each_joint_and_leaves_out_frames_without_a_pose() -> None:
    true = np.zeros((3, 2, 3), np.float32)
    predicted = true.copy()
    predicted[0] = [[1, 2, 3], [0, 0, -4]]
    predicted[1] = [[3, 2, 1], [0, 0, -8]]
    predicted[2] = NAN
    np.testing.assert_allclose(mean_offset(predicted, true), [[2, 2, 2], [0, 0, -6]])
