from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lighthand.datasets import nyu as module
from lighthand.datasets.nyu import CAMERA, EVALUATED, JOINTS, read_nyu
from lighthand.errors import DataError
from lighthand.geometry import project, unproject
from tests.lighthand.datasets.miniature import hand, mat, nyu, words


def test_the_joints_that_are_compared_are_read_from_the_first_camera(tmp_path: Path) -> None:
    (records,) = read_nyu(nyu(tmp_path, {"train": 3}), "training").values()
    assert len(records) == 3
    record = records[2]
    assert record.name == "nyu/train/0000003"
    assert record.joints_mm is not None
    assert record.centre_mm is not None
    np.testing.assert_allclose(record.joints_mm, hand(36, 2)[list(EVALUATED)], atol=0.01)
    np.testing.assert_allclose(record.centre_mm, hand(36, 2).mean(axis=0), atol=0.01)
    assert len(JOINTS) == len(set(JOINTS)) == len(EVALUATED) == 14
    frame = record.load()
    u, v, _ = project(record.joints_mm[0], frame.intrinsics)
    assert frame.depth[round(v), round(u)] == 402
    assert frame.depth[0, 0] == 2000


def test_the_second_subject_of_the_test_has_a_smaller_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SECOND_SUBJECT", 2)
    nyu(tmp_path, {"train": 3, "test": 3})
    (test,) = read_nyu(tmp_path, "test").values()
    (training,) = read_nyu(tmp_path, "training").values()
    assert [round(record.cube_mm) for record in test] == [280, 280, 233]
    assert [round(record.cube_mm) for record in training] == [280, 280, 280]


def test_another_array_or_a_missing_image(tmp_path: Path) -> None:
    path = nyu(tmp_path, {"train": 2}) / "train" / "joint_data.mat"
    (tmp_path / "train" / "depth_1_0000002.png").unlink()
    with pytest.raises(DataError, match=r"depth_1_0000002\.png: no such image, and so for 1 "):
        read_nyu(tmp_path, "training")
    for array, message in [
        (np.ones((3, 2, 14, 3)), r"joint_uvd is \(3, 2, 14, 3\), expected cameras x frames x 36 x 3"),
        (np.zeros((3, 2, 36, 3)), "a point without a positive depth"),
        (np.full((3, 2, 36, 3), np.nan), "a number is not finite"),
    ]:
        path.write_bytes(mat({"joint_uvd": array}))
        with pytest.raises(DataError, match=message):
            read_nyu(tmp_path, "training")


def test_centres_of_another_kind(tmp_path: Path) -> None:
    path = nyu(tmp_path, {"train": 2}) / "center_train_refined.txt"
    middles = [hand(36, n).mean(axis=0) for n in range(2)]
    for lines, message in [
        ([words(middle) for middle in middles], "half of the centres are .* another unit"),
        ([words(project(middles[0], CAMERA))], "1 centres, expected 2"),
        (["\n1 2 3", "invalid"], "line 3: expected 1 x 3 numbers"),
        (["1 2 3", "1 2 0"], "line 2: a point without a positive depth"),
    ]:
        path.write_text("\n".join(lines))
        with pytest.raises(DataError, match=message):
            read_nyu(tmp_path, "training")
    path.unlink()
    with pytest.raises(DataError, match=r"center_train_refined\.txt: cannot be read .*TriHorn-Net"):
        read_nyu(tmp_path, "training")


def test_a_grey_image_is_refused(tmp_path: Path) -> None:
    ((record,),) = read_nyu(nyu(tmp_path, {"train": 1}), "training").values()
    cv2.imwrite(str(tmp_path / "train" / "depth_1_0000001.png"), np.zeros((480, 640), np.uint16))
    with pytest.raises(DataError, match="expected 8-bit RGB"):
        record.load()


def test_the_data_sets_own_formula_is_the_same_camera() -> None:
    """``convert_uvd_to_xyz.m`` of the data set, with y turned down."""
    u, v, z = 400.0, 100.0, 700.0
    theirs = [(u / 640 - 0.5) * z * 1.08836710, -(0.5 - v / 480) * z * 0.817612648, z]
    np.testing.assert_allclose(unproject([u, v, z], CAMERA), theirs, rtol=1e-5)
