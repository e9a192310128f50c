from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PyQt6 import QtCore, QtGui
from pytestqt.qtbot import QtBot

from app.look import ViewConfig
from app.viewer.colours import FAINTEST, FINGER_COLOURS, depth_table, finger_colour, joints_px
from app.viewer.legend import bar_place, legend_place
from app.viewer.picture import DepthView
from app.viewer.scale import SCENE, Span, level, ticks_mm
from app.viewer.theme import THEMES, Colour
from lighthand.crop import region_box
from lighthand.types import Frame, Intrinsics, TrackedHand
from tests.app.scripted import OTHER_SIZE, frame, hand_at

DARK, LIGHT = THEMES["dark"], THEMES["light"]
KIND = QtCore.QEvent.Type
WIDTH, HEIGHT, SCALE, TOP = 640, 600, 10, 60  # of the widget; of 64 x 48 pixels in it
BARE = ViewConfig(box=False, outline=False)


def pixels(view: DepthView) -> np.ndarray:
    image = view.grab().toImage().convertToFormat(QtGui.QImage.Format.Format_RGB32)
    memory = image.constBits()
    assert memory is not None
    raw = np.frombuffer(memory.asstring(image.sizeInBytes()), np.uint8)
    return raw.reshape(image.height(), image.width(), 4)[:, :, 2::-1].astype(int)


def colour_of(depth_mm: int, span: Span = SCENE, theme: str = "dark") -> Colour:
    value = int(depth_table(1.0, span, THEMES["light" if theme == "light" else "dark"])[depth_mm])
    return value >> 16 & 255, value >> 8 & 255, value & 255


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


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[DepthView]:
    made = DepthView(DARK)
    qtbot.addWidget(made)
    made.resize(WIDTH, HEIGHT)
    made.set_look(BARE)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


def show(view: DepthView, hand: TrackedHand, opacity: float = 1.0, source: Frame | None = None) -> None:
    view.show_frame(source or frame(0), (hand,))
    view.show_hands((hand,), opacity)


def test_without_a_frame_there_is_the_page_alone(view: DepthView) -> None:
    view.show_hands((), 1.0)
    assert (pixels(view) == DARK.page).all()
    assert view.readout() == ""


def test_each_pixel_of_depth_is_a_sharp_square_of_its_colour(view: DepthView) -> None:
    depth = np.full((48, 64), 600, np.uint16)
    depth[20, 30], depth[20, 31] = 0, 900
    view.show_frame(replace(frame(0), depth=depth), ())
    shown = pixels(view)
    assert (shown[:TOP] == DARK.page).all()
    square = shown[TOP + 200 : TOP + 210]
    assert (square[:, 290:300] == colour_of(600)).all()
    assert (square[:, 300:310] == DARK.page).all()
    assert (square[:, 310:320] == colour_of(900)).all()
    assert (square[:, 320:330] == colour_of(600)).all()


def test_the_next_frame_takes_its_place_in_the_same_memory(view: DepthView) -> None:
    view.show_frame(frame(0, depth=600), ())
    image = view._image
    view.show_frame(frame(1, depth=1200), ())
    assert view._image is image
    assert (pixels(view)[300, 320] == colour_of(1200)).all()


def test_another_size_is_shown_whole(view: DepthView) -> None:
    view.show_frame(frame(0), ())
    view._zoom.magnify(3.0, (100, 100))
    view.show_frame(frame(1, camera=OTHER_SIZE, depth=900), ())
    assert view._zoom.scale == 20
    assert (pixels(view)[TOP + 5, [5, 300]] == colour_of(900)).all()
    wide = Intrinsics(320, 60, 100.0, 100.0, 160.0, 30.0)
    view.show_frame(frame(2, camera=wide, depth=900), ())
    assert (pixels(view)[300, [5, 600]] == colour_of(900)).all()
    assert (pixels(view)[200, 320] == DARK.page).all()


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


def test_a_stale_picture_is_dimmed(view: DepthView) -> None:
    view.show_frame(frame(0), ())
    view.set_dimmed(True)
    mixed = 0.45 * np.array(colour_of(600)) + 0.55 * np.array(DARK.page)
    assert pixels(view)[300, 320] == pytest.approx(mixed, abs=2)
    view.set_dimmed(False)
    assert (pixels(view)[300, 320] == colour_of(600)).all()


def test_colours_over_the_hand_stay_when_it_is_lost_and_go_with_another_camera(view: DepthView) -> None:
    view.set_look(replace(BARE, scale="hand"))
    view.show_frame(frame(0), ())
    assert view.span == SCENE
    hand = hand_at(600.0)
    view.show_frame(frame(1, depth=700), (hand,))
    assert view.span == Span(480.0, 720.0, even=True)
    assert (pixels(view)[300, 20] == colour_of(700, view.span)).all()
    view.show_frame(frame(2, depth=1500), ())
    assert (pixels(view)[300, 20] == colour_of(1500, view.span)).all()
    assert view.span.even
    view.set_look(replace(BARE, scale="scene"))
    assert (pixels(view)[300, 20] == colour_of(1500)).all()
    view.set_look(replace(BARE, scale="hand"))
    view.show_frame(frame(3, camera=OTHER_SIZE), ())
    assert view.span == SCENE


def test_a_theme_changes_page_picture_and_legend(view: DepthView) -> None:
    view.show_frame(frame(0), ())
    view.set_theme(LIGHT)
    shown = pixels(view)
    assert (shown[5, 5] == LIGHT.page).all()
    assert (shown[300, 320] == colour_of(600, theme="light")).all()
    card = legend_place(HEIGHT)
    assert shown[int(card.bottom()) - 4, int(card.right()) - 30].min() > 200


