from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from lighthand import tips
from lighthand.datasets.annotations import AnnotatedRecord, HandAnnotation, Point
from lighthand.datasets.record import DepthRecord
from lighthand.errors import DataError
from lighthand.geometry import project
from lighthand.pipeline import Pipeline
from lighthand.skeleton import FINGERS, TIPS
from lighthand.tips import evaluate_tips, run_sequence, run_single, tip_distances, tip_figures
from lighthand.types import FloatArray
from tests.lighthand.annotated import CAMERA, ScriptedEstimator, ScriptedPipeline, frame, joints, tracked


def marks(joints_mm: FloatArray, shift_px: float = 0.0) -> dict[str, Point]:
    """Mark the five tips ``shift_px`` to the right of where they are."""
    uvz = project(joints_mm, CAMERA)
    return {
        finger: (float(uvz[tip, 0]) + shift_px, float(uvz[tip, 1]), float(uvz[tip, 2]))
        for finger, tip in zip(FINGERS, TIPS, strict=True)
    }


def item(number: int, shift_px: float = 0.0) -> AnnotatedRecord:
    truth = HandAnnotation("right", (31.5, 23.5, 500.0), marks(joints(number), shift_px))
    return AnnotatedRecord(
        DepthRecord(f"scene/{number}", partial(frame, number)), Path(f"scene/{number}.png"), (truth,)
    )


def test_a_distance_is_in_the_image_plane_at_the_marked_depth() -> None:
    truth = HandAnnotation("right", (0, 0, 1), {"little": marks(joints(0))["little"]})
    u, v, z = truth.tips["little"]
    nearer = HandAnnotation("right", (0, 0, 1), {"little": (u - 3, v + 4, z / 2)})
    assert tip_distances(joints(0), truth, CAMERA) == pytest.approx([0], abs=1e-4)
    assert tip_distances(joints(0), nearer, CAMERA) == pytest.approx([5 / 60 * z / 2], rel=1e-4)


def test_single_frames_and_their_figures() -> None:
    wrong = tracked(joints(1) + np.float32(100), "left")
    unseen = tracked(joints(3))
    unseen = replace(unseen, pose=replace(unseen.pose, hidden=np.arange(21) == 8))
    script = ScriptedPipeline({0: tracked(joints(0)), 1: wrong, 2: None, 3: unseen, 4: tracked(joints(4))})
    compared = run_single(script, [item(0, 6.0), item(1), item(2), item(3, 6.0), item(4, 6.0)])  # type: ignore[arg-type]
    assert script.resets == 5
    values = tip_figures(compared)
    assert values["frames"] == 5
    assert values["found"] == 0.8
    assert values["tips"] == 20  # all but those of the frame without a hand
    assert values["tip_median_mm"] == pytest.approx(6 / 60 * 500, rel=0.1)
    assert values["tip_said_hidden"] == 0.05  # one index finger's
    assert values["side_correct"] == 0.75
    assert values["centre_max_mm"] > 100
    assert values["centre_within_60mm"] == 0.6


def test_nothing_found_is_not_zero_error() -> None:
    values = tip_figures(run_single(ScriptedPipeline({0: None}), [item(0)]))  # type: ignore[arg-type]
    assert values["found"] == values["centre_within_60mm"] == 0
    assert values["tip_median_mm"] is values["side_correct"] is values["centre_max_mm"] is None


def test_a_recording_goes_through_in_order_and_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = [DepthRecord(f"scene/{number}", partial(frame, number)) for number in range(5)]
    monkeypatch.setattr(tips, "read_sequence", lambda annotated: whole)
    script = ScriptedPipeline({number: tracked(joints(number)) if number != 1 else None for number in range(5)})
    compared, found = run_sequence(script, [item(3), item(1)])  # type: ignore[arg-type]
    assert script.resets == 1
    assert script.seen == [0, 1, 2, 3, 4]
    assert [(c.name, c.hand is not None) for c in compared] == [("scene/1", False), ("scene/3", True)]
    assert found == [True, False, True, True, True]


def write(folder: Path, name: str, hands: list[int]) -> None:
    """Write a recording with ``hands[n]`` hands marked in frame n, one tip each."""
    (folder / name).mkdir()
    tip = {"thumb": [30, 20, 500], "index": None, "middle": None, "ring": None, "pinky": None}
    hand = {"side": "right", "palm": [31.5, 23.5, 500], "tips": tip, "approx": []}
    camera = {"width": 64, "height": 48, "depth_unit_mm": 1.0, "fx": 60, "fy": 60, "cx": 31.5, "cy": 23.5}
    for number in range(len(hands)):
        cv2.imwrite(str(folder / name / f"{number}.png"), np.full((48, 64), 500, np.uint16))
    entries = [{"file": f"{name}/{n}.png", **camera, "hands": [hand] * count} for n, count in enumerate(hands)]
    (folder / f"{name}.json").write_text(json.dumps(entries))


def test_figures_and_sheet_of_two_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("kinect2_scene", "sr305"):
        write(tmp_path, name, [1])
    monkeypatch.setattr(Pipeline, "process", ScriptedPipeline({0: tracked(joints(0))}).process)
    values = evaluate_tips(tmp_path, ScriptedEstimator([joints(0)]), tmp_path / "sheet.png")
    assert set(values) == {"kinect2_scene", "sr305"}
    assert values["kinect2_scene"]["sequence"]["all_found"] == 1.0
    assert "sequence" not in values["sr305"]
    json.dumps(values, allow_nan=False)
    page = cv2.imread(str(tmp_path / "sheet.png"))
    assert page.shape == (192, 8 * 192, 3)
    assert page[:, : 2 * 192].any()
    assert "sr305 single: frames 1, found 1" in capsys.readouterr().out


def test_empty_frames_count_what_is_found_there_and_others_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "kinect2_scene", [1, 0, 0, 2, 0])
    write(tmp_path, "sr305", [1])
    script = ScriptedPipeline({n: tracked(joints(0)) if n in (0, 1, 4) else None for n in range(5)})
    monkeypatch.setattr(Pipeline, "process", script.process)
    values = evaluate_tips(tmp_path, ScriptedEstimator([joints(0)]))
    counts = ("frames", "empty_frames", "false_positives", "left_out")
    assert [values["kinect2_scene"]["single"][key] for key in counts] == [1, 3, 2, 1]
    assert [values["sr305"]["single"][key] for key in counts] == [1, 0, 0, 0]


def test_nothing_to_compare(tmp_path: Path) -> None:
    write(tmp_path, "kinect2_scene", [0, 2])
    with pytest.raises(DataError, match=r"kinect2_scene\.json: none of 2 images has exactly one hand"):
        evaluate_tips(tmp_path, ScriptedEstimator([joints(0)]))
