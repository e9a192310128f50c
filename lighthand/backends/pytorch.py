"""The network in PyTorch: the reference."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lighthand.errors import ConfigError
from lighthand.estimator import Estimate, check_patches
from lighthand.types import FloatArray
from lighthand.weights import load_weights


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
    """The network in PyTorch: batch norms folded, channels last."""

    def __init__(self, weights: Path, threads: int = 1, device: str = "cpu") -> None:
        """Read the weights.

        Args:
            weights: a file of ``lighthand.weights``.
            threads: CPU threads for one batch, at least 1; set on the thread that calls ``estimate``.
            device: "cpu" or "cuda".

        Raises:
            WeightsError: the weights cannot be used.
            ConfigError: no GPU.
            ValueError: fewer than one thread.
        """
        if threads < 1:
            raise ValueError(f"threads is {threads}, expected at least 1")
        if device == "cuda" and not torch.cuda.is_available():
            raise ConfigError(
                f"network.device=cuda: PyTorch {torch.__version__} sees no GPU. Install a CUDA build of PyTorch and "
                "the NVIDIA driver, or set network.device=cpu."
            )
        self._threads = threads
        self._device = torch.device(device)
        net = load_weights(weights).requires_grad_(False)
        fold_norms(net)
        self._net = net.to(self._device, memory_format=torch.channels_last)  # type: ignore[call-overload]

    def estimate(self, patches: FloatArray) -> Estimate:
        """Read a batch of patches; see ``Estimator.estimate``."""
        check_patches(patches)
        if torch.get_num_threads() != self._threads:
            torch.set_num_threads(self._threads)
        with torch.inference_mode():
            # A copy, for patches are read-only.
            out = self._net(torch.from_numpy(np.array(patches[:, None], order="C")).to(self._device))
            logits = (out.side, out.presence, out.confidence, out.visible)
            probabilities = (torch.sigmoid(values).cpu().numpy() for values in logits)
        return Estimate(out.uvz.cpu().numpy(), *probabilities)
