"""The panel's list of sources, their modes, and the dialog that asks for a recording."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PyQt6 import QtCore, QtGui, QtWidgets
from pytestqt.qtbot import QtBot

from app.config import CameraConfig
from app.look import ThemeName
from app.viewer import chooser as chooser_module
from app.viewer.panel import ControlPanel
from app.viewer.theme import THEMES, style_sheet
from lighthand.types import Intrinsics
from tests.app.viewer.conftest import Said
from tests.app.viewer.sources import BUSY, FILE, LIVE, RENDERED
from tests.app.viewer.stage import button


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
