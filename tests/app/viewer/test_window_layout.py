"""The window at every size, in both themes: nothing overlaps, is cut off or jumps."""

from __future__ import annotations

from itertools import combinations

import pytest
from PyQt6 import QtCore, QtWidgets
from pytestqt.qtbot import QtBot

from app.viewer import window as module
from app.viewer.legend import legend_place
from lighthand.errors import SourceError
from tests.app.viewer.conftest import OpenStage
from tests.app.viewer.stage import Stage, place, plain, seen

LEAST = (760, 480)  # with the panel; narrower without
SIZES = [LEAST, (1280, 720), (1920, 1080), (3840, 2160)]
TROUBLE = "RealSense D435 0420: no frame for 1.0 s (asked 60 fps, USB 2.1). Trying again in 10 s (try 12)."


def resize(stage: Stage, qtbot: QtBot, width: int, height: int) -> None:
    stage.window.resize(width, height)
    qtbot.waitUntil(lambda: (stage.window.width(), stage.window.height()) == (width, height))
    qtbot.wait(50)


def parts(stage: Stage) -> list[QtWidgets.QWidget]:
    """What the page is made of, side by side."""
    window, bar = stage.window, stage.bar
    labels = [label for label in bar.findChildren(QtWidgets.QLabel) if label.isVisible()]
    page = [window._views, window._transport, window._timeline, window._panel]
    return [*(part for part in page if part.isVisible()), *labels]


def texts(stage: Stage) -> list[QtWidgets.QLabel | QtWidgets.QAbstractButton]:
    found: list[QtWidgets.QLabel | QtWidgets.QAbstractButton] = []
    for kind in (QtWidgets.QLabel, QtWidgets.QPushButton, QtWidgets.QCheckBox):
        found += [each for each in stage.window.findChildren(kind) if each.isVisible() and each.text()]
    return found


def needed(text: QtWidgets.QLabel | QtWidgets.QAbstractButton) -> QtCore.QSize:
    """The room that a text needs at the width it has."""
    if isinstance(text, QtWidgets.QLabel) and text.wordWrap():
        return QtCore.QSize(text.minimumSizeHint().width(), text.heightForWidth(text.width()))
    if isinstance(text, QtWidgets.QLabel | QtWidgets.QCheckBox):
        return text.sizeHint()
    return text.fontMetrics().size(0, text.text())


def assert_tidy(stage: Stage) -> None:
    window = stage.window
    places = [(part, place(part, window)) for part in parts(stage)]
    for part, rect in places:
        assert window.rect().contains(rect), f"{part} at {rect} is outside of {window.rect()}"
    for (one, first), (other, second) in combinations(places, 2):
        assert not first.intersects(second), f"{one} at {first} lies on {other} at {second}"
    for text in texts(stage):
        room = needed(text)
        assert text.width() >= room.width(), f"{text.text()!r}: {text.width()} of {room.width()} pixels"
        assert text.height() >= room.height(), f"{text.text()!r}: {text.height()} of {room.height()} lines"


@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize(("width", "height"), SIZES)
def test_nothing_overlaps_and_no_text_is_cut(
    stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, theme: str, width: int, height: int
) -> None:
    monkeypatch.setattr(module, "FIGURES_S", 0.0)
    if theme == "light":
        stage.press("T")
    resize(stage, qtbot, width, height)
    assert_tidy(stage)
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    assert_tidy(stage)
    stage.press("R")
    stage.live.trouble = TROUBLE
    qtbot.waitUntil(lambda: "Camera lost" in stage.state)
    qtbot.wait(30)
    assert_tidy(stage)
    assert not place(stage.banner, stage.window).intersects(place(stage.tape, stage.window))
    stage.play()
    qtbot.waitUntil(stage.window._transport.isVisible)
    qtbot.wait(30)
    assert_tidy(stage)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_without_panel_and_time_line_the_views_have_their_room(
    stage: Stage, qtbot: QtBot, width: int, height: int
) -> None:
    resize(stage, qtbot, width, height)
    before = stage.window._views.size()
    stage.press("Tab")
    stage.press("L")
    qtbot.waitUntil(lambda: stage.window._views.width() > before.width())
    assert stage.window._views.height() > before.height()
    assert_tidy(stage)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_banner_lies_within_the_views_at_every_size(stage: Stage, qtbot: QtBot, width: int, height: int) -> None:
    stage.live.info = None
    stage.live.trouble = TROUBLE * 2
    qtbot.waitUntil(lambda: "No camera" in stage.state)
    resize(stage, qtbot, width, height)
    assert place(stage.window._views, stage.window).contains(place(stage.banner, stage.window))
    assert stage.banner.height() >= stage.banner.heightForWidth(stage.banner.width())


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_banner_leaves_the_colours_free(stage: Stage, qtbot: QtBot, width: int, height: int) -> None:
    resize(stage, qtbot, width, height)
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    stage.live.trouble = TROUBLE
    qtbot.waitUntil(stage.banner.isVisible)
    colours = legend_place(stage.picture.height()).toRect()
    colours.moveTopLeft(stage.picture.mapTo(stage.window, colours.topLeft()))
    assert not place(stage.banner, stage.window).intersects(colours)
    assert stage.banner.height() >= stage.banner.heightForWidth(stage.banner.width())
    stage.live.results.close(SourceError(f"{TROUBLE} " * 3))  # too much to be read beside them
    qtbot.waitUntil(lambda: "Stopped" in stage.state)
    assert place(stage.window._views, stage.window).contains(place(stage.banner, stage.window))
    assert stage.banner.height() >= stage.banner.heightForWidth(stage.banner.width())


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_hint_lies_within_the_picture_at_every_size(stage: Stage, qtbot: QtBot, width: int, height: int) -> None:
    resize(stage, qtbot, width, height)
    stage.window._projector._hand_s -= 10
    stage.put(seen(0, hand=False))
    qtbot.waitUntil(stage.hint.isVisible)
    assert place(stage.picture, stage.window).contains(place(stage.hint, stage.window))
    assert stage.hint.height() >= stage.hint.heightForWidth(stage.hint.width())


