from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lighthand.backends import NetworkSource, open_estimator
from lighthand.geometry import project
from lighthand.pipeline import Pipeline, PipelineConfig
from lighthand.segment import SegmentConfig, find_hands
from lighthand.synthesis.scene import HandAnimator
from lighthand.types import Frame, Intrinsics
from tests.lighthand.scenes import WIDE, flat_hand, forearm_balls, hand_balls, render, through_lens

PINHOLE = Intrinsics(1400, 900, 504.0, 504.0, 500.0, 450.0)  # finer than the wide camera by 2, towards the right
UNAWARE = replace(WIDE, distortion=())


@pytest.mark.parametrize(("x", "within_mm"), [(-100.0, 12.0), (150.0, 12.0), (350.0, 24.0)])
def test_a_region_behind_a_wide_lens_is_near_where_a_pinhole_finds_it(x, within_mm):
    """The segmenter measures as if there were no lens; only its regions' centres are moved behind it."""
    joints = flat_hand() + [x, 60.0, 550.0]
    balls = hand_balls(joints) + forearm_balls(joints, 260.0)
    coarse = Intrinsics(512, 512, 252.0, 252.0, 256.0 - x * 252 / 550, 252.0)
    depth = through_lens(render(balls, camera=PINHOLE).depth, PINHOLE, WIDE)
    frames = (render(balls, camera=coarse), *(Frame(0, depth.copy(), 1.0, lens, 0.0) for lens in (WIDE, UNAWARE)))
    plain, wide, unaware = (find_hands(frame, SegmentConfig(), 240.0)[0].centre_mm for frame in frames)
    assert np.linalg.norm(wide - plain) < within_mm
    if x > 200:
        assert np.linalg.norm(unaware - plain) > 1.5 * within_mm, "the lens matters there"


class AtTheSide(HandAnimator):
    """The scene with its hand, and nothing else, 21 degrees from the axis."""

    @staticmethod
    def _place(time_s):
        return HandAnimator._place(time_s) + [230.0, 0.0, 0.0]


def test_joints_behind_a_wide_lens_are_those_of_the_pinhole():
    estimator = open_estimator(NetworkSource(threads=1))
    scene = AtTheSide(camera=PINHOLE)
    plain, wide, ignored = (Pipeline(estimator, PipelineConfig()) for _ in range(3))
    gaps, errors, without = [], [], []
    for seq in range(6):
        depth, truth = scene.render(1 + seq / 10)
        shown = through_lens(depth, PINHOLE, WIDE)
        frames = (Frame(seq, depth, 1.0, PINHOLE, 0.0), Frame(seq, shown, 1.0, WIDE, 0.0))
        poses = [p.process(f).hands for p, f in zip((plain, wide), frames, strict=True)]
        assert poses[1], "found behind the lens"
        joints = poses[1][0].pose.joints_mm
        errors.append(np.linalg.norm(joints - truth, axis=1).mean())
        if poses[0]:
            gaps.append(np.linalg.norm(joints - poses[0][0].pose.joints_mm, axis=1).mean())
        blind = ignored.process(Frame(seq, shown.copy(), 1.0, UNAWARE, 0.0)).hands
        without += [np.linalg.norm(hand.pose.joints_mm - truth, axis=1).mean() for hand in blind]
        pixels = project(truth, WIDE)[:, :2]
        assert (pixels > 0).all()
        assert (pixels < 512).all()
    assert np.mean(errors) < 6
    assert gaps
    assert np.mean(gaps) < 4
    assert not without or np.mean(without) > 3 * np.mean(errors), "the lens matters there"
