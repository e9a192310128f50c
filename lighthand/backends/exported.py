"""The network as an ONNX file beside its weights: what is written into it, and whether it is theirs.

The graph takes patches (B, 128, 128) float32 and gives what ``estimator.Estimate`` holds. Its metadata hold
``format``, ``weights_sha256`` (of the weights' file), ``cube_mm`` and ``joints`` (of the crops and the skeleton it was
exported for): whoever runs it has no other look at the weights.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from safetensors import SafetensorError, safe_open

from lighthand.crop import CUBE_MM
from lighthand.errors import WeightsError
from lighthand.skeleton import JOINT_NAMES

FORMAT: Final = "lighthand-onnx-2"
KEYS: Final = ("format", "weights_sha256", "cube_mm", "joints")
INPUT: Final = "patches"
OUTPUTS: Final = ("uvz", "right", "presence", "confidence", "visible")


def metadata_of(weights: Path) -> dict[str, str]:
    """Give what the export of a file of weights must say of itself, by this version of LightHand.

    Raises:
        WeightsError: the file cannot be read.
    """
    values = (FORMAT, weights_sha256(weights), json.dumps(CUBE_MM), json.dumps(JOINT_NAMES))
    return dict(zip(KEYS, values, strict=True))


def export_path(weights: Path) -> Path:
    """Name the export of a file of weights."""
    return weights.with_suffix(".onnx")


def export_command(weights: Path) -> str:
    """Give what to type so that the export is made, by the Python that runs now."""
    return f"{sys.executable} -m lighthand.export --weights {weights}"


def weights_sha256(weights: Path) -> str:
    """Hash a file of weights.

    Raises:
        WeightsError: the file cannot be read.
    """
    try:
        return hashlib.sha256(weights.read_bytes()).hexdigest()
    except OSError as error:
        raise WeightsError(f"{weights}: cannot be read ({error.strerror}).") from error


def read_export(weights: Path) -> bytes:
    """Read the export of a file of weights.

    Raises:
        WeightsError: the weights or their export are not there, or cannot be read.
    """
    if not weights.is_file():
        raise WeightsError(
            f"{weights}: no such file. Choose another file, or train one: .venv/bin/python -m lighthand.train --help"
        )
    path = export_path(weights)
    try:
        return path.read_bytes()
    except OSError as error:
        raise WeightsError(
            f"{path}: cannot be read ({error.strerror}). Set network.backend=torch, which needs no export, or make it: "
            + export_command(weights)
        ) from error


def check_export(weights: Path, metadata: Mapping[str, str]) -> None:
    """Refuse an export that is not that of the weights beside it.

    Args:
        weights: the file of weights.
        metadata: of the export.

    Raises:
        WeightsError: the export is of another format, cube or skeleton, was made from other weights, or the weights are
            damaged.
    """
    path = export_path(weights)
    again = f"Make it again: {export_command(weights)}"
    if metadata.get("format") != FORMAT:
        raise WeightsError(f"{path}: format {metadata.get('format', 'missing')!r}, expected {FORMAT!r}. {again}")
    expected = metadata_of(weights)
    for key in ("cube_mm", "joints"):
        if metadata.get(key) != expected[key]:
            raise WeightsError(f"{path}: {key} {metadata.get(key, 'missing')}, expected {expected[key]}. {again}")
    if metadata.get("weights_sha256") != expected["weights_sha256"]:
        try:
            with safe_open(weights, framework="np"):
                pass
        except SafetensorError as error:
            raise WeightsError(f"{weights}: damaged ({error}). Fetch or train it again.") from error
        raise WeightsError(f"{path}: stale, it was made from other weights than {weights} holds. {again}")
