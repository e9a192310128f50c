"""Small annotated frames, and stand-ins for the network and the path that know what to say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lighthand.datasets.record import DepthRecord
from lighthand.estimator import Estimate
from lighthand.types import FloatArray, Frame, HandPose, HandRegion, Intrinsics, Result, Side, TrackedHand

CAMERA = Intrinsics(64, 48, 60.0, 60.0, 31.5, 23.5)


def joints(seed: int) -> FloatArray:
    """Give 21 joints in a ball of some 60 mm at half a metre."""
    rng = np.random.default_rng(seed)
    return (rng.uniform(-60, 60, (21, 3)) + (5.0 * seed, 0, 500)).astype(np.float32)


def frame(seq: int) -> Frame:
    return Frame(seq, np.full((48, 64), 500, np.uint16), 1.0, CAMERA, seq / 30)


def records(count: int) -> list[DepthRecord]:
    return [DepthRecord(f"small/{n}", lambda n=n: frame(n), joints(n), "right") for n in range(count)]  # type: ignore[misc]


def tracked(joints_mm: FloatArray, side: Side = "right", smoothing_mm: float = 0.0) -> TrackedHand:
    """Give a hand whose tracked joints lie ``smoothing_mm`` to the right of the pose's."""
    pose = HandPose(joints_mm.copy(), side, 0.9, 0.9, np.full(21, 0.8, np.float32), np.zeros(21, np.bool_))
    smooth = joints_mm + np.array([smoothing_mm, 0, 0], np.float32)
    return TrackedHand(1, side, smooth, pose, HandRegion(joints_mm.mean(axis=0), 240.0))


class ScriptedEstimator:
    """Gives prepared coordinates, in the order of the patches it is asked about."""

    def __init__(self, uvz: Sequence[FloatArray]) -> None:
        self._uvz = np.stack(uvz)
        self._next = 0

    def estimate(self, patches: FloatArray) -> Estimate:
        part = self._uvz[self._next : self._next + len(patches)]
        self._next += len(patches)
        sure = np.full(len(patches), 0.9, np.float32)
        each = np.full(part.shape[:2], 0.9, np.float32)
        return Estimate(part.copy(), sure, sure.copy(), each, each.copy())


class ScriptedPipeline:
    """Gives the prepared hand of each frame's number, None for no hand; counts its resets."""

    def __init__(self, hands: dict[int, TrackedHand | None]) -> None:
        self._hands = hands
        self.resets = 0
        self.seen: list[int] = []

    def reset(self) -> None:
        self.resets += 1

    def process(self, frame: Frame) -> Result:
        self.seen.append(frame.seq)
        hand = self._hands[frame.seq]
        return Result(frame, (hand,) if hand else ())