def test_figures_keep_their_width_however_long(stage: Stage, qtbot: QtBot) -> None:
    bar = stage.bar
    stage.window._timer.stop()  # which would write figures of its own
    places = [figure.geometry() for figure in (bar.rate, bar.age, bar.drops)]
    for figure in (bar.rate, bar.age, bar.drops):
        figure.setText("1234567890 " * 5)
    qtbot.wait(30)
    assert [figure.geometry() for figure in (bar.rate, bar.age, bar.drops)] == places


def test_nothing_jumps_from_state_to_state(stage: Stage, qtbot: QtBot) -> None:
    """Only what lies on the views comes and goes."""
    still = [stage.window._views, stage.picture, stage.window._timeline, stage.window._panel, stage.bar]
    still += [stage.bar.rate, stage.bar.age, stage.bar.drops, stage.panel.record, stage.panel.pause]
    qtbot.waitUntil(lambda: "Waiting" in stage.state)
    before = [place(part, stage.window) for part in still]

    def check(text: str) -> None:
        qtbot.waitUntil(lambda: text in stage.state)
        qtbot.wait(300)
        assert [place(part, stage.window) for part in still] == before, text

    stage.put(seen(0, hand=False))
    qtbot.waitUntil(lambda: "No hand" in stage.state)
    stage.put(seen(1))
    check("No new frame")
    stage.live.trouble = TROUBLE
    stage.press("R")
    check("Camera lost")
    stage.live.trouble = ""
    stage.press("R")
    stage.put(seen(2))
    stage.press("Space")
    check("Paused")
    stage.live.results.close()
    check("Source ended")


def test_a_narrow_bar_takes_two_lines(stage: Stage, qtbot: QtBot) -> None:
    bar = stage.bar
    stage.window.resize(*LEAST)
    qtbot.waitUntil(lambda: bar.rate.y() > bar.state.y() + bar.state.height())
    stage.window.resize(1280, 720)
    qtbot.waitUntil(lambda: bar.rate.x() > bar.state.x() + bar.state.width())


def test_a_size_is_kept_though_the_window_was_minimised(stage: Stage, qtbot: QtBot) -> None:
    window = stage.window
    window.resize(window.width(), 555)
    window.showMinimized()
    qtbot.waitUntil(window.isMinimized)
    window.showNormal()
    qtbot.waitUntil(lambda: not window.isMinimized())
    QtWidgets.QApplication.processEvents()
    assert window.config.window.height == 555


def test_the_window_can_be_small_without_the_panel(stage: Stage, qtbot: QtBot) -> None:
    stage.press("Tab")
    qtbot.waitUntil(lambda: stage.window.minimumWidth() <= 740)
    resize(stage, qtbot, 740, 480)
    assert_tidy(stage)
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    assert_tidy(stage)
    stage.press("Tab")
    qtbot.waitUntil(lambda: stage.panel.isVisible() and stage.window.width() <= LEAST[0])
    assert_tidy(stage)


def test_the_help_is_in_the_middle_at_every_size(open_stage: OpenStage, qtbot: QtBot) -> None:
    stage = open_stage()
    stage.press("?")
    for width, height in SIZES:
        resize(stage, qtbot, width, height)
        card = stage.window._help._card.geometry()
        assert stage.window.rect().contains(card)
        assert abs(card.center().x() - width // 2) <= 1
    assert "start or end a recording" in [plain(each) for each in stage.window._help.findChildren(QtWidgets.QLabel)]


def test_what_was_saved_is_said_within_the_picture_whatever_its_size(stage: Stage, qtbot: QtBot) -> None:
    resize(stage, qtbot, 1280, 720)
    stage.tape._say("a long word " * 12, "good")
    tall = stage.tape.height()
    resize(stage, qtbot, *LEAST)
    assert stage.tape.geometry().right() <= stage.picture.width()
    assert stage.tape.height() > tall, "its text takes more lines"
