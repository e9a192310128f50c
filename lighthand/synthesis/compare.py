"""What tells synthesised crops from real ones: ``python -m lighthand.synthesis.compare --root ../shared/data``.

Prints a row a figure and a column a source. Real crops are CVAR's P1 and P4, centred on the mean of the true
joints, and the annotated frames of ``kinect2_scene`` and ``sr305``, centred where our segmenter finds the hand (on
the marked palm where it does not), left hands mirrored. Synthetic ones are drawn as for training, right hands only,
and shown by sensor; ``clean`` is what the renderer gives before any sensor. Where there is no ``--root``, only
these are shown. In the second table the labels of ICVL and NYU take part, with the poses of their test sets.

The figures are means over the crops without a thing behind the hand, which are those with less than 0.3 of their
border in the foreground. ``tof/real`` is the synthetic time-of-flight crops' figure over the mean of P1, P4 and
``kinect2_scene``, ``struct/real`` the structured light's over that of ``sr305``; a star marks a factor of 1.5 and
more. The picture and the JSON have the power spectra too. What each figure is: ``lighthand.synthesis.statistics``.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from lighthand.command import exit_status
from lighthand.crop import BACKGROUND, PATCH
from lighthand.synthesis import statistics
from lighthand.synthesis.panels import save_panels
from lighthand.synthesis.sources import (
    SYNTHETIC,
    CropSet,
    annotated_source,
    cvar_source,
    label_fingers,
    synthetic_sources,
)
from lighthand.synthesis.statistics import PALM, Array
from lighthand.types import FloatArray

REAL_TOF: Final = ("P1", "P4", "kinect2_scene")
REAL_STRUCTURED: Final = ("sr305",)

_BLANK: Final = np.full((PATCH, PATCH), BACKGROUND, np.float32)
_BORDER: Final = 0.3
_LARGE: Final = 1.5


@dataclass(frozen=True, slots=True)
class Measured:
    """The crops of a source in numbers.

    Attributes:
        crops: how many there are.
        thing_behind: the fraction of them that shows a thing behind the hand and is left out of the figures.
        figures: one value a crop by what it is, NaN where a crop cannot tell.
        spectra: (N, len(FREQUENCIES)) of the crops that can tell; see ``statistics.spectrum_mm2``.
    """

    crops: int
    thing_behind: float
    figures: dict[str, Array]
    spectra: Array


def measure(source: CropSet) -> Measured:
    """Measure every crop of a source without a thing behind the hand."""
    free = [index for index, patch in enumerate(source.patches) if statistics.border_share(patch) < _BORDER]
    rows = [crop_figures(source.patches[index], float(source.width_px[index])) for index in free]
    figures = {name: np.array([row[name] for row in rows], np.float64) for name in crop_figures(_BLANK, math.nan)}
    spectra = np.array([_spectrum(source.patches[index]) for index in free]).reshape(-1, len(statistics.FREQUENCIES))
    known = spectra[np.isfinite(spectra).all(axis=1)]
    return Measured(len(source.patches), 1 - len(free) / len(source.patches), figures, known)


def _spectrum(patch: FloatArray) -> Array:
    return statistics.spectrum_mm2(statistics.depth_mm(patch), statistics.largest_island(patch))


def crop_figures(patch: FloatArray, width_px: float) -> dict[str, float]:
    """Give the figures of one crop, (128, 128) and ``width_px`` wide in the camera; NaN for what it cannot tell."""
    z, hand = statistics.depth_mm(patch), statistics.largest_island(patch)
    extent = np.percentile(z[hand], (5, 50, 95)) if hand.any() else np.full(3, math.nan)
    roughness = statistics.roughness_mm(z, hand)
    fall = statistics.edge_fall_mm(z, hand)
    open_hand = bool(hand.any()) and statistics.is_open(hand)
    return {
        "roughness 2-6 mm, mm": float(roughness[0]),
        "roughness 6-9 mm, mm": float(roughness[1]),
        "roughness 9-17 mm, mm": float(roughness[2]),
        "holes, % of the hand": 100 * statistics.hole_share(hand),
        "raggedness, px": statistics.raggedness_px(hand),
        "specks a crop": float(statistics.specks(patch)),
        "flying, % of the edge": 100 * statistics.flying_share(z, hand),
        **{f"fall {k} px off the edge, mm": float(value) for k, value in enumerate(fall, start=1)},
        "finger width, open hands, mm": statistics.finger_width_mm(hand) if open_hand else math.nan,
        "open, % of the crops": 100.0 * open_hand,
        "hand and arm, % of the crop": 100 * float(hand.mean()),
        "depth, 5th percentile, mm": float(extent[0]),
        "depth, median, mm": float(extent[1]),
        "depth, 95th percentile, mm": float(extent[2]),
        "crop width, camera px": width_px,
    }


def joint_figures(joints_mm: FloatArray) -> dict[str, float]:
    """Give figures of the poses of right hands of any size, (N, 21, 3) mm; see ``statistics.flexion_deg``."""
    mcp, pip = statistics.flexion_deg(joints_mm)
    alike = joints_mm / statistics.finger_length_mm(joints_mm)[:, None, None]
    knuckle, beak = (mcp > 45) & (pip < 35), (mcp < 20) & (pip > 60)
    return {
        "MCP, median, deg": float(np.median(mcp)),
        "MCP, 95th percentile, deg": float(np.percentile(mcp, 95)),
        "PIP, median, deg": float(np.median(pip)),
        "PIP, 95th percentile, deg": float(np.percentile(pip, 95)),
        "correlation of MCP and PIP": float(np.corrcoef(mcp.ravel(), pip.ravel())[0, 1]),
        "MCP > 45, PIP < 35, % of fingers": 100 * float(knuckle.mean()),
        "MCP > 45, PIP < 35, % of hands": 100 * float(knuckle.any(axis=1).mean()),
        "MCP < 20, PIP > 60, % of fingers": 100 * float(beak.mean()),
        "MCP < 20, PIP > 60, % of hands": 100 * float(beak.any(axis=1).mean()),
        **reach_figures(alike[:, [8, 12, 16, 20]], alike[:, list(PALM)].mean(axis=1)),
    }


def reach_figures(tips_mm: FloatArray, palm_mm: FloatArray) -> dict[str, float]:
    """Give figures of tips, (N, 4, 3), and palms, (N, 3), of hands of one size; see ``statistics.reach``."""
    reaches = statistics.reach(tips_mm, palm_mm)
    return {
        "no finger bent, % of hands": 100 * float((reaches > statistics.BENT).all(axis=1).mean()),
        "one bent, rest straight, % of hands": 100 * statistics.one_bent_share(reaches),
        "all bent, % of hands": 100 * float((reaches < statistics.BENT).all(axis=1).mean()),
    }


def table(columns: Mapping[str, Mapping[str, float]], names: Iterable[str]) -> list[str]:
    """Set figures out: a line a name, a column a source; a dash for what a source does not tell."""
    lines = [f"{'':36}" + "".join(f"{column[:10]:>11}" for column in columns)]
    for name in names:
        values = [figures.get(name, math.nan) for figures in columns.values()]
        lines.append(f"{name:36}" + "".join(f"{'-' if math.isnan(v) else f'{v:.2f}':>11}" for v in values))
    return lines


def crop_table(measured: Mapping[str, Measured]) -> list[str]:
    """Set the crops' figures out, with the two comparisons of like with like."""
    names = list(measured[SYNTHETIC].figures)
    columns = {
        source: {
            "crops": float(item.crops),
            "thing behind, % of the crops": 100 * item.thing_behind,
            **{name: statistics.known_mean(values) for name, values in item.figures.items()},
        }
        for source, item in measured.items()
    }
    lines = table(columns, ["crops", "thing behind, % of the crops", *names])
    lines[0] += "   tof/real  struct/real"
    for position, name in enumerate(names, start=3):
        for kind, real in (("tof", REAL_TOF), ("structured", REAL_STRUCTURED)):
            there = [columns[source][name] for source in real if source in columns]
            lines[position] += _ratio(columns.get(kind, {}).get(name, math.nan), there)
    return lines


