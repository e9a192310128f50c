"""Training on a data set: it sees the training part alone, keeps the best weights, and is measured on the test part."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from safetensors import safe_open

from lighthand import recorded, train
from lighthand.config import config_to_dict, load_config
from lighthand.datasets.catalogue import DATA_SETS, NAMES, DataName
from lighthand.datasets.icvl import JOINTS
from lighthand.errors import ConfigError, DataError, WeightsError
from lighthand.evaluate import main as evaluate
from lighthand.network.net import HandNet, NetOutput, NetworkConfig
from lighthand.recipe import StageConfig, TrainConfig, data_recipe
from lighthand.recorded import RecordedCrops, recorded_errors
from lighthand.weights import load_weights, save_weights
from tests.lighthand.datasets.miniature import hands17, icvl, msra, nyu

TINY = (
    "network.channels=16", "network.depth_features=8", "network.stride=4", "network.blocks=[1,1]", "network.stem=8",
    "full.batch=4", "workers=0", "validate_every=2", "validation_samples=6",
)  # fmt: skip


def tiny(root: Path, **change: Any) -> TrainConfig:
    config = load_config(TrainConfig, None, [*TINY, "full.steps=8"], data_recipe("icvl", root))
    return replace(config, **change)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return icvl(tmp_path / "icvl", {"201403121135": 20, "201403121140": 20})


def test_the_command_line_never_opens_the_test(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    icvl(root, {"test_seq_1": 2, "test_seq_2": 2}, "Testing")
    read: list[Path] = []
    for name in ("read_bytes", "read_text", "is_file", "glob"):
        real = getattr(Path, name)
        monkeypatch.setattr(Path, name, lambda self, *a, real=real, **k: (read.append(self), real(self, *a, **k))[1])
    out = tmp_path / "out"
    settings = [word for setting in (*TINY, "full.steps=2") for word in ("--set", setting)]
    assert train.main(["--data", "icvl", "--root", str(root), "--out", str(out), *settings]) == 0
    assert any("Training" in path.parts for path in read)
    assert not any("Testing" in path.parts for path in read)
    net = load_weights(out / "hand.safetensors", JOINTS, 280.0)
    assert net.config.joints == 16
    assert (out / "log.png").exists()


def test_the_weights_of_the_best_validation_are_kept(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = iter([30.0, 20.0, 25.0, 22.0])
    seen = []

    def validate(net: torch.nn.Module, *_: object) -> float:
        seen.append({name: value.clone() for name, value in net.state_dict().items()})
        return next(errors)

    monkeypatch.setattr(train, "validate", validate)
    train.Run(tiny(root), tmp_path).train(stop_after=6)
    train.Run(tiny(root), tmp_path).train()  # goes on: what was best before counts
    kept = load_weights(tmp_path / "hand.safetensors", JOINTS, 280.0).state_dict()
    assert len(seen) == 4
    assert [all(torch.equal(kept[name], value) for name, value in state.items()) for state in seen] == [
        False, True, False, False,
    ]  # fmt: skip
    with (tmp_path / "log.csv").open(newline="") as file:
        assert [float(row["validation_mm"]) for row in csv.DictReader(file)] == [30, 20, 25, 22]
    with safe_open(tmp_path / "hand.safetensors", framework="pt") as file:
        assert file.metadata()["validation_mm"] == "20.000"


def test_an_epoch_shows_each_frame_once_over_all_processes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(recorded, "_batch", lambda records, *_: shown.extend(record.name for record in records))
    processes = [RecordedCrops(tiny(root), rank, 3) for rank in range(3)]  # 36 frames are 3 steps of 3 x 4
    epochs = []
    for epoch in range(2):
        shown.clear()
        for step in range(3 * epoch, 3 * epoch + 3):
            for crops in processes:
                crops.batch(step)
        epochs.append(tuple(shown))
    assert [len(set(epoch)) for epoch in epochs] == [36, 36]
    assert epochs[0] != epochs[1]


def test_an_image_damaged_amid_training_ends_with_a_line(root: Path, tmp_path: Path) -> None:
    for path in (root / "Training" / "Depth").glob("*/image_000*.png"):
        path.write_bytes(path.read_bytes()[:-20])
    settings = [word for setting in (*TINY, "workers=1", "full.steps=2") for word in ("--set", setting)]
    command = [sys.executable, "-m", "lighthand.train", "--data", "icvl", "--root", str(root), "--out"]
    done = subprocess.run(  # PyTorch's workers leave a handler of ended children to the process that had them
        [*command, str(tmp_path / "out"), *settings], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert re.search(r"image_000\d\.png: ", done.stderr)
    assert "36 frames to train on, 4 held out; published: 22067 in all" in done.stdout


def test_any_process_makes_the_same_batch(root: Path) -> None:
    config = tiny(root)
    crops = RecordedCrops(config)
    crops.batch(20)
    one, two = crops.batch(3), RecordedCrops(config).batch(3)
    assert np.array_equal(one.patches, two.patches)
    assert np.array_equal(one.uvz, two.uvz)
    other = RecordedCrops(config, 1, 2).batch(3)
    assert not np.array_equal(one.patches, other.patches)
    assert one.patches.shape == (4, 128, 128)
    assert one.uvz.shape == (4, 16, 3)
    assert one.mask.any()


def test_validation_is_what_is_held_out_as_it_is(root: Path) -> None:
    crops = RecordedCrops(tiny(root, validation_samples=3))
    assert len(crops.validation(128).uvz) == 3
    batch = RecordedCrops(tiny(root)).validation(128)
    held = [record for records in DATA_SETS["icvl"].read(root, "training", "").values() for record in records[18:]]
    truth = np.stack([record.joints_mm for record in held if record.joints_mm is not None])
    np.testing.assert_allclose(batch.to_camera(batch.uvz), truth, atol=0.01)


@pytest.mark.parametrize("name", NAMES)
def test_every_data_set_gives_batches_and_is_measured(
    tmp_path: Path, name: DataName, capsys: pytest.CaptureFixture[str]
) -> None:
    {
        "icvl": lambda: (
            icvl(tmp_path, {"20140001": 10}),
            icvl(tmp_path, {"test_seq_1": 1, "test_seq_2": 1}, "Testing"),
        ),
        "nyu": lambda: nyu(tmp_path, {"train": 10, "test": 2}),
        "msra": lambda: msra(tmp_path, {f"P{number}": 10 if number == 4 else 2 for number in range(9)}),
        "hands17": lambda: hands17(tmp_path, 10, 2),
    }[name]()
    config = load_config(TrainConfig, None, [*TINY, "full.steps=1"], data_recipe(name, tmp_path))
    run = train.Run(config, tmp_path)
    joints = len(DATA_SETS[name].joints)
    assert run.source.batch(0).uvz.shape == (4, joints, 3)
    run.train()
    weights = tmp_path / "hand.safetensors"
    if name == "hands17":
        with pytest.raises(DataError, match="never published"):
            recorded_errors("hands17", tmp_path, tmp_path / "none.safetensors")  # before any weights are asked for
    else:
        out, plot = tmp_path / "out.json", tmp_path / "out.png"
        arguments = f"--data {name} --root {tmp_path} --weights {weights} --json {out} --plot {plot}"
        assert evaluate(arguments.split()) == 0
        assert ("not to be compared with published errors" in capsys.readouterr().out) == (name != "msra")
        assert cv2.imread(str(plot)) is not None
        values = json.loads(out.read_text())
        assert values["frames"] == 2
        assert list(values["per_joint_mm"]) == list(DATA_SETS[name].joints)
        assert values["mean_mm"] == pytest.approx(np.mean(list(values["per_joint_mm"].values())), rel=1e-5)
        assert 0 < values["mean_mm"] < 1000
        assert values["network"] == config_to_dict(config.network)
        assert len(values["curve"]["within"]) == len(values["curve"]["threshold_mm"])


def save_msra(path: Path, extra: dict[str, str]) -> Path:
    config = load_config(NetworkConfig, None, [word.removeprefix("network.") for word in TINY[:5]])
    save_weights(path, HandNet(config), extra=extra, cube_mm=DATA_SETS["msra"].cube_mm)
    return path


def test_a_test_without_frames(tmp_path: Path) -> None:
    recipe = config_to_dict(data_recipe("msra", tmp_path))
    weights = save_msra(tmp_path / "hand.safetensors", {"training": json.dumps(recipe)})
    (tmp_path / "P0" / "1").mkdir(parents=True)
    (tmp_path / "P0" / "1" / "joint.txt").write_text("0\n")
    with pytest.raises(DataError, match="no frame in the test part of msra"):
        recorded_errors("msra", tmp_path, weights)


def test_msra_is_measured_on_the_subject_that_training_left_out(tmp_path: Path) -> None:
    msra(tmp_path, {"P0": 2, "P3": 3})
    recipe = replace(data_recipe("msra", tmp_path), subject="P3")
    weights = save_msra(tmp_path / "hand.safetensors", {"training": json.dumps(config_to_dict(recipe))})
    errors, network = recorded_errors("msra", tmp_path, weights)
    assert errors.shape == (3, 21)
    assert network.channels == 16


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        ({}, "metadata 'training' is missing"),
        ({"training": "3"}, "training is 3, expected a recipe"),
        (
            {"training": '{"data": "hands17", "subject": "P0"}'},
            "trained on hands17; expected weights of msra.*lighthand.train --data",
        ),
        ({"training": '{"data": "msra"}'}, "trained on msra, but they do not say whose frames"),
    ],
)
def test_weights_that_do_not_say_whom_training_left_out(tmp_path: Path, extra: dict[str, str], message: str) -> None:
    with pytest.raises(WeightsError, match=message):
        recorded_errors("msra", tmp_path, save_msra(tmp_path / "hand.safetensors", extra))


def test_the_error_is_in_millimetres_of_camera_space(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    icvl(root, {"test_seq_1": 1, "test_seq_2": 1}, "Testing")

    class Net(torch.nn.Module):
        """Says the true place with z off by a tenth of half a cube: 14 mm."""

        config = NetworkConfig()

        def forward(self, patches: torch.Tensor) -> NetOutput:
            records = [r for records in DATA_SETS["icvl"].read(root, "test", "").values() for r in records]
            batch = recorded._batch(records, DATA_SETS["icvl"], recorded.NOTHING, np.random.default_rng(0))
            uvz = torch.from_numpy(batch.uvz) + torch.tensor([0, 0, 0.1])
            return NetOutput(uvz, uvz[:, 0, 0], uvz[:, 0, 0], uvz[..., 0], uvz[..., 0], patches)

    monkeypatch.setattr(recorded, "load_weights", lambda *_: Net())
    monkeypatch.setattr(recorded, "read_training", lambda _: {"data": "icvl", "subject": "P0"})
    errors, _ = recorded_errors("icvl", root, Path())
    assert 14 < errors.mean() < 14.5  # 14 along z, and a little sideways along the ray
    assert errors.max() < 20


def test_recipes_follow_the_size_of_the_data_set() -> None:
    icvl_recipe, nyu_recipe = data_recipe("icvl", Path("x")), data_recipe("nyu", Path("x"))
    assert icvl_recipe.full == StageConfig(128, 40 * 620, 32, 1e-3)
    assert nyu_recipe.full.steps == 40 * 2046
    assert (icvl_recipe.network.joints, nyu_recipe.network.joints) == (16, 14)
    assert (icvl_recipe.network.stride, icvl_recipe.network.channels) == (2, 64)  # the paper's 64x64 maps
    assert (icvl_recipe.optimiser, icvl_recipe.weight_decay, icvl_recipe.ema) == ("adam", 2e-5, 0.0)


def test_adam_is_what_trains(root: Path, tmp_path: Path) -> None:
    optimiser = train.Run(tiny(root), tmp_path).optimiser
    assert type(optimiser) is torch.optim.Adam
    assert [group["weight_decay"] for group in optimiser.param_groups] == [2e-5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("network.joints=21", "a hand of icvl has 16 joints"),
        ("full.patch=64", "recorded crops have 128 pixels"),
        ("root=null", "root is not given"),
        ("data=icvll", "data is 'icvll'"),
    ],
)
def test_what_does_not_go_with_a_data_set(root: Path, change: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(TrainConfig, None, [change], data_recipe("icvl", root))


def test_errors_end_with_a_line(root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = ["--out", str(tmp_path / "out")]
    assert train.main(["--data", "nyu", "--root", str(root), *out]) == 2
    assert train.main(["--data", "icvl", "--root", str(root / "no"), *out]) == 2
    icvl(tmp_path / "few", {"20140001": 9})
    assert train.main(["--data", "icvl", "--root", str(tmp_path / "few"), *out]) == 2
    first, second, third = capsys.readouterr().err.splitlines()
    assert "joint_data.mat: cannot be read" in first
    assert "labels.txt: cannot be read" in second
    assert "9 frames of icvl, of which none can be held out" in third
    with pytest.raises(SystemExit):
        train.main(["--data", "icvl", *out])
    assert "--data and --root go together" in capsys.readouterr().err


def test_weights_of_a_data_set_stay_out_of_the_program(root: Path, tmp_path: Path) -> None:
    train.Run(tiny(root), tmp_path).train(stop_after=2)
    with pytest.raises(WeightsError, match="16 joints, expected 21"):
        load_weights(tmp_path / "hand.safetensors")
    with pytest.raises(WeightsError, match="trained on crops of 280.0 mm, expected 300 mm"):
        load_weights(tmp_path / "hand.safetensors", JOINTS, 300.0)
