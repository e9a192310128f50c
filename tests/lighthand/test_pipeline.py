from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lighthand import credible, crop, geometry, handsize, limbtree, surface
from lighthand import pipeline as pipeline_module
from lighthand.errors import ConfigError
from lighthand.pipeline import Pipeline, PipelineConfig
from lighthand.segment import SegmentConfig
from lighthand.track import TrackConfig
from tests.lighthand.scenes import BlobEstimator, flat_hand, hand_balls, render

CONFIG = PipelineConfig()


def frame_at(centre_mm, seq=0, **how):
    joints = flat_hand()
    return render(hand_balls(joints - joints.mean(axis=0) + np.asarray(centre_mm, float)), seq=seq, **how)


def empty(seq=0):
    return render([], seq=seq)


@pytest.fixture
def searches(monkeypatch):
    """Count the searches of the segmenter."""
    seen = []
    find = pipeline_module.find_hands

    def counted(frame, config, cube_mm):
        seen.append(frame.seq)
        return find(frame, config, cube_mm)

    monkeypatch.setattr(pipeline_module, "find_hands", counted)
    return seen


def run(frames, estimator=None):
    pipeline = Pipeline(estimator or BlobEstimator(), CONFIG)
    return [pipeline.process(frame) for frame in frames]


def moving(count, start=0):
    return [frame_at([-60.0 + 10 * seq, 5.0 * seq, 500.0 + 4 * seq], seq) for seq in range(start, start + count)]


def test_follows_a_hand_without_searching_again(searches):
    estimator = BlobEstimator()
    results = run(moving(12), estimator)
    for i, result in enumerate(results):
        (hand,) = result.hands
        assert hand.track_id == 1
        assert hand.side == "right"
        centre = hand.pose.joints_mm.mean(axis=0)
        # The blob's middle is not the joints' mean, but as far from it in every frame.
        assert np.linalg.norm(centre - [-60 + 10 * i, 5 * i, 500 + 4 * i]) < 35
        assert hand.region.cube_mm == 240
    assert searches.count(0) >= 1
    assert max(searches) == 0, "no search while the hand is followed"
    assert estimator.batches[-1] == 1, "one look a frame once the side is known"
    assert estimator.batches[0] % 2 == 0, "every candidate as it is and mirrored"


@settings(max_examples=10)
@given(dx=st.floats(-50, 50), dy=st.floats(-20, 20), dz=st.floats(-60, 60))
def test_moved_scene_moves_the_pose(dx, dy, dz):
    (a,), (b,) = (run([frame_at(np.array([0.0, 0.0, 500.0]) + d)])[0].hands for d in ([0, 0, 0], [dx, dy, dz]))
    assert np.abs(b.joints_mm - a.joints_mm - [dx, dy, dz]).max() < 8


def test_units_and_sizes_give_the_same_pose():
    reference = run([frame_at([10.0, 0.0, 450.0])])[0].hands[0].joints_mm
    for unit in (0.25, 0.1):
        joints = run([frame_at([10.0, 0.0, 450.0], unit_mm=unit)])[0].hands[0].joints_mm
        assert np.abs(joints - reference).max() < 4


def test_no_hand_gives_no_pose():
    for result in run([empty(0), render([], wall_mm=800.0, seq=1), frame_at([0.0, 0.0, 2500.0], 2)]):
        assert result.hands == ()


def test_candidates_that_the_network_refuses_give_no_pose():
    estimator = BlobEstimator(presence=0.4)
    assert all(result.hands == () for result in run(moving(3), estimator))
    assert estimator.batches, "the network was asked"


def test_incredible_pose_is_not_given():
    assert all(result.hands == () for result in run(moving(3), BlobEstimator(scale=0.3)))


def test_left_hand_is_told_by_its_mirror_and_not_given_mirrored():
    right = run(moving(6))
    left = run(moving(6), BlobEstimator(right=False))
    for a, b in zip(right, left, strict=True):
        assert a.hands[0].side == "right"
        assert b.hands[0].side == "left"
    # The fake draws a right hand into the patch it is shown: from a mirrored patch it comes out as a left one.
    for result, sign in ((right[-1], 1), (left[-1], -1)):
        joints = result.hands[0].pose.joints_mm
        assert np.sign(joints[17, 0] - joints[5, 0]) == sign
        centre = joints.mean(axis=0)
        assert np.linalg.norm(centre[:2] - [-10, 25]) < 35


