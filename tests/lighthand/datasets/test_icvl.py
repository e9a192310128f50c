from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from lighthand.datasets.icvl import CAMERA, JOINTS, read_icvl
from lighthand.errors import DataError
from lighthand.geometry import project
from tests.lighthand.datasets.miniature import hand, icvl


def test_the_recorded_folders_are_the_training_set(tmp_path: Path) -> None:
    icvl(tmp_path, {"201403121135": 3, "22-5": 2, "0": 1, "180": 1, "201403121140": 1})
    sequences = read_icvl(tmp_path, "training")
    assert {name: len(records) for name, records in sequences.items()} == {"201403121135": 3, "201403121140": 1}
    record = sequences["201403121135"][2]
    assert record.name == "icvl/201403121135/image_0002"
    assert record.joints_mm is not None
    np.testing.assert_allclose(record.joints_mm, hand(16, 2), atol=0.01)
    assert not record.joints_mm.flags.writeable
    assert len(JOINTS) == len(set(JOINTS)) == 16


def test_joints_lie_where_the_hand_is_in_the_image(tmp_path: Path) -> None:
    icvl(tmp_path, {"test_seq_1": 2, "test_seq_2": 1}, "Testing")
    sequences = read_icvl(tmp_path, "test")
    assert {name: len(records) for name, records in sequences.items()} == {"test_seq_1": 2, "test_seq_2": 1}
    record = sequences["test_seq_1"][1]
    frame = record.load()
    assert frame.depth_unit_mm == 1.0
    assert record.joints_mm is not None
    u, v, z = project(record.joints_mm[0], frame.intrinsics)
    assert frame.depth[round(v), round(u)] == 401
    assert z == pytest.approx(401, abs=0.01)
    assert frame.depth[0, 0] == 0  # 32001 is no measurement


def test_the_parts_are_read_apart(tmp_path: Path) -> None:
    icvl(tmp_path, {"201403121135": 1})
    assert read_icvl(tmp_path, "training")
    with pytest.raises(DataError, match=r"Testing/test_seq_1\.txt: cannot be read"):
        read_icvl(tmp_path, "test")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: "", "labels.txt: empty"),
        (lambda text: text.rstrip()[:-9], "line 2: expected 16 x 3 numbers"),
        (lambda text: text.replace(".png ", ".png x", 1), "line 1: expected 16 x 3 numbers"),
        (lambda text: text.replace("400.0000", "0.0"), "line 1: a point without a positive depth"),
        (lambda text: text.replace("400.0000", "nan"), "line 1: a number is not finite"),
        (lambda text: text + text.replace("image_0000", "image_0009"), "image_0009.png: no such image, and so for 1 "),
    ],
)
def test_damaged_labels(tmp_path: Path, damage: Callable[[str], str], message: str) -> None:
    path = icvl(tmp_path, {"201403121135": 2}) / "Training" / "labels.txt"
    path.write_text(damage(path.read_text()))
    with pytest.raises(DataError, match=message):
        read_icvl(tmp_path, "training")


def test_a_damaged_image(tmp_path: Path) -> None:
    icvl(tmp_path, {"201403121135": 1})
    path = tmp_path / "Training" / "Depth" / "201403121135" / "image_0000.png"
    ((record,),) = read_icvl(tmp_path, "training").values()
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    with pytest.raises(DataError, match=r"image_0000\.png: the PNG is cut short"):
        record.load()
    cv2.imwrite(str(path), np.zeros((CAMERA.height, CAMERA.width), np.uint8))
    with pytest.raises(DataError, match="uint8 .*expected a 16-bit grey"):
        record.load()
