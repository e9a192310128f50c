"""Patches -> joints: one small interface, and PyTorch behind it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lighthand.crop import PATCH
from lighthand.types import FloatArray
from lighthand.weights import load_weights


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the network says of a batch of B patches.

    Attributes:
        uvz: (B, J, 3) float32, coordinates of the patch as in ``crop.crop_to_camera``.
        right: (B,) float32, probability that the patch shows a right hand.
        presence: (B,) float32, probability that the patch holds a hand.
    """

    uvz: FloatArray
    right: FloatArray
    presence: FloatArray

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.uvz, self.right, self.presence):
            array.setflags(write=False)


class Estimator(Protocol):
    """Anything that reads joints from patches."""

    def estimate(self, patches: FloatArray) -> Estimate:
        """Read a batch of patches.

        Args:
            patches: (B, 128, 128) float32 as in ``types.HandCrop``, B at least 1.

        Returns:
            The joints and probabilities of each patch.
        """


def check_patches(patches: FloatArray) -> None:
    """Check a batch of patches at the border of an estimator.

    Raises:
        ValueError: not (B, 128, 128) float32 with B >= 1, or a value that is not finite.
    """
    if patches.dtype != np.float32 or patches.ndim != 3 or patches.shape[1:] != (PATCH, PATCH) or not len(patches):
        raise ValueError(f"patches are {patches.dtype} {patches.shape}, expected float32 (B, {PATCH}, {PATCH}), B >= 1")
    if not np.isfinite(patches).all():
        raise ValueError("patches hold values that are not finite, expected [-1, 1]")


def fold_norms(module: nn.Module) -> None:
    """Fold each batch norm that follows a convolution in a Sequential into it, in place, in evaluation mode."""
    for name, child in module.named_children():
        if isinstance(child, nn.Sequential) and len(child) > 1:
            conv, norm = child[0], child[1]
            if isinstance(conv, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                setattr(module, name, nn.Sequential(fuse_conv_bn_eval(conv, norm), *list(child)[2:]))
                continue
        fold_norms(child)


class TorchEstimator:
    """The network in PyTorch on the CPU: batch norms folded, channels last."""

    def __init__(self, weights: Path, threads: int = 1) -> None:
        """Read the weights.

        Args:
            weights: a file of ``lighthand.weights``.
            threads: CPU threads for one batch, at least 1; set on the thread that calls ``estimate``.

        Raises:
            WeightsError: the weights cannot be used.
            ValueError: fewer than one thread.
        """
        if threads < 1:
            raise ValueError(f"threads is {threads}, expected at least 1")
        self._threads = threads
        self._net = load_weights(weights).requires_grad_(False)
        fold_norms(self._net)
        self._net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def estimate(self, patches: FloatArray) -> Estimate:
        """Read a batch of patches; see ``Estimator.estimate``.

        Raises:
            ValueError: the patches are not as promised.
        """
        check_patches(patches)
        if torch.get_num_threads() != self._threads:
            torch.set_num_threads(self._threads)
        with torch.inference_mode():
            out = self._net(torch.from_numpy(np.array(patches[:, None], order="C")))  # patches are read-only
            probabilities = torch.sigmoid(torch.stack([out.side, out.presence])).numpy()
        return Estimate(out.uvz.numpy(), probabilities[0], probabilities[1])
