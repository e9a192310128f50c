import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from lighthand.errors import WeightsError
from lighthand.estimator import TorchEstimator, fold_norms
from lighthand.network import HandNet, NetworkConfig
from lighthand.types import FloatArray
from lighthand.weights import load_weights, save_weights

SMALL = NetworkConfig(channels=16, stem=8, depth_features=8, hourglass_depth=2, blocks=1)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    net = HandNet(SMALL)
    for _ in range(3):
        net(torch.randn(8, 1, 64, 64))  # moves the norms' statistics
    path = tmp_path_factory.mktemp("weights") / "hand.safetensors"
    save_weights(path, net, extra={})
    return path


def patches(count: int) -> FloatArray:
    return np.random.default_rng(count).uniform(-1, 1, (count, 128, 128)).astype(np.float32)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_gives_what_the_network_gives(weights: Path, count: int) -> None:
    x = patches(count)
    estimate = TorchEstimator(weights).estimate(x)
    with torch.inference_mode():
        out = load_weights(weights)(torch.from_numpy(x[:, None]))
    assert estimate.uvz.shape == (count, 21, 3)
    np.testing.assert_allclose(estimate.uvz, out.uvz.numpy(), atol=1e-4)
    np.testing.assert_allclose(estimate.right, torch.sigmoid(out.side).numpy(), atol=1e-4)
    np.testing.assert_allclose(estimate.presence, torch.sigmoid(out.presence).numpy(), atol=1e-4)
    assert {a.dtype for a in (estimate.uvz, estimate.right, estimate.presence)} == {np.dtype(np.float32)}


def test_same_patches_give_the_same_joints(weights: Path) -> None:
    x = patches(2)
    assert np.array_equal(TorchEstimator(weights).estimate(x).uvz, TorchEstimator(weights).estimate(x).uvz)


def test_leaves_its_input_alone_and_gives_read_only_arrays(weights: Path) -> None:
    x = patches(1)
    before = x.copy()
    estimate = TorchEstimator(weights).estimate(x)
    assert np.array_equal(x, before)
    arrays = (estimate.uvz, estimate.right, estimate.presence)
    assert [array.flags.writeable for array in arrays] == [False] * 3


@pytest.mark.filterwarnings("error")
def test_takes_read_only_and_mirrored_patches(weights: Path) -> None:
    estimator = TorchEstimator(weights)
    x = patches(1)
    expected = estimator.estimate(np.ascontiguousarray(x[:, :, ::-1])).uvz
    x.setflags(write=False)
    assert np.array_equal(estimator.estimate(x[:, :, ::-1]).uvz, expected)
    estimator.estimate(x)


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (np.zeros((1, 64, 64), np.float32), r"\(1, 64, 64\)"),
        (np.zeros((128, 128), np.float32), r"\(128, 128\)"),
        (np.zeros((0, 128, 128), np.float32), r"\(0, 128, 128\)"),
        (np.zeros((1, 128, 128)), "float64"),
        (np.full((1, 128, 128), np.nan, np.float32), "not finite"),
    ],
)
def test_refuses_what_is_no_patch(weights: Path, bad: FloatArray, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        TorchEstimator(weights).estimate(bad)


def test_missing_weights_and_no_threads(tmp_path: Path, weights: Path) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        TorchEstimator(tmp_path / "none.safetensors")
    with pytest.raises(ValueError, match="threads is 0"):
        TorchEstimator(weights, threads=0)


def test_threads_are_set_where_the_work_is_done(weights: Path) -> None:
    before = torch.get_num_threads()
    estimator = TorchEstimator(weights, threads=2)
    assert torch.get_num_threads() == before
    seen = []

    def work() -> None:
        estimator.estimate(patches(1))
        seen.append(torch.get_num_threads())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join(30)
    torch.set_num_threads(before)
    assert seen == [2]


def test_only_the_encoders_last_norm_stays() -> None:
    net = HandNet(SMALL).eval()
    fold_norms(net)
    left = [name for name, module in net.named_modules() if isinstance(module, nn.BatchNorm2d)]
    assert left == ["encoder.norm"]
