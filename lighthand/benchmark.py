"""What the network costs and how fast the program's parts are.

``python -m lighthand.benchmark cost`` counts the paper's Table 3 ladder on real modules; ``python -m
lighthand.benchmark latency`` times the estimator, the whole path and the synthesis on one thread. Both take
``--json FILE``.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import nn

from lighthand.command import exit_status
from lighthand.crop import CUBE_MM, PATCH, crop_hand
from lighthand.errors import ConfigError
from lighthand.estimator import Estimator, TorchEstimator
from lighthand.network import HandNet, NetworkConfig
from lighthand.network.ladder import LadderConfig, LadderNet
from lighthand.pipeline import Pipeline, PipelineConfig
from lighthand.synthesis.sample import SampleGenerator
from lighthand.synthesis.scene import HandAnimator
from lighthand.types import Frame, HandRegion

WEIGHTS: Final = Path("weights/hand.safetensors")
WARM_UP: Final = 20
FRAMES: Final = 200
CROPS: Final = 1000


@dataclass(frozen=True, slots=True)
class Cost:
    """What one network costs for one 128x128 patch.

    Attributes:
        name: the network.
        params: learned parameters.
        macs: multiply-accumulates as fvcore counts them: convolutions, linear layers and matrix products, and
            one for each element of a norm or an upsampled map.
        two_macs: twice that, the usual "FLOPs" of hardware; the paper's "FLOPs" are ``macs``.
        paper_params: the published number, where there is one.
        paper_macs: likewise.
    """

    name: str
    params: int
    macs: int
    two_macs: int
    paper_params: float | None
    paper_macs: float | None


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one call takes, milliseconds on the wall.

    Attributes:
        name: what was called.
        calls: how often it was timed, after a warm-up.
        median_ms: half of the calls are faster.
        p95_ms: 95 % are.
        p99_ms: 99 % are.
        per_s: results a second over all timed calls.
    """

    name: str
    calls: int
    median_ms: float
    p95_ms: float
    p99_ms: float
    per_s: float


def ladder() -> list[tuple[str, Callable[[], nn.Module], float | None, float | None]]:
    """Give each step of Table 3 and what ships: name, builder, published parameters and MACs."""
    narrow = LadderConfig(stem=(16, 32, 32, 64), unified=True)
    return [
        ("trihorn", lambda: LadderNet(LadderConfig()), 7.81e6, 13.47e9),
        ("trihorn + ghost hourglass", lambda: LadderNet(LadderConfig(ghost=True)), None, 11.097e9),
        ("trihorn + attention over joints", lambda: LadderNet(LadderConfig(attention=True)), None, 13.47e9),
        ("compressed and unified branch", lambda: LadderNet(narrow), None, 0.398e9),
        ("lighthand, 16 joints", lambda: HandNet(NetworkConfig(joints=16)), 0.18e6, 0.27e9),
        ("lighthand, 16 joints, grid", lambda: HandNet(NetworkConfig(joints=16, attention="grid")), None, None),
        ("lighthand, 21 joints", lambda: HandNet(NetworkConfig()), None, None),
    ]


