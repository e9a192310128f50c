"""Labelled crops and the demo scene: labels that agree with the depth, and seeds that repeat."""

from __future__ import annotations

import numpy as np
import pytest

from lighthand.crop import CUBE_MM, camera_to_crop, crop_hand, crop_to_camera
from lighthand.geometry import project
from lighthand.synthesis.sample import Batch, SampleGenerator, SynthesisConfig, in_view, validation_set
from lighthand.synthesis.scene import CAMERA, HandAnimator
from lighthand.types import Frame, HandRegion, Intrinsics


@pytest.fixture(scope="module")
def batch() -> Batch:
    return SampleGenerator().batch(300, (7,))


def test_shapes_ranges_and_shares(batch: Batch) -> None:
    assert batch.patches.shape == (300, 128, 128)
    assert batch.patches.dtype == np.float32
    assert np.abs(batch.patches).max() <= 1
    config = SynthesisConfig()
    assert (batch.right == 0).mean() == pytest.approx(config.left, abs=0.06)
    assert (batch.presence == 0).mean() == pytest.approx(config.empty, abs=0.06)
    assert not batch.mask[(batch.right == 0) | (batch.presence == 0)].any()
    assert batch.mask[(batch.right == 1) & (batch.presence == 1)].mean() > 0.9


def test_joints_lie_just_behind_the_surface(batch: Batch) -> None:
    gaps = []
    for index in np.flatnonzero(batch.mask.all(axis=1)):
        u, v, z = batch.uvz[index, 9]  # the middle knuckle is seldom hidden
        surface = batch.patches[index, int((v + 1) * 64), int((u + 1) * 64)]
        if surface < 1:
            gaps.append((z - surface) * 120)
    assert 5 < np.median(gaps) < 25


@pytest.mark.parametrize(
    ("surface_mm", "thickness", "tip", "wrist"),
    [(490.0, 1.0, True, True), (475.0, 1.0, False, True), (460.0, 1.0, False, False), (475.0, 3.0, True, True),
     (530.0, 1.0, True, True), (np.inf, 1.0, True, True)],
)  # fmt: skip
def test_a_joint_is_hidden_by_what_stands_before_its_own_flesh(
    surface_mm: float, thickness: float, tip: bool, wrist: bool
) -> None:
    joints = np.zeros((21, 3), np.float32) + np.array([10, -20, 500], np.float32)
    depth = np.full((60, 60), 1.0, np.float32)
    depth[30 - 8, 30 + 4] = surface_mm  # where they project: 200 px of focal length
    seen = in_view(depth, (200.0, 200.0, 30.0, 30.0), joints, thickness)
    assert seen[[8, 0]].tolist() == [tip, wrist]


def test_some_joints_of_a_hand_are_hidden_and_most_are_not(batch: Batch) -> None:
    assert 0.5 < batch.visible[batch.mask].mean() < 0.9


def test_the_same_seed_gives_the_same_crops_in_any_order() -> None:
    one, two = SampleGenerator(), SampleGenerator()
    first = one.batch(4, (1, 2))
    two.batch(9, (5, 5))
    again = two.batch(4, (1, 2))
    assert np.array_equal(first.patches, again.patches)
    assert np.array_equal(first.uvz, again.uvz)
    assert not np.array_equal(first.patches, one.batch(4, (1, 3)).patches)


def test_a_small_patch_shows_the_same_crop(batch: Batch) -> None:
    small = SampleGenerator(SynthesisConfig(patch=64)).batch(3, (7,))
    assert small.patches.shape == (3, 64, 64)
    assert np.array_equal(small.uvz, batch.uvz[:3])
    both = (small.patches < 1) & (batch.patches[:3, ::2, ::2] < 1)
    assert both.mean() > 0.05
    assert np.median(np.abs(small.patches - batch.patches[:3, ::2, ::2])[both]) < 0.03


def test_a_batch_goes_back_to_camera_space_as_its_crops_would(batch: Batch) -> None:
    camera = Intrinsics(640, 480, 500.0, 500.0, 320.0, 240.0)
    for index in range(5):
        blank = Frame(0, np.zeros((480, 640), np.uint16), 1.0, camera, 0.0)
        crop = crop_hand(blank, HandRegion(batch.centres_mm[index].copy(), CUBE_MM))
        expected = crop_to_camera(crop, batch.uvz[index])
        assert np.allclose(batch.to_camera(batch.uvz)[index], expected, atol=0.01)


def test_validation_set_is_fixed_and_has_only_right_hands() -> None:
    data = validation_set(5, 64)
    assert (data.right == 1).all()
    assert (data.presence == 1).all()
    assert np.array_equal(data.patches, validation_set(5, 64).patches)


@pytest.mark.parametrize("side", ["right", "left"])
def test_the_scenes_truth_lies_in_its_hand(side: str) -> None:
    animator = HandAnimator(3, side)  # type: ignore[arg-type]
    for time_s in (0.0, 2.5, 7.3):
        depth, joints = animator.render(time_s)
        assert depth.shape == (CAMERA.height, CAMERA.width)
        uvz = project(joints, CAMERA)
        u, v = np.round(uvz[:, :2]).astype(int).T
        behind = uvz[:, 2] - depth[v, u]
        assert ((behind > -6) & (behind < 90)).sum() >= 17  # a tip may fall a pixel beside its finger
        assert 4 < np.median(behind) < 40
        frame = Frame(0, depth, 1.0, CAMERA, 0.0)
        crop = crop_hand(frame, HandRegion(joints.mean(axis=0), 240.0))
        assert np.abs(camera_to_crop(crop, joints)).max() < 1.1
    again, _ = HandAnimator(3, side).render(7.3)  # type: ignore[arg-type]
    assert np.array_equal(depth, again)


def test_a_left_scene_is_the_mirror_image_of_the_right_one() -> None:
    _, right = HandAnimator(3, "right").render(1.0)
    _, left = HandAnimator(3, "left").render(1.0)
    assert np.allclose(right * (-1, 1, 1), left, atol=1e-3)
