from __future__ import annotations

import math

import numpy as np
import pytest

from lighthand.credible import credible
from lighthand.crop import camera_to_crop, crop_hand
from lighthand.errors import ConfigError
from lighthand.track import HandTrack, OneEuro, Sighting, TrackConfig, View, lag_ms, seconds_between
from lighthand.types import Frame, HandRegion
from tests.lighthand.scenes import CAMERA, flat_hand, hand_balls, render

CONFIG = TrackConfig()
CUBE_MM = 240.0
CONFIDENCE = np.linspace(0.1, 0.9, 21, dtype=np.float32)
VISIBLE = np.linspace(0.9, 0.1, 21, dtype=np.float32)


def hand_at(x=0.0, y=0.0, z=500.0):
    joints = flat_hand()
    return joints - joints.mean(axis=0) + [x, y, z]


def frame_of(joints, seq=0) -> Frame:
    return render(hand_balls(joints), seq=seq)


def sighting(frame, joints, *, rights, presence=0.99) -> Sighting:
    """Views of a hand by a network that makes no error; rights: mirrored -> probability of a right hand."""
    region = HandRegion(joints.mean(axis=0).astype(np.float32), CUBE_MM)
    views = []
    for mirrored, right in rights.items():
        crop = crop_hand(frame, region, mirrored=mirrored)
        views.append(View(crop, camera_to_crop(crop, joints), right, presence, CONFIDENCE, VISIBLE))
    return Sighting(tuple(views))


def follow(track, joints, seq, **how):
    frame = frame_of(joints, seq)
    return track.update(frame, sighting(frame, joints, **how))


RIGHT = {False: 0.95, True: 0.05}
LEFT = {False: 0.05, True: 0.95}


@pytest.mark.parametrize(
    ("rights", "side"), [(RIGHT, "right"), (LEFT, "left"), ({False: 0.9}, "right"), ({True: 0.9}, "left")]
)
def test_side_is_that_of_the_view_that_looks_right(rights, side):
    track = HandTrack(1, CONFIG)
    joints = hand_at()
    assert track.side is None
    hand = None
    for seq in range(3):
        hand = follow(track, joints, seq, rights=rights)
        assert hand is not None
        assert hand.side == hand.pose.side == side
        assert hand.pose.side_probability > 0.5
        np.testing.assert_allclose(hand.joints_mm, joints, atol=0.1)
    assert track.side == side


def test_pose_carries_what_the_network_thinks_of_each_joint():
    pose = sighting(frame_of(hand_at()), hand_at(), rights=RIGHT).pose("right")
    assert np.array_equal(pose.confidence, CONFIDENCE)
    assert pose.hidden.tolist() == [False] * 11 + [True] * 10


def test_one_doubtful_frame_does_not_change_the_side_but_many_do():
    track, joints = HandTrack(1, CONFIG), hand_at()
    for seq in range(6):
        follow(track, joints, seq, rights=RIGHT)
    assert follow(track, joints, 6, rights={False: 0.02}).side == "right"
    for seq in range(7, 17):
        hand = follow(track, joints, seq, rights=LEFT)
    assert hand.side == "left"


def test_certainty_is_bounded():
    track, joints = HandTrack(1, CONFIG), hand_at()
    for seq in range(200):
        follow(track, joints, seq, rights={False: 1.0, True: 0.0})
    sides = [follow(track, joints, 200 + i, rights=LEFT).side for i in range(8)]
    assert sides[0] == "right"
    assert sides[-1] == "left"


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda j: j * [1.9, 1.9, 1.0], "too large"),
        (lambda j: (j - j.mean(axis=0)) * 0.3 + j.mean(axis=0), "too small"),
        (lambda j: j + [0.0, 0.0, 300.0], "far behind the surface"),
        (lambda j: j - [0.0, 0.0, 150.0], "far before the surface"),
        (lambda j: j + [600.0, 0.0, 0.0], "out of the image"),
        (lambda j: j + [160.0, 0.0, 0.0], "where nothing is"),
        (lambda j: j * math.nan, "not a number"),
        (lambda j: np.where(np.arange(21)[:, None] == 8, j + [0.0, -160.0, 0.0], j), "one finger too long"),
    ],
)
def test_incredible_joints(change, what):
    joints = hand_at()
    frame = frame_of(joints)
    assert credible(frame, joints.astype(np.float32)), "the hand itself"
    assert not credible(frame, change(joints).astype(np.float32)), what


