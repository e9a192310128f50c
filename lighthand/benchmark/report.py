"""A run of the benchmark as text, as Markdown and as a plot."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from lighthand.benchmark.run import NetworkRow, Report
from lighthand.drawing import save_bars


def tables(report: Report) -> Iterator[tuple[str, list[str], list[list[str]]]]:
    """Give the tables: title, heads, and rows of cells."""
    heads = [
        "network",
        "backend",
        "device",
        "precision",
        "threads",
        "median ms",
        "p95",
        "p99",
        "GMAC",
        "of PyTorch's GEMM",
        "x lite",
    ]
    yield "One patch", heads, [_network_cells(row) for row in report.rows]
    heads = ["image", "follow: median ms", "p95", "p99", "x network", "search: median ms", "p95"]
    stages = [stage.name for stage in report.paths[0].stages]
    yield (
        "The whole path (ONNX Runtime, one thread; medians of the stages while following)",
        heads + stages,
        [
            [
                path.size,
                *_times(path.follow.median_ms, path.follow.p95_ms, path.follow.p99_ms, path.ratio_to_network),
                *_times(path.search.median_ms, path.search.p95_ms, *(stage.median_ms for stage in path.stages)),
            ]
            for path in report.paths
        ],
    )
    rows = [[row.name, str(report.batch), *_times(row.median_ms), f"{row.per_s:.0f}"] for row in report.throughput]
    yield "Offline: many patches a call", ["backend", "patches", "ms a patch", "patches a second"], rows
    starts = [[row.backend, f"{row.seconds:.2f}", f"{row.memory_mib:.0f}"] for row in report.starts]
    yield (
        "A fresh process, from its start to the first pose",
        ["backend", "seconds", "greatest resident memory, MiB"],
        starts,
    )


def _network_cells(row: NetworkRow) -> list[str]:
    return [
        *(row.model, row.backend, row.device, row.precision, str(row.threads)),
        *_times(row.latency.median_ms, row.latency.p95_ms, row.latency.p99_ms),
        f"{row.gmac:.3f}" if row.gmac else "-",
        f"{row.peak_share:.0%}" if row.peak_share else "-",
        f"{row.ratio_to_mediapipe_lite:.2f}" if row.ratio_to_mediapipe_lite else "-",
    ]


def _times(*values: float) -> list[str]:
    return [f"{value:.2f}" for value in values]


def _head(report: Report) -> Iterator[str]:
    yield report.machine
    yield f"fp32 GEMM of one core, PyTorch: {report.gemm_peak_gflops:.0f} GFLOP/s; wide filters can exceed it"
    yield "GMAC here: convolutions, linear layers and matrix products alone"
    if report.ratio_to_mediapipe_lite:
        ratio = f"{report.ratio_to_mediapipe_lite:.2f}"
        yield f"fastest backend of the default model, one thread: {report.fastest}, {ratio} times MediaPipe's lite"
    yield f"synthesis: {report.synthesis.per_s:.0f} labelled crops a second on one core"
    for path in report.paths:
        if path.found < 1:
            yield f"{path.size}: the hand was followed in {path.found:.1%} of the frames only"
    for start in report.starts:
        if start.found < start.runs:
            yield f"{start.backend}: only {start.found} of {start.runs} starts found the hand in their first frame"


def print_report(report: Report) -> None:
    """Print the tables in columns."""
    print("\n".join(_head(report)))
    for title, heads, rows in tables(report):
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        print(f"\n{title}")
        for cells in (heads, *rows):
            print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    for note in report.notes:
        print(f"\n{note}")


def save_report(report: Report, path: Path) -> None:
    """Write the tables as Markdown, and a plot of the networks beside it.

    Args:
        report: the run.
        path: the Markdown file; the plot has its name with ``.png``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    picture = path.with_suffix(".png")
    one_thread = [row for row in report.rows if row.threads == 1]
    one_thread.sort(key=lambda row: row.latency.median_ms)
    bars = {f"{row.model}, {row.backend} {row.precision}, {row.device}": row.latency.median_ms for row in one_thread}
    save_bars(picture, bars, "one patch, one thread: median ms (logarithmic)")
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`; do not edit. The rows of a table took turns in one run, but for the fresh processes.",
        "",
        *(f"- {line}" for line in _head(report)),
        "",
        f"![Time of one patch on one thread, by network]({picture.name})",
    ]
    for title, heads, rows in tables(report):
        lines += ["", f"## {title}", "", _markdown(heads), _markdown("---" for _ in heads), *map(_markdown, rows)]
    lines += ["", *(f"- {note}" for note in report.notes)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _markdown(cells: Iterable[str] | Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"
