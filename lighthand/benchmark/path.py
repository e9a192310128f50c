"""The whole path from a frame to joints, at the sizes of real cameras; how long it takes to start, and its memory."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from lighthand.backends import NetworkSource
from lighthand.benchmark.measure import Latency, summarise
from lighthand.crop import CUBE_MM, crop_hand
from lighthand.errors import LightHandError
from lighthand.estimator import Estimator
from lighthand.pipeline import Pipeline, PipelineConfig
from lighthand.synthesis.scene import HandAnimator
from lighthand.types import FloatArray, Frame, HandRegion, Intrinsics, Result

SIZES: Final = ((320, 240), (640, 480), (848, 480), (1280, 720))
STAGES: Final = (
    ("predict", "taken_s", "segmented_s"),
    ("crop and estimate", "segmented_s", "estimated_s"),
    ("track", "estimated_s", "tracked_s"),
)

_FPS = 30.0


def moving_hand(count: int, camera: Intrinsics) -> tuple[list[Frame], FloatArray]:
    """Render a hand that moves before a camera of 30 frames a second.

    Args:
        count: frames; they go to and fro, so that the last is followed by the first without a jump.
        camera: the intrinsics to draw for.

    Returns:
        The frames, and a patch of each, (count, 128, 128).
    """
    animator = HandAnimator(camera=camera)
    frames, patches = [], []
    for seq in range(count):
        depth, joints = animator.render(min(seq, count - seq) / _FPS)
        frames.append(Frame(seq, depth, 1.0, camera, seq / _FPS, seq / _FPS, "device", "synthetic"))
        patches.append(crop_hand(frames[-1], HandRegion(joints.mean(axis=0), CUBE_MM)).patch)
    return frames, np.stack(patches)


class PathRun:
    """The whole path over one moving hand, shown again and again."""

    def __init__(self, estimator: Estimator, frames: list[Frame]) -> None:
        """Follow the hand once.

        Args:
            estimator: the network.
            frames: of ``moving_hand``.
        """
        self._frames = frames
        self._pipeline = Pipeline(estimator, PipelineConfig())
        self._searcher = Pipeline(estimator, PipelineConfig())
        self._results: list[Result] = []
        for index in range(len(frames)):
            self.follow(index)
        self._results.clear()

    def follow(self, index: int) -> None:
        """Process the next frame of the hand that is followed."""
        self._results.append(self._pipeline.process(self._frames[index % len(self._frames)]))

    def search(self, index: int) -> None:
        """Find the hand in a frame of its own."""
        self._searcher.reset()
        self._searcher.process(self._frames[index % len(self._frames)])

    @property
    def found(self) -> float:
        """Share of the frames since the start in which the hand was followed."""
        return float(np.mean([bool(result.hands) for result in self._results]))

    def stages(self) -> list[Latency]:
        """Sum up each stage of the frames that were followed."""
        return [
            summarise(name, np.array([getattr(r.stamps, end) - getattr(r.stamps, start) for r in self._results]) * 1e3)
            for name, start, end in STAGES
        ]


_START = """
import sys, time
from pathlib import Path
import numpy as np
from lighthand.backends import NetworkSource, open_estimator
from lighthand.pipeline import Pipeline, PipelineConfig
from lighthand.types import Frame, Intrinsics
weights, backend, recording = sys.argv[1:]
archive = np.load(recording)
depth, lens = archive["depth"], archive["intrinsics"]
camera = Intrinsics(depth.shape[2], depth.shape[1], *map(float, lens))
pipeline = Pipeline(open_estimator(NetworkSource(Path(weights), backend)), PipelineConfig())
hands = pipeline.process(Frame(0, depth[0].copy(), 1.0, camera, 0.0)).hands
print(time.clock_gettime(time.CLOCK_MONOTONIC), len(hands), flush=True)
for number in range(1, len(depth)):
    pipeline.process(Frame(number, depth[number].copy(), 1.0, camera, number / 30))
status = Path("/proc/self/status")
peak = [line.split()[1] for line in status.read_text().splitlines() if "VmHWM" in line] if status.exists() else ["nan"]
print(float(peak[0]) / 1024)
"""


@dataclass(frozen=True, slots=True)
class Start:
    """A fresh process from its start to its first pose.

    Attributes:
        backend: what ran the network.
        seconds: from the start of Python to the first pose; median of ``runs``.
        memory_mib: greatest resident memory while it followed the hand.
        runs: how often it was started, after one start that filled the caches.
        found: how many of these found the hand in their first frame.
    """

    backend: str
    seconds: float
    memory_mib: float
    runs: int
    found: int


def time_start(source: NetworkSource, frames: list[Frame], folder: Path, runs: int = 5) -> Start:
    """Start fresh processes that import, load, and find and follow a hand.

    Args:
        source: the network.
        frames: of ``moving_hand``.
        folder: for a recording that the processes read.
        runs: processes.

    Raises:
        LightHandError: a process ended with an error.
    """
    camera = frames[0].intrinsics
    recording = folder / "hand.npz"
    lens = [camera.fx, camera.fy, camera.cx, camera.cy]
    np.savez(recording, depth=np.stack([frame.depth for frame in frames]), intrinsics=lens)
    seconds, memory, found = [], [], 0
    for run in range(runs + 1):
        start_s = time.clock_gettime(time.CLOCK_MONOTONIC)
        command = [sys.executable, "-c", _START, str(source.weights.resolve()), source.backend, str(recording)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=Path(__file__).parents[2])
        if done.returncode:
            raise LightHandError(f"start with {source.backend}: {done.stderr.strip().rpartition(chr(10))[2]}")
        first, last = done.stdout.splitlines()
        if run:
            end_s, hands = first.split()
            seconds.append(float(end_s) - start_s)
            found += int(hands)
            memory.append(float(last))
    return Start(source.backend, float(np.median(seconds)), float(np.median(memory)), runs, found)
