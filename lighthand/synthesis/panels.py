"""The picture of ``lighthand.synthesis.compare``: power spectra, edges, spreads by source, and where fingers bend."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lighthand.drawing import save_image
from lighthand.synthesis.sources import CLEAN, SYNTHETIC
from lighthand.synthesis.statistics import BLOCK_PX, EDGE_PX, FREQUENCIES, Array, known_mean

_SPREADS: Final = (
    "holes, % of the hand",
    "raggedness, px",
    "specks a crop",
    "flying, % of the edge",
    "finger width, open hands, mm",
    "hand and arm, % of the crop",
    "depth, median, mm",
    "crop width, camera px",
)

_COLOURS: Final = {
    "P1": "#1b7837", "P4": "#5aae61", "kinect2_scene": "#00441b", "sr305": "#d95f02",
    SYNTHETIC: "#222222", "structured": "#e6ab02", "stereo": "#7570b3", "tof": "#2b8cbe", CLEAN: "#aaaaaa",
}  # fmt: skip
"""Real time of flight is green, real structured light orange."""


_SHADED: Final = ("tof", "structured")
"""Synthetic sensors of which there are real ones: their spectra have the spread, too."""


def save_panels(
    path: Path,
    figures: Mapping[str, Mapping[str, Array]],
    spectra: Mapping[str, Array],
    flexions: Mapping[str, tuple[Array, Array]],
) -> None:
    """Draw three rows of panels into a PNG.

    Args:
        path: the file.
        figures: by source, then by name: a value a crop, as ``compare.crop_figures`` gives them.
        spectra: by source: (N, len(FREQUENCIES)), mm^2.
        flexions: by source: MCP and PIP, (N, 4) each, degrees.

    Raises:
        DataError: the file cannot be written.
    """
    figure = Figure(figsize=(17, 11), layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.subplots(3, 4)
    _spectra(axes[0, 0], spectra)
    _falls(axes[0, 1], figures)
    figure.legend(*axes[0, 1].get_legend_handles_labels(), loc="outside lower center", ncols=len(figures))
    real = [name for name in flexions if name not in (SYNTHETIC, CLEAN)]
    _bends(axes[0, 2], {SYNTHETIC: flexions[SYNTHETIC]})
    _bends(axes[0, 3], {name: flexions[name] for name in real})
    for panel, name in zip(axes[1:].flat, _SPREADS, strict=True):
        _spread(panel, figures, name)
    canvas.draw()
    save_image(path, np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., 2::-1]))


def _spectra(panel: Any, spectra: Mapping[str, Array]) -> None:
    """Draw the median spectrum of each source that has one, and of ``_SHADED`` the 10th to 90th percentile."""
    for source, power in spectra.items():
        if source != SYNTHETIC and power.size:
            panel.plot(FREQUENCIES, np.median(power, axis=0), _line(source), color=_COLOURS[source])
            if source in _SHADED:
                panel.fill_between(
                    FREQUENCIES, *np.percentile(power, (10, 90), axis=0), color=_COLOURS[source], alpha=0.15
                )
    panel.set_yscale("log")
    panel.set_xticks(FREQUENCIES, [f"{frequency * BLOCK_PX:.0f}/{BLOCK_PX}" for frequency in FREQUENCIES])
    panel.set_xlabel("cycles a pixel of the patch")
    panel.set_title("power spectrum of the surface, mm²")
    panel.grid(alpha=0.3)


def _falls(panel: Any, figures: Mapping[str, Mapping[str, Array]]) -> None:
    """Draw the mean fall of each source over the distance from the outside."""
    for source, values in figures.items():
        means = [known_mean(value) for name, value in values.items() if name.startswith("fall")]
        panel.plot(range(1, EDGE_PX + 1), means, _line(source), label=source, color=_COLOURS[source])
    panel.set_xticks(range(1, EDGE_PX + 1))
    panel.set_xlabel("from the outside, px")
    panel.set_title("how far the silhouette's edge falls back, mm")
    panel.grid(alpha=0.3)


def _line(source: str) -> str:
    return "o--" if source == CLEAN else "o-"


def _bends(panel: Any, flexions: Mapping[str, tuple[Array, Array]]) -> None:
    """Draw how many fingers bend how far, and a box about those bent at the knuckle alone."""
    if flexions:
        mcp, pip = (np.concatenate([pair[k].ravel() for pair in flexions.values()]) for k in (0, 1))
        panel.hist2d(mcp, pip, bins=(31, 25), range=((-45, 110), (-3, 120)), cmap="Greys")
    panel.add_patch(Rectangle((45, 0), 65, 35, fill=False, linestyle="--"))
    panel.set(xlim=(-45, 110), ylim=(-3, 120), xlabel="MCP, deg", ylabel="PIP, deg")
    panel.set_title("where fingers bend: " + (", ".join(flexions) or "nothing real"))
    panel.grid(alpha=0.3)


def _spread(panel: Any, figures: Mapping[str, Mapping[str, Array]], name: str) -> None:
    """Draw the mean and the 10th to 90th percentile of each source."""
    for row, (source, values) in enumerate(figures.items()):
        known = values[name][np.isfinite(values[name])]
        if known.size:
            panel.plot(np.percentile(known, (10, 90)), (row, row), color=_COLOURS[source], linewidth=4, alpha=0.5)
            panel.plot(known.mean(), row, "o", color=_COLOURS[source])
    panel.set_yticks(range(len(figures)), list(figures))
    panel.invert_yaxis()
    panel.set_title(name)
    panel.grid(axis="x", alpha=0.3)
