"""The hand model: what a pose does to joints and skin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lighthand.errors import DataError
from lighthand.skeleton import BONES, JOINTS, PARENTS
from lighthand.synthesis.hand import ANGLES, HAND_LENGTH_MM, SOFT_TISSUE, HandModel
from lighthand.synthesis.pinch import pinch
from lighthand.synthesis.poses import HIGH, LOW, TEMPLATES, fingers_overlap, sample_angles


@pytest.fixture(scope="module")
def model() -> HandModel:
    return HandModel.load()


@pytest.fixture
def neutral(model: HandModel) -> np.ndarray:
    return np.zeros(len(model.vertex_components))


def flat(**degrees: float) -> np.ndarray:
    """Angles of a flat hand but for some, ``a7=90`` for number 7."""
    angles = np.zeros(ANGLES)
    for name, value in degrees.items():
        angles[int(name[1:])] = np.radians(value)
    return angles


def test_flat_hand_has_its_length_and_straight_fingers(model: HandModel, neutral: np.ndarray) -> None:
    _, joints, _ = model.pose(flat(), neutral, 200.0)
    segments = np.linalg.norm(np.diff(joints[[0, 9, 10, 11, 12]], axis=0), axis=1)
    segments[-1] /= 1 - SOFT_TISSUE[12]
    assert segments.sum() == pytest.approx(200.0, rel=1e-4)
    for first in (5, 9, 13, 17):
        steps = np.diff(joints[first : first + 4], axis=0)
        steps /= np.linalg.norm(steps, axis=1, keepdims=True)
        # In the plane of flexion the segments line up; the asset's sideways bend of a few degrees stays.
        assert (steps[:-1] * steps[1:]).sum(axis=1).min() > np.cos(np.radians(12))


@pytest.mark.parametrize("finger", range(4))
def test_a_bent_pip_joint_turns_the_segments_by_its_angle(model: HandModel, neutral: np.ndarray, finger: int) -> None:
    number = 9 + 4 * finger
    _, joints, _ = model.pose(flat(**{f"a{number}": 90.0}), neutral)
    mcp, pip, dip = joints[5 + 4 * finger : 8 + 4 * finger]
    cosine = (pip - mcp) @ (dip - pip) / np.linalg.norm(pip - mcp) / np.linalg.norm(dip - pip)
    assert np.degrees(np.arccos(cosine)) == pytest.approx(90, abs=8)
    assert dip[2] < pip[2] - 10  # towards the palm


def test_bones_keep_their_length_in_every_pose(model: HandModel) -> None:
    rng = np.random.default_rng(0)
    shape = rng.normal(size=len(model.vertex_components))
    parents = [p for p, _ in BONES]
    children = [c for _, c in BONES]
    lengths = []
    for _ in range(20):
        angles = sample_angles(rng)
        angles[23] = 0  # the palm's cupping moves the roots of ring and little finger
        _, joints, _ = model.pose(angles, shape)
        lengths.append(np.linalg.norm(joints[parents] - joints[children], axis=1))
    assert np.ptp(np.array(lengths), axis=0).max() < 0.01


def test_joints_lie_inside_the_skin(model: HandModel, neutral: np.ndarray) -> None:
    vertices, joints, _ = model.pose(flat(), neutral)
    nearest = np.linalg.norm(vertices[:, None] - joints[None], axis=2).min(axis=0)
    assert nearest.max() < 30
    thumb_side, palm_side = joints[4, 1], vertices[:, 2].min()
    assert thumb_side > 40
    assert palm_side < -20


def test_tips_lie_as_deep_in_the_flesh_as_bones_end(model: HandModel, neutral: np.ndarray) -> None:
    vertices, joints, _ = model.pose(flat(), neutral)
    reach = vertices[vertices[:, 0] > joints[11, 0]][:, 0].max()  # the middle finger's skin reaches farthest
    assert reach - joints[12, 0] == pytest.approx(3.95, abs=1.5)  # mm, Buryanov & Kotiuk 2010


def test_girth_thickens_the_fingers_and_nothing_else(model: HandModel, neutral: np.ndarray) -> None:
    thin, joints, _ = model.pose(flat(), neutral, girth=1.0)
    thick, same, _ = model.pose(flat(), neutral, girth=1.3)
    assert np.array_equal(joints, same)
    near_pip = np.linalg.norm(thin - joints[10], axis=1) < 12
    from_axis = [np.linalg.norm((v[near_pip] - joints[10])[:, 1:], axis=1).mean() for v in (thin, thick)]
    assert from_axis[1] / from_axis[0] == pytest.approx(1.3, abs=0.06)
    arm = thin[:, 0] < -60
    assert np.allclose(thin[arm], thick[arm])


def test_cutting_the_arm_takes_a_prefix_of_the_triangles(model: HandModel) -> None:
    assert (np.diff(model.from_wrist_mm) >= 0).all()
    cut = np.searchsorted(model.from_wrist_mm, 100.0)
    assert 0.5 * len(model.triangles) < cut < len(model.triangles)


def test_missing_or_damaged_asset(tmp_path: Path) -> None:
    damaged = tmp_path / "hand.npz"
    damaged.write_bytes(b"PK\x03\x04 no archive")
    for path in (tmp_path / "none.npz", damaged):
        with pytest.raises(DataError, match="Restore it"):
            HandModel.load(path)


def test_sampled_angles_stay_in_their_ranges_and_differ() -> None:
    rng = np.random.default_rng(3)
    angles = np.array([sample_angles(rng) for _ in range(1000)])
    assert ((angles >= LOW) & (angles <= HIGH)).all()
    assert angles.std(axis=0)[[2, 3, 6, 8, 9, 10]].min() > np.radians(6)
    pip, dip = angles[:, 9], angles[:, 10]
    assert np.corrcoef(pip, dip)[0, 1] > 0.7
    # Both corners that P1 and P4 have: bent at the knuckle and straight beyond, and the other way round.
    mcp = np.degrees(angles[:, [8, 12, 16, 20]])
    beyond = np.degrees(angles[:, [9, 13, 17, 21]])
    assert ((mcp > 45) & (beyond < 35)).mean() > 0.05
    assert ((mcp < 20) & (beyond > 60)).mean() > 0.03


@pytest.mark.parametrize("seed", range(3))
def test_a_pinch_brings_the_thumb_to_one_finger(model: HandModel, neutral: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rest = model.joints.astype(np.float64)
    nearest, fingers = [], set()
    for _ in range(60):
        angles = pinch(rng, sample_angles(rng), rest)
        assert ((angles >= LOW) & (angles <= HIGH)).all()
        _, joints, _ = model.pose(angles, neutral)
        gaps = np.linalg.norm(joints[[8, 12, 16, 20]] - joints[4], axis=1)
        nearest.append(gaps.min())
        fingers.add(int(gaps.argmin()))
    assert np.median(nearest) == pytest.approx(16, abs=3)  # two fingers' flesh between the bones
    assert np.percentile(nearest, 90) < 27
    assert fingers == {0, 1, 2, 3}


def test_overlap_is_seen_where_fingers_cross_and_not_in_an_open_hand(model: HandModel, neutral: np.ndarray) -> None:
    _, joints, _ = model.pose(flat(), neutral)
    assert not fingers_overlap(joints)
    crossed = joints.copy()
    crossed[6:9] += joints[10:13].mean(axis=0) - joints[6:9].mean(axis=0)
    assert fingers_overlap(crossed)


def test_most_named_poses_can_be_drawn(model: HandModel) -> None:
    assert len(TEMPLATES) >= 20
    rng = np.random.default_rng(1)
    kept = [
        not fingers_overlap(model.pose(sample_angles(rng), np.zeros(len(model.vertex_components)))[1])
        for _ in range(300)
    ]
    assert np.mean(kept) > 0.6


def test_skeleton_and_model_agree() -> None:
    assert len(PARENTS) == JOINTS == 21
    assert pytest.approx(185.0) == HAND_LENGTH_MM
