"""Every backend gives what the network gives, and refuses what is not its network's."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from torch import nn

from lighthand.backends import Backend, NetworkSource, open_estimator
from lighthand.backends.exported import OUTPUTS, export_path
from lighthand.backends.pytorch import TorchEstimator, fold_norms
from lighthand.errors import ConfigError, WeightsError
from lighthand.network import HandNet, NetworkConfig
from lighthand.types import FloatArray
from lighthand.weights import load_weights, save_weights

OPENVINO = importlib.util.find_spec("openvino") is not None
needs_openvino = pytest.mark.skipif(not OPENVINO, reason="OpenVINO, an extra, is not installed")
BACKENDS = ["onnxruntime", "torch", pytest.param("openvino", marks=needs_openvino)]
EXPORTED = ["onnxruntime", pytest.param("openvino", marks=needs_openvino)]


@pytest.fixture(autouse=True)
def threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture
def copied(weights: Path, tmp_path: Path) -> Path:
    """Weights and export that a test may change."""
    for path in (weights, export_path(weights)):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path / weights.name


def patches(count: int) -> FloatArray:
    return np.random.default_rng(count).uniform(-1, 1, (count, 128, 128)).astype(np.float32)


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("count", [1, 2, 5])
def test_gives_what_the_network_gives(weights: Path, backend: Backend, count: int) -> None:
    x = patches(count)
    estimate = open_estimator(NetworkSource(weights, backend)).estimate(x)
    with torch.inference_mode():
        out = load_weights(weights)(torch.from_numpy(x[:, None]))
    assert estimate.uvz.shape == (count, 21, 3)
    np.testing.assert_allclose(estimate.uvz, out.uvz.numpy(), atol=1e-4)
    np.testing.assert_allclose(estimate.right, torch.sigmoid(out.side).numpy(), atol=1e-4)
    np.testing.assert_allclose(estimate.presence, torch.sigmoid(out.presence).numpy(), atol=1e-4)
    np.testing.assert_allclose(estimate.confidence, torch.sigmoid(out.confidence).numpy(), atol=1e-4)
    np.testing.assert_allclose(estimate.visible, torch.sigmoid(out.visible).numpy(), atol=1e-4)
    assert {getattr(estimate, name).dtype for name in OUTPUTS} == {np.dtype(np.float32)}


@needs_openvino
def test_openvino_does_not_tell_anyone(weights: Path, tmp_path: Path) -> None:
    code = f"""
