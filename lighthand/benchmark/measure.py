"""Timing: several calls side by side in one run, and what this machine can do at best."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

WARM_UP: Final = 10
ROUNDS: Final = 5
"""Every call is timed in as many stretches; between them the others have theirs, so that all see the same machine."""

Call = Callable[[int], object]
"""Takes the number of the call."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one call takes, milliseconds on the wall.

    Attributes:
        name: what was called.
        calls: how often it was timed, after a warm-up.
        median_ms: half of the calls are faster.
        p95_ms: 95 % are.
        p99_ms: 99 % are.
        per_s: results a second over all timed calls.
    """

    name: str
    calls: int
    median_ms: float
    p95_ms: float
    p99_ms: float
    per_s: float


def summarise(name: str, ms: npt.NDArray[np.float64]) -> Latency:
    """Sum up the times of single results, (n,) ms."""
    median, p95, p99 = (float(np.percentile(ms, q)) for q in (50, 95, 99))
    return Latency(name, len(ms), median, p95, p99, 1000 / float(ms.mean()))


def measure(calls: Sequence[tuple[str, Call]], count: int, *, budget_s: float = 4.0) -> list[Latency]:
    """Time calls side by side.

    Args:
        calls: name and call of each row.
        count: timed calls a row.
        budget_s: a row whose calls would take longer than that in all gets fewer, at least one a round.

    Returns:
        A row a call, in their order.
    """
    counts = []
    for _, call in calls:
        call(0)  # the first may build what it needs
        start = time.perf_counter()
        call(1)
        one_s = time.perf_counter() - start
        per_round = max(1, min(count, round(budget_s / one_s)) // ROUNDS)
        counts.append(per_round)
        for index in range(min(WARM_UP, per_round)):
            call(index)
    spent: list[list[float]] = [[] for _ in calls]
    for turn in range(ROUNDS):
        for (_, call), times, per_round in zip(calls, spent, counts, strict=True):
            for index in range(turn * per_round, (turn + 1) * per_round):
                start = time.perf_counter()
                call(index)
                times.append(time.perf_counter() - start)
    return [summarise(name, np.array(times) * 1e3) for (name, _), times in zip(calls, spent, strict=True)]


def gemm_peak_gflops(size: int = 1024, repeats: int = 12) -> float:
    """Measure the fp32 peak of one core: the fastest of some products of size x size matrices in PyTorch."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    a, b = torch.rand(size, size), torch.rand(size, size)
    best_s = np.inf
    for _ in range(repeats):
        start = time.perf_counter()
        torch.mm(a, b)
        best_s = min(best_s, time.perf_counter() - start)
    torch.set_num_threads(before)
    return float(2 * size**3 / best_s / 1e9)


def machine() -> str:
    """Name this machine: processor, cores, memory, system."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        models = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        name = models[0] if models else name
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        memory = f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB"
    return f"{name}, {os.cpu_count()} cores{memory}, {platform.system()} {platform.machine()}"
