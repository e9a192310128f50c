"""Depth images of simple shapes, and an estimator that sees blobs: what the tests of the path look at."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from lighthand.estimator import Estimate
from lighthand.geometry import unproject
from lighthand.types import FloatArray, Frame, Intrinsics

CAMERA = Intrinsics(320, 240, 225.0, 225.0, 159.5, 119.5)
Points = npt.NDArray[np.float64]


def flat_hand() -> Points:
    """Give the 21 joints of an open hand in mm: the wrist at 0, fingers up (-y), the thumb to the left."""
    joints = [(0.0, 0.0)]
    joints += [(-22.0, -22.0), (-45.0, -48.0), (-62.0, -72.0), (-76.0, -94.0)]
    for x, root, lengths in (
        (-30, 84, (40, 23, 20)),
        (-10, 88, (44, 27, 22)),
        (10, 84, (41, 26, 21)),
        (29, 77, (32, 19, 19)),
    ):
        y = float(root)
        joints.append((x, -y))
        for i, length in enumerate(lengths):
            y += length
            joints.append((x * (1.15 + 0.15 * i), -y))
    return np.array([(x, y, 0.0) for x, y in joints])


def turned(points: Points, degrees: float) -> Points:
    """Turn points about the view axis."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return np.asarray(points @ np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]]), np.float64)


def capsule(a: npt.ArrayLike, b: npt.ArrayLike, radius_mm: float) -> list[tuple[Points, float]]:
    """Fill the line from a to b with balls."""
    start, end = np.asarray(a, np.float64), np.asarray(b, np.float64)
    count = max(2, int(np.linalg.norm(end - start) / (radius_mm / 3)) + 1)
    return [(start + (end - start) * t, radius_mm) for t in np.linspace(0, 1, count)]


def hand_balls(joints: Points) -> list[tuple[Points, float]]:
    """Give balls that fill a hand with these joints."""
    balls = []
    for root in (5, 9, 13, 17):
        balls += capsule(joints[0], joints[root], 13.0)
        for joint in range(root, root + 3):
            balls += capsule(joints[joint], joints[joint + 1], 9.0)
    for other in (5, 9, 13):
        balls += capsule(joints[other], joints[other + 4], 13.0)
    balls += capsule(joints[1], joints[5], 12.0) + capsule(joints[0], joints[1], 14.0)
    for joint in range(1, 4):
        balls += capsule(joints[joint], joints[joint + 1], 10.0)
    return balls


def forearm_balls(joints: Points, length_mm: float) -> list[tuple[Points, float]]:
    """Give balls that fill a forearm behind the wrist, away from the middle finger."""
    along = joints[0] - joints[9]
    along /= np.linalg.norm(along)
    return capsule(joints[0] + 10 * along, joints[0] + length_mm * along, 27.0)


def render(
    balls: list[tuple[Points, float]],
    *,
    camera: Intrinsics = CAMERA,
    unit_mm: float = 1.0,
    wall_mm: float = 0.0,
    seq: int = 0,
) -> Frame:
    """Draw balls before a wall (0: nothing measured behind them)."""
    z = np.full((camera.height, camera.width), wall_mm if wall_mm > 0 else np.inf, np.float64)
    for (x, y, depth), radius in balls:
        u, v = x / depth * camera.fx + camera.cx, y / depth * camera.fy + camera.cy
        ru, rv = radius / depth * camera.fx, radius / depth * camera.fy
        left, right = max(0, math.ceil(u - ru)), min(camera.width - 1, math.floor(u + ru))
        top, bottom = max(0, math.ceil(v - rv)), min(camera.height - 1, math.floor(v + rv))
        if left > right or top > bottom:
            continue
        across = ((np.arange(left, right + 1) - u) / ru)[None] ** 2 + ((np.arange(top, bottom + 1) - v) / rv)[
            :, None
        ] ** 2
        front = np.where(across <= 1, depth - radius * np.sqrt(np.clip(1 - across, 0, 1)), np.inf)
        view = z[top : bottom + 1, left : right + 1]
        np.minimum(view, front, out=view)
    counts = np.where(np.isfinite(z), np.rint(z / unit_mm), 0).astype(np.uint16)
    return Frame(seq, counts, unit_mm, camera, seq / 30, serial="scene")


class BlobEstimator:
    """Puts a flat hand on the middle of what a patch shows; believes in blobs of a hand's size."""

    def __init__(
        self, *, presence: float = 0.995, confidence: float = 0.9, right: bool = True, scale: float = 1.0
    ) -> None:
        self.presence, self.confidence, self.right, self.scale = presence, confidence, right, scale
        self.batches: list[int] = []

    def estimate(self, patches: FloatArray) -> Estimate:
        self.batches.append(len(patches))
        hand = flat_hand()
        hand = (hand - hand.mean(axis=0)) / 120.0 * self.scale
        uvz = np.zeros((len(patches), 21, 3), np.float32)
        right, presence = np.zeros(len(patches), np.float32), np.zeros(len(patches), np.float32)
        for i, patch in enumerate(patches):
            rows, columns = np.nonzero(patch < 1)
            fits = 0.05 < len(rows) / patch.size < 0.5
            presence[i] = self.presence if fits else 0.02
            if not fits:
                rows, columns = np.array([64]), np.array([64])
            middle = np.array([columns.mean(), rows.mean()]) / 64 - 1
            uvz[i, :, :2] = hand[:, :2] + middle
            uvz[i, :, 2] = patch[rows, columns].mean() + 10 / 120
            # The thumb of a right hand reaches far to the left.
            thumb_left = columns.mean() - columns.min() > columns.max() - columns.mean()
            right[i] = 0.9 if thumb_left == self.right else 0.1
        sure = np.full((len(patches), 21), self.confidence, np.float32)
        return Estimate(uvz, right, presence, sure, sure.copy())


AZURE_LENS = (3.130577, 2.324939, 8.132e-05, -5.1156e-05, 0.130416, 3.458652, 3.350115, 0.662942)
"""Of one Azure Kinect, as calibration/azure-wfov-binned.yaml has it."""

WIDE = Intrinsics(512, 512, 252.0, 252.0, 261.8, 252.7, AZURE_LENS)
"""That camera's wide mode, 2x2 binned: 120 degrees."""


def through_lens(depth: npt.NDArray[np.uint16], pinhole: Intrinsics, camera: Intrinsics) -> npt.NDArray[np.uint16]:
    """Show what a pinhole camera sees through a lens; depth along the axis stays what it is."""
    v, u = np.mgrid[0 : camera.height, 0 : camera.width].astype(np.float64)
    rays = unproject(np.stack([u, v, np.ones_like(u)], axis=-1), camera)
    columns = np.rint(rays[..., 0] * pinhole.fx + pinhole.cx)
    rows = np.rint(rays[..., 1] * pinhole.fy + pinhole.cy)
    seen = (columns >= 0) & (columns < pinhole.width) & (rows >= 0) & (rows < pinhole.height)
    through = np.zeros((camera.height, camera.width), np.uint16)
    through[seen] = depth[rows[seen].astype(int), columns[seen].astype(int)]
    return through