@pytest.mark.parametrize("scale", ["scene", "hand"])
def test_the_legend_matches_the_colours(view: DepthView, scale: str) -> None:
    view.set_look(replace(BARE, scale="hand" if scale == "hand" else "scene"))
    view.show_frame(frame(0), (hand_at(600.0),))
    shown = pixels(view)
    bar = bar_place(legend_place(HEIGHT))
    assert len(ticks_mm(view.span)) >= 3
    for distance_mm in ticks_mm(view.span):
        y = bar.top() + float(level(distance_mm, view.span)) * bar.height()
        row = min(max(int(y), int(bar.top()) + 1), int(bar.bottom()) - 2)
        assert np.abs(shown[row, int(bar.center().x())] - colour_of(distance_mm, view.span)).max() <= 8
        beside = shown[row - 7 : row + 8, int(bar.right()) + 7 : int(bar.right()) + 50]
        assert np.abs(beside - DARK.text).max(axis=2).min() < 60  # its number


def mouse(view: DepthView, kind: QtCore.QEvent.Type, x: float, y: float) -> None:
    at, left, none = QtCore.QPointF(x, y), QtCore.Qt.MouseButton.LeftButton, QtCore.Qt.MouseButton.NoButton
    button = none if kind == KIND.MouseMove else left
    event = QtGui.QMouseEvent(kind, at, view.mapToGlobal(at), button, button, QtCore.Qt.KeyboardModifier.NoModifier)
    QtGui.QGuiApplication.sendEvent(view, event)


def test_the_read_out_lies_beside_the_legend(view: DepthView, monkeypatch: pytest.MonkeyPatch) -> None:
    view.show_frame(frame(0), ())
    view.resize(view.minimumWidth(), HEIGHT)
    plain = pixels(view)
    monkeypatch.setattr(view, "readout", lambda: "1023, 1023    not measured")
    rows, columns = np.nonzero((pixels(view) != plain).any(axis=2))
    assert len(rows) > 1000
    assert columns.min() > legend_place(HEIGHT).right()
    assert columns.max() < view.width() - 5


def test_tells_what_is_under_the_cursor(view: DepthView) -> None:
    depth = np.full((48, 64), 4800, np.uint16)
    depth[24, 32] = 4805
    depth[0, 0] = 0
    view.show_frame(replace(frame(0, unit_mm=0.125), depth=depth), ())
    plain = pixels(view)
    mouse(view, KIND.MouseMove, 325, TOP + 245)
    assert view.readout() == "32, 24    600.6 mm"
    assert (pixels(view) != plain).any(axis=2)[HEIGHT - 40 :, :200].sum() > 1000
    mouse(view, KIND.MouseMove, 2, TOP + 2)
    assert view.readout() == "0, 0    not measured"
    mouse(view, KIND.MouseMove, 325, TOP - 3)
    assert view.readout() == ""
    mouse(view, KIND.MouseMove, 315, TOP + 245)
    view.show_frame(frame(1, depth=777), ())  # a cursor at rest reads the new frame
    assert view.readout() == "31, 24    777 mm"
    QtGui.QGuiApplication.sendEvent(view, QtCore.QEvent(QtCore.QEvent.Type.Leave))
    assert view.readout() == ""


def wheel(view: DepthView, x: float, y: float, notches: int) -> None:
    at = QtCore.QPointF(x, y)
    none = QtCore.Qt.MouseButton.NoButton
    event = QtGui.QWheelEvent(
        at, view.mapToGlobal(at), QtCore.QPoint(), QtCore.QPoint(0, 120 * notches), none,
        QtCore.Qt.KeyboardModifier.NoModifier, QtCore.Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QtGui.QGuiApplication.sendEvent(view, event)


def test_the_wheel_magnifies_dragging_moves_and_a_double_click_resets(view: DepthView) -> None:
    view.show_frame(frame(0), ())
    mouse(view, KIND.MouseMove, 200, 300)
    before = view.readout()
    wheel(view, 200, 300, 5)
    assert view._zoom.scale > 20
    assert view.readout() == before
    view.show_frame(frame(1), ())
    assert view.readout() == before  # a new frame moves nothing
    mouse(view, KIND.MouseButtonPress, 200, 300)
    mouse(view, KIND.MouseMove, 260, 330)
    assert view.readout() == before
    mouse(view, KIND.MouseButtonRelease, 260, 330)
    mouse(view, KIND.MouseMove, 200, 300)
    assert view.readout() != before  # let go
    mouse(view, KIND.MouseButtonDblClick, 200, 300)
    assert view._zoom.scale == SCALE
    wheel(view, 200, 300, -5)
    assert view._zoom.scale == SCALE
    wheel(view, 200, 300, 3)
    view.reset()
    assert view._zoom.scale == SCALE


def test_says_when_it_was_painted(view: DepthView, qtbot: QtBot) -> None:
    with qtbot.waitSignal(view.painted, timeout=3000):
        view.show_frame(frame(0), ())


def test_joints_far_outside_are_no_error(view: DepthView) -> None:
    view.set_look(ViewConfig())
    hand = hand_at()
    far = np.array([50_000, 0, 0], np.float32)
    away = replace(
        hand, joints_mm=hand.joints_mm + far, region=replace(hand.region, centre_mm=hand.region.centre_mm + far)
    )
    show(view, away)
    assert (pixels(view)[300, 20] == colour_of(600)).all()