def count(net: nn.Module) -> tuple[int, int]:
    """Count a network that takes (B, 1, 128, 128): parameters and MACs of one patch.

    Raises:
        ConfigError: fvcore is not installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fvcore stands on torch.jit
        try:
            from fvcore.nn import FlopCountAnalysis
        except ImportError as error:
            raise ConfigError("cost: fvcore is not installed. Run `pip install -e .[dev]`.") from error
        analysis = FlopCountAnalysis(net.eval(), torch.zeros(1, 1, PATCH, PATCH))
        analysis.unsupported_ops_warnings(False)
        macs = int(analysis.total())
    return sum(parameter.numel() for parameter in net.parameters()), macs


def cost() -> list[Cost]:
    """Count every step of the ladder."""
    rows = []
    for name, build, paper_params, paper_macs in ladder():
        params, macs = count(build())
        rows.append(Cost(name, params, macs, 2 * macs, paper_params, paper_macs))
    return rows


def measure(name: str, call: Callable[[int], object], calls: int, *, results: int = 1) -> Latency:
    """Time a call.

    Args:
        name: of the row.
        call: takes the number of the call.
        calls: timed calls.
        results: results one call gives; the times are a result's.
    """
    for index in range(min(WARM_UP, calls)):
        call(index)
    spent = np.empty(calls)
    for index in range(calls):
        start = time.perf_counter()
        call(index)
        spent[index] = time.perf_counter() - start
    ms = spent * 1000 / results
    median, p95, p99 = (float(np.percentile(ms, q)) for q in (50, 95, 99))
    return Latency(name, calls, median, p95, p99, calls * results / float(spent.sum()))


def latency(estimator: Estimator, frames: Sequence[Frame], regions: Sequence[HandRegion]) -> list[Latency]:
    """Time the estimator, the path and the synthesis, one thread.

    Args:
        estimator: what reads the patches.
        frames: a moving hand, to be replayed through the path.
        regions: where the hand is in each of them.
    """
    patches = np.stack([crop_hand(f, r).patch for f, r in zip(frames, regions, strict=True)])
    pairs = np.stack([patches, patches[:, :, ::-1]], axis=1)
    pipeline = Pipeline(estimator, PipelineConfig())
    generator = SampleGenerator()
    size = len(frames)

    def searching(frame: Frame) -> None:
        pipeline.reset()
        pipeline.process(frame)

    return [
        measure("estimator, one patch", lambda i: estimator.estimate(patches[i % size, None]), size),
        measure("estimator, both mirrorings", lambda i: estimator.estimate(pairs[i % size]), size),
        measure("whole path, following", lambda i: pipeline.process(frames[i % size]), size),
        measure("whole path, searching", lambda i: searching(frames[i % size]), size),
        measure("synthesis, one crop", lambda i: generator.batch(20, (i,)), CROPS // 20, results=20),
    ]


def moving_hand(count: int) -> tuple[list[Frame], list[HandRegion]]:
    """Render a hand that moves before a camera of 30 frames a second, and tell where it is in each frame."""
    animator = HandAnimator()
    frames, regions = [], []
    for seq in range(count):
        depth, joints = animator.render(seq / 30)
        frames.append(Frame(seq, depth, 1.0, animator.camera, time.perf_counter(), serial="synthetic"))
        regions.append(HandRegion(joints.mean(axis=0), CUBE_MM, animator.side))
    return frames, regions


def _print_costs(rows: Sequence[Cost]) -> None:
    print(f"{'network':34}{'params':>11}{'paper':>9}{'MMAC':>10}{'paper':>9}{'2xMAC, M':>10}")
    for row in rows:
        paper_params = f"{row.paper_params / 1e6:.2f} M" if row.paper_params else "-"
        paper_macs = f"{row.paper_macs / 1e6:.0f}" if row.paper_macs else "-"
        print(
            f"{row.name:34}{row.params:11,}{paper_params:>9}{row.macs / 1e6:10.1f}{paper_macs:>9}"
            f"{row.two_macs / 1e6:10.1f}"
        )


def _print_latencies(rows: Sequence[Latency]) -> None:
    print(f"{'one thread':30}{'median':>10}{'p95':>10}{'p99':>10}{'a second':>12}")
    for row in rows:
        print(f"{row.name:30}{row.median_ms:7.2f} ms{row.p95_ms:7.2f} ms{row.p99_ms:7.2f} ms{row.per_s:12.1f}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; see the module."""
    parser = argparse.ArgumentParser(prog="python -m lighthand.benchmark", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (("cost", "parameters and MACs of the paper's ladder"), ("latency", "times on one thread")):
        command = commands.add_parser(name, help=text)
        command.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
        if name == "latency":
            command.add_argument("--weights", type=Path, default=WEIGHTS, metavar="FILE")
    options = parser.parse_args(arguments)
    return exit_status(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    rows: Sequence[Cost] | Sequence[Latency]
    if options.command == "cost":
        rows = cost()
        _print_costs(rows)
    else:
        rows = latency(TorchEstimator(options.weights, threads=1), *moving_hand(FRAMES))
        _print_latencies(rows)
    if options.json:
        options.json.write_text(json.dumps([dataclasses.asdict(row) for row in rows], indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
