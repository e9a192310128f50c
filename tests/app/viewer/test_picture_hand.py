"""The hand on the depth picture: its joints, box, label and outline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.look import ViewConfig
from app.viewer.colours import FAINTEST, FINGER_COLOURS, finger_colour, joints_px
from app.viewer.legend import legend_place
from app.viewer.picture import DepthView
from lighthand.crop import region_box
from lighthand.types import Frame, TrackedHand
from tests.app.scripted import frame, hand_at
from tests.app.viewer.pictured import BARE, DARK, HEIGHT, SCALE, TOP, colour_of, pixels


def believed(confidence: float | np.ndarray, hand: TrackedHand | None = None) -> TrackedHand:
    hand = hand or hand_at()
    values = np.broadcast_to(np.float32(confidence), 21).copy()
    return replace(hand, pose=replace(hand.pose, confidence=values))


def spread() -> TrackedHand:
    """Give a hand whose joints lie well apart, all but one of them seen."""
    hand = hand_at()
    places = [(0, 90), *((45 * finger - 90, 50 - 45 * joint) for finger in range(5) for joint in range(4))]
    joints = np.array([(x, y, 600) for x, y in places], np.float32)
    return replace(hand, joints_mm=joints)


def at_joint(view: DepthView, hand: TrackedHand, joint: int) -> np.ndarray:
    x, y = view.joints_at(hand)[joint]
    return np.asarray(pixels(view)[int(y), int(x)])


def show(view: DepthView, hand: TrackedHand, opacity: float = 1.0, source: Frame | None = None) -> None:
    view.show_frame(source or frame(0), (hand,))
    view.show_hands((hand,), opacity)


def test_joints_are_where_they_project_in_their_fingers_colours(view: DepthView) -> None:
    hand = believed(1.0, spread())
    show(view, hand)
    px = joints_px(hand.joints_mm, frame(0).intrinsics)
    assert view.joints_at(hand)[4].tolist() == pytest.approx([(px[4, 0] + 0.5) * 10, (px[4, 1] + 0.5) * 10 + TOP])
    for joint in (0, 4, 8, 12, 16, 20):
        assert tuple(at_joint(view, hand, joint)) == finger_colour(joint)
    assert at_joint(view, hand, 3).max() < 0.6 * 255  # hidden: hollow
    x, y = view.joints_at(hand)[3]
    ring = pixels(view)[int(y), int(x) - 5 : int(x) + 6]
    assert (np.abs(ring - FINGER_COLOURS[0]).max(axis=1) < 40).sum() >= 2


def test_joints_are_where_the_lens_shows_them(view: DepthView) -> None:
    bent = replace(frame(0).intrinsics, distortion=(0.9, 0.0, 0.0, 0.0))
    hand = believed(1.0, spread())
    show(view, hand, source=frame(0, camera=bent))
    straight = joints_px(hand.joints_mm, frame(0).intrinsics)[20] * 10 + 5
    assert np.hypot(*(view.joints_at(hand)[20] - (straight + (0, TOP)))) > 1
    assert tuple(at_joint(view, hand, 20)) == finger_colour(20)


def test_opacity_goes_by_the_hand_and_by_the_joint(view: DepthView) -> None:
    ground, full = np.array(colour_of(600)), np.array(finger_colour(20))

    def share(opacity: float, confidence: float) -> float:
        hand = believed(confidence, spread())
        show(view, hand, opacity)
        difference = at_joint(view, hand, 20) - ground
        return float(difference[0] / (full - ground)[0])

    assert share(1.0, 1.0) == pytest.approx(1.0, abs=0.02)
    assert 0.2 < share(0.5, 1.0) < 0.8
    assert share(1.0, 0.0) == pytest.approx(share(1.0, FAINTEST), abs=0.01)
    assert 0.05 < share(1.0, 0.0) < share(1.0, 0.5) < share(1.0, 0.75) < 1
    one = np.where(np.arange(21) == 20, 0.1, 1.0)
    hand = believed(one, spread())
    show(view, hand)
    assert tuple(at_joint(view, hand, 16)) == finger_colour(16)
    assert np.abs(at_joint(view, hand, 20) - full).max() > 60


@pytest.mark.parametrize("empty", ["no hands", "no opacity"])
def test_no_hand_leaves_nothing(view: DepthView, empty: str) -> None:
    view.set_look(ViewConfig())
    view.show_frame(frame(0), ())
    plain = pixels(view)
    show(view, hand_at())
    assert (pixels(view) != plain).any()
    view.show_hands(() if empty == "no hands" else (hand_at(),), 0.0 if empty == "no opacity" else 1.0)
    assert np.array_equal(pixels(view), plain)


def test_the_box_has_marked_corners_a_thin_edge_and_a_label(view: DepthView) -> None:
    view.set_look(ViewConfig(skeleton=False, outline=False))
    view.show_frame(frame(0), ())
    plain = pixels(view)
    hand = hand_at()
    show(view, hand)
    shown = pixels(view)
    left, top, right, bottom = ((value + 0.5) * SCALE for value in region_box(hand.region, frame(0).intrinsics))
    top, bottom = top + TOP, bottom + TOP
    for x, y in ((left, top), (right, top), (left, bottom), (right, bottom)):
        assert np.abs(shown[round(y), round(x)] - DARK.text).max() < 60
    edge = shown[round((top + bottom) / 2), round(left) - 2 : round(left) + 3]
    assert (np.abs(edge - plain[300, 320]).max(axis=1) > 15).sum() in (1, 2)
    within = (slice(round(top) + 30, round(bottom) - 30), slice(round(left) + 30, round(right) - 30))
    assert np.array_equal(shown[within], plain[within])
    label = shown[round(top) - 20 : round(top) - 4, round(left) : round(left) + 90]
    assert (label == DARK.text).all(axis=2).sum() > 20
    view.set_look(replace(BARE, skeleton=False))
    assert np.array_equal(pixels(view), plain)


def test_a_label_leaves_the_legends_letters_as_they_are(view: DepthView) -> None:
    view.show_frame(frame(0), ())
    card = legend_place(HEIGHT).toRect()
    legend = (slice(card.top(), card.bottom()), slice(card.left(), card.right()))
    plain = pixels(view)[legend]
    show(view, hand_at())
    assert np.array_equal(pixels(view)[legend], plain)


def test_a_label_stays_in_the_picture(view: DepthView) -> None:
    view.set_look(ViewConfig(skeleton=False, outline=False))
    hand = hand_at()
    high = replace(hand, region=replace(hand.region, centre_mm=np.array([-300, -400, 600], np.float32)))
    show(view, high)
    assert (pixels(view)[:24, :120] == DARK.text).all(axis=2).sum() > 20


def test_the_outline_goes_about_the_hand(view: DepthView) -> None:
    view.set_look(ViewConfig(skeleton=False, box=False))
    depth = np.full((48, 64), 2000, np.uint16)
    depth[18:30, 26:38] = 600
    source = replace(frame(0), depth=depth)
    view.show_frame(source, ())
    plain = pixels(view)
    show(view, hand_at(), source=source)
    moved = (pixels(view) != plain).any(axis=2)
    rows, columns = np.flatnonzero(moved.any(axis=1)), np.flatnonzero(moved.any(axis=0))
    # through the middles of the outermost pixels, 3 wide
    assert abs(columns[0] - 265) <= 3
    assert abs(columns[-1] - 375) <= 3
    assert abs(rows[0] - (TOP + 185)) <= 3
    assert abs(rows[-1] - (TOP + 295)) <= 3
    assert not moved[TOP + 200 : TOP + 280, 280:360].any()
    view.show_frame(replace(frame(1), depth=np.full((48, 64), 2000, np.uint16)), ())
    assert (pixels(view)[TOP : TOP + 470, 140:] == pixels(view)[TOP, 0]).all()  # follows the frame


def test_joints_far_outside_are_no_error(view: DepthView) -> None:
    view.set_look(ViewConfig())
    hand = hand_at()
    far = np.array([50_000, 0, 0], np.float32)
    away = replace(
        hand, joints_mm=hand.joints_mm + far, region=replace(hand.region, centre_mm=hand.region.centre_mm + far)
    )
    show(view, away)
    assert (pixels(view)[300, 20] == colour_of(600)).all()
