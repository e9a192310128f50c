"""The network in OpenVINO: bf16 on CPUs that have it in hardware. An extra: ``pip install 'lighthand[openvino]'``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from lighthand.backends.exported import INPUT, KEYS, OUTPUTS, check_export, export_command, export_path, read_export
from lighthand.errors import ConfigError, WeightsError
from lighthand.estimator import Estimate, check_patches
from lighthand.types import FloatArray

_METADATA = "framework"  # where OpenVINO keeps an ONNX file's own
_PRECISIONS = {"fp32": "f32", "bf16": "bf16"}


class OpenVinoEstimator:
    """The exported network in OpenVINO on the CPU."""

    def __init__(self, weights: Path, threads: int = 1, precision: str = "fp32") -> None:
        """Read and compile the export.

        Args:
            weights: a file of ``lighthand.weights``, its export beside it.
            threads: CPU threads for one batch, at least 1.
            precision: "fp32" or "bf16".

        Raises:
            WeightsError: the export is missing, damaged or stale.
            ConfigError: OpenVINO is not installed, or the CPU has no bf16.
        """
        # Its import would tell its maker over the network that it was used; without this part it stays quiet.
        sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
        try:
            import openvino
        except ImportError as error:
            raise ConfigError(
                "network.backend=openvino: OpenVINO is not installed. Run `pip install -e .[openvino]`, or set "
                "network.backend=onnxruntime."
            ) from error
        core = openvino.Core()
        if precision == "bf16" and "BF16" not in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
            raise ConfigError("network.precision=bf16: this CPU has no bf16 in hardware. Set network.precision=fp32.")
        data = read_export(weights)
        try:
            model = core.read_model(data)
            compiled = core.compile_model(
                model,
                "CPU",
                {
                    "INFERENCE_PRECISION_HINT": _PRECISIONS[precision],
                    "INFERENCE_NUM_THREADS": threads,
                    "NUM_STREAMS": 1,
                    "ENABLE_CPU_PINNING": False,
                },
            )
        except RuntimeError as error:
            reason = str(error).strip().rpartition("\n")[2]
            raise WeightsError(
                f"{export_path(weights)}: OpenVINO {openvino.__version__} cannot load it ({reason}). "
                f"Make it again: {export_command(weights)}"
            ) from error
        known = {
            key: str(model.get_rt_info([_METADATA, key]).value) for key in KEYS if model.has_rt_info([_METADATA, key])
        }
        check_export(weights, known)
        self._request = compiled.create_infer_request()
        self._outputs = [compiled.output(name) for name in OUTPUTS]

    def estimate(self, patches: FloatArray) -> Estimate:
        """Read a batch of patches; see ``Estimator.estimate``."""
        check_patches(patches)
        results = self._request.infer({INPUT: np.ascontiguousarray(patches)})
        return Estimate(*(np.array(results[output]) for output in self._outputs))
