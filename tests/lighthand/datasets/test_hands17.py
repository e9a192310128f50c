from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from lighthand.datasets.hands17 import read_hands17
from lighthand.errors import DataError
from lighthand.geometry import project
from lighthand.skeleton import JOINT_NAMES
from tests.lighthand.datasets.miniature import hand, hands17


def test_joints_come_in_our_order_and_lie_in_the_hand(tmp_path: Path) -> None:
    hands17(tmp_path, training=2)
    first, second = read_hands17(tmp_path, "training")["training"]
    assert first.name == "hands17/training/image_D00000001"
    assert second.joints_mm is not None
    stored = hand(21, 1)
    expected = {"wrist": 0, "thumb_cmc": 1, "index_mcp": 2, "little_mcp": 5, "thumb_mcp": 6, "index_pip": 9}
    for name, position in {**expected, "little_tip": 20}.items():
        np.testing.assert_allclose(second.joints_mm[JOINT_NAMES.index(name)], stored[position], atol=0.01)
    frame = second.load()
    u, v, _ = project(second.joints_mm[0], frame.intrinsics)
    assert frame.depth[round(v), round(u)] == 401
    assert second.cube_mm == 300.0


def test_the_test_frames_have_no_joints(tmp_path: Path) -> None:
    (record,) = read_hands17(hands17(tmp_path, test=1), "test")["test"]
    assert record.joints_mm is None
    assert record.load().depth.shape == (480, 640)


@pytest.mark.parametrize(
    ("part", "file", "text", "message"),
    [
        ("training", "training/Training_Annotation.txt", "image_D00000001.png\t1\t2", "line 1: expected 21 x 3"),
        ("training", "training/Training_Annotation.txt", "a.png" + "\t5" * 63, "a.png: no such image"),
        ("training", "training/Training_Annotation.txt", "a.png" + "\t-5" * 63, "line 1: a point without a positive"),
        ("test", "frame/BoundingBox.txt", "image_D00000001.png\t1\t2\t3", "line 1: 3 numbers, expected 4"),
        ("test", "frame/BoundingBox.txt", "", "BoundingBox.txt: empty"),
    ],
)
def test_a_damaged_annotation(
    tmp_path: Path, part: Literal["training", "test"], file: str, text: str, message: str
) -> None:
    (hands17(tmp_path, 1, 1) / file).write_text(text)
    with pytest.raises(DataError, match=message):
        read_hands17(tmp_path, part)


def test_another_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"Training_Annotation\.txt: cannot be read .* Check --root"):
        read_hands17(tmp_path, "training")
