"""What a run goes on from, what it does not, and what it never writes over."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lighthand.checkpoint import read_checkpoint
from lighthand.config import config_to_dict
from lighthand.errors import WeightsError
from lighthand.recipe import StageConfig
from lighthand.train import Run, main
from tests.lighthand import tiny

TINY = replace(tiny.TINY, small=StageConfig(32, 0), full=StageConfig(32, 4, 4, 1e-3), validate_every=2)


def test_what_changes_nothing_may_change(tmp_path: Path) -> None:
    Run(TINY, tmp_path).train(stop_after=2)
    assert Run(replace(TINY, workers=3, threads=2, start=Path("moved.safetensors")), tmp_path).step == 2


def test_what_was_set_otherwise_is_named(tmp_path: Path) -> None:
    Run(TINY, tmp_path).train(stop_after=2)
    with pytest.raises(WeightsError, match=r"another config: full\.steps is 6, was 4, seed is 1, was 0\. Set it as"):
        Run(replace(TINY, seed=1, full=StageConfig(32, 6, 4, 1e-3)), tmp_path)


@pytest.mark.parametrize("config", ["no JSON", "[1]", "7"])
def test_a_damaged_config(tmp_path: Path, config: str) -> None:
    path = tmp_path / "last.pt"
    keys = ("config", "net", "ema", "optimiser", "step", "rows", "seconds")
    torch.save(dict.fromkeys(keys, config), path)
    with pytest.raises(WeightsError, match="config is damaged"):
        read_checkpoint(path, TINY, 1, torch.device("cpu"))


def test_a_recipe_is_compared_field_by_field(tmp_path: Path) -> None:
    path = tmp_path / "last.pt"
    text = json.dumps(config_to_dict(TINY), indent=3)
    state = dict.fromkeys(("net", "ema", "optimiser", "step", "rows", "seconds"), 0) | {"config": text}
    torch.save(state, path)
    assert read_checkpoint(path, TINY, 1, torch.device("cpu")) == state


def test_weights_that_lie_there_are_not_written_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights = tmp_path / "hand.safetensors"
    weights.write_bytes(b"someone's")
    assert main(["--out", str(tmp_path), "--set", "full.steps=1"]) == 2
    assert f"{weights}: is there already" in capsys.readouterr().err
    assert weights.read_bytes() == b"someone's"


def test_a_run_that_failed_at_its_first_checkpoint_begins_anew(tmp_path: Path) -> None:
    for file in ("log.csv.tmp", "last.pt.tmp"):
        out = tmp_path / file
        out.mkdir()
        (out / file).symlink_to("/dev/full")
        with pytest.raises(WeightsError, match="step 2 cannot be written"):
            Run(TINY, out).train()
        (out / file).unlink()
        (out / file).write_bytes(b"half")
        Run(TINY, out).train()
        assert (out / "last.pt").is_file()


def test_a_full_disk_ends_with_a_line(tmp_path: Path) -> None:
    run = Run(TINY, tmp_path)
    run.train(stop_after=2)
    before = hashlib.sha256((tmp_path / "last.pt").read_bytes()).hexdigest()
    (tmp_path / "last.pt.tmp").symlink_to("/dev/full")
    with pytest.raises(WeightsError, match=r"checkpoint of step 4 cannot be written .*Check the folder and the disk"):
        run.train()
    assert hashlib.sha256((tmp_path / "last.pt").read_bytes()).hexdigest() == before


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("threads=100000000", "threads is 100000000, expected 1 to 1024"),
        ("workers=-1", "workers is -1, expected 0 to 1024"),
        ("seed=99999999999999999999", r"seed is .*, expected 0 to 2\^63 - 1"),
        ("validation_samples=1000000000000", "validation_samples is 1000000000000, expected 1 to"),
        ("full.batch=1000000000000", "batch <= "),
        ("full.patch=640000000", r"full\.patch is 640000000"),
        ("network.channels=10000000", r"network\.channels is 10000000, expected 1 to 4096"),
        ("network.blocks=[1000000]", r"network\.blocks is \(1000000,\)"),
        ("root=somewhere", "root is somewhere and data is synthetic"),
        ("subject=P4", "subject is P4: of msra alone"),
    ],
)
def test_an_absurd_value_is_named(
    tmp_path: Path, setting: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--out", str(tmp_path / "run"), "--set", setting]) == 2
    assert re.search(message, capsys.readouterr().err)


def test_too_little_memory_ends_with_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def no_room(*_: object) -> None:
        raise MemoryError("Unable to allocate 3 TiB")

    monkeypatch.setattr("lighthand.train.Run", no_room)
    assert main(["--out", str(tmp_path)]) == 2
    assert "not enough memory (Unable to allocate 3 TiB)" in capsys.readouterr().err
