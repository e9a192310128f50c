"""Training: it learns, resumes to the same result, runs on two devices, and refuses what cannot be."""

from __future__ import annotations

import csv
import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from lighthand.checkpoint import read_checkpoint
from lighthand.config import load_config
from lighthand.errors import ConfigError, WeightsError
from lighthand.network import FAST, NetworkConfig
from lighthand.recipe import StageConfig, TrainConfig
from lighthand.train import Run, main, plot
from lighthand.weights import load_weights, read_training
from tests.lighthand.tiny import TINY

ROOT = Path(__file__).parents[2]


def test_a_run_learns_and_leaves_weights_log_and_picture(tmp_path: Path) -> None:
    config = replace(TINY, small=StageConfig(32, 150, 8, 1e-2), full=StageConfig(32, 0), validate_every=50)
    Run(config, tmp_path).train()
    with (tmp_path / "log.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["step"]) for row in rows] == [50, 100, 150]
    assert [int(row["samples"]) for row in rows] == [400, 800, 1200]
    assert float(rows[-1]["loss"]) < 0.95 * float(rows[0]["loss"])
    assert load_weights(tmp_path / "hand.safetensors").config == config.network
    plot(tmp_path / "log.csv", tmp_path / "log.png")
    assert (tmp_path / "log.png").read_bytes().startswith(b"\x89PNG")


def test_a_stopped_run_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    Run(TINY, tmp_path / "whole").train()
    for stop in (4, 7, None):
        Run(TINY, tmp_path / "parts").train(stop_after=stop)
    whole = load_weights(tmp_path / "whole" / "hand.safetensors").state_dict()
    parts = load_weights(tmp_path / "parts" / "hand.safetensors").state_dict()
    assert all(torch.equal(whole[key], parts[key]) for key in whole)


WORKERS = """
import sys
from dataclasses import replace
from pathlib import Path
from lighthand.train import Run
from tests.lighthand.tiny import TINY

Run(replace(TINY, workers=int(sys.argv[1])), Path(sys.argv[2])).train(stop_after=6)
"""


def test_worker_processes_change_nothing(tmp_path: Path) -> None:
    # In a process of its own: PyTorch's workers leave a handler of ended children to the process that had them.
    results = []
    for workers in (0, 1):
        out = tmp_path / str(workers)
        out.mkdir()
        command = [sys.executable, "-c", WORKERS, str(workers), str(out)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        results.append(load_weights(out / "hand.safetensors").state_dict())
    assert all(torch.equal(results[0][key], results[1][key]) for key in results[0])


TWO = replace(TINY, small=StageConfig(32, 3, 4), full=StageConfig(32, 0))
"""What ``RANK`` trains, in two processes."""

RANK = """
import hashlib, sys
from pathlib import Path
from lighthand.train import Run
from tests.lighthand.test_train import TWO

out = Path(sys.argv[1])
run = Run(TWO, out)
run.train()
values = b"".join(parameter.detach().cpu().numpy().tobytes() for parameter in run.net.parameters())
(out / f"rank{run.rank}").write_text(hashlib.sha256(values).hexdigest())
"""


def test_two_processes_train_one_network(tmp_path: Path) -> None:
    # Each process draws its own crops: only averaged gradients leave both with the same network.
    script = tmp_path / "rank.py"
    script.write_text(RANK)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*command, str(script), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=240,
        env={
            **os.environ,
            "OMP_NUM_THREADS": "1",
            "CUDA_VISIBLE_DEVICES": "",
            "PYTHONPATH": str(ROOT),
        },
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with (tmp_path / "log.csv").open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert row["samples"] == "24"  # 3 steps of 4 patches in each of 2 processes
    assert (tmp_path / "rank0").read_text() == (tmp_path / "rank1").read_text()


@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_a_damaged_checkpoint_ends_with_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], share: float
) -> None:
    path = tmp_path / "last.pt"
    torch.save({"config": "", "net": torch.zeros(1000)}, path)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    assert main(["--out", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert "last.pt: not a readable checkpoint" in err
    assert err.count("\n") == 1


def test_a_checkpoint_of_something_else_ends_with_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "last.pt").write_text("no checkpoint at all")
    assert main(["--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize("content", [{"config": "", "net": {}}, [1, 2]])
def test_a_checkpoint_that_lacks_something_ends_with_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: object
) -> None:
    torch.save(content, tmp_path / "last.pt")
    assert main(["--out", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert "last.pt: not a checkpoint of training, it lacks" in err
    assert "ema, " in err
    assert err.count("\n") == 1


def test_the_number_of_processes_stays(tmp_path: Path) -> None:
    Run(TINY, tmp_path).train(stop_after=3)
    path, device = tmp_path / "last.pt", torch.device("cpu")
    assert read_checkpoint(path, TINY, 1, device)["world"] == 1
    with pytest.raises(WeightsError, match=r"processes 2, expected 1 as before.*--nproc-per-node 1"):
        read_checkpoint(path, TINY, 2, device)
    state = torch.load(path, weights_only=True)
    del state["world"], state["start"]  # as older versions saved it
    torch.save(state, path)
    assert Run(TINY, tmp_path).step == 3
    assert read_checkpoint(path, TINY, 2, device)["step"] == 3


def test_a_file_is_no_folder_for_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "run"
    out.write_text("")
    assert main(["--out", str(out)]) == 2
    assert f"--out {out}: cannot be made a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ("data=icvl", r"icvl has 16 joints. Set network.joints=16, or begin with its recipe: --data icvl --root DIR\."),
        ("data=msra", r"root is not given. Give --data msra --root DIR\."),
        ("network.joints=14", r"a hand of synthetic has 21 joints. Set network.joints=21\."),
    ],
)
def test_a_data_set_is_asked_for_with_its_recipe(change: str, remedy: str) -> None:
    with pytest.raises(ConfigError, match=remedy):
        load_config(TrainConfig, None, [change])


def test_what_cannot_be_trained_ends_with_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path), "--set", "emma=0.5"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_run_begins_with_the_weights_it_is_given(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    Run(TINY, tmp_path / "first").train()
    start = tmp_path / "first" / "hand.safetensors"
    run = Run(replace(TINY, start=start), tmp_path / "second")
    before = load_weights(start).state_dict()
    assert all(torch.equal(before[key], value) for key, value in run.net.state_dict().items())
    run.train(stop_after=3)
    start.rename(tmp_path / "first" / "kept.safetensors")  # nothing asks for it again
    Run(replace(TINY, start=start), tmp_path / "second").train()
    (tmp_path / "first" / "kept.safetensors").rename(start)
    said = read_training(tmp_path / "second" / "hand.safetensors")["start"]
    assert said == f"sha256 {hashlib.sha256(start.read_bytes()).hexdigest()}"
    assert read_training(start)["start"] is None
    other = replace(TINY, start=start, network=replace(TINY.network, stem=4))
    with pytest.raises(WeightsError, match=r"first/hand.safetensors: NetworkConfig.*the run's is"):
        Run(other, tmp_path)


@pytest.mark.parametrize(("recipe", "model", "network"), [("train", "hand", NetworkConfig()), ("fast", "fast", FAST)])
def test_the_recipes_train_what_ships(recipe: str, model: str, network: NetworkConfig) -> None:
    folder = ROOT / "weights"
    assert load_config(TrainConfig, folder / f"{recipe}.yaml").network == network
    assert load_weights(folder / f"{model}.safetensors").config == network


@pytest.mark.parametrize(
    "make",
    [
        lambda: replace(TINY, small=StageConfig(48 + 1, 10)),
        lambda: replace(TINY, small=StageConfig(64, 10, 1)),
        lambda: replace(TINY, full=StageConfig(64, 10, 4, float("nan"))),
        lambda: replace(TINY, ema=1.0),
        lambda: replace(TINY, threads=0),
        lambda: replace(TINY, seed=-1),
        lambda: replace(TINY, network=NetworkConfig(joints=14)),
        lambda: replace(TINY, small=StageConfig(32, 0), full=StageConfig(32, 0)),
    ],
)
def test_absurd_configs_are_refused(make: object) -> None:
    with pytest.raises(ConfigError):
        make()  # type: ignore[operator]


def test_learning_rate_warms_up_and_ends_each_stage_near_zero() -> None:
    config = replace(TINY, small=StageConfig(32, 1000, 4, 6e-3), full=StageConfig(64, 500, 4, 2e-3))
    rates = [config.learning_rate(step) for step in range(1500)]
    assert rates[0] == pytest.approx(6e-3 / 200, rel=0.01)
    assert max(rates[:1000]) == pytest.approx(5.5e-3, rel=0.05)
    assert rates[999] < 1e-6
    assert max(rates[1000:]) < 2e-3
    assert rates[1499] < 1e-6
