"""The paper's Tables 1 to 3 beside what the repository's own modules and metric say."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from lighthand.benchmark.cost import cost
from lighthand.config import config_to_dict
from lighthand.datasets.benchmarks import BENCHMARKS, Benchmark, truth_path
from lighthand.errors import DataError
from lighthand.network import PAPER, NetworkConfig
from lighthand.published import published_errors

NOT_MEASURED: Final = "not measured"
"""Stands where an error of ours would."""

NOT_BUILT: Final = "not built"
"""Stands where the cost of a peer would, of which there is no module here."""


@dataclass(frozen=True, slots=True)
class Method:
    """A row of Tables 1 and 2.

    Attributes:
        name: of the method.
        printed_mm: its error as the paper prints it, by test set.
        printed_gmac: its "FLOPs", 1e9, likewise; they are multiply-accumulates.
        printed_params_m: its parameters, 1e6, likewise.
        module: the row of ``benchmark.cost`` that is the same network, ``{}`` is J; None where none is built here.
        file: of the predictions that its authors published, ``{}`` the test set in capitals.
        network: its shape but for J, for one of ours; an error that ``Measured`` holds goes to the row of its shape.
    """

    name: str
    printed_mm: Mapping[str, float] | None = None
    printed_gmac: float | None = None
    printed_params_m: float | None = None
    module: str | None = None
    file: str | None = None
    network: NetworkConfig | None = None


METHODS: Final = (
    Method("A2J", {"icvl": 6.46, "nyu": 8.61}, 6.21, 82.01, "a2j, 176x176"),
    Method("V2V-PoseNet", {"icvl": 6.28, "nyu": 8.42}, 38.453, 3.41),
    Method("HandFoldingNet", {"icvl": 5.95, "nyu": 8.58}, 35.788, 1.283),
    Method("TriHorn-Net", {"icvl": 5.73, "nyu": 7.68}, 13.47, 7.81, "trihorn", "ArXiv_{}_TriHorn_Net.txt"),
    Method(
        "ours in the paper", {"icvl": 6.077, "nyu": 8.32}, 0.27, 0.18, "lighthand at the paper's cost", network=PAPER
    ),
    Method("LightHand as shipped", module="lighthand as shipped, {} joints", network=NetworkConfig()),
    Method("HandPointNet (not in the paper)", file="CVPR18_{}_HandPointNet.txt"),
)

STEPS: Final = (
    ("the base, of Table 1", "TriHorn-Net", 5.73, "trihorn"),
    ("Ghost module", "its hourglass of ghost bottlenecks", 5.683, "trihorn + ghost hourglass"),
    ("Linear self-attention", "its joint vectors through eq. 10, 11", 5.835, "trihorn + attention over joints"),
    ("Compressed and unified branch", "a quarter as wide, one branch", 6.049, "compressed and unified branch"),
    ("ours: all together", "`HandNet(PAPER)`", 6.077, "lighthand at the paper's cost"),
)
"""Table 3: the step, what is built for it, the printed error in mm, the row of ``benchmark.cost``."""


@dataclass(frozen=True, slots=True)
class Measured:
    """An error of a network of ours, trained for a test set, as ``lighthand.evaluate`` wrote it.

    Attributes:
        data: the test set.
        method: the row that has its shape.
        weights: the name of the file it is of.
        mean_mm: over all joints of all frames.
    """

    data: str
    method: str
    weights: str
    mean_mm: float


def read_measured(path: Path) -> Measured:
    """Read what ``python -m lighthand.evaluate --data icvl|nyu --json FILE`` wrote.

    Args:
        path: the file.

    Returns:
        The error, and the row that it belongs to.

    Raises:
        DataError: the file is missing, is something else, or is of another data set, of a part of its test, or of a
            network of another shape.
    """
    try:
        values: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        data, weights, mean_mm = str(values["data"]), str(values["weights"]), float(values["mean_mm"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(
            f"{path}: no error of ours can be read ({error}). Write it with: "
            ".venv/bin/python -m lighthand.evaluate --json FILE."
        ) from error
    if data not in BENCHMARKS or not math.isfinite(mean_mm):
        raise DataError(f"{path}: {mean_mm} mm on {data!r}, expected an error on {' or '.join(BENCHMARKS)}.")
    if values.get("frames") != BENCHMARKS[data].frames:
        raise DataError(
            f"{path}: over {values.get('frames')} frames, published errors are over {BENCHMARKS[data].frames}. Fetch "
            "the data set again and measure anew."
        )
    return Measured(data, _row_of(path, values.get("network"), len(BENCHMARKS[data].joints)), weights, mean_mm)


def _row_of(path: Path, network: object, joints: int) -> str:
    """Give the name of the row whose network has the shape that a file names."""
    shapes = {
        method.name: config_to_dict(replace(method.network, joints=joints)) for method in METHODS if method.network
    }
    for name, shape in shapes.items():
        if network == shape:
            return name
    raise DataError(
        f"{path}: of a network of the shape {network}; the tables have rows for "
        f"{' and '.join(f'{name!r}, {shape}' for name, shape in shapes.items())}. Measure weights of one of them anew "
        "with lighthand.evaluate: lighthand.train --data trains the first, with --set network.stride=4 the second."
    )


def write_tables(root: Path | None, measured: Sequence[Measured]) -> str:
    """Count, measure and write the three tables as Markdown.

    Args:
        root: the folder of labels and published predictions, as ``truth_path`` takes it; None leaves those errors out,
            and so do labels that are not there, for their test set.
        measured: errors of ours.

    Raises:
        DataError: a label file or a prediction is damaged, or the labels of both test sets are missing.
        ConfigError: fvcore is not installed.
    """
    if root is not None and not any(truth_path(root, benchmark).is_file() for benchmark in BENCHMARKS.values()):
        files = " nor ".join(str(truth_path(root, benchmark)) for benchmark in BENCHMARKS.values())
        raise DataError(f"{root}: no labels, neither {files}. Give --root the folder that holds one of them.")
    parts = []
    for number, benchmark in enumerate(BENCHMARKS.values(), start=1):
        parts += [f"## Table {number}: {benchmark.name.upper()}", ""]
        parts += [*_comparison(benchmark, root, measured), ""]
    return "\n".join([*parts, "## Table 3: the ladder (ICVL, 16 joints)", "", *_ladder(), ""])


def _comparison(benchmark: Benchmark, root: Path | None, measured: Sequence[Measured]) -> list[str]:
    """Give the lines of Table 1 or 2."""
    joints = len(benchmark.joints)
    names = {method.name: method.module.format(joints) for method in METHODS if method.module}
    costs = {row.name: row for row in cost(joints, names.values())}
    heads = ["method", "error printed, mm", "error here, mm", "GMAC printed", "GMAC here"]
    heads += ["parameters printed, M", "parameters here, M"]
    rows = []
    for method in METHODS:
        row = costs[names[method.name]] if method.name in names else None
        rows.append(
            [
                method.name,
                _number((method.printed_mm or {}).get(benchmark.name)),
                _error_here(method, benchmark, root, measured),
                _number(method.printed_gmac),
                f"{row.macs / 1e9:.3f}" if row else NOT_BUILT,
                _number(method.printed_params_m),
                f"{row.params / 1e6:.3f}" if row else NOT_BUILT,
            ]
        )
    return _markdown(heads, rows)


def _error_here(method: Method, benchmark: Benchmark, root: Path | None, measured: Sequence[Measured]) -> str:
    """Say the error that our metric gives a method, or why it gives none."""
    if method.network is not None:
        ours = [row for row in measured if (row.data, row.method) == (benchmark.name, method.name)]
        return ", ".join(f"{row.mean_mm:.2f} (`{row.weights}`)" for row in ours) or NOT_MEASURED
    if method.file is None:
        return "-"
    if root is None:
        return "needs `--root`"
    if not truth_path(root, benchmark).is_file():
        return "no labels"
    path = root / benchmark.name / method.file.format(benchmark.name.upper())
    return f"{published_errors(path, root, benchmark).mean():.2f}" if path.is_file() else "no file"


def _ladder() -> list[str]:
    """Give the lines of Table 3."""
    shipped = "lighthand as shipped, 16 joints"
    costs = {row.name: row for row in cost(names=[shipped, *(name for *_, name in STEPS)])}
    heads = ["step", "built here", "error printed, mm", "GMAC printed", "GMAC here", "difference", "parameters here, M"]
    rows = []
    for step, built, printed_mm, name in STEPS:
        row = costs[name]
        assert row.paper_macs is not None
        gap = f"{row.macs / row.paper_macs - 1:+.1%}"
        printed, here = f"{row.paper_macs / 1e9:g}", f"{row.macs / 1e9:.3f}"
        rows.append([step, built, f"{printed_mm:g}", printed, here, gap, f"{row.params / 1e6:.3f}"])
    row = costs[shipped]
    here, params = f"{row.macs / 1e9:.3f}", f"{row.params / 1e6:.3f}"
    rows.append(["as shipped", "the same with 32x32 maps", "-", "-", here, "-", params])
    return _markdown(heads, rows)


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def _markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows)]
