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
from contextlib import contextmanager
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
        low_latency: do what ``low_latency_steps`` lists.
        nice: -20 (before all others) to 19 (after them); below 0 needs a right that few users have.
        cpus: numbers of the cores to run on; empty for all.
    """

    low_latency: bool = False
    nice: int = 0
    cpus: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ConfigError: a priority out of range, or a core that is not there.
        """
        if not -20 <= self.nice <= 19:
            raise ConfigError(f"pacing.nice={self.nice}: expected -20 to 19.")
        have = available_cpus()
        if unknown := sorted(set(self.cpus) - have):
            raise ConfigError(f"pacing.cpus: no core {unknown[0]} for this program, expected some of {sorted(have)}.")


def available_cpus() -> set[int]:
    """Give the cores that this process may use."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


@contextmanager
def paced(config: PacingConfig) -> Iterator[list[str]]:
    """Set priority, cores and collector for all threads that are started inside; undo it at the end.

    Yields:
        What was done and what could not be, a line each.
    """
    lines: list[str] = []
    switch_s, threads = sys.getswitchinterval(), cv2.getNumThreads()
    nice = min(config.nice, LOW_LATENCY_NICE) if config.low_latency else config.nice
    before = _priority()
    cpus = available_cpus()
    held: int | None = None
    cv2.setNumThreads(1)
    if config.cpus and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, config.cpus)
        lines.append(f"cores {', '.join(map(str, sorted(config.cpus)))} only")
    if nice != 0:
        lines.append(_renice(nice))
    if config.low_latency:
        sys.setswitchinterval(_SWITCH_S)
        lines.append(f"threads take turns after {_SWITCH_S * 1e3:g} ms instead of {switch_s * 1e3:g}")
        held, line = _keep_awake()
        lines.append(line)
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield lines
    finally:
        gc.enable()
        gc.unfreeze()
        if held is not None:
            os.close(held)
        sys.setswitchinterval(switch_s)
        if config.cpus and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, cpus)
        if _priority() != before:
            _renice(before)
        cv2.setNumThreads(threads)


def _priority() -> int:
    return os.getpriority(os.PRIO_PROCESS, 0) if hasattr(os, "getpriority") else 0


def _renice(nice: int) -> str:
    """Set the priority; say how it went."""
    if not hasattr(os, "setpriority"):
        return f"priority {nice}: not on this system"
    try:
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    except PermissionError:
        return (
            f"priority {nice}: not allowed. `sudo setcap cap_sys_nice+ep` on the Python, or a line "
            f"`{os.environ.get('USER', 'USER')} - nice {nice}` in /etc/security/limits.conf, allows it"
        )
    return f"priority {nice}"


def _keep_awake() -> tuple[int | None, str]:
    """Keep the cores out of deep sleep, from which they wake late, while the file is open."""
    try:
        held = os.open(_IDLE_STATES, os.O_WRONLY)
        os.write(held, (0).to_bytes(4, "little"))
    except OSError as error:
        return None, f"cores may sleep between frames: {_IDLE_STATES}: {error.strerror}"
    return held, "cores stay awake between frames"


class Collector:
    """Collects garbage between frames, where nobody waits for it."""

    def __init__(self) -> None:
        """Begin to count."""
        self._last_s = time.perf_counter()

    def __call__(self) -> None:
        """Collect, if the last time is long enough ago."""
        now_s = time.perf_counter()
        if now_s - self._last_s >= _COLLECT_S:
            gc.collect()
            self._last_s = time.perf_counter()
