"""Priority, cores, collector: set for the frame path, undone after it, refused with a reason."""

from __future__ import annotations

import gc
import os
import sys
import threading
from pathlib import Path

import cv2
import pytest

from app import pacing
from app.pacing import Collector, PacingConfig, no_collection, paced
from lighthand.errors import ConfigError


def state() -> tuple[object, ...]:
    priority = os.getpriority(os.PRIO_PROCESS, 0)
    return sys.getswitchinterval(), cv2.getNumThreads(), os.sched_getaffinity(0), priority


def test_all_is_as_before_afterwards(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(pacing, "_IDLE_STATES", tmp_path / "cpu_dma_latency")
    (tmp_path / "cpu_dma_latency").write_bytes(b"")
    before = state()
    one = min(os.sched_getaffinity(0))
    with paced(PacingConfig(low_latency=True, cpus=(one,))) as lines:
        assert cv2.getNumThreads() == 1
        assert os.sched_getaffinity(0) == {one}
        assert sys.getswitchinterval() == pytest.approx(0.0005)
        assert lines[0] == f"cores {one} only"
        assert lines[1].startswith("priority -10")
        assert lines[-1] == "cores stay awake between frames"
        thread = threading.Thread(target=lambda: lines.append(str(os.sched_getaffinity(0))))
        thread.start()
        thread.join()
        assert lines[-1] == str({one})
    assert (tmp_path / "cpu_dma_latency").read_bytes() == bytes(4)
    assert state() == before


def test_by_default_nothing_is_said() -> None:
    with paced(PacingConfig()) as lines:
        assert lines == []


@pytest.mark.parametrize("nice", [-5, 3])
def test_a_priority_of_ones_own_comes_before_that_of_low_latency(nice: int, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(os, "setpriority", lambda which, who, nice: asked.append(nice))
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with paced(PacingConfig(low_latency=True, nice=nice)):
        assert asked == [nice]
    assert asked == [nice, before]


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_waits_and_is_as_before_afterwards(enabled: bool) -> None:
    if not enabled:
        gc.disable()
    try:
        with no_collection():
            assert not gc.isenabled()
            assert gc.get_freeze_count() > 0
        assert gc.isenabled() == enabled
        assert gc.get_freeze_count() == 0
    finally:
        gc.enable()


def test_what_is_not_allowed_is_said_with_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    monkeypatch.setattr(pacing, "_IDLE_STATES", tmp_path / "none" / "none")
    with paced(PacingConfig(low_latency=True)) as lines:
        text = "\n".join(lines)
    assert "priority -10: not allowed" in text
    assert "limits.conf" in text
    assert "cores may sleep between frames" in text


def test_garbage_is_collected_between_frames_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    collected: list[float] = []
    now = [0.0]
    monkeypatch.setattr(pacing.gc, "collect", lambda: collected.append(now[0]))
    monkeypatch.setattr(pacing.time, "perf_counter", lambda: now[0])
    collector = Collector()
    for frame in range(90 * 5):
        now[0] = frame / 90
        collector()
    assert collected == pytest.approx([2.0, 4.0], abs=0.03)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"nice": 20}, r"pacing.nice=20: expected -20 to 19"),
        ({"cpus": (4096,)}, r"pacing.cpus: no core 4096 for this program, expected some of \[0"),
    ],
)
def test_what_cannot_be_is_refused(change: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        PacingConfig(**change)
