"""Another source is chosen in the window while the whole program runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.cameras.base import Camera
from app.config import CameraConfig
from app.viewer.window import HandWindow
from tests.app.closing import CASES, END_S, Closer, bar, frames, give, some_frames
from tests.app.scripted import ScriptedCamera


@pytest.fixture
def closer(qapp: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Closer:
    return Closer(monkeypatch, tmp_path)


@pytest.mark.parametrize("first", ["running", "waiting", "lost", "ended", "error", "no camera"])
def test_another_source_can_be_chosen_in_every_state(
    closer: Closer, monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    """The threads of the first one are gone by then, and its error is not the program's any more."""
    open_first, text, _ = CASES[first]
    open_second = give(lambda: ScriptedCamera(frames()))
    threads: list[str] = []

    def open_camera(config: CameraConfig, note: Callable[[Camera], object]) -> Camera:
        return (open_second if config.kind == "synthetic" else open_first)(config, note)

    monkeypatch.setattr("app.live.open_camera", open_camera)
    chosen: list[float] = []

    def ready(window: HandWindow) -> bool:
        if not chosen and text in bar(window):
            chosen.append(time.perf_counter())
            window._panel.source_chosen.emit(CameraConfig(kind="synthetic"))
            return False
        if chosen and some_frames(window):
            threads.extend(thread.name for thread in threading.enumerate())
            return True
        return False

    run = closer.run(ready)
    assert "hand" in run.state
    assert sorted(name for name in threads if name in ("capture", "worker")) == ["capture", "worker"]
    assert run.code == 0
    assert run.ended_s < END_S