def _ratio(value: float, real: list[float]) -> str:
    against = float(np.mean(real)) if real else math.nan
    if not (value > 0 and against > 0):
        return f"{'-':>10} "
    ratio = value / against
    return f"{ratio:10.2f}{'*' if max(ratio, 1 / ratio) >= _LARGE else ' '}"


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; see the module."""
    parser = argparse.ArgumentParser(
        prog="python -m lighthand.synthesis.compare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--root", type=Path, metavar="DIR", help="folder of the recordings, such as ../shared/data")
    parser.add_argument("--count", type=int, default=600, help="synthetic crops, and crops a sequence of CVAR at most")
    parser.add_argument("--seed", type=int, default=7, help="of the synthetic crops")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write mean, 10th and 90th percentile there")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="draw the figures as panels")
    options = parser.parse_args(arguments)
    if options.count < 2:
        parser.error(f"--count {options.count}: at least 2 crops are needed to compare")
    if options.seed < 0:
        parser.error(f"--seed {options.seed}: expected 0 or more")
    return exit_status(lambda: _compare(options))


def _compare(options: argparse.Namespace) -> None:
    root: Path | None = options.root
    sources: dict[str, CropSet] = {}
    if root:
        sources = {name: cvar_source(root / "cvar", name, options.count) for name in ("P1", "P4")}
        sources |= {name: annotated_source(root / f"{name}.json") for name in ("kinect2_scene", "sr305")}
    labels = label_fingers(root / "benchmarks") if root else {}  # before the crops: a missing file shows at once
    sources |= synthetic_sources(options.count, options.seed)
    measured = {name: measure(source) for name, source in sources.items()}
    joints = {name: source.joints_mm for name, source in sources.items() if source.joints_mm is not None}
    poses = {name: joint_figures(values) for name, values in joints.items()}
    poses |= {name: reach_figures(*fingers) for name, fingers in labels.items()}
    lines = [*crop_table(measured), "", *table(poses, poses[SYNTHETIC])]
    print("\n".join(lines))
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"crops": _spread(measured), "poses": poses}, indent=2, allow_nan=False)
        options.json.write_text(text + "\n", encoding="utf-8")
    if options.plot:
        flexions = {name: statistics.flexion_deg(values) for name, values in joints.items()}
        spectra = {name: item.spectra for name, item in measured.items()}
        save_panels(options.plot, {name: item.figures for name, item in measured.items()}, spectra, flexions)


def _spread(measured: Mapping[str, Measured]) -> dict[str, Any]:
    """Give what goes into the JSON of each source, without what no crop could tell."""
    values: dict[str, Any] = {}
    for source, item in measured.items():
        values[source] = {"crops": item.crops, "thing_behind": item.thing_behind}
        for name, figure in item.figures.items():
            known = figure[np.isfinite(figure)]
            if known.size:
                low, high = np.percentile(known, (10, 90)).tolist()
                values[source][name] = {"mean": float(known.mean()), "p10": low, "p90": high}
        if item.spectra.size:
            median = np.median(item.spectra, axis=0).tolist()
            values[source]["spectrum, median, mm2"] = dict(zip(statistics.FREQUENCIES.tolist(), median, strict=True))
    return values


if __name__ == "__main__":
    sys.exit(main())