def test_refused_sighting_leaves_the_track_as_it_was():
    track, joints = HandTrack(1, CONFIG), hand_at()
    for seq in range(3):
        follow(track, joints, seq, rights=RIGHT)
    before = track.predict(frame_of(joints, 3), CUBE_MM)
    assert follow(track, joints, 3, rights=RIGHT, presence=CONFIG.keep - 0.01) is None
    wrong = frame_of(joints, 3)
    assert track.update(wrong, sighting(wrong, joints + [0.0, 0.0, 300.0], rights=RIGHT)) is None
    after = track.predict(frame_of(joints, 3), CUBE_MM)
    assert (before.centre_mm == after.centre_mm).all()


def test_prediction_follows_the_motion_and_is_bounded():
    track = HandTrack(1, CONFIG)
    for seq in range(6):
        follow(track, hand_at(x=10.0 * seq), seq, rights=RIGHT)
    region = track.predict(frame_of(hand_at(), 6), CUBE_MM)
    assert region.centre_mm[0] == pytest.approx(60, abs=2)
    assert region.side == "right"
    later = track.predict(frame_of(hand_at(), 15), CUBE_MM)
    assert np.linalg.norm(later.centre_mm - [50, 0, 500]) == pytest.approx(100, abs=10)
    assert track.predict(frame_of(hand_at(), 90), CUBE_MM) is None  # it may be anywhere by now


def test_lost_after_so_many_misses_in_a_row():
    track, joints = HandTrack(7, CONFIG), hand_at()
    follow(track, joints, 0, rights=RIGHT)
    for _ in range(CONFIG.lost_after - 1):
        track.miss()
    assert not track.lost
    assert follow(track, joints, 5, rights=RIGHT).track_id == 7
    for _ in range(CONFIG.lost_after):
        track.miss()
    assert track.lost


def stamped(seq, arrival, sensor=None, clock="none"):
    return Frame(seq, np.zeros((240, 320), np.uint16), 1.0, CAMERA, arrival, sensor, clock)


@pytest.mark.parametrize(
    ("before", "after", "seconds"),
    [
        (stamped(0, 1.0), stamped(1, 1.25), 0.25),
        (stamped(0, 1.0, 50.0, "device"), stamped(1, 1.25, 50.125, "device"), 0.125),
        (stamped(0, 1.0, 50.0, "device"), stamped(1, 1.25, 90.0, "system"), 0.25),
        (stamped(0, 1.0, 50.0, "device"), stamped(1, 1.25), 0.25),
        (stamped(0, 1.0), stamped(1, 1.0), 1 / 30),
        (stamped(0, 1.0, 50.0, "device"), stamped(1, 1.25, 0.5, "device"), 1 / 30),
    ],
)
def test_seconds_between(before, after, seconds):
    assert seconds_between(before, after) == seconds


def test_smoothing_calms_a_still_hand_and_keeps_up_with_a_fast_one():
    rng = np.random.default_rng(0)
    still, calm = OneEuro(CONFIG), []
    noisy = hand_at() + rng.normal(0, 2, (200, 21, 3))
    for joints in noisy:
        calm.append(still(joints.astype(np.float32), 1 / 60))
    assert np.std(calm[50:], axis=0).mean() < 0.6 * np.std(noisy[50:], axis=0).mean()
    assert np.abs(np.mean(calm[50:], axis=0) - hand_at()).max() < 1.0
    moving = OneEuro(CONFIG)
    for i in range(60):
        joints = hand_at(x=20.0 * i).astype(np.float32)
        smooth = moving(joints, 1 / 60)
    assert np.linalg.norm(smooth - joints, axis=1).max() < 20, "less than one frame late at 1.2 m/s"


def test_smoothing_depends_on_time_not_on_frames():
    slow, fast = OneEuro(CONFIG), OneEuro(CONFIG)
    start, end = hand_at().astype(np.float32), hand_at(x=5.0).astype(np.float32)
    slow(start, 1.0), fast(start, 1.0)
    for _ in range(4):
        a = fast(end, 1 / 120)
    b = slow(end, 1 / 30)
    assert np.abs(a - b).max() < 2.0


