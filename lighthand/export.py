"""Write a network as ONNX beside its weights: ``python -m lighthand.export [--weights FILE]``.

The file is what every backend but PyTorch runs: norms folded, the soft-argmax, the fusion and the attention inside,
any number of patches at a time. It is checked against PyTorch on fixed synthesised crops before it replaces the one
that was there, and carries the hash of its weights, so that a stale one is refused.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from lighthand.backends import WEIGHTS
from lighthand.backends.exported import INPUT, OUTPUTS, export_path, metadata_of
from lighthand.backends.onnx import OnnxEstimator
from lighthand.backends.pytorch import TorchEstimator, fold_norms
from lighthand.command import exit_status
from lighthand.crop import PATCH
from lighthand.errors import ConfigError, WeightsError
from lighthand.network import HandNet
from lighthand.network.ghost import GhostBottleneck
from lighthand.synthesis.sample import validation_set
from lighthand.weights import load_weights

CROPS: Final = 64
TOLERANCE_MM: Final = 0.05
_TOLERANCE: Final = 1e-3
"""Of the probabilities."""


class _Graph(nn.Module):
    """The network as the export shows it: (B, 128, 128) patches -> joints and probabilities."""

    def __init__(self, net: HandNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, patches: Tensor) -> tuple[Tensor, ...]:
        out = self.net(patches.unsqueeze(1))
        return out.uvz, *(torch.sigmoid(x) for x in (out.side, out.presence, out.confidence, out.visible))


class _SplitBottleneck(nn.Module):
    """A ghost bottleneck whose second 1x1 convolution reads both halves where they are: none is copied together.

    W [a; b] = W_a a + W_b b; the backends add while they convolve.
    """

    def __init__(self, block: GhostBottleneck) -> None:
        super().__init__()
        self.expand, self.shortcut, self.cheap = block.expand, block.shortcut, block.project.cheap
        whole = block.project.primary[0]
        assert isinstance(whole, nn.Conv2d)
        assert whole.bias is not None
        half = whole.in_channels // 2
        self.first = nn.Conv2d(half, whole.out_channels, 1)
        self.second = nn.Conv2d(half, whole.out_channels, 1, bias=False)
        self.first.load_state_dict({"weight": whole.weight[:, :half], "bias": whole.bias})
        self.second.load_state_dict({"weight": whole.weight[:, half:]})

    def forward(self, x: Tensor) -> Tensor:
        intrinsic = self.expand.primary(x)
        projected = self.first(intrinsic) + self.second(self.expand.cheap(intrinsic))
        return self.shortcut(x) + torch.cat([projected, self.cheap(projected)], dim=1)  # type: ignore[no-any-return]


def _split_ghosts(module: nn.Module) -> None:
    """Replace each ghost bottleneck, its norms folded, by its split twin, in place."""
    for name, child in module.named_children():
        if isinstance(child, GhostBottleneck):
            setattr(module, name, _SplitBottleneck(child))
        else:
            _split_ghosts(child)


def write_graph(
    net: nn.Module,
    example: Tensor,
    path: Path,
    *,
    names: tuple[str, ...] = (),
    dynamic: bool = False,
    metadata: dict[str, str] | None = None,
) -> None:
    """Write a network as ONNX.

    Args:
        net: takes one tensor; in evaluation mode.
        example: an input.
        path: the file.
        names: of the input and the outputs.
        dynamic: the first size of input and outputs is free.
        metadata: written into the file.

    Raises:
        ConfigError: the exporter's packages are not installed.
    """
    try:
        import onnx
        import onnxscript  # noqa: F401 - torch.onnx needs it
    except ImportError as error:
        raise ConfigError("export: onnx or onnxscript is not installed. Run `pip install -e .[dev]`.") from error
    log = logging.getLogger("torch.onnx")
    level = log.level
    log.setLevel(logging.ERROR)  # it misses torchvision, which we do not use
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the exporter's own, of its own parts
            program = torch.onnx.export(
                net,
                (example,),
                dynamo=True,
                input_names=names[:1] or None,
                output_names=names[1:] or None,
                dynamic_shapes=({0: torch.export.Dim("batch", min=1)},) if dynamic else None,
                verbose=False,
            )
    finally:
        log.setLevel(level)
    assert program is not None
    model = program.model_proto
    del model.graph.metadata_props[:], model.graph.value_info[:]
    for node in model.graph.node:
        del node.metadata_props[:]  # where in our source it came from
    onnx.helper.set_model_props(model, metadata or {})
    onnx.save(model, path)


def write_onnx(net: HandNet, path: Path, metadata: dict[str, str]) -> None:
    """Write our network as ONNX, as the backends read it.

    Args:
        net: in evaluation mode; changed in place to what a backend runs fastest.
        path: the file.
        metadata: written into it.

    Raises:
        ConfigError: the exporter's packages are not installed.
    """
    fold_norms(net)
    _split_ghosts(net)
    example = torch.zeros(2, PATCH, PATCH)
    write_graph(_Graph(net).eval(), example, path, names=(INPUT, *OUTPUTS), dynamic=True, metadata=metadata)


def difference(weights: Path, exported: Path) -> tuple[float, float]:
    """Compare an export with PyTorch on fixed synthesised crops.

    Args:
        weights: a file of ``lighthand.weights``.
        exported: the same network for the backend, with its weights beside it.

    Returns:
        The greatest distance of a joint in mm, and the greatest difference of a probability.
    """
    batch = validation_set(CROPS)
    ours, theirs = TorchEstimator(weights).estimate(batch.patches), OnnxEstimator(exported).estimate(batch.patches)
    gaps = np.linalg.norm(batch.to_camera(ours.uvz) - batch.to_camera(theirs.uvz), axis=-1)
    worst = max(np.abs(getattr(ours, name) - getattr(theirs, name)).max() for name in OUTPUTS[1:])
    return float(gaps.max()), float(worst)


def export(weights: Path) -> tuple[Path, float]:
    """Export a file of weights; the file beside it appears whole and checked, or not at all.

    Args:
        weights: a file of ``lighthand.weights``.

    Returns:
        The export, and the greatest distance of a joint from PyTorch's, mm.

    Raises:
        WeightsError: the weights cannot be used, the export is not the same network, or it cannot be written.
        ConfigError: the exporter's packages are not installed.
    """
    net = load_weights(weights)
    metadata = metadata_of(weights)
    path = export_path(weights)
    try:
        with tempfile.TemporaryDirectory(dir=path.parent) as folder:
            copy = Path(folder) / weights.name
            copy.write_bytes(weights.read_bytes())
            write_onnx(net, export_path(copy), metadata)
            gap_mm, gap = difference(weights, copy)
            if gap_mm > TOLERANCE_MM or gap > _TOLERANCE:
                raise WeightsError(
                    f"{path}: the export differs from PyTorch by {gap_mm:.3g} mm and {gap:.2g} in a probability, at "
                    f"most {TOLERANCE_MM} mm and {_TOLERANCE} are allowed. Other versions of torch, onnxscript or "
                    "onnxruntime may do; the file that was there is unchanged."
                )
            os.replace(export_path(copy), path)
    except OSError as error:
        raise WeightsError(f"{path}: cannot be written ({error.strerror}). Check the folder and the disk.") from error
    return path, gap_mm


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; see the module."""
    parser = argparse.ArgumentParser(prog="python -m lighthand.export", description=__doc__)
    parser.add_argument("--weights", type=Path, default=WEIGHTS, metavar="FILE")
    options = parser.parse_args(arguments)
    return exit_status(lambda: _run(options.weights))


def _run(weights: Path) -> None:
    path, gap_mm = export(weights)
    print(f"{path}: {path.stat().st_size / 1e3:.0f} kB, joints within {gap_mm:.4f} mm of PyTorch's")


if __name__ == "__main__":
    sys.exit(main())
