"""Shapes of the network that were tried: what each costs and how long it takes, in ONNX Runtime on one thread."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import torch

from lighthand.benchmark.cost import count
from lighthand.benchmark.measure import measure
from lighthand.benchmark.networks import onnx_call
from lighthand.crop import PATCH
from lighthand.export import write_onnx
from lighthand.network import FAST, PAPER, HandNet, NetworkConfig

SHAPES: Final = {
    "as shipped": NetworkConfig(),
    "the paper's, 64x64 maps": NetworkConfig(stride=PAPER.stride),
    "three levels, blocks 3 2 2": NetworkConfig(blocks=(3, 2, 2)),
    "three levels, blocks 4 2 1": NetworkConfig(blocks=(4, 2, 1)),
    "68 channels": NetworkConfig(channels=68),
    "96 channels, blocks 1 1 1": NetworkConfig(channels=96, blocks=(1, 1, 1)),
    "128 channels, blocks 1 1": NetworkConfig(channels=128, blocks=(1, 1)),
    "48 channels": NetworkConfig(channels=48),
    "fast, as shipped": FAST,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """One shape of the network, with 21 joints and fresh weights.

    Attributes:
        name: in ``SHAPES``.
        params: learned parameters.
        macs: multiply-accumulates of one patch.
        median_ms: of one patch.
        ratio: of the medians, to the shipped shape's.
    """

    name: str
    params: int
    macs: int
    median_ms: float
    ratio: float


def time_shapes(calls: int) -> list[Shape]:
    """Time every shape side by side.

    Args:
        calls: timed calls a shape.
    """
    patch = torch.rand(1, PATCH, PATCH).numpy()
    rows, costs = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number, (name, config) in enumerate(SHAPES.items()):
            net = HandNet(config).eval()
            costs.append(count(net))
            path = Path(folder) / f"{number}.onnx"
            write_onnx(net, path, {})
            rows.append((name, onnx_call(path, patch)))
        times = measure(rows, calls)
    return [
        Shape(row.name, params, macs, row.median_ms, row.median_ms / times[0].median_ms)
        for row, (params, macs) in zip(times, costs, strict=True)
    ]


def print_shapes(rows: list[Shape]) -> None:
    """Print a line a shape, as a table in Markdown."""
    print("| shape | parameters | MMAC | median ms | x shipped |\n|---|---|---|---|---|")
    for row in rows:
        print(f"| {row.name} | {row.params:,} | {row.macs / 1e6:.1f} | {row.median_ms:.2f} | {row.ratio:.2f} |")