def measured_lag_ms(config, speed_mm_s, rate_hz):
    """How far behind a hand that moves evenly the smoothed one is, once it has settled."""
    smooth, seconds = OneEuro(config), 3.0
    for i in range(round(seconds * rate_hz)):
        joints = hand_at(x=-300.0 + speed_mm_s * i / rate_hz).astype(np.float32)
        behind = joints - smooth(joints, 1 / rate_hz)
    return 1e3 * float(np.median(behind[:, 0])) / speed_mm_s


@pytest.mark.parametrize("rate_hz", [30, 90])
@pytest.mark.parametrize("speed_mm_s", [50.0, 500.0])
@pytest.mark.parametrize("config", [CONFIG, TrackConfig(min_cutoff_hz=0.7), TrackConfig(beta_hz_s_mm=0.0)])
def test_lag_is_that_of_a_steady_motion(config, speed_mm_s, rate_hz):
    measured = measured_lag_ms(config, speed_mm_s, rate_hz)
    assert lag_ms(config, speed_mm_s, rate_hz) == pytest.approx(measured, rel=5e-3)


def test_lag_of_a_hand_at_rest_is_that_of_the_least_cut_off():
    assert lag_ms(CONFIG, 0.0, 30) == lag_ms(CONFIG, 0.0, 90) == pytest.approx(1e3 / (2 * math.pi * 2.0))


def test_smoothing_is_off_with_a_cut_off_beyond_every_motion():
    smooth = OneEuro(TrackConfig(min_cutoff_hz=1e6))
    assert lag_ms(smooth.config, 0.0, 60) < 0.001
    for i in range(10):
        joints = hand_at(x=(-1.0) ** i * 10.0).astype(np.float32)
        assert np.abs(smooth(joints, 1 / 60) - joints).max() < 0.001


def test_other_settings_go_on_from_the_joints_that_were_there():
    track, calm = HandTrack(3, CONFIG), TrackConfig(min_cutoff_hz=0.5, beta_hz_s_mm=0.0)
    for seq in range(3):
        follow(track, hand_at(), seq, rights=RIGHT)
    track.configure(calm, None)
    moved = follow(track, hand_at(x=20.0), 3, rights=RIGHT)
    assert moved.track_id == 3
    assert 1.0 < (moved.joints_mm - hand_at())[:, 0].mean() < 3.0  # a tenth of the way: 0.5 Hz at 30 fps
    track.configure(TrackConfig(min_cutoff_hz=1e6), None)
    assert np.abs(follow(track, hand_at(x=20.0), 4, rights=RIGHT).joints_mm - hand_at(x=20.0)).max() < 0.1


@pytest.mark.parametrize(("said", "rights"), [("left", {True: 0.1}), ("right", {False: 0.1}), ("right", RIGHT)])
def test_the_side_is_what_the_user_says(said, rights):
    track = HandTrack(1, TrackConfig(side=said))
    assert track.side == said
    for seq in range(5):
        hand = follow(track, hand_at(), seq, rights=rights)
        assert hand.side == hand.pose.side == track.side == said
    assert (hand.pose.side_probability > 0.5) == (rights == RIGHT), "the network's belief is not made up"


def test_smoothing_starts_anew_after_a_pause():
    smooth = OneEuro(CONFIG)
    smooth(hand_at().astype(np.float32), 0.1)
    far = hand_at(x=200.0).astype(np.float32)
    assert (smooth(far, 2.0) == far).all()


@pytest.mark.parametrize(
    "values",
    [
        {"accept": 1.0},
        {"accept_score": 1.0},
        {"accept_score": -0.1},
        {"keep": 0.0},
        {"keep": 0.8, "accept": 0.5},
        {"lost_after": 0},
        {"min_cutoff_hz": 0.0},
        {"beta_hz_s_mm": -1.0},
        {"speed_cutoff_hz": 0.0},
    ],
)
def test_config_out_of_range(values):
    with pytest.raises(ConfigError, match=r"track\."):
        TrackConfig(**values)
