"""The figures of a run as text: of the whole run at its end, and of a log on disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from app.latency.columns import STAGES, SUMS, Rows

Values = npt.NDArray[np.float64]

LOCKSTEP: Final = "lock step: a frame waits for the worker, so its age says nothing of a live run"
"""What belongs to the figures of such a run, wherever they are shown."""

_BLOCK_S: Final = 10.0
"""For so long two clocks are taken to run alike; 50 millionths apart, they are 0.5 ms off by then."""


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the frames of a run.

    Attributes:
        frames: processed.
        poses: of these with a hand.
        lost: that the source gave and that never came.
        skipped: that came while the tracker was busy.
        undrawn: processed and never drawn; None without a window.
    """

    frames: int
    poses: int
    lost: int
    skipped: int
    undrawn: int | None


def spans_ms(rows: Rows) -> Iterator[tuple[str, Values]]:
    """Give the name and the milliseconds of each stage and sum that any frame has; frames without it left out."""
    same = rows["same_clock"]
    known = (
        ("sensor to arrival", rows["sensor_age_s"][same]),
        ("sensor to arrival, above its least", _above_least_s(rows[~same & np.isfinite(rows["sensor_age_s"])])),
        ("driver to arrival", rows["driver_age_s"]),
        *((name, rows[end] - rows[start]) for name, start, end in (*STAGES, *SUMS)),
    )
    for name, values_s in known:
        values_ms = values_s[np.isfinite(values_s)] * 1e3
        if values_ms.size:
            yield name, values_ms


def _above_least_s(rows: Rows) -> Values:
    """Give by how much the way from the sensor took longer than the shortest of the same 10 s.

    The two clocks count from different moments and drift, so the shortest itself is not known. A device that starts
    anew begins a new block.
    """
    if not rows.size:
        return np.empty(0)
    age_s, arrival_s = rows["sensor_age_s"], rows["arrival_s"]
    begins = np.diff(arrival_s - age_s) < 0
    begins |= np.diff(rows["source"]) != 0
    begins |= np.diff(np.floor((arrival_s - arrival_s[0]) / _BLOCK_S)) != 0
    first = np.concatenate([[0], np.flatnonzero(begins) + 1])
    least_s = np.minimum.reduceat(age_s, first)
    return np.asarray(age_s - np.repeat(least_s, np.diff([*first, rows.size])))


def rates(rows: Rows) -> dict[str, float]:
    """Give how many a second there were while one source ran; none where no time passed."""
    follows = np.diff(rows["source"]) == 0
    span_s = float(np.diff(rows["tracked_s"])[follows].sum())
    if span_s <= 0:
        return {}
    later = rows[1:][follows]
    each = {
        "given by the source": 1 + later["lost"] + later["skipped"],
        "processed": np.ones(later.size),
        "poses": later["hand"],
        "drawn": np.isfinite(later["drawn_s"]),
    }
    return {name: float(count.sum()) / span_s for name, count in each.items() if name != "drawn" or count.any()}


def table(rows: Rows, counts: Counts, *, lockstep: bool) -> str:
    """Write the figures.

    Args:
        rows: of type ROW, at least one: times and rates are theirs.
        counts: of the run, of which ``rows`` may be the last part.
        lockstep: frames waited for the worker; that is said.
    """
    lines = [
        f"{counts.frames} frames processed, a hand in {counts.poses} ({counts.poses / counts.frames:.1%})",
        f"drops: {counts.lost} at the source, {counts.skipped} before the worker"
        + ("" if counts.undrawn is None else f", {counts.undrawn} not drawn"),
    ]
    if each := rates(rows):
        lines.append("a second: " + ", ".join(f"{rate:.1f} {name}" for name, rate in each.items()))
    spans = list(spans_ms(rows))
    width = max(len(name) for name, _ in spans) + 2 if spans else 0
    lines.append(f"{'ms':<{width}}{'frames':>8}{'median':>9}{'p95':>9}{'p99':>9}{'max':>9}")
    for name, values_ms in spans:
        figures = (*np.percentile(values_ms, (50, 95, 99)), values_ms.max())
        lines.append(f"{name:<{width}}{values_ms.size:8}" + "".join(f"{figure:9.2f}" for figure in figures))
    if counts.frames > rows.size:
        lines.append(f"(times and rates: the last {rows.size} frames)")
    if lockstep:
        lines.append(f"({LOCKSTEP})")
    return "\n".join(lines)
