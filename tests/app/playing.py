"""A small recording that plays, a thread that reads it as capture does, and the command line that plays one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from app.cameras.base import EndOfSourceError, NotDueError
from app.cameras.replay import ReplayCamera
from app.formats.mcap_write import RecordingWriter
from app.formats.recording import Description
from lighthand.types import Frame
from tests.app.scripted import SIZE, frame

FIRST_DEPTH = 600
ABOUT: dict[str, object] = {
    "width": 8, "height": 6, "fx": 7.0, "fy": 7.0, "cx": 3.5, "cy": 2.5, "depth_unit_mm": 0.5, "fps": 200,
}  # fmt: skip
"""What a folder of images says of its camera."""


def image(value: int, width: int = 8, height: int = 6) -> np.ndarray:
    return np.full((height, width), value, np.uint16)


def write(path: Path, count: int, fps: float = 30.0, *, depth: int = FIRST_DEPTH) -> Path:
    """Record frames of which each shows its place as its depth."""
    writer = RecordingWriter(path, Description("cam", "1", 1.0, SIZE, fps), {})
    for step in range(count):
        shown = replace(frame(step, depth=depth + step), sensor_s=10 + step / fps)
        writer.frame(shown, round(step / fps * 1e9))
    writer.finish({})
    return path


def step_of(shown: Frame) -> int:
    return int(shown.depth[0, 0]) - FIRST_DEPTH


def lock_step(recording: Path, weights: Path, *more: str) -> list[str]:
    """Give the command line that plays a recording without a window and loses no frame."""
    source = ["--camera", "replay", "--source", str(recording), "--pace", "lockstep", "--headless"]
    return [*source, "--set", f"network.weights={weights}", *more]


class Reader:
    """Reads a camera on a thread; what comes is in ``frames``."""

    def __init__(self, camera: ReplayCamera) -> None:
        self.camera = camera
        self.player = camera.player
        self.frames: list[Frame] = []
        self.waits = 0
        self.ended = False
        self._thread = threading.Thread(name="reader", target=self._run)

    def _run(self) -> None:
        while True:
            try:
                self.frames.append(self.camera.read(0.05))
            except NotDueError:
                self.waits += 1
            except EndOfSourceError:
                self.ended = True
                return

    @property
    def steps(self) -> list[int]:
        return [step_of(shown) for shown in self.frames]

    def wait(self, what: Callable[[], object]) -> None:
        end_s = time.perf_counter() + 5
        while not what():
            assert time.perf_counter() < end_s, f"after {self.steps}"
            time.sleep(0.002)

    def __enter__(self) -> Self:
        self.camera.open()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.camera.close()
        self._thread.join(2)
        assert not self._thread.is_alive()
