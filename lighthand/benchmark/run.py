"""One run of the latency benchmark."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from lighthand.backends import Backend, NetworkSource, open_estimator
from lighthand.benchmark.measure import Call, Latency, gemm_peak_gflops, machine, measure
from lighthand.benchmark.networks import (
    LITE,
    THREADS,
    Network,
    batch_call,
    mediapipe_networks,
    our_networks,
    paper_networks,
)
from lighthand.benchmark.path import SIZES, PathRun, Start, moving_hand, time_start
from lighthand.synthesis.record import camera_of
from lighthand.synthesis.sample import SampleGenerator
from lighthand.types import FloatArray

FRAMES: Final = 120
_CROPS: Final = 20
_STARTED: Final[tuple[Backend, ...]] = ("onnxruntime", "torch")


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """One network in one backend, one patch a call.

    Attributes:
        model: the file or paper it comes from.
        backend: what ran it.
        device: "cpu" or "cuda".
        precision: of its arithmetic.
        threads: CPU threads.
        latency: its times.
        gmac: multiply-accumulates of one patch in convolutions, linear layers and matrix products, 1e9.
        peak_share: of one core's fp32 GEMM peak; None where the MACs are not known or it is not one fp32 thread.
        ratio_to_mediapipe_lite: of the medians; None without the peers.
    """

    model: str
    backend: str
    device: str
    precision: str
    threads: int
    latency: Latency
    gmac: float | None
    peak_share: float | None
    ratio_to_mediapipe_lite: float | None


@dataclass(frozen=True, slots=True)
class PathRow:
    """The whole path at one image size, ONNX Runtime, one thread.

    Attributes:
        size: of the images, "640x480".
        follow: a frame in which the hand is followed.
        search: a frame in which it is looked for.
        stages: of the frames that were followed.
        found: share of those with a hand.
        ratio_to_network: median of ``follow`` over that of the network alone, one patch.
    """

    size: str
    follow: Latency
    search: Latency
    stages: tuple[Latency, ...]
    found: float
    ratio_to_network: float


@dataclass(frozen=True, slots=True)
class Report:
    """What a run of the benchmark found.

    Attributes:
        machine: where it ran.
        gemm_peak_gflops: fp32, of one core.
        rows: the networks.
        paths: the whole path.
        batch: patches a call of ``throughput``.
        throughput: whole batches, one and two threads; times of a patch.
        synthesis: drawing one labelled crop.
        starts: fresh processes.
        fastest: the model's fastest backend and precision on one CPU thread.
        ratio_to_mediapipe_lite: that one's; None without the peers.
        notes: what was left out, and why.
    """

    machine: str
    gemm_peak_gflops: float
    rows: tuple[NetworkRow, ...]
    paths: tuple[PathRow, ...]
    batch: int
    throughput: tuple[Latency, ...]
    synthesis: Latency
    starts: tuple[Start, ...]
    fastest: str
    ratio_to_mediapipe_lite: float | None
    notes: tuple[str, ...]


def run_latency(weights: Path, *, peers: bool, batch: int, calls: int) -> Report:
    """Time the networks, the path, whole batches, the synthesis and the start.

    Args:
        weights: the model.
        peers: time other people's networks, too.
        batch: patches a call in the offline rows.
        calls: timed calls a row at most.

    Raises:
        LightHandError: the model or its export cannot be used, or fvcore is not installed.
    """
    notes: list[str] = []
    frames, patches = moving_hand(FRAMES, camera_of(*SIZES[1]))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        networks = our_networks(weights, patches, notes)
        if peers:
            networks += paper_networks(folder) + mediapipe_networks(notes)
        peak, rows = _network_rows(networks, calls)
        throughput = _throughput(weights, patches, batch, calls)
        generator = SampleGenerator()
        drawn = measure([("one crop", lambda index: generator.batch(_CROPS, (index,)))], max(1, calls // _CROPS))
        starts = tuple(time_start(NetworkSource(weights, backend), frames[:30], folder) for backend in _STARTED)
        ours = [row for row in rows if row.model == weights.stem and row.threads == 1 and row.device == "cpu"]
        best = min(ours, key=lambda row: row.latency.median_ms)
        paths = _path_rows(weights, calls)
        crop = _per_result(drawn[0], _CROPS)
    fastest = f"{best.model}, {best.backend} {best.precision}"
    ratio = best.ratio_to_mediapipe_lite
    return Report(machine(), peak, rows, paths, batch, throughput, crop, starts, fastest, ratio, tuple(notes))


def _network_rows(networks: Sequence[Network], calls: int) -> tuple[float, tuple[NetworkRow, ...]]:
    """Time networks side by side; give the GEMM peak beside them."""
    peak = gemm_peak_gflops()
    times = measure([(network.name, network.call) for network in networks], calls)
    peak = max(peak, gemm_peak_gflops())
    timed = list(zip(networks, times, strict=True))
    lite_ms = next((row.median_ms for net, row in timed if (net.name, net.threads) == (LITE, 1)), None)
    rows = []
    for net, row in timed:
        share = None
        if net.macs and net.threads == 1 and net.precision == "fp32" and net.device == "cpu":
            share = 2 * net.macs / row.median_ms / 1e6 / peak
        ratio = row.median_ms / lite_ms if lite_ms else None
        gmac = net.macs / 1e9 if net.macs else None
        rows.append(NetworkRow(net.model, net.backend, net.device, net.precision, net.threads, row, gmac, share, ratio))
    return peak, tuple(rows)


def _path_rows(weights: Path, calls: int) -> tuple[PathRow, ...]:
    """Time the whole path at each size, the network alone beside it."""
    estimator = open_estimator(NetworkSource(weights))
    runs, patches = {}, None
    for width, height in SIZES:
        frames, patches = moving_hand(FRAMES, camera_of(width, height))
        runs[f"{width}x{height}"] = PathRun(estimator, frames)
    assert patches is not None
    rows: list[tuple[str, Call]] = [("network", lambda index: estimator.estimate(patches[index % FRAMES, None]))]
    rows += [(size, run.follow) for size, run in runs.items()]
    rows += [(size, run.search) for size, run in runs.items()]
    network, *times = measure(rows, calls)
    follow, search = times[: len(runs)], times[len(runs) :]
    return tuple(
        PathRow(size, follows, searches, tuple(run.stages()), run.found, follows.median_ms / network.median_ms)
        for (size, run), follows, searches in zip(runs.items(), follow, search, strict=True)
    )


def _throughput(weights: Path, patches: FloatArray, batch: int, calls: int) -> tuple[Latency, ...]:
    rows = [
        (f"onnxruntime, {threads} thread" + "s" * (threads > 1), batch_call(weights, threads, patches, batch))
        for threads in THREADS
    ]
    return tuple(_per_result(row, batch) for row in measure(rows, max(1, calls // batch)))


def _per_result(row: Latency, results: int) -> Latency:
    """Turn the times of calls that give several results into those of a result."""
    return replace(
        row,
        median_ms=row.median_ms / results,
        p95_ms=row.p95_ms / results,
        p99_ms=row.p99_ms / results,
        per_s=row.per_s * results,
    )
