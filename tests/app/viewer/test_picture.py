"""The depth picture itself: its colours, legend, read-out and zoom; the hand on it is in test_picture_hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PyQt6 import QtCore, QtGui
from pytestqt.qtbot import QtBot

from app.viewer.legend import bar_place, legend_place
from app.viewer.picture import DepthView
from app.viewer.scale import SCENE, Span, level, ticks_mm
from lighthand.types import Intrinsics
from tests.app.scripted import OTHER_SIZE, frame, hand_at
from tests.app.viewer.pictured import BARE, DARK, HEIGHT, LIGHT, SCALE, TOP, colour_of, pixels

KIND = QtCore.QEvent.Type


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
