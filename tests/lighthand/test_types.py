from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from lighthand.errors import LightHandError, SourceError
from lighthand.types import Frame, HandCrop, HandPose, HandRegion, Intrinsics, Result, Stamps, TrackedHand

CAMERA = Intrinsics(8, 6, 10.0, 10.0, 4.0, 3.0)


def frame(**changes) -> Frame:
    values = {
        "seq": 0,
        "depth": np.zeros((6, 8), np.uint16),
        "depth_unit_mm": 1.0,
        "intrinsics": CAMERA,
        "arrival_s": 0.0,
    }
    return Frame(**(values | changes))


@pytest.mark.parametrize(
    "values",
    [(0, 6, 1, 1, 0, 0), (8, -1, 1, 1, 0, 0), (8, 6, 0, 1, 0, 0), (8, 6, 1, -2, 0, 0), (8, 6, 1, 1, math.nan, 0),
     (8, 6, math.inf, 1, 0, 0), (8.0, 6, 1, 1, 0, 0), (8, 6.5, 1, 1, 0, 0)],
)  # fmt: skip
def test_camera_that_cannot_be(values):
    with pytest.raises(SourceError, match="intrinsics"):
        Intrinsics(*values)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"depth": np.zeros((8, 6), np.uint16)}, r"\(8, 6\), expected uint16 \(6, 8\)"),
        ({"depth": np.zeros((6, 8), np.float32)}, "float32"),
        ({"depth": np.zeros((6, 8, 1), np.uint16)}, "expected uint16"),
        ({"depth_unit_mm": 0.0}, "depth unit 0.0 mm"),
        ({"depth_unit_mm": -1.0}, "positive"),
        ({"depth_unit_mm": math.nan}, "positive"),
    ],
)
def test_frame_refuses_what_its_fields_do_not_promise(changes, text):
    with pytest.raises(SourceError, match=text) as caught:
        frame(serial="camera 0420", **changes)
    assert "camera 0420" in str(caught.value)
    assert isinstance(caught.value, LightHandError)


@pytest.mark.parametrize(
    ("centre", "cube_mm"),
    [((0, 0, math.nan), 240.0), ((math.inf, 0, 500), 240.0), ((0, 0, 500), 0.0), ((0, 0, 500), -1.0),
     ((0, 0, 500), math.nan), ((0, 0, 500), math.inf)],
)  # fmt: skip
def test_region_that_cannot_be(centre, cube_mm):
    with pytest.raises(SourceError, match="hand region"):
        HandRegion(np.array(centre, np.float32), cube_mm)


def test_arrays_are_read_only():
    joints = np.zeros((21, 3), np.float32)
    region = HandRegion(np.zeros(3, np.float32), 240.0)
    pose = HandPose(joints, "left", 1.0, 1.0, np.ones(21, np.float32), np.zeros(21, np.bool_))
    arrays = [
        frame().depth,
        region.centre_mm,
        HandCrop(np.zeros((128, 128), np.float32), region, (0.0, 0.0, 1.0, 1.0), CAMERA).patch,
        pose.joints_mm,
        pose.confidence,
        pose.hidden,
        TrackedHand(1, "left", np.zeros((21, 3), np.float32), pose, region).joints_mm,
    ]
    for array in arrays:
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 1


def test_score_falls_with_the_presence_and_with_each_confidence():
    sure, torn = np.ones(21, np.float32), np.linspace(0, 1, 21, dtype=np.float32)
    hidden = np.zeros(21, np.bool_)
    scores = [
        HandPose(np.zeros((21, 3), np.float32), "left", 1.0, p, c, hidden).score for p, c in [(1.0, sure), (0.5, torn)]
    ]
    assert scores == pytest.approx([1.0, 0.25])


def test_values_are_frozen_and_stamps_start_unreached():
    with pytest.raises(dataclasses.FrozenInstanceError):
        frame().seq = 1
    result = Result(frame())
    assert result.hands == ()
    assert result.skipped == 0
    assert all(math.isnan(value) for value in dataclasses.astuple(Stamps()))