def test_hand_that_leaves_is_lost_at_once_and_found_again_with_a_new_id(searches):
    gone = CONFIG.track.lost_after + 1
    frames = moving(4) + [empty(4 + i) for i in range(gone)]
    frames += [frame_at([80.0, 0.0, 600.0], 4 + gone + i) for i in range(3)]
    results = run(frames)
    assert [len(result.hands) for result in results] == [1] * 4 + [0] * gone + [1] * 3
    assert [result.hands[0].track_id for result in results if result.hands] == [1] * 4 + [2] * 3
    assert searches[-1] == 4 + gone


def test_hand_that_flickers_keeps_its_id():
    results = run([*moving(4), empty(4), *moving(3, start=5)])
    assert [result.hands[0].track_id if result.hands else 0 for result in results] == [1, 1, 1, 1, 0, 1, 1, 1]


def test_hand_that_jumps_is_found_in_the_same_frame():
    results = run(
        [frame_at([-100.0, 0.0, 450.0], 0), frame_at([150.0, 0.0, 650.0], 1), frame_at([150.0, 0.0, 650.0], 2)]
    )
    assert [result.hands[0].track_id for result in results] == [1, 2, 2]


def test_same_frames_give_the_same_bits():
    frames = moving(6) + [empty(6)] + moving(3, start=7)
    pipeline = Pipeline(BlobEstimator(), CONFIG)
    first = [pipeline.process(frame) for frame in frames]
    pipeline.reset()
    for again in ([pipeline.process(frame) for frame in frames], run(frames)):
        for a, b in zip(first, again, strict=True):
            assert len(a.hands) == len(b.hands)
            for x, y in zip(a.hands, b.hands, strict=True):
                assert (x.track_id, x.side) == (y.track_id, y.side)
                assert x.joints_mm.tobytes() == y.joints_mm.tobytes()
                assert x.region.centre_mm.tobytes() == y.region.centre_mm.tobytes()


def test_stamps_rise():
    for result in run([*moving(3), empty(3)]):
        stamps = result.stamps
        assert stamps.arrival_s == result.frame.arrival_s
        assert stamps.taken_s <= stamps.segmented_s <= stamps.estimated_s <= stamps.tracked_s


def test_candidates_limit_the_batch():
    estimator = BlobEstimator()
    balls = [ball for x in (-220.0, 0.0, 220.0) for ball in hand_balls(flat_hand() + [x, 40.0, 650.0])]
    Pipeline(estimator, PipelineConfig(segment=SegmentConfig(candidates=2))).process(render(balls))
    assert estimator.batches[0] == max(estimator.batches) == 4


def test_a_hand_of_low_score_begins_no_track_but_one_that_is_followed_goes_on():
    estimator = BlobEstimator(confidence=0.45)
    pipeline = Pipeline(estimator, PipelineConfig())
    frames = list(moving(4))
    assert pipeline.process(frames[0]).hands == ()
    estimator.confidence = 0.9
    (begun,) = pipeline.process(frames[1]).hands
    assert begun.pose.score == pytest.approx(0.995 * 0.9, abs=1e-3)
    estimator.confidence = 0.45
    (followed,) = pipeline.process(frames[2]).hands
    assert followed.track_id == begun.track_id


class FirstBatch(BlobEstimator):
    """Believes in the regions of the first batch as it is told; each is seen as it is and mirrored."""

    def __init__(self, presences):
        super().__init__()
        self.presences = np.repeat(np.array(presences, np.float32), 2)

    def estimate(self, patches):
        estimate = super().estimate(patches)
        if len(self.batches) > 1:
            return estimate
        return replace(estimate, presence=self.presences[: len(patches)])


@pytest.mark.parametrize(
    ("presences", "z_mm"),
    [((0.8, 0.95), 500), ((0.6, 0.95), 800), ((0.4, 0.51), 800), ((0.95, 0.8), 500), ((0.4, 0.4), None)],
)
def test_network_decides_and_the_segmenter_where_it_hardly_does(presences, z_mm):
    balls = hand_balls(flat_hand() + [-100.0, 80.0, 500.0]) + hand_balls(flat_hand() + [150.0, 80.0, 800.0])
    (result,) = run([render(balls)], FirstBatch([*presences, 0.0, 0.0]))
    if z_mm is None:
        assert result.hands == ()
    else:
        assert result.hands[0].joints_mm[:, 2].mean() == pytest.approx(z_mm, abs=30)


@pytest.mark.parametrize(("drift_mm", "hands"), [(6.0, 1), (30.0, 0)])
def test_joints_that_move_with_the_cube_are_no_hand(drift_mm, hands):
    class Drifting(BlobEstimator):
        def estimate(self, patches):
            seen = super().estimate(patches)
            uvz = seen.uvz + np.float32(len(self.batches) * drift_mm / 120) * np.array([0, 1, 0], np.float32)
            return replace(seen, uvz=uvz)

    (result,) = run(moving(1), Drifting())
    assert len(result.hands) == hands


