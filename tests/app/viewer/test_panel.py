"""The panel of controls: what it says, and what it shows without saying anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path

import pytest
from PyQt6 import QtCore, QtGui, QtTest, QtWidgets
from pytestqt.qtbot import QtBot

from app.cameras.base import CameraInfo, Device, MissingSdkError, Mode
from app.config import AppConfig, CameraConfig
from app.look import ThemeName, ViewConfig
from app.viewer import chooser as chooser_module
from app.viewer.controls import Millimetres
from app.viewer.keys import KEYS, HelpCard
from app.viewer.panel import SMOOTHING_HZ, WIDTH_PX, ControlPanel
from app.viewer.theme import THEMES, style_sheet
from lighthand.errors import SourceError
from lighthand.segment import SegmentConfig
from lighthand.track import TrackConfig
from lighthand.types import Intrinsics

MODES = (Mode(640, 480, 30), Mode(848, 480, 90))
D435 = Device("realsense", "RealSense D435", "0420", "USB 3.2", MODES)
OTHER = Device("realsense", "RealSense D405", "0405", "USB 2.1", MODES[:1], "USB 2.1: use a USB 3 port")
BUSY = Device("openni", "Xtion", "1d27", "USB", (), "cannot be opened now: busy")
NO_SDK = MissingSdkError("not installed: type this")
LIVE = CameraInfo("RealSense D435", "0420", "", "USB 3.2", 1.0, Intrinsics(848, 480, 400, 400, 424, 240), 90.0)
FILE = replace(LIVE, serial="demo.mcap", link="file")
RENDERED = replace(LIVE, model="synthetic camera", serial="seed 0", link="rendered")

Said = list[tuple[str, object]]


@pytest.fixture
def panel(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> ControlPanel:
    answers = {"realsense": (D435, OTHER), "openni": (BUSY,), "azure": NO_SDK}

    def ask(kind: str) -> tuple[Device, ...]:
        answer = answers[kind]
        if isinstance(answer, SourceError):
            raise answer
        return answer

    monkeypatch.setattr(chooser_module, "devices_of", ask)
    made = ControlPanel()
    made.setStyleSheet(style_sheet(THEMES["dark"]))
    qtbot.addWidget(made)
    made.resize(WIDTH_PX, 720)
    made.show()
    return made


@pytest.fixture
def said(panel: ControlPanel) -> Said:
    """All that the panel says."""
    heard: Said = []
    for name in ("source_chosen", "segment_changed", "track_changed", "look_changed", "view_asked"):
        getattr(panel, name).connect(lambda value, name=name: heard.append((name, value)))
    for name in ("record_toggled", "snapshot_asked", "pause_toggled"):
        getattr(panel, name).connect(lambda name=name: heard.append((name, None)))
    return heard


def button(parent: QtWidgets.QWidget, text: str) -> QtWidgets.QAbstractButton:
    (found,) = [each for each in parent.findChildren(QtWidgets.QAbstractButton) if each.text() == text]
    return found


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


# The source


def entries(box: QtWidgets.QComboBox) -> dict[str, bool]:
    model = box.model()
    assert isinstance(model, QtGui.QStandardItemModel)
    items = [model.item(row) for row in range(model.rowCount())]
    return {item.text(): item.isEnabled() for item in items if item}


def choose(box: QtWidgets.QComboBox, text: str) -> None:
    index = box.findText(text)
    assert index >= 0, entries(box)
    box.setCurrentIndex(index)
    box.activated.emit(index)


def test_drivers_are_asked_when_the_list_is_opened(
    panel: ControlPanel, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    sources = panel.chooser.sources
    panel.set_source(FILE, CameraConfig(kind="replay", source=Path("demo.mcap")))
    assert entries(sources) == {"demo.mcap": True, "Rendered hand": True, "Open a recording…": True}
    sources.showPopup()
    sources.hidePopup()
    assert entries(sources) == {
        "demo.mcap": True,
        "RealSense D435 · 0420": True,
        "RealSense D405 · 0405": True,
        "Xtion · 1d27": False,
        "Rendered hand": True,
        "Open a recording…": True,
        "Azure Kinect: not available": False,
    }
    tip = QtCore.Qt.ItemDataRole.ToolTipRole
    assert sources.itemData(sources.findText("Azure Kinect: not available"), tip) == "not installed: type this"
    assert sources.itemData(sources.findText("Xtion · 1d27"), tip) == BUSY.note
    assert said == []
    monkeypatch.setattr(chooser_module, "devices_of", lambda kind: ())
    button(panel.chooser, "↻").click()
    assert len(entries(sources)) == 3


def test_a_device_is_asked_for_by_its_number_and_a_mode_by_its_size(panel: ControlPanel, said: Said) -> None:
    chooser = panel.chooser
    panel.set_source(FILE, CameraConfig(kind="replay", source=Path("demo.mcap")))
    assert not chooser.modes.isEnabled()
    chooser.ask()
    choose(chooser.sources, "RealSense D435 · 0420")
    assert said == [("source_chosen", CameraConfig(kind="realsense", serial="0420"))]
    assert chooser.sources.currentText() == "demo.mcap", "until the other is open"
    own = CameraConfig(kind="realsense", serial="0420", filters=("spatial",))
    panel.set_source(LIVE, own)
    assert chooser.sources.currentText() == "RealSense D435 · 0420"
    assert list(entries(chooser.modes)) == ["driver's: 848x480@90", "848x480@90", "640x480@30"]
    choose(chooser.modes, "640x480@30")
    small = replace(own, width=640, height=480, fps=30)
    assert said[-1] == ("source_chosen", small)
    panel.set_source(replace(LIVE, fps=30.0, intrinsics=Intrinsics(640, 480, 400, 400, 320, 240)), small)
    assert chooser.modes.currentText() == "640x480@30"
    choose(chooser.modes, "driver's choice")
    assert said[-1] == ("source_chosen", own)


def test_a_camera_that_auto_found_is_known_again_when_modes_are_asked_for(panel: ControlPanel, said: Said) -> None:
    panel.set_source(LIVE, CameraConfig())
    panel.chooser.modes.showPopup()
    panel.chooser.modes.hidePopup()
    choose(panel.chooser.modes, "848x480@90")
    asked = CameraConfig(kind="realsense", serial="0420", width=848, height=480, fps=90)
    assert said == [("source_chosen", asked)]


@pytest.mark.parametrize("kind", ["auto", "synthetic"])
def test_the_rendered_hand_is_the_entry_that_it_is(panel: ControlPanel, kind: str) -> None:
    panel.set_source(RENDERED, CameraConfig(kind=kind))  # type: ignore[arg-type]
    assert panel.chooser.sources.currentText() == "Rendered hand"
    assert list(entries(panel.chooser.sources)) == ["Rendered hand", "Open a recording…"]


def answer(monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    """Let the user choose a file; "" for none."""
    monkeypatch.setattr(QtWidgets.QFileDialog, "exec", lambda _: int(bool(path)))
    monkeypatch.setattr(QtWidgets.QFileDialog, "selectedFiles", lambda _: [path])


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_file_dialog_shows_every_column_whole(
    panel: ControlPanel, said: Said, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, theme: ThemeName
) -> None:
    panel.setStyleSheet(style_sheet(THEMES[theme]))
    settings = QtCore.QSettings
    settings.setPath(settings.Format.NativeFormat, settings.Scope.UserScope, str(tmp_path / ".settings"))
    files = [tmp_path / name for name in ("hand-2026-11-25-14-33-07-realsense-d435.mcap", "b.mcap")]
    for file in files:
        file.write_bytes(bytes(5_000_000))
    panel.set_source(FILE, CameraConfig(kind="replay", source=files[1]))

    def use(dialog: QtWidgets.QFileDialog) -> int:
        dialog.show()
        table = dialog.findChild(QtWidgets.QTreeView)
        assert table is not None
        model, root, header = table.model(), table.rootIndex(), table.header()
        assert model is not None
        assert header is not None
        qtbot.waitUntil(lambda: model.rowCount(root) == len(files))
        qtbot.wait(50)
        assert header.length() <= header.width()
        for row in range(len(files)):
            for column in range(4):
                index = model.index(row, column, root)
                icon = 0 if column else table.iconSize().width() or 16
                needed = table.fontMetrics().horizontalAdvance(str(index.data())) + icon + 4
                assert index.data()
                assert table.visualRect(index).width() >= needed, index.data()
        name = dialog.findChild(QtWidgets.QLineEdit)
        assert name is not None
        name.setText(files[0].name)
        dialog.accept()
        return dialog.result()

    monkeypatch.setattr(QtWidgets.QFileDialog, "exec", use)
    choose(panel.chooser.sources, "Open a recording…")
    assert said == [("source_chosen", CameraConfig(kind="replay", source=files[0]))]


@pytest.mark.parametrize(
    ("chosen", "source"), [("/a/b.mcap", "/a/b.mcap"), ("/a/depth/0001.png", "/a/depth"), ("", None)]
)
def test_a_recording_is_asked_for(
    panel: ControlPanel, said: Said, monkeypatch: pytest.MonkeyPatch, chosen: str, source: str | None
) -> None:
    answer(monkeypatch, chosen)
    panel.set_source(LIVE, CameraConfig())
    choose(panel.chooser.sources, "Open a recording…")
    if source is None:
        assert said == []
    else:
        assert said == [("source_chosen", CameraConfig(kind="replay", source=Path(source)))]
    assert panel.chooser.sources.currentText() == "RealSense D435 · 0420"


def test_another_recording_keeps_how_the_last_was_played(
    panel: ControlPanel, said: Said, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(monkeypatch, "/b.mcap")
    config = CameraConfig(kind="replay", source=Path("/a.mcap"), loop=True)
    panel.set_source(FILE, config)
    choose(panel.chooser.sources, "Open a recording…")
    assert said == [("source_chosen", replace(config, source=Path("/b.mcap")))]


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
