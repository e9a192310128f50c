import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from lighthand.errors import WeightsError
from lighthand.network import HandNet, NetworkConfig
from lighthand.skeleton import JOINT_NAMES
from lighthand.weights import FORMAT, load_weights, save_weights

SMALL = NetworkConfig(channels=8, stem=8, depth_features=8, blocks=(1, 1), attention="grid")
Metadata = dict[str, str]
Tensors = dict[str, torch.Tensor]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    path = tmp_path / "hand.safetensors"
    save_weights(path, HandNet(SMALL), extra={"step": "12"})
    return path


def rewrite(path: Path, change: Callable[[Metadata, Tensors], object]) -> None:
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    change(metadata, tensors)
    save_file(tensors, path, metadata)


def test_the_file_is_as_readable_as_any_new_one(path: Path) -> None:
    other = path.with_name("other")
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode


def test_round_trip_keeps_config_tensors_and_output(tmp_path: Path) -> None:
    torch.manual_seed(0)
    net = HandNet(SMALL).to(memory_format=torch.channels_last)
    net(torch.randn(4, 1, 64, 64))  # moves the norms' statistics
    path = tmp_path / "hand.safetensors"
    save_weights(path, net, extra={"step": "12"})
    loaded = load_weights(path)
    assert loaded.config == SMALL
    assert not loaded.training
    assert all(torch.equal(loaded.state_dict()[name], tensor) for name, tensor in net.state_dict().items())
    x = torch.randn(1, 1, 64, 64)
    assert torch.allclose(loaded(x).uvz, net.eval()(x).uvz, atol=1e-5)
    assert [p.name for p in tmp_path.iterdir()] == ["hand.safetensors"]


def test_metadata_names_network_and_joints(path: Path) -> None:
    with safe_open(path, framework="pt") as file:
        metadata = file.metadata()
    assert metadata["step"] == "12"
    assert metadata["format"] == FORMAT
    assert json.loads(metadata["joints"]) == list(JOINT_NAMES)
    assert json.loads(metadata["network"]) == json.loads(json.dumps(dataclasses.asdict(SMALL)))


def swap(metadata: Metadata, _: Tensors) -> None:
    names = list(JOINT_NAMES)
    names[3], names[5] = names[5], names[3]
    metadata["joints"] = json.dumps(names)


def network(**change: object) -> Callable[[Metadata, Tensors], object]:
    return lambda metadata, _: metadata.update(network=json.dumps({**dataclasses.asdict(SMALL), **change}))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda m, _: m.pop("format"), "format 'missing', expected 'lighthand-hand-3'"),
        (lambda m, _: m.update(format="lighthand-hand-9"), "format 'lighthand-hand-9'"),
        (swap, "joint 3 is 'index_mcp', expected 'thumb_ip': another joint order"),
        (lambda m, _: m.update(joints=json.dumps(JOINT_NAMES[:14])), "14 joints, expected 21"),
        (lambda m, _: m.update(joints="[1,"), "metadata 'joints' is missing or damaged"),
        (lambda m, _: m.pop("cube_mm"), "metadata 'cube_mm' is missing"),
        (lambda m, _: m.update(cube_mm="300.0"), "trained on crops of 300.0 mm, expected 240 mm"),
        (lambda m, _: m.pop("network"), "metadata 'network' is missing or damaged"),
        (network(wings=2), "'wings': 2"),
        (network(joints=16), "a network of 16 joints, expected 21"),
        (network(channels="8"), "'channels': '8'"),
        (network(channels=7), "network.channels is 7"),
        (network(blocks=2), "'blocks': 2"),
        (network(blocks=["2", 2]), r"network.blocks is \('2', 2\)"),
        (network(channels=16), r"'encoder.hourglass.*' is torch.float32 \(.*\), expected torch.float32"),
        (network(blocks=(1, 1, 1)), "'encoder.hourglass.*' is missing"),
        (lambda _, t: t.update(more=torch.zeros(1)), "'more' is not part of the network"),
        (lambda _, t: t.pop("depth.bias"), "'depth.bias' is missing"),
        (lambda _, t: t.update({"depth.bias": torch.zeros(1).double()}), r"is torch.float64 \(1,\), expected"),
        (lambda _, t: t["depth.bias"].fill_(float("nan")), "'depth.bias' holds values that are not finite"),
    ],
)
def test_what_does_not_belong_is_refused(path: Path, change: Callable[[Metadata, Tensors], object], text: str) -> None:
    rewrite(path, change)
    with pytest.raises(WeightsError, match=text) as caught:
        load_weights(path)
    assert str(path) in str(caught.value)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        load_weights(tmp_path / "none.safetensors")


@pytest.mark.parametrize("keep", [0, 7, 500, -1])
def test_damaged_file(path: Path, keep: int) -> None:
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(WeightsError, match="not a readable safetensors file"):
        load_weights(path)


def test_pickle_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "hand.pt"
    torch.save(HandNet(SMALL).state_dict(), path)
    with pytest.raises(WeightsError, match="not a readable safetensors file"):
        load_weights(path)


def test_failed_write_leaves_the_old_file_alone(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr("lighthand.weights.os.replace", full)
    with pytest.raises(WeightsError, match="No space left"):
        save_weights(path, HandNet(SMALL), extra={})
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == [path.name]


def test_other_joint_counts_are_not_saved(tmp_path: Path) -> None:
    net = HandNet(dataclasses.replace(SMALL, joints=16))
    with pytest.raises(WeightsError, match="16 joints"):
        save_weights(tmp_path / "icvl.safetensors", net, extra={})


def test_weights_for_other_joints_and_another_cube_are_read_where_they_are_asked_for(tmp_path: Path) -> None:
    path, names = tmp_path / "three.safetensors", ("palm", "thumb", "index")
    save_weights(path, HandNet(dataclasses.replace(SMALL, joints=3)), extra={}, joints=names, cube_mm=280.0)
    assert load_weights(path, names, 280.0).config.joints == 3
    with pytest.raises(WeightsError, match="joint 1 is 'thumb', expected 'index'"):
        load_weights(path, ("palm", "index", "thumb"), 280.0)
    with pytest.raises(WeightsError, match="trained on crops of 280.0 mm, expected 240 mm"):
        load_weights(path, names)
    with pytest.raises(WeightsError, match="3 joints, expected 21"):
        load_weights(path)
