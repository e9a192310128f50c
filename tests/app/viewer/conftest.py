"""A window, a panel and a depth picture, each shown, and closed after the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from app.cameras.base import Device
from app.viewer import chooser as chooser_module
from app.viewer.panel import WIDTH_PX, ControlPanel
from app.viewer.picture import DepthView
from app.viewer.theme import THEMES, style_sheet
from lighthand.errors import SourceError
from tests.app.viewer.pictured import BARE, DARK, HEIGHT, WIDTH
from tests.app.viewer.sources import BUSY, D435, NO_SDK, OTHER
from tests.app.viewer.stage import Stage

PATIENCE_S = 1.0  # until a result is stale: a busy machine may stand still for longer than the program allows

OpenStage = Callable[..., Stage]
Said = list[tuple[str, object]]


@pytest.fixture
def open_stage(qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenStage]:
    """Give what opens a window; snapshots and recordings of it go to folders of the test."""
    monkeypatch.setattr("app.viewer.tape.SNAPSHOTS", tmp_path / "snapshots")
    monkeypatch.setattr("app.viewer.projector.AGE_LIMIT_S", PATIENCE_S)
    made: list[Stage] = []

    def open_one(**settings: Any) -> Stage:
        stage = Stage(tmp_path / "recordings", **settings)
        made.append(stage)
        qtbot.addWidget(stage.window)
        stage.window.show()
        qtbot.waitExposed(stage.window)
        stage.window.activateWindow()
        qtbot.waitUntil(stage.window.isActiveWindow)
        return stage

    yield open_one
    for stage in made:
        stage.close()


@pytest.fixture
def stage(open_stage: OpenStage) -> Stage:
    """Give an open window with a camera that gave nothing yet."""
    return open_stage()


@pytest.fixture
def panel(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> ControlPanel:
    """Give a panel that is shown; the drivers that it asks know three cameras."""
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


@pytest.fixture
def view(qtbot: QtBot) -> Iterator[DepthView]:
    """Give a depth picture that is shown, without a frame."""
    made = DepthView(DARK)
    qtbot.addWidget(made)
    made.resize(WIDTH, HEIGHT)
    made.set_look(BARE)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()
