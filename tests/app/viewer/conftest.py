"""A window that is shown, and closed after the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from tests.app.viewer.stage import Stage

PATIENCE_S = 1.0  # until a result is stale: a busy machine may stand still for longer than the program allows

OpenStage = Callable[..., Stage]


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
