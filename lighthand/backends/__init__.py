"""What runs the network: ONNX Runtime, OpenVINO or PyTorch, behind ``estimator.Estimator``.

Each is imported when it is asked for, and only then: PyTorch alone takes seconds.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from lighthand.errors import ConfigError
from lighthand.estimator import Estimator

Backend = Literal["onnxruntime", "openvino", "torch"]
Device = Literal["cpu", "cuda"]
Precision = Literal["fp32", "bf16"]

WEIGHTS: Final = Path(__file__).parents[2] / "weights" / "hand.safetensors"
"""What ships: the default model."""


@dataclass(frozen=True, slots=True)
class NetworkSource:
    """Which network, and what runs it.

    Attributes:
        weights: a file of ``lighthand.weights``; all backends but torch read the export beside it.
        backend: "onnxruntime" is the default, "openvino" an extra that has bf16, "torch" the reference.
        device: "cuda" needs an NVIDIA GPU and a build of the backend for it.
        precision: "bf16" is for CPUs that have it in hardware (AMX, AVX512-BF16).
        threads: CPU threads for the network.
    """

    weights: Path = WEIGHTS
    backend: Backend = "onnxruntime"
    device: Device = "cpu"
    precision: Precision = "fp32"
    threads: int = 1

    def __post_init__(self) -> None:
        """Check the parts against each other.

        Raises:
            ConfigError: no thread or more than cores, a device or precision that the backend does not offer, or
                weights that are none.
        """
        if self.weights.suffix != ".safetensors":
            raise ConfigError(
                f"network.weights={self.weights}: expected a .safetensors file. An export is read from beside it."
            )
        cores = os.cpu_count() or 1
        if not 1 <= self.threads <= cores:
            raise ConfigError(f"network.threads={self.threads}: expected 1 to {cores}, as many as there are cores.")
        if self.precision == "bf16" and self.backend != "openvino":
            raise ConfigError(f"network.precision=bf16: {self.backend} has fp32 alone. Set network.backend=openvino.")
        if self.device == "cuda" and self.backend == "openvino":
            raise ConfigError(
                "network.device=cuda: OpenVINO runs on the CPU. Set network.backend=onnxruntime or torch."
            )


def open_estimator(source: NetworkSource) -> Estimator:
    """Load a network into its backend.

    Args:
        source: which network, and what runs it.

    Returns:
        The estimator. Its first call may be slow.

    Raises:
        WeightsError: the weights or their export are missing, damaged, stale or of another network.
        ConfigError: the backend is not installed, or has no such device here.
    """
    if source.backend == "onnxruntime":
        from lighthand.backends.onnx import OnnxEstimator

        return OnnxEstimator(source.weights, source.threads, source.device)
    if source.backend == "openvino":
        from lighthand.backends.openvino import OpenVinoEstimator

        return OpenVinoEstimator(source.weights, source.threads, source.precision)
    from lighthand.backends.pytorch import TorchEstimator

    return TorchEstimator(source.weights, source.threads, source.device)
