"""The panel of controls: what it says, and what it shows without saying anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

import pytest
from PyQt6 import QtCore, QtGui, QtTest, QtWidgets
from pytestqt.qtbot import QtBot

from app.config import AppConfig, CameraConfig
from app.look import ThemeName, ViewConfig
from app.viewer.controls import Millimetres
from app.viewer.keys import KEYS, HelpCard
from app.viewer.panel import SMOOTHING_HZ, WIDTH_PX, ControlPanel
from app.viewer.theme import THEMES, style_sheet
from lighthand.segment import SegmentConfig
from lighthand.track import TrackConfig
from tests.app.viewer.conftest import Said
from tests.app.viewer.sources import LIVE
from tests.app.viewer.stage import button


def test_what_the_program_says_is_shown_and_not_said_back(panel: ControlPanel, said: Said) -> None:
    view = ViewConfig(**{field.name: False for field in fields(ViewConfig) if field.name not in ("theme", "scale")})
    config = AppConfig(
        segment=SegmentConfig(2000, 3000), track=TrackConfig(side="left", min_cutoff_hz=3.9),
        view=replace(view, theme="light", scale="hand"),
    )  # fmt: skip
    panel.set_config(config)
    panel.set_source(LIVE, CameraConfig(kind="realsense"))
    panel.set_recording(True)
    panel.set_paused(True)
    assert (panel.near.value(), panel.far.value()) == (2000, 3000)
    assert SMOOTHING_HZ[panel.smoothing.value()] == 4.0, "the nearest step"
    assert button(panel.side, "Left").isChecked()
    assert button(panel.theme, "Light").isChecked()
    assert button(panel.scale, "Hand").isChecked()
    assert not any(box.isChecked() for box in panel.shown.values())
    assert (panel.record.text(), panel.record.isChecked(), panel.pause.text()) == ("■ Stop", True, "Go on")
    panel.set_config(AppConfig())
    assert (panel.near.value(), panel.far.value()) == (150, 1500)
    assert all(box.isChecked() for box in panel.shown.values())
    assert said == []


def test_near_stays_before_far(panel: ControlPanel, said: Said) -> None:
    panel.near.setValue(5000)
    assert said == [("segment_changed", SegmentConfig(1499, 1500))]
    panel.far.setValue(20)
    panel.far.setValue(99_999)
    panel.near.setValue(0)
    assert said[-1] == ("segment_changed", SegmentConfig(50, 10_000))


def test_side_and_smoothing_change_nothing_else_of_the_track(panel: ControlPanel, said: Said) -> None:
    start = TrackConfig(accept=0.999, beta_hz_s_mm=0.2, min_cutoff_hz=3.1)
    panel.set_config(AppConfig(track=start))
    button(panel.side, "Right").click()
    assert said == [("track_changed", replace(start, side="right"))]
    button(panel.side, "Auto").click()
    assert said[-1] == ("track_changed", start)
    panel.smoothing.setValue(0)
    assert said[-1] == ("track_changed", replace(start, min_cutoff_hz=1e6))
    assert panel.lag.text() == "no lag: joints as they are seen"


def test_the_lag_is_said_for_the_sources_rate(panel: ControlPanel) -> None:
    assert panel.lag.text() == "lag 80 ms at rest, 5 ms at 0.5 m/s"
    panel.set_source(LIVE, CameraConfig(kind="realsense"))
    assert panel.lag.text() == "lag 80 ms at rest, 4 ms at 0.5 m/s"
    panel.smoothing.setValue(len(SMOOTHING_HZ) - 1)
    assert panel.lag.text().startswith("lag 318 ms at rest")


def test_each_part_of_the_view_has_its_control(panel: ControlPanel, said: Said) -> None:
    assert set(panel.shown) == {field.name for field in fields(ViewConfig)} - {"theme", "scale", "panel"}
    view = ViewConfig()
    for name, box in panel.shown.items():
        box.click()
        view = replace(view, **{name: False})  # type: ignore[arg-type]
        assert said[-1] == ("look_changed", view)
    button(panel.theme, "Light").click()
    button(panel.scale, "Hand").click()
    assert said[-1] == ("look_changed", replace(view, theme="light", scale="hand"))
    for name in ("front", "top", "side", "orbit", "reset"):
        button(panel, name.capitalize()).click()
        assert said[-1] == ("view_asked", name)


def test_buttons_ask_and_the_program_answers(panel: ControlPanel, said: Said) -> None:
    for text in ("● Record", "Snapshot", "Pause"):
        button(panel, text).click()
    assert [name for name, _ in said] == ["record_toggled", "snapshot_asked", "pause_toggled"]
    panel.set_recording(False)  # it could not begin
    assert not panel.record.isChecked()


def test_defaults_leave_what_the_panel_does_not_show(panel: ControlPanel, said: Said) -> None:
    panel.set_config(
        AppConfig(
            segment=SegmentConfig(2000, 3000, candidates=5),
            track=TrackConfig(side="left", min_cutoff_hz=0.5, lost_after=9),
            view=ViewConfig(theme="light", grid=False),
        )
    )
    button(panel, "Defaults").click()
    assert said == [
        ("segment_changed", SegmentConfig(candidates=5)),
        ("track_changed", TrackConfig(lost_after=9)),
        ("look_changed", ViewConfig()),
    ]
    assert panel.near.value() == 150


# Looks, keys


@pytest.mark.parametrize("height", [360, 720])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_every_control_is_explained_and_nothing_is_wider_than_the_panel(
    panel: ControlPanel, qtbot: QtBot, height: int, theme: ThemeName
) -> None:
    panel.setStyleSheet(style_sheet(THEMES[theme]))
    panel.resize(WIDTH_PX, height)
    QtWidgets.QApplication.processEvents()
    kinds = (QtWidgets.QAbstractButton, QtWidgets.QComboBox, QtWidgets.QSpinBox, QtWidgets.QSlider)
    controls = [each for kind in kinds for each in panel.findChildren(kind) if each.isVisibleTo(panel)]
    assert len(controls) > 25
    for control in controls:
        left = control.mapTo(panel, QtCore.QPoint(0, 0)).x()
        assert left >= 8
        assert left + control.width() <= WIDTH_PX - 8, control.toolTip()
        assert control.toolTip()
    for name in ("skeleton", "cloud", "timeline"):
        key = next(key.label for key in KEYS if key.action == name)
        assert panel.shown[name].toolTip().endswith(f"({key})")
    assert panel.record.mapTo(panel, panel.record.rect().bottomRight()).y() < height


class Window(QtWidgets.QWidget):
    """A window with a panel and shortcuts."""

    def __init__(self, panel: ControlPanel) -> None:
        super().__init__()
        self.pressed: list[str] = []
        QtWidgets.QVBoxLayout(self).addWidget(panel)
        for name in ("Tab", "Space", "Esc", "R", "1", "?"):
            shortcut = QtGui.QShortcut(QtGui.QKeySequence(name), self)
            shortcut.activated.connect(lambda name=name: self.pressed.append(name))


@pytest.fixture
def window(panel: ControlPanel, qtbot: QtBot) -> Iterator[Window]:
    made = Window(panel)
    qtbot.addWidget(made)
    made.show()
    made.activateWindow()
    qtbot.waitUntil(made.isActiveWindow)
    yield made
    panel.setParent(None)  # it was made without it


def press(key: str) -> None:
    at = QtWidgets.QApplication.focusWidget() or QtWidgets.QApplication.activeWindow()
    code = getattr(QtCore.Qt.Key, f"Key_{key}")
    QtTest.QTest.keyClick(at, code)


def test_a_control_with_the_focus_has_its_keys_and_esc_gives_them_back(panel: ControlPanel, window: Window) -> None:
    box = panel.shown["skeleton"]
    box.setFocus()
    press("Space")
    assert not box.isChecked()
    press("Tab")
    assert panel.shown["box"].hasFocus()
    assert window.pressed == []
    press("R")
    assert window.pressed == ["R"]
    press("Escape")
    assert not panel.shown["box"].hasFocus()
    press("Escape")
    press("Space")
    press("Tab")
    assert window.pressed == ["R", "Esc", "Space", "Tab"]


def test_letters_in_a_distance_are_the_windows_and_digits_are_not(panel: ControlPanel, window: Window) -> None:
    panel.near.setFocus()
    press("R")
    press("1")
    press("Return")
    assert window.pressed == ["R"]
    assert not panel.near.hasFocus(), "it is done"
    press("1")
    assert window.pressed == ["R", "1"]


def test_a_click_leaves_the_keys_to_the_window(panel: ControlPanel, window: Window, qtbot: QtBot) -> None:
    qtbot.mouseClick(panel.record, QtCore.Qt.MouseButton.LeftButton)
    assert not panel.record.hasFocus()


def test_the_wheel_changes_no_setting(panel: ControlPanel, said: Said) -> None:
    for control in (panel.near, panel.smoothing, panel.chooser.sources):
        wheel = QtGui.QWheelEvent(
            QtCore.QPointF(5, 5), QtCore.QPointF(5, 5), QtCore.QPoint(), QtCore.QPoint(0, 120),
            QtCore.Qt.MouseButton.NoButton, QtCore.Qt.KeyboardModifier.NoModifier,
            QtCore.Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QtWidgets.QApplication.sendEvent(control, wheel)
        assert not wheel.isAccepted()
    assert said == []
    assert isinstance(panel.near, Millimetres)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (640, 480)])
def test_the_help_fits(qtbot: QtBot, width: int, height: int) -> None:
    page = QtWidgets.QWidget()
    qtbot.addWidget(page)
    page.setStyleSheet(style_sheet(THEMES["dark"]))
    page.resize(width, height)
    page.show()
    card = HelpCard(page)
    assert not card.isVisible()
    card.show()
    card.place(page.rect())
    QtWidgets.QApplication.processEvents()
    texts = {text.text() for text in card.findChildren(QtWidgets.QLabel)}
    assert texts >= {key.label for key in KEYS} | {key.text for key in KEYS} | {key.group for key in KEYS}
    for text in card.findChildren(QtWidgets.QLabel):
        place = QtCore.QRect(text.mapTo(page, QtCore.QPoint(0, 0)), text.size())
        assert page.rect().contains(place), text.text()
        assert text.width() >= text.sizeHint().width()


def test_the_help_takes_its_closing_keys_before_the_window(panel: ControlPanel, window: Window, qtbot: QtBot) -> None:
    card = HelpCard(window)
    card.place(window.rect())
    for close in (lambda: press("Escape"), lambda: press("Question")):
        card.show()
        assert card.hasFocus()
        close()
        assert not card.isVisible()
    card.show()
    qtbot.mouseClick(card, QtCore.Qt.MouseButton.LeftButton, pos=QtCore.QPoint(3, 3))
    assert not card.isVisible()
    assert window.pressed == []
