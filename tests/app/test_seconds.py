from __future__ import annotations

import time
from pathlib import Path

import pytest

from app import main as program
from app.cameras.base import CameraInfo


class SlowFace:
    """A window that takes longer to open than the run lasts."""

    shown = 0

    def __init__(self, viewer: str, info: CameraInfo) -> None:
        time.sleep(1.5)

    def show(self, result: object) -> bool:
        SlowFace.shown += 1
        return True

    def poll(self) -> bool:
        return True

    def close(self) -> None:
        pass


def test_the_seconds_begin_when_the_window_is_open(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "_open_face", SlowFace)
    began_s = time.perf_counter()
    command = f"--camera synthetic --viewer open3d --seconds 1 --set network.weights={weights}"
    assert program.main(command.split()) == 0
    assert SlowFace.shown > 1
    assert time.perf_counter() - began_s > 2.5
