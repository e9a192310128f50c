"""Runs the whole program with a scripted camera, and closes its window in a state, as a user does."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from app import main as program
from app.cameras.base import Camera, DeviceLostError
from app.config import CameraConfig
from app.viewer import window as window_module
from app.viewer.window import HandWindow
from lighthand.errors import SourceError
from lighthand.types import Frame
from tests.app.scripted import ScriptedCamera, frame
from tests.lighthand.scenes import BlobEstimator

PATIENCE_S = 20.0  # until the state is there, on a busy machine
END_S = 3.0  # from the closing of the window to the end of the program
SLOW_S = 1.0  # that a driver may take to open, and a network to load

Open = Callable[[CameraConfig, Callable[[Camera], object]], Camera]
Ready = Callable[[HandWindow], bool]


def bar(window: HandWindow) -> str:
    return window._bar.state.text()


def frames(count: int | None = None) -> Iterator[Frame | float]:
    for seq in itertools.count() if count is None else range(count):
        yield frame(seq)
        yield 1 / 60


def give(camera: Callable[[], Camera]) -> Open:
    def open_camera(config: CameraConfig, note: Callable[[Camera], object]) -> Camera:
        made = camera()
        note(made)
        return made

    return open_camera


def refuse(error: Exception) -> Open:
    def open_camera(config: CameraConfig, note: Callable[[Camera], object]) -> Camera:
        raise error

    return open_camera


def open_slowly(config: CameraConfig, note: Callable[[Camera], object]) -> Camera:
    """A driver that cannot be interrupted."""
    time.sleep(SLOW_S)
    return give(lambda: ScriptedCamera([None]))(config, note)


@dataclass
class Run:
    """What came of one run."""

    code: int
    ended_s: float
    state: str


class Closer:
    """Runs the program and closes its window, as a user does, when it is in a state."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self._monkeypatch = monkeypatch
        self.folder = folder
        monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
        monkeypatch.setattr("app.live.RECORDINGS", folder / "recordings")
        monkeypatch.setattr("app.live.open_estimator", lambda source: BlobEstimator())

    def run(self, ready: Ready, act: Callable[[HandWindow], object] = lambda window: None, *more: str) -> Run:
        closed: list[tuple[float, str]] = []
        start_s = time.perf_counter()

        class ClosedWindow(HandWindow):
            _acted = False

            def _poll(self) -> None:
                super()._poll()
                if closed:
                    return
                if time.perf_counter() - start_s > PATIENCE_S:
                    closed.append((time.perf_counter(), f"never ready: {bar(self)}"))
                    self.close()
                elif not self._acted and self._projector.last is not None:
                    self._acted = True
                    act(self)
                elif ready(self):
                    closed.append((time.perf_counter(), bar(self)))
                    self.close()

        self._monkeypatch.setattr(window_module, "HandWindow", ClosedWindow)
        code = program.main(["--camera", "realsense", *more])
        ended_s = time.perf_counter()
        (closed_s, state), *_ = closed
        return Run(code, ended_s - closed_s, state)


def some_frames(window: HandWindow) -> bool:
    return window._projector.last is not None and window._projector.last.frame.seq > 10


def unplugged() -> ScriptedCamera:
    script = itertools.chain(frames(20), [DeviceLostError("scripted 1: gone")])
    return ScriptedCamera(script, itertools.repeat(SourceError("scripted 1: not there.")))


CASES: dict[str, tuple[Open, str, int]] = {
    "opening": (open_slowly, "Opening the camera", 0),
    "no camera": (refuse(SourceError("realsense: nothing is plugged in.")), "No camera", 0),
    "waiting": (give(lambda: ScriptedCamera([None])), "Waiting for frames", 0),
    "running": (give(lambda: ScriptedCamera(frames())), "hand", 0),
    "silent": (give(lambda: ScriptedCamera(itertools.chain(frames(9), [None]))), "No new frame", 0),
    "lost": (give(unplugged), "Camera lost", 0),
    "ended": (give(lambda: ScriptedCamera(frames(5))), "Source ended", 0),
    "error": (
        give(lambda: ScriptedCamera(itertools.chain(frames(9), [SourceError("scripted 1: broken.")]))),
        "Stopped by an error",
        2,
    ),
}
