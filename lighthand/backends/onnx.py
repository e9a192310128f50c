"""The network in ONNX Runtime: the default, fast to start and fast on any CPU."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

from lighthand.backends.exported import INPUT, OUTPUTS, check_export, export_command, export_path, read_export
from lighthand.errors import ConfigError, WeightsError
from lighthand.estimator import Estimate, check_patches
from lighthand.types import FloatArray

_PROVIDERS = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_ERRORS_ONLY = 3


class OnnxEstimator:
    """The exported network in ONNX Runtime."""

    def __init__(self, weights: Path, threads: int = 1, device: str = "cpu") -> None:
        """Read the export.

        Args:
            weights: a file of ``lighthand.weights``, its export beside it.
            threads: CPU threads for one batch, at least 1; they sleep between batches.
            device: "cpu" or "cuda".

        Raises:
            WeightsError: the export is missing, damaged or stale.
            ConfigError: this build of ONNX Runtime has no such device.
        """
        provider = _PROVIDERS[device]
        if provider not in onnxruntime.get_available_providers():
            raise ConfigError(
                f"network.device={device}: ONNX Runtime {onnxruntime.__version__} is built without it. "
                "Install onnxruntime-gpu in place of onnxruntime, or set network.device=cpu."
            )
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = _ERRORS_ONLY
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the other threads want the cores
        data = read_export(weights)
        try:
            self._session = onnxruntime.InferenceSession(data, options, providers=[provider])
        except Exception as error:  # noqa: BLE001 - its exceptions have no common base
            reason = str(error).partition("\n")[0]
            raise WeightsError(
                f"{export_path(weights)}: ONNX Runtime {onnxruntime.__version__} cannot load it ({reason}). "
                f"Make it again: {export_command(weights)}"
            ) from error
        if provider not in self._session.get_providers():
            raise ConfigError(f"network.device={device}: ONNX Runtime found no such device. Set network.device=cpu.")
        check_export(weights, self._session.get_modelmeta().custom_metadata_map)

    def estimate(self, patches: FloatArray) -> Estimate:
        """Read a batch of patches; see ``Estimator.estimate``."""
        check_patches(patches)
        return Estimate(*self._session.run(OUTPUTS, {INPUT: patches}))
