from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lighthand.crop import BACKGROUND, crop_to_camera
from lighthand.datasets.catalogue import DATA_SETS, NAMES, DataName, hold_out
from lighthand.datasets.crops import NOTHING, Augmentation, cut, mass_centre
from lighthand.datasets.icvl import CAMERA
from lighthand.datasets.record import DepthRecord
from lighthand.errors import DataError
from lighthand.types import FloatArray, Frame
from tests.lighthand.datasets.miniature import hand, icvl, msra, plate


def knuckle_at(u: int, v: int) -> DepthRecord:
    """Say a frame with one square knob, 5 pixels wide, and one joint in the middle of it."""
    depth = np.zeros((240, 320), np.uint16)
    depth[v - 2 : v + 3, u - 2 : u + 3] = 400
    joint = np.array([[(u - 160) / 241.42 * 400, (v - 120) / 241.42 * 400, 400]], np.float32)
    return DepthRecord("knob", lambda: Frame(0, depth, 1.0, CAMERA, 0.0), joint, cube_mm=280.0)


def middle(record: DepthRecord, frame: Frame) -> FloatArray:
    return np.array([0, 0, 400], np.float32)


def knob_of(patch: FloatArray) -> FloatArray:
    """Give the middle of what is not background, in the patch's coordinates."""
    rows, columns = np.nonzero(patch < BACKGROUND)
    return np.array([(columns.mean() + 0.5) / 64 - 1, (rows.mean() + 0.5) / 64 - 1], np.float32)


@pytest.mark.parametrize(
    "augmentation",
    [
        NOTHING,
        Augmentation(8.0, 0.0, 0.0, 0.0),
        Augmentation(0.0, 90.0, 0.0, 0.0),
        Augmentation(0.0, 0.0, 0.2, 0.0),
        Augmentation(),
    ],
)
def test_the_joint_goes_where_the_image_goes(augmentation: Augmentation) -> None:
    places = []
    for seed in range(20):
        crop, uvz = cut(knuckle_at(190, 130), middle, augmentation, np.random.default_rng(seed))
        np.testing.assert_allclose(knob_of(crop.patch), uvz[0, :2], atol=0.03)  # 2 pixels of the patch
        assert crop_to_camera(crop, uvz)[0, 2] == pytest.approx(400, abs=0.01)
        places.append(uvz[0])
    spread = np.ptp(places, axis=0).max()
    assert spread == 0 if augmentation == NOTHING else spread > 0.02


def test_nothing_is_varied_but_what_is_asked_for() -> None:
    record, rng = knuckle_at(190, 130), np.random.default_rng(0)
    crop, uvz = cut(record, middle, NOTHING, rng)
    assert crop.region.cube_mm == 280.0
    assert record.joints_mm is not None
    np.testing.assert_allclose(crop_to_camera(crop, uvz), record.joints_mm, atol=0.01)
    np.testing.assert_allclose(crop.region.centre_mm, middle(record, record.load()))
    cubes = [cut(record, middle, Augmentation(0.0, 0.0, 0.2, 0.0), rng)[0].region.cube_mm for _ in range(50)]
    assert 280 / 1.2 <= min(cubes) < 250
    assert 320 < max(cubes) <= 280 / 0.8
    moved = [cut(record, middle, Augmentation(8.0, 0.0, 0.0, 0.0), rng)[0].region.centre_mm[0] for _ in range(50)]
    assert 5 < np.std(moved) < 10
    assert max(np.abs(moved)) <= 12


def test_a_share_of_the_hand_is_dropped() -> None:
    record = DepthRecord("plate", lambda: Frame(0, plate(CAMERA), 1.0, CAMERA, 0.0), hand(3))
    rng = np.random.default_rng(0)
    whole = (cut(record, middle, NOTHING, rng)[0].patch < BACKGROUND).sum()
    dropping = Augmentation(0.0, 0.0, 0.0, 0.15)
    shares = [1 - (cut(record, middle, dropping, rng)[0].patch < BACKGROUND).sum() / whole for _ in range(30)]
    assert 0 <= min(shares) < 0.04
    assert 0.1 < max(shares) < 0.17


def test_the_mass_centre_is_that_of_the_nearest_thing() -> None:
    frame = Frame(0, plate(CAMERA, far=1500), 1.0, CAMERA, 0.0)
    np.testing.assert_allclose(mass_centre(frame, 500), (10, -5, 400), atol=2)
    assert mass_centre(frame, 300)[2] > 1000  # nothing is nearer: the mean of all
    with pytest.raises(DataError, match="holds no measurement"):
        mass_centre(Frame(0, np.zeros((240, 320), np.uint16), 1.0, CAMERA, 0.0), 500)


def test_a_frame_without_joints_is_refused() -> None:
    record = DepthRecord("empty", lambda: Frame(0, plate(CAMERA), 1.0, CAMERA, 0.0))
    with pytest.raises(DataError, match="empty: no joints are known"):
        cut(record, middle, NOTHING, np.random.default_rng(0))


def test_the_end_of_each_sequence_is_held_out(tmp_path: Path) -> None:
    icvl(tmp_path, {"20140001": 20, "20140002": 13, "20140003": 3})
    training, validation = hold_out(DATA_SETS["icvl"].read(tmp_path, "training", "P0"))
    assert [record.name[5:] for record in validation] == [
        "20140001/image_0018",
        "20140001/image_0019",
        "20140002/image_0012",
    ]
    assert len(training) == 33
    assert not {record.name for record in training} & {record.name for record in validation}


def test_a_subject_of_msra_is_left_out(tmp_path: Path) -> None:
    msra(tmp_path, {f"P{number}": 1 for number in range(9)})
    read = DATA_SETS["msra"].read
    assert list(read(tmp_path, "test", "P3")) == ["P3/TIP"]
    assert sorted(read(tmp_path, "training", "P3")) == [f"P{number}/TIP" for number in range(9) if number != 3]
    with pytest.raises(DataError, match="no subject 'P9'"):
        read(tmp_path, "training", "P9")


@pytest.mark.parametrize("name", NAMES)
def test_a_centre_comes_from_the_truth_only_where_there_is_no_other(name: DataName) -> None:
    data_set = DATA_SETS[name]
    truth = hand(len(data_set.joints)) + np.array([50, 0, 0], np.float32)
    frame = Frame(0, plate(CAMERA), 1.0, CAMERA, 0.0)
    given = np.array([1, 2, 300], np.float32)
    near_truth = data_set.centre_of(DepthRecord("x", lambda: frame, truth), frame) - truth.mean(axis=0)
    assert (np.abs(near_truth).max() < 1e-3) == (name in ("nyu", "hands17"))
    np.testing.assert_array_equal(
        data_set.centre_of(DepthRecord("x", lambda: frame, truth, centre_mm=given), frame), given
    )
