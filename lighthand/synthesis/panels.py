"""The picture of ``lighthand.synthesis.compare``: roughness, edges, spreads by source, and where fingers bend."""

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
from lighthand.synthesis.statistics import BOXES_PX, EDGE_PX, PIXEL_MM, Array, known_mean

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

_ROUGHNESS_TICKS: Final = (0.1, 0.2, 0.5, 1.0, 2.0)

_COLOURS: Final = {
    "P1": "#1b7837", "P4": "#5aae61", "kinect2_scene": "#00441b", "sr305": "#d95f02",
    SYNTHETIC: "#222222", "structured": "#e6ab02", "stereo": "#7570b3", "tof": "#2b8cbe", CLEAN: "#aaaaaa",
}  # fmt: skip
"""Real time of flight is green, real structured light orange."""


def save_panels(
    path: Path, figures: Mapping[str, Mapping[str, Array]], flexions: Mapping[str, tuple[Array, Array]]
) -> None:
    """Draw three rows of panels into a PNG.

    Args:
        path: the file.
        figures: by source, then by name: a value a crop, as ``compare.crop_figures`` gives them.
        flexions: by source: MCP and PIP, (N, 4) each, degrees.

    Raises:
        DataError: the file cannot be written.
    """
    figure = Figure(figsize=(17, 11), layout="constrained")
    canvas: Any = FigureCanvasAgg(figure)
    axes = figure.subplots(3, 4)
    edges = [f"{edge * PIXEL_MM:.0f}" for edge in BOXES_PX]
    bands = [f"{fine} to {coarse}" for fine, coarse in zip(edges, edges[1:], strict=False)]
    _curves(axes[0, 0], figures, "roughness", bands, "between means over boxes of, mm")
    axes[0, 0].set_yscale("log")
    axes[0, 0].set_yticks(_ROUGHNESS_TICKS, [str(tick) for tick in _ROUGHNESS_TICKS])
    axes[0, 0].minorticks_off()
    axes[0, 0].set_title("roughness of the surface, mm")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=len(figures))
    distances = [str(distance) for distance in range(1, EDGE_PX + 1)]
    _curves(axes[0, 1], figures, "fall", distances, "from the outside, px")
    axes[0, 1].set_title("how far the silhouette's edge falls back, mm")
    real = [name for name in flexions if name not in (SYNTHETIC, CLEAN)]
    _bends(axes[0, 2], {SYNTHETIC: flexions[SYNTHETIC]})
    _bends(axes[0, 3], {name: flexions[name] for name in real})
    for panel, name in zip(axes[1:].flat, _SPREADS, strict=True):
        _spread(panel, figures, name)
    canvas.draw()
    save_image(path, np.ascontiguousarray(np.asarray(canvas.buffer_rgba())[..., 2::-1]))


def _curves(
    panel: Any, figures: Mapping[str, Mapping[str, Array]], first: str, places: list[str], x_label: str
) -> None:
    """Draw the means of the figures whose names begin with ``first``, a curve a source."""
    for source, values in figures.items():
        means = [known_mean(value) for name, value in values.items() if name.startswith(first)]
        panel.plot(places, means, "o--" if source == CLEAN else "o-", label=source, color=_COLOURS[source])
    panel.set_xlabel(x_label)
    panel.grid(alpha=0.3)


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
