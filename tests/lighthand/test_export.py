"""The export: checked against PyTorch before it replaces the one that was there."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
import torch

from lighthand import export as module
from lighthand.backends.exported import OUTPUTS, export_path
from lighthand.errors import WeightsError
from lighthand.network import HandNet
from lighthand.weights import load_weights, save_weights


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
    assert batch == dict.fromkeys(OUTPUTS, "batch")


@pytest.mark.parametrize("gaps", [(0.06, 0.0), (0.0, 0.01)])
def test_an_export_that_differs_leaves_the_old_one(
    copied: Path, monkeypatch: pytest.MonkeyPatch, gaps: tuple[float, float]
) -> None:
    export_path(copied).write_bytes(b"old")
    monkeypatch.setattr(module, "difference", lambda weights, exported: gaps)
    monkeypatch.setattr(module, "write_onnx", lambda net, path, metadata: path.write_bytes(b"new"))
    with pytest.raises(WeightsError, match=f"differs from PyTorch by {gaps[0]:.3g} mm and {gaps[1]:.2g}"):
        module.export(copied)
    assert export_path(copied).read_bytes() == b"old"
    assert sorted(p.name for p in copied.parent.iterdir()) == ["random.onnx", "random.safetensors"]


def test_the_difference_is_that_of_two_networks(copied: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    other = tmp_path / "other" / "other.safetensors"
    other.parent.mkdir()
    save_weights(other, HandNet(load_weights(copied).config), extra={})
    module.export(other)
    module.export(copied)
    gap_mm, gap = module.difference(copied, other)
    assert gap_mm > 1
    assert gap > 0.001
    assert module.difference(copied, copied)[0] < module.TOLERANCE_MM


def test_missing_weights_end_with_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert module.main(["--weights", str(tmp_path / "none.safetensors")]) == 2
    assert "no such file" in capsys.readouterr().err


def test_no_bottleneck_copies_its_halves_together(copied: Path) -> None:
    module.export(copied)
    nodes = onnx.load(export_path(copied)).graph.node
    blocks = 2 * 2 + 1 + 1  # two levels of one block down and up, the bottom, the widening one
    assert sum(node.op_type == "Concat" for node in nodes) <= blocks + 2  # the output of each, and the head's two
