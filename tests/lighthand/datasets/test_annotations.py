from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from lighthand.datasets.annotations import read_annotations, read_sequence
from lighthand.errors import DataError

CAMERA = {"width": 32, "height": 24, "depth_unit_mm": 0.125, "fx": 30.0, "fy": 31.0, "cx": 15.5, "cy": 11.5}


def hand(**changes: Any) -> dict[str, Any]:
    tips = {"thumb": [1, 2, 500], "index": None, "middle": [3, 4, 510], "ring": [5, 6, 520], "pinky": [7, 8, 530.5]}
    given = {"side": "left", "box": [0, 0, 9, 9], "palm": [10, 11, 600], "wrist": None, "tips": tips}
    return {**given, "view": "palm", "approx": ["ring", "palm"], **changes}


def write(folder: Path, *hands: dict[str, Any], **changes: Any) -> Path:
    images = folder / "scene"
    images.mkdir(exist_ok=True)
    for number in (3, 4, 10):
        cv2.imwrite(str(images / f"{number}.png"), np.full((24, 32), 4000 + number, np.uint16))
    path = folder / "scene.json"
    path.write_text(json.dumps([{"file": "scene/4.png", **CAMERA, "hands": list(hands), "note": "", **changes}]))
    return path


def test_points_by_our_finger_names_without_the_rough_ones(tmp_path: Path) -> None:
    (annotated,) = read_annotations(write(tmp_path, hand()))
    (found,) = annotated.hands
    assert found.tips == {"thumb": (1, 2, 500), "middle": (3, 4, 510), "little": (7, 8, 530.5)}
    assert found.palm == (10, 11, 600)
    assert (found.side, annotated.record.side) == ("left", "left")
    assert annotated.record.name == "scene/4"


def test_the_frame_has_the_unit_and_the_camera(tmp_path: Path) -> None:
    frame = read_annotations(write(tmp_path, hand()))[0].record.load()
    assert frame.depth_unit_mm == 0.125
    assert frame.intrinsics.fy == 31.0
    assert frame.seq == 4
    assert frame.depth[0, 0] == 4004


def test_two_hands_leave_the_side_open(tmp_path: Path) -> None:
    (annotated,) = read_annotations(write(tmp_path, hand(), hand(side="right")))
    assert annotated.record.side is None


def test_the_sequence_holds_every_frame_in_order_of_its_number(tmp_path: Path) -> None:
    records = read_sequence(read_annotations(write(tmp_path, hand()))[0])
    assert [record.load().seq for record in records] == [3, 4, 10]


def test_a_foreign_picture_in_the_recording(tmp_path: Path) -> None:
    (annotated,) = read_annotations(write(tmp_path, hand()))
    cv2.imwrite(str(tmp_path / "scene" / "preview.png"), np.zeros((24, 32), np.uint16))
    with pytest.raises(DataError, match=r"preview\.png: the name is no frame number"):
        read_sequence(annotated)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"hands": [hand(side="both")]}, r"entry 0: .*side is 'both'"),
        ({"hands": [hand(tips={"toe": [1, 2, 3]})]}, "unknown fingers"),
        ({"hands": [hand(palm=[1, 2])]}, "entry 0"),
        ({"hands": [hand(palm=[1, 2, 0])]}, "expected a positive number"),
        ({"hands": [hand(palm=[1, 2, math.inf])]}, "expected a positive number"),
        ({"hands": [hand(palm=[math.nan, 2, 500])]}, "entry 0: .*pixel nan, 2.0 of a point"),
        ({"hands": [hand(tips=[])]}, r"entry 0: .*tips are \[\], expected"),
        ({"hands": [{"side": "left"}]}, "entry 0: missing or damaged: KeyError"),
        ({"fx": 0}, "fx and fy must be positive"),
        ({"file": "scene/four.png"}, "entry 0"),
    ],
)
def test_a_damaged_entry(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_annotations(write(tmp_path, **changes))


@pytest.mark.parametrize(
    ("content", "message"), [("{}", "expected a list"), ("[]", "at least one image"), ("[", "damaged")]
)
def test_a_damaged_file(tmp_path: Path, content: str, message: str) -> None:
    path = tmp_path / "scene.json"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        read_annotations(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="Give the folder that holds it"):
        read_annotations(tmp_path / "none.json")


@pytest.mark.parametrize(("name", "count", "unit_mm"), [("kinect2_scene", 20, 1.0), ("sr305", 19, 0.125)])
def test_real_annotations_lie_on_the_measured_surface(shared_data: Path, name: str, count: int, unit_mm: float) -> None:
    records = read_annotations(shared_data / f"{name}.json")
    assert len(records) == count
    gaps = []
    for annotated in records:
        frame = annotated.record.load()
        assert frame.depth_unit_mm == unit_mm
        u, v, z = annotated.hands[0].palm
        gaps.append(abs(frame.depth[round(v), round(u)] * frame.depth_unit_mm - z))
    assert np.median(gaps) < 10
