"""What every test gets: no screen, no left-over thread or timer, and the shared real data where it is there."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import hypothesis
import pytest
import torch
from PyQt6.QtCore import QTimer
from tqdm import tqdm

from app.compiled import Part, compile_ahead

ROOT = Path(__file__).resolve().parents[1]
GRACE_S = 0.5
"""A thread that was told to stop may take this long."""

hypothesis.settings.register_profile("patient", deadline=None)  # a busy machine is no fault
hypothesis.settings.load_profile("patient")

tqdm.monitor_interval = 0  # its monitor is a thread that never ends


def _caller() -> str:
    """Name the line that called ``start``, outside of this file and of ``threading``."""
    own = {__file__, threading.__file__}
    frame = next((f for f in reversed(traceback.extract_stack()) if f.filename not in own), None)
    return f"{frame.filename}:{frame.lineno}" if frame else "an unknown line"


def _is_active(timer: QTimer) -> bool:
    try:
        return timer.isActive()
    except RuntimeError:  # Qt has deleted it
        return False


@pytest.fixture(autouse=True)
def no_leaks(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that leaves a thread or a timer running; say where it was started."""
    before = set(threading.enumerate())
    threads: dict[threading.Thread, str] = {}
    timers: dict[QTimer, str] = {}
    start_thread, start_timer = threading.Thread.start, QTimer.start

    def noted_thread(self: threading.Thread) -> None:
        threads[self] = _caller()
        start_thread(self)

    def noted_timer(self: QTimer, *args: int) -> None:
        timers[self] = _caller()
        start_timer(self, *args)

    monkeypatch.setattr(threading.Thread, "start", noted_thread)
    monkeypatch.setattr(QTimer, "start", noted_timer)
    yield
    end_s = time.monotonic() + GRACE_S
    leaks = []
    for thread in set(threading.enumerate()) - before:
        thread.join(max(0.0, end_s - time.monotonic()))
        if thread.is_alive():
            leaks.append(f"thread {thread.name!r}, started at {threads.get(thread, 'an unknown line')}")
    for timer, line in timers.items():
        if _is_active(timer):
            leaks.append(f"timer {timer.objectName() or timer!r}, started at {line}")
            timer.stop()
    if leaks:
        pytest.fail("the test left running: " + "; ".join(leaks), pytrace=False)


@pytest.fixture(autouse=True, scope="session")
def compiled() -> None:
    """Compile what Numba compiles before the first test, which would wait for it."""
    for part in get_args(Part):
        compile_ahead(part, threading.Event())


@pytest.fixture(scope="session")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network that has learned nothing, and its export."""
    from lighthand.export import export
    from lighthand.network import HandNet, NetworkConfig
    from lighthand.weights import save_weights

    torch.manual_seed(0)
    net = HandNet(NetworkConfig(channels=16, stem=8, depth_features=8, blocks=(1, 1)))
    for _ in range(3):
        net(torch.randn(8, 1, 64, 64))  # moves the norms' statistics
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    save_weights(path, net, extra={})
    export(path)
    return path


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings beside the repository; see its README for what may be done with it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real data: {folder} is not there")
    return folder
