"""The picture of a log: how long each stage takes, how old frames were over time, what was dropped when."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from app.latency.columns import Rows
from app.latency.read import Log
from app.latency.table import LOCKSTEP, Values, spans_ms
from lighthand.drawing import save_image

_LEAST_MS: Final = 0.01  # shorter is drawn as this: the axis is logarithmic
_PARTS: Final = 300  # of a run, at most: more could not be told apart
_BLUE: Final = "#3556c8"
_INK: Final = "#1e2228"
_DROPS: Final = {"lost at the source": "#c82828", "skipped before the worker": "#c87a00", "not drawn": "#7a8494"}


def draw_report(log: Log, title: str, path: Path) -> None:
    """Draw a log into a PNG.

    Args:
        log: of a run.
        title: over the picture.
        path: the file.

    Raises:
        DataError: the file cannot be written.
    """
    figure = Figure(figsize=(12.0, 9.6), layout="constrained", dpi=100)
    canvas: Any = FigureCanvasAgg(figure)
    figure.suptitle(f"{title}\n{LOCKSTEP}" if log.lockstep else title, fontsize=11, color=_INK)
    stages, ages, rates = figure.subplots(3, 1, gridspec_kw={"height_ratios": (3, 2.4, 1.8)})
    _draw_stages(stages, dict(spans_ms(log.rows)))
    begin_s = float(log.rows["arrival_s"][0])
    _draw_ages(ages, log, begin_s)
    _draw_rates(rates, log, begin_s)
    rates.sharex(ages)
    for axes in (ages, rates):
        for change in np.flatnonzero(np.diff(log.rows["source"])) + 1:
            axes.axvline(float(log.rows["arrival_s"][change]) - begin_s, color=_INK, linestyle=":", linewidth=1)
    canvas.draw()
    save_image(path, np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., 2::-1]))


def _draw_stages(axes: Axes, spans: Mapping[str, Values]) -> None:
    """Draw a row a stage: the middle half, the middle 98 %, the median and the longest."""
    for place, values_ms in enumerate(spans.values()):
        shown = np.maximum(values_ms, _LEAST_MS)
        p1, p25, p50, p75, p99 = np.percentile(shown, (1, 25, 50, 75, 99)).tolist()
        axes.hlines(place, p1, p99, color=_BLUE, linewidth=1.5)
        axes.hlines(place, p25, p75, color=_BLUE, linewidth=11, alpha=0.45)
        axes.plot(p50, place, "|", color=_INK, markersize=15, markeredgewidth=2)
        axes.plot(shown.max(), place, ".", color=_DROPS["lost at the source"], markersize=5)
        figures = "{:7.2f}  ({:.2f})".format(*np.percentile(values_ms, (50, 99)))
        axes.annotate(
            figures, (1.01, place), xycoords=("axes fraction", "data"), va="center", fontsize=9, family="monospace"
        )
    axes.set_yticks(range(len(spans)), list(spans))
    axes.invert_yaxis()
    axes.margins(y=0.06)
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_title(
        "ms a frame: median (stroke), middle half (bar), 1 to 99 % (line), longest (dot); right: median (99 %)",
        fontsize=10, loc="left",
    )  # fmt: skip
    axes.grid(axis="x", alpha=0.3)


def _draw_ages(axes: Axes, log: Log, begin_s: float) -> None:
    """Draw how old each frame was when it was drawn, or its pose where no window was, and the drops above."""
    rows = log.rows
    end, name = ("drawn_s", "age at drawing") if log.windowed else ("tracked_s", "arrival to pose")
    at_s, age_ms = rows[end] - begin_s, (rows[end] - rows["arrival_s"]) * 1e3
    axes.plot(at_s, age_ms, ".", color=_BLUE, markersize=2.5, alpha=0.6, rasterized=True)
    longest = float(np.nanmax(age_ms))
    dropped_by = [rows["lost"], rows["skipped"], *([np.isnan(rows["drawn_s"])] if log.windowed else [])]
    for lane, (cause, dropped) in enumerate(zip(_DROPS, dropped_by, strict=False), start=1):
        where = np.flatnonzero(dropped)
        height = np.full(where.size, longest * (1.08 + 0.09 * lane))
        axes.plot(
            rows["arrival_s"][where] - begin_s, height, "|", color=_DROPS[cause], markersize=7,
            label=f"{cause}: {int(dropped.sum())}",
        )  # fmt: skip
    axes.set_ylim(0, longest * 1.45)
    axes.set_title(f"ms, {name}; strokes above: frames dropped", fontsize=10, loc="left")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=9, frameon=False, handlelength=1)
    axes.grid(alpha=0.3)


def _draw_rates(axes: Axes, log: Log, begin_s: float) -> None:
    """Draw frames and poses a second, over equal parts of the run, of a second or more."""
    rows = log.rows
    tracked_s = rows["tracked_s"] - begin_s
    first_s, last_s = float(tracked_s[0]), float(tracked_s[-1])
    edges = np.linspace(first_s, max(last_s, first_s + 1e-3), min(max(int(last_s - first_s), 1), _PARTS) + 1)
    highest = 1.0
    for name, weight, colour in (
        ("given by the source", 1 + rows["lost"] + rows["skipped"], "#a8b0bc"),
        ("drawn", np.isfinite(rows["drawn_s"]), "#b27a46"),
        ("poses", rows["hand"], _BLUE),
    ):
        if name == "drawn" and not log.windowed:
            continue
        counts, _ = np.histogram(tracked_s[1:], edges, weights=weight[1:].astype(float))  # n frames, n - 1 spans
        rates = counts / np.diff(edges)
        highest = max(highest, float(rates.max()))
        axes.stairs(rates, edges, color=colour, linewidth=1.8, label=name, baseline=None)
    axes.margins(x=0.01)
    axes.set_ylim(0, 1.15 * highest)
    axes.set_title("a second", fontsize=10, loc="left")
    axes.set_xlabel("s since the first frame")
    axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), fontsize=9, frameon=False, handlelength=1)
    axes.grid(alpha=0.3)


def title_of(rows: Rows, sources: tuple[str, ...]) -> str:
    """Name the sources that gave frames."""
    return "; then ".join(sources[number] for number in dict.fromkeys(rows["source"].tolist()))
