"""When the frame path gets the processor: threads, priority, cores, garbage collection.

Always: OpenCV works on the calling thread, the network on ``network.threads``; Python's garbage collector never runs
inside a frame, but between frames, every ``_COLLECT_S`` at most, and never looks at what was there before the first.
"""

from __future__ import annotations

import gc
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2

from lighthand.errors import ConfigError

LOW_LATENCY_NICE: Final = -10
_SWITCH_S: Final = 0.0005  # Python's own is 5 ms: so long another thread may keep the interpreter
_COLLECT_S: Final = 2.0
_IDLE_STATES: Final = Path("/dev/cpu_dma_latency")


@dataclass(frozen=True, slots=True)
class PacingConfig:
    """How the program stands beside others on this machine.

    Attributes:
        low_latency: priority ``LOW_LATENCY_NICE`` unless ``nice`` says another, threads that take turns sooner, cores
            that stay awake.
        nice: -20 (before all others) to 19 (after them), None to leave it; below 0 needs a right that few users have.
        cpus: numbers of the cores to run on; empty for all.
    """

    low_latency: bool = False
    nice: int | None = None
    cpus: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ConfigError: a priority out of range, or a core that is not there.
        """
        if self.nice is not None and not -20 <= self.nice <= 19:
            raise ConfigError(f"pacing.nice={self.nice}: expected -20 to 19.")
        have = os.sched_getaffinity(0)
        if unknown := sorted(set(self.cpus) - have):
            raise ConfigError(f"pacing.cpus: no core {unknown[0]} for this program, expected some of {sorted(have)}.")


@contextmanager
def paced(config: PacingConfig) -> Iterator[list[str]]:
    """Set threads, cores and priority; undo it at the end.

    Cores and priority are those of the calling thread and of all threads that are started inside.

    Yields:
        What was done and what could not be, a line each.
    """
    lines: list[str] = []
    nice = LOW_LATENCY_NICE if config.low_latency and config.nice is None else config.nice
    with ExitStack() as stack:
        stack.callback(cv2.setNumThreads, cv2.getNumThreads())
        cv2.setNumThreads(1)
        if config.cpus:
            stack.callback(os.sched_setaffinity, 0, os.sched_getaffinity(0))
            os.sched_setaffinity(0, config.cpus)
            lines.append(f"cores {', '.join(map(str, sorted(config.cpus)))} only")
        if nice is not None:
            stack.callback(_renice, os.getpriority(os.PRIO_PROCESS, 0))  # an ordinary user cannot take a lower one back
            lines.append(_renice(nice))
        if config.low_latency:
            switch_s = sys.getswitchinterval()
            stack.callback(sys.setswitchinterval, switch_s)
            sys.setswitchinterval(_SWITCH_S)
            lines.append(f"threads take turns after {_SWITCH_S * 1e3:g} ms instead of {switch_s * 1e3:g}")
            lines.append(_keep_awake(stack))
        yield lines


def _renice(nice: int) -> str:
    """Set the priority; say how it went."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    except PermissionError:
        user = os.environ.get("USER", "USER")
        return f"priority {nice}: not allowed; a line `{user} - nice {nice}` in /etc/security/limits.conf allows it"
    return f"priority {nice}"


def _keep_awake(stack: ExitStack) -> str:
    """Keep the cores out of deep sleep, from which they wake late, while the file is open."""
    try:
        file = stack.enter_context(_IDLE_STATES.open("r+b", buffering=0))
        file.write((0).to_bytes(4, "little"))
    except OSError as error:
        return f"cores may sleep between frames: {_IDLE_STATES}: {error.strerror}"
    return "cores stay awake between frames"


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep Python's garbage collector out of all frames: only ``Collector`` runs it, on what came since now."""
    was_enabled = gc.isenabled()
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
        gc.unfreeze()


class Collector:
    """Collects garbage between frames, on the thread that calls it: Qt's objects may die on the window's alone."""

    def __init__(self) -> None:
        """Begin to count."""
        self._last_s = time.perf_counter()

    def __call__(self) -> None:
        """Collect, if the last time is long enough ago."""
        now_s = time.perf_counter()
        if now_s - self._last_s >= _COLLECT_S:
            gc.collect()
            self._last_s = time.perf_counter()