SAID = {
    "right": PipelineConfig(track=TrackConfig(side="right")),
    "left": PipelineConfig(track=TrackConfig(side="left")),
}


@pytest.mark.parametrize("side", ["right", "left"])
def test_a_side_that_is_said_halves_the_search_and_is_the_hands(side):
    asked, unasked = BlobEstimator(right=side == "right"), BlobEstimator(right=side == "right")
    said, open_side = Pipeline(asked, SAID[side]), Pipeline(unasked, CONFIG)
    for frame in moving(6):
        (a,), (b,) = said.process(frame).hands, open_side.process(frame).hands
        assert a.side == b.side == side
        assert np.abs(a.joints_mm - b.joints_mm).max() < 1.0
    assert unasked.batches[:2] == [2 * count for count in asked.batches[:2]]
    assert set(asked.batches[2:]) == {1}


def test_a_side_that_is_said_wrongly_is_still_the_one_given():
    for result in [Pipeline(BlobEstimator(), SAID["left"]).process(frame) for frame in moving(3)]:
        assert [hand.side for hand in result.hands] == ["left"]
        assert result.hands[0].pose.side_probability < 0.5


def test_new_settings_hold_from_the_next_frame_on_and_keep_the_track():
    pipeline, frames = Pipeline(BlobEstimator(), CONFIG), moving(6)
    for frame in frames[:3]:
        (before,) = pipeline.process(frame).hands
    assert np.abs(before.joints_mm - before.pose.joints_mm).max() > 0.1
    pipeline.configure(replace(CONFIG, track=TrackConfig(min_cutoff_hz=1e6)))
    (after,) = pipeline.process(frames[3]).hands
    assert after.track_id == before.track_id
    assert np.abs(after.joints_mm - after.pose.joints_mm).max() < 0.001
    pipeline.configure(replace(CONFIG, segment=SegmentConfig(near_mm=1000)))
    assert not pipeline.process(frames[4]).hands, "it is searched, where the user says"
    pipeline.configure(CONFIG)
    assert pipeline.process(frames[5]).hands


def test_settings_that_do_not_change_anything_change_no_bit():
    frames, pipeline = moving(8), Pipeline(BlobEstimator(), CONFIG)
    for frame, plain in zip(frames, run(frames), strict=True):
        pipeline.configure(PipelineConfig())
        assert pipeline.process(frame).hands[0].joints_mm.tobytes() == plain.hands[0].joints_mm.tobytes()


def test_another_side_begins_a_new_track():
    pipeline, frames = Pipeline(BlobEstimator(), CONFIG), moving(4)
    ids = [pipeline.process(frame).hands[0].track_id for frame in frames[:2]]
    pipeline.configure(SAID["right"])
    ids += [pipeline.process(frame).hands[0].track_id for frame in frames[2:]]
    assert ids == [1, 1, 2, 2]


def test_a_hands_size_that_cannot_be_read_changes_nothing(tmp_path):
    pipeline, frames = Pipeline(BlobEstimator(), CONFIG), moving(2)
    pipeline.process(frames[0])
    with pytest.raises(ConfigError):
        pipeline.configure(replace(CONFIG, track=TrackConfig(hand=tmp_path / "none.yaml")))
    assert pipeline.process(frames[1]).hands[0].track_id == 1


def compiled() -> dict[str, int]:
    """Give how many versions there are of each compiled function of the path."""
    functions = [
        (f"{module.__name__}.{name}", value)
        for module in (credible, crop, geometry, handsize, limbtree, surface)
        for name, value in vars(module).items()
        if hasattr(value, "nopython_signatures")
    ]
    return {name: len(value.nopython_signatures) for name, value in functions}


def test_after_the_warm_up_a_frame_compiles_nothing() -> None:
    pipeline = Pipeline(BlobEstimator(), PipelineConfig())
    pipeline.warm_up()
    before = compiled()
    assert len(before) >= 8
    frame = render(hand_balls(flat_hand() + [0.0, 80.0, 500.0]))
    assert pipeline.process(frame).hands
    assert pipeline.process(frame).hands
    lens = replace(frame.intrinsics, distortion=(0.02, 0.0, 0.0, 0.0))
    assert pipeline.process(replace(frame, depth=frame.depth.copy(), intrinsics=lens)).hands
    assert compiled() == before
