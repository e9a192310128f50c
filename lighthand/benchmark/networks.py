"""The networks side by side: ours in every backend, and the peers that people use or that the paper names."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from lighthand.backends import WEIGHTS, NetworkSource, open_estimator
from lighthand.benchmark.measure import Call
from lighthand.crop import PATCH
from lighthand.errors import ConfigError
from lighthand.types import FloatArray

THREADS: Final = tuple(range(1, min(2, os.cpu_count() or 1) + 1))
FAST: Final = WEIGHTS.with_name("fast.safetensors")
LITE: Final = "mediapipe hand_landmark_lite"
_MODELS: Final = "modules/hand_landmark"


@dataclass(frozen=True, slots=True)
class Network:
    """One network in one backend.

    Attributes:
        name: of the row.
        model: the file or paper it comes from.
        backend: what runs it.
        device: "cpu" or "cuda".
        precision: of its arithmetic.
        threads: CPU threads.
        macs: multiply-accumulates of one result in convolutions, linear layers and matrix products; None if unknown.
        call: runs it once.
    """

    name: str
    model: str
    backend: str
    device: str
    precision: str
    threads: int
    macs: int | None
    call: Call


def our_networks(weights: Path, patches: FloatArray, notes: list[str]) -> list[Network]:
    """Open our networks in every backend that is here.

    Args:
        weights: the model to measure; its fast sibling is measured where it lies beside it.
        patches: (N, 128, 128), to be read one by one.
        notes: what is left out, and why, is added here.
    """
    from lighthand.benchmark.cost import count_products
    from lighthand.weights import load_weights

    rows = []
    models = [weights] + ([FAST] if FAST.is_file() and weights == WEIGHTS else [])
    for path in models:
        macs = count_products(load_weights(path))
        sources = [
            *(NetworkSource(path, "onnxruntime", threads=threads) for threads in THREADS),
            *(NetworkSource(path, "openvino", precision="fp32", threads=threads) for threads in THREADS),
            *(NetworkSource(path, "openvino", precision="bf16", threads=threads) for threads in THREADS),
            *(NetworkSource(path, "torch", threads=threads) for threads in THREADS),
            *(NetworkSource(path, backend, "cuda") for backend in ("onnxruntime", "torch")),
        ]
        for source in sources:
            name = f"{path.stem}, {source.backend}, {source.device}"
            try:
                call = _reader(open_estimator(source).estimate, patches)
            except ConfigError as error:
                note = f"{source.backend}, {source.device}, {source.precision}: left out: {error}"
                notes += [] if note in notes else [note]
                continue
            row = Network(name, path.stem, source.backend, source.device, source.precision, source.threads, macs, call)
            rows.append(row)
    return rows


def _reader(estimate: Callable[[FloatArray], object], patches: FloatArray) -> Call:
    return lambda index: estimate(patches[index % len(patches), None])


def paper_networks(folder: Path) -> list[Network]:
    """Build TriHorn-Net and A2J with fresh weights and open them in ONNX Runtime, one thread.

    Args:
        folder: for their files.
    """
    import torch

    from lighthand.benchmark.cost import count_products
    from lighthand.export import write_graph
    from lighthand.paper.a2j import A2J, INPUT
    from lighthand.paper.ladder import LadderConfig, LadderNet

    rows = []
    for name, net, size in (("trihorn-net", LadderNet(LadderConfig()), PATCH), ("a2j", A2J(), INPUT)):
        patch = torch.rand(1, 1, size, size)
        macs = count_products(net)
        path = folder / f"{name}.onnx"
        write_graph(net.eval(), patch, path)
        call = onnx_call(path, patch.numpy())
        rows.append(Network(name, name, "onnxruntime", "cpu", "fp32", 1, macs, call))
    return rows


def onnx_call(path: Path, patch: FloatArray) -> Call:
    """Run an ONNX file of one input in ONNX Runtime, one thread.

    Args:
        path: the file.
        patch: what it is shown.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda index: session.run(None, {name: patch})


def mediapipe_networks(notes: list[str]) -> list[Network]:
    """Open MediaPipe's hand landmark networks in LiteRT, as MediaPipe runs them.

    Args:
        notes: why they are left out, where they are, is added here.
    """
    missing = [name for name in ("ai_edge_litert", "mediapipe") if importlib.util.find_spec(name) is None]
    if missing:
        notes.append(
            f"MediaPipe: left out: {' and '.join(missing)} not installed. Run `pip install -e .[bench]` and "
            "`pip install --no-deps mediapipe==0.10.21`."
        )
        return []
    from ai_edge_litert.interpreter import Interpreter

    spec = importlib.util.find_spec("mediapipe")
    assert spec is not None
    assert spec.origin is not None
    rows = []
    for kind in ("full", "lite"):
        path = Path(spec.origin).parent / _MODELS / f"hand_landmark_{kind}.tflite"
        for threads in (1, 2):
            call = _tflite_call(Interpreter, path, threads)
            name = f"mediapipe {path.stem}"
            rows.append(Network(name, name, "litert", "cpu", "fp32", threads, None, call))
    return rows


def _tflite_call(interpreter_of: Callable[..., Any], path: Path, threads: int) -> Call:
    with _silent():
        interpreter = interpreter_of(str(path), num_threads=threads)
        interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]
    image = np.random.default_rng(0).random(entry["shape"], np.float32)

    def call(index: int) -> None:
        interpreter.set_tensor(entry["index"], image)
        interpreter.invoke()

    return call


@contextmanager
def _silent() -> Iterator[None]:
    """Keep a C++ library's greetings off stderr."""
    kept, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(null)


def batch_call(weights: Path, threads: int, patches: FloatArray, batch: int) -> Call:
    """Read whole batches in ONNX Runtime, as an offline run does.

    Args:
        weights: the model.
        threads: CPU threads.
        patches: (N, 128, 128).
        batch: patches a call.

    Raises:
        LightHandError: the network cannot be opened.
    """
    estimator = open_estimator(NetworkSource(weights, threads=threads))
    several = np.resize(patches, (batch, PATCH, PATCH))
    return lambda index: estimator.estimate(several)