import sys, threading
from pathlib import Path
from lighthand.backends import Backend, NetworkSource, open_estimator
open_estimator(NetworkSource(Path({str(weights)!r}), "openvino"))
sys.exit(threading.active_count() - 1)
"""
    run = subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ, "HOME": str(tmp_path)})
    assert run.returncode == 0
    assert list(tmp_path.iterdir()) == []


@needs_openvino
def test_bf16_is_near_where_the_cpu_has_it_and_refused_where_not(weights: Path) -> None:
    open_estimator(NetworkSource(weights, "openvino"))  # imports it as we do
    import openvino

    source = NetworkSource(weights, "openvino", precision="bf16")
    if "BF16" not in openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        with pytest.raises(ConfigError, match="no bf16"):
            open_estimator(source)
        return
    x = patches(2)
    exact = TorchEstimator(weights).estimate(x).uvz
    near = open_estimator(source).estimate(x).uvz
    assert 0 < np.abs(near - exact).max() < 0.1


@pytest.mark.parametrize("backend", BACKENDS)
def test_same_patches_give_the_same_joints_and_earlier_results_stay(weights: Path, backend: Backend) -> None:
    estimator = open_estimator(NetworkSource(weights, backend))
    first = estimator.estimate(patches(2))
    kept = first.uvz.copy()
    estimator.estimate(patches(2)[::-1])
    assert np.array_equal(first.uvz, kept)
    assert np.array_equal(estimator.estimate(patches(2)).uvz, kept)


@pytest.mark.parametrize("backend", BACKENDS)
def test_leaves_its_input_alone_and_gives_read_only_arrays(weights: Path, backend: Backend) -> None:
    x = patches(1)
    before = x.copy()
    estimate = open_estimator(NetworkSource(weights, backend)).estimate(x)
    assert np.array_equal(x, before)
    assert not any(getattr(estimate, name).flags.writeable for name in OUTPUTS)


@pytest.mark.parametrize("backend", BACKENDS)
def test_takes_read_only_and_mirrored_patches(weights: Path, backend: Backend) -> None:
    estimator = open_estimator(NetworkSource(weights, backend))
    x = patches(1)
    expected = estimator.estimate(np.ascontiguousarray(x[:, :, ::-1])).uvz
    x.setflags(write=False)
    assert np.array_equal(estimator.estimate(x[:, :, ::-1]).uvz, expected)
    estimator.estimate(x)


@pytest.mark.parametrize("backend", BACKENDS)
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
def test_refuses_what_is_no_patch(weights: Path, backend: Backend, bad: FloatArray, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        open_estimator(NetworkSource(weights, backend)).estimate(bad)


@pytest.mark.parametrize("backend", BACKENDS)
def test_missing_weights(tmp_path: Path, backend: Backend) -> None:
    with pytest.raises(WeightsError, match="no such file"):
        open_estimator(NetworkSource(tmp_path / "none.safetensors", backend))


def test_an_export_is_no_weights() -> None:
    with pytest.raises(ConfigError, match=r"mine/hand\.onnx: expected a \.safetensors file"):
        NetworkSource(Path("mine/hand.onnx"))


def test_no_more_threads_than_cores() -> None:
    cores = os.cpu_count()
    assert cores
    NetworkSource(threads=cores)
    with pytest.raises(ConfigError, match=f"threads={cores + 1}: expected 1 to {cores}"):
        NetworkSource(threads=cores + 1)


def other_weights(path: Path) -> None:
    save_weights(path, HandNet(load_weights(path).config), extra={})


def no_export(path: Path) -> None:
    export_path(path).unlink()


def half_an_export(path: Path) -> None:
    export_path(path).write_bytes(export_path(path).read_bytes()[:5000])


def says(**values: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        model = onnx.load(export_path(path))
        for entry in model.metadata_props:
            entry.value = values.get(entry.key, entry.value)
        onnx.save(model, export_path(path))

    return change


def no_metadata(path: Path) -> None:
    model = onnx.load(export_path(path))
    del model.metadata_props[:]
    onnx.save(model, export_path(path))


@pytest.mark.parametrize("backend", EXPORTED)
@pytest.mark.parametrize(
    ("damage", "text"),
    [
        (other_weights, "stale, it was made from other weights"),
        (no_export, "cannot be read"),
        (half_an_export, "cannot load it"),
        (no_metadata, "format 'missing'"),
        (says(cube_mm="300.0"), "cube_mm 300.0, expected 240.0"),
        (says(joints='["wrist"]'), r'joints \["wrist"\], expected \["wrist", "thumb_cmc"'),
    ],
)
def test_an_export_that_is_not_the_weights_is_refused_with_what_to_do(
    copied: Path, backend: Backend, damage: Callable[[Path], None], text: str
) -> None:
    damage(copied)
    with pytest.raises(WeightsError, match=text) as caught:
        open_estimator(NetworkSource(copied, backend))
    assert str(caught.value).endswith(f": {sys.executable} -m lighthand.export --weights {copied}")  # to be copied


@pytest.mark.parametrize("backend", EXPORTED)
def test_damaged_weights_are_not_called_a_stale_export(copied: Path, backend: Backend) -> None:
    copied.write_bytes(copied.read_bytes()[:-9])
    with pytest.raises(WeightsError, match=r"random.safetensors: damaged \("):
        open_estimator(NetworkSource(copied, backend))


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"threads": 0}, "network.threads=0"),
        ({"precision": "bf16"}, "onnxruntime has fp32 alone. Set network.backend=openvino"),
        ({"backend": "openvino", "device": "cuda"}, "Set network.backend=onnxruntime or torch"),
    ],
)
def test_what_no_backend_offers_is_refused(change: dict[str, object], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        NetworkSource(**change)


@pytest.mark.parametrize("backend", ["onnxruntime", "torch"])
def test_a_gpu_that_is_not_there(weights: Path, backend: Backend) -> None:
    has_one = torch.cuda.is_available() if backend == "torch" else "CUDAExecutionProvider" in providers()
    if has_one:
        pytest.skip("a GPU is there")
    with pytest.raises(ConfigError, match=r"network\.device=cuda: .* set network\.device=cpu"):
        open_estimator(NetworkSource(weights, backend, "cuda"))


def providers() -> list[str]:
    return onnxruntime.get_available_providers()  # type: ignore[no-any-return]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU")
def test_the_gpu_gives_what_the_cpu_gives(weights: Path) -> None:
    x = patches(3)
    gaps = TorchEstimator(weights, device="cuda").estimate(x).uvz - TorchEstimator(weights).estimate(x).uvz
    assert np.abs(gaps).max() < 1e-2


def test_openvino_that_is_not_there(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openvino", None)
    with pytest.raises(ConfigError, match=r"pip install -e .\[openvino\]"):
        open_estimator(NetworkSource(weights, "openvino"))


def test_the_default_path_imports_no_torch(weights: Path) -> None:
    code = f"""
import sys
from pathlib import Path
import numpy as np
from lighthand.backends import Backend, NetworkSource, open_estimator
from lighthand.pipeline import Pipeline, PipelineConfig
from lighthand.types import Frame, Intrinsics
depth = np.full((240, 320), 900, np.uint16)
depth[80:160, 120:180] = 500
pipeline = Pipeline(open_estimator(NetworkSource(Path({str(weights)!r}))), PipelineConfig())
pipeline.process(Frame(0, depth, 1.0, Intrinsics(320, 240, 290, 290, 160, 120), 0.0))
import app.main, app.viewer.window
sys.exit("torch" in sys.modules)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


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
    assert seen == [2]


def test_only_the_encoders_last_norm_stays() -> None:
    net = HandNet(NetworkConfig(channels=16, stem=8, depth_features=8, blocks=(1, 1))).eval()
    fold_norms(net)
    left = [name for name, module in net.named_modules() if isinstance(module, nn.BatchNorm2d)]
    assert left == ["encoder.norm"]
