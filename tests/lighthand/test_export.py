"""The export: checked against PyTorch before it replaces the one that was there."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest

from lighthand import export as module
from lighthand.backends.exported import export_path
from lighthand.errors import WeightsError


@pytest.fixture
def copied(weights: Path, tmp_path: Path) -> Path:
    path = tmp_path / weights.name
    path.write_bytes(weights.read_bytes())
    return path


def test_the_command_writes_a_small_checked_file(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert module.main(["--weights", str(copied)]) == 0
    assert f"{export_path(copied)}: " in capsys.readouterr().out
    assert sorted(p.name for p in copied.parent.iterdir()) == ["random.onnx", "random.safetensors"]
    model = onnx.load(export_path(copied))
    onnx.checker.check_model(model, full_check=True)
    assert export_path(copied).stat().st_size < 1.2 * copied.stat().st_size
    batch = {value.name: value.type.tensor_type.shape.dim[0].dim_param for value in model.graph.output}
    assert batch == {"uvz": "batch", "right": "batch", "presence": "batch"}


def test_an_export_that_differs_leaves_the_old_one(copied: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    export_path(copied).write_bytes(b"old")
    monkeypatch.setattr(module, "TOLERANCE_MM", 0.0)
    monkeypatch.setattr(module, "difference", lambda weights, exported: (0.3, 0.0))
    monkeypatch.setattr(module, "write_onnx", lambda net, path, metadata: path.write_bytes(b"new"))
    with pytest.raises(WeightsError, match=r"differs from PyTorch by 0.3 mm"):
        module.export(copied)
    assert export_path(copied).read_bytes() == b"old"
    assert sorted(p.name for p in copied.parent.iterdir()) == ["random.onnx", "random.safetensors"]


def test_missing_weights_end_with_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert module.main(["--weights", str(tmp_path / "none.safetensors")]) == 2
    assert "no such file" in capsys.readouterr().err
