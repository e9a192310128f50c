"""A person before a depth camera who moves one hand: whole frames with the truth, for demos and tests."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from lighthand.synthesis.hand import HandModel
from lighthand.synthesis.poses import fingers_overlap, sample_angles
from lighthand.synthesis.render import SPHERE_TRIANGLES, body, rasterise, tube
from lighthand.synthesis.sensors import Sensor, SensorModel
from lighthand.synthesis.views import look
from lighthand.types import DepthArray, FloatArray, Intrinsics, Side

CAMERA: Final = Intrinsics(width=320, height=240, fx=290.0, fy=290.0, cx=159.5, cy=119.5)
POSE_S: Final = 1.4
"""Time from one pose of the fingers to the next."""

_SENSOR: Final = Sensor(
    kind="tof", noise=0.7, lateral_px=0.0, baseline_mm=0.0, fatten_px=0, flying=0.8, flying_mm=60, dropout=0.002,
    smooth=1, unit_mm=1.0,
)  # fmt: skip


class HandAnimator:
    """Draws the scene at any moment; the same seed and moment give the same frame."""

    def __init__(self, seed: int = 0, side: Side = "right", camera: Intrinsics = CAMERA) -> None:
        """Choose the person.

        Args:
            seed: of the hand's shape, its motion and the sensor's noise.
            side: which hand is shown.
            camera: the intrinsics to draw for; square pixels.
        """
        self.camera = camera
        self.side: Side = side
        self._seed = seed
        self._model = HandModel.load()
        self._sensors = SensorModel()
        self._shape = np.clip(np.random.default_rng(seed).normal(0, 0.6, len(self._model.vertex_components)), -1.5, 1.5)
        self._keys: dict[int, npt.NDArray[np.float64]] = {}

    def render(self, time_s: float) -> tuple[DepthArray, FloatArray]:
        """Draw one frame.

        Args:
            time_s: the moment, from 0.

        Returns:
            Depth (H, W) uint16 in mm, 0 where nothing was measured, and the joints (21, 3) float32,
            camera space, mm.
        """
        vertices, joints, elbow = self._model.pose(self._angles(time_s), self._shape, girth=1.1)
        pivot = joints.mean(axis=0)
        turn = self._turn(time_s).astype(np.float32)
        place = self._place(time_s).astype(np.float32)
        vertices, joints, elbow = ((p - pivot) @ turn.T + place for p in (vertices, joints, elbow))
        shoulder = np.array([-230, 160, 980], np.float32)
        if self.side == "left":
            for points in (vertices, joints, elbow, shoulder):
                points[..., 0] *= -1
        depth = np.full((self.camera.height, self.camera.width), np.inf, np.float32)
        lens = (self.camera.fx, self.camera.fy, self.camera.cx, self.camera.cy)
        rasterise(vertices, self._model.triangles, *lens, depth)
        rasterise(tube(elbow, shoulder, 42.0), SPHERE_TRIANGLES, *lens, depth)
        rasterise(body((0, 480, 1040), np.diag((230.0, 430.0, 120.0)), 0.6), SPHERE_TRIANGLES, *lens, depth)
        rasterise(body((0, -130, 1040), np.diag((78.0, 120.0, 95.0))), SPHERE_TRIANGLES, *lens, depth)
        rasterise(body((0, 0, 2400), np.diag((4000.0, 4000.0, 300.0)), 0.2), SPHERE_TRIANGLES, *lens, depth)
        rng = np.random.default_rng((self._seed, round(time_s * 1000)))
        measured = self._sensors.apply(depth, self.camera.fx, _SENSOR, rng)
        return np.clip(measured, 0, 65535).astype(np.uint16), joints.astype(np.float32)

    def _angles(self, time_s: float) -> npt.NDArray[np.float64]:
        """Blend the poses before and after the moment; each is held for a while."""
        index, share = divmod(time_s / POSE_S, 1.0)
        share = min(max((share - 0.25) / 0.6, 0.0), 1.0)
        share = share * share * (3 - 2 * share)
        return self._key(int(index)) * (1 - share) + self._key(int(index) + 1) * share

    def _key(self, index: int) -> npt.NDArray[np.float64]:
        if index not in self._keys:
            rng = np.random.default_rng((self._seed, 1, index))
            while True:
                angles = sample_angles(rng)
                angles[:2] *= 0.5
                _, joints, _ = self._model.pose(angles, self._shape)
                if not fingers_overlap(joints):
                    break
            self._keys[index] = angles
        return self._keys[index]

    @staticmethod
    def _turn(time_s: float) -> npt.NDArray[np.float64]:
        in_plane = 0.15 + 0.35 * np.sin(0.7 * time_s)
        tilt = -0.15 + 0.35 * np.sin(0.43 * time_s + 1.0)
        return look(in_plane, tilt, np.pi + 0.7 * np.sin(0.31 * time_s))

    @staticmethod
    def _place(time_s: float) -> npt.NDArray[np.float64]:
        x = -40 + 90 * np.sin(0.53 * time_s)
        y = -10 + 50 * np.sin(0.81 * time_s + 0.5)
        z = 520 + 90 * np.sin(0.37 * time_s)
        return np.array([x, y, z])
