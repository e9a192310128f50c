"""Draw labelled crops: a posed hand, a view, clutter, a sensor, the jitter of a segmenter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numba
import numpy as np
import numpy.typing as npt

from lighthand.crop import BACKGROUND, CUBE_MM, PATCH
from lighthand.skeleton import JOINTS
from lighthand.synthesis.clutter import Lens, draw_body, draw_rod, draw_things, draw_wall
from lighthand.synthesis.hand import HandModel
from lighthand.synthesis.poses import fingers_overlap, sample_angles
from lighthand.synthesis.render import SPHERE_TRIANGLES, rasterise, tube
from lighthand.synthesis.sensors import SensorModel, draw_sensor
from lighthand.synthesis.views import draw_view
from lighthand.types import FloatArray

_MARGIN_PX: Final = 6
"""Pixels drawn around the crop, so that shadows and edges of what lies outside reach into it."""

_ARM_AT_CAMERA: Final = float(np.cos(np.radians(25)))
"""A forearm nearer than that to the line of sight hides its hand: such views are drawn again."""

_LEAST_SHOWN: Final = 0.02
"""Share of a patch that must not be background where it is said to show a hand."""


@dataclass(frozen=True, slots=True)
class SynthesisConfig:
    """What is drawn.

    Attributes:
        patch: edge of the patch, pixels: 128, or 64 early in training.
        left: share of the patches that show a left hand unmirrored, to teach the side.
        empty: share of the patches without a hand, to teach its presence.
    """

    patch: int = PATCH
    left: float = 0.12
    empty: float = 0.18


@dataclass(frozen=True, slots=True)
class Batch:
    """Labelled crops.

    Attributes:
        patches: (B, S, S) float32, as ``HandCrop.patch``.
        uvz: (B, J, 3) float32, as ``crop_to_camera`` takes them; J is 21 but for some data sets.
        mask: (B, J) bool: the joint lies in the cube and the patch shows a right hand.
        right: (B,) float32: 1 where the patch shows a right hand.
        presence: (B,) float32: 1 where the patch shows a hand at all.
        centres_mm: (B, 3) float32, camera space: the middle of each crop's cube.
        cubes_mm: edge of the cubes; (B,) float32 where each has its own.
    """

    patches: FloatArray
    uvz: FloatArray
    mask: npt.NDArray[np.bool_]
    right: FloatArray
    presence: FloatArray
    centres_mm: FloatArray
    cubes_mm: FloatArray | float = CUBE_MM

    def to_camera(self, uvz: FloatArray) -> FloatArray:
        """Turn coordinates of the patches into camera space, as ``crop.crop_to_camera`` does for one crop.

        Args:
            uvz: (B, J, 3).

        Returns:
            (B, J, 3) float32, mm.
        """
        half = np.reshape(np.asarray(self.cubes_mm, np.float32) / 2, (-1, 1, 1))
        centres = self.centres_mm[:, None]
        z = centres[..., 2] + uvz[..., 2] * half[..., 0]
        # The edges of the cube's middle plane project to -1 and 1, so a joint's ray passes that plane at u, v.
        xy = (centres[..., :2] + uvz[..., :2] * half) / centres[..., 2:] * z[..., None]
        return np.asarray(np.concatenate([xy, z[..., None]], axis=-1), np.float32)


class SampleGenerator:
    """An endless source of labelled crops."""

    def __init__(self, config: SynthesisConfig | None = None) -> None:
        """Load the hand model."""
        self.config = config or SynthesisConfig()
        self._model = HandModel.load()
        self._sensors = SensorModel()
        self._rng = np.random.default_rng(0)
        self._other: FloatArray | None = None

    def batch(self, count: int, seed: tuple[int, ...]) -> Batch:
        """Draw ``count`` crops; the same seed gives the same crops."""
        size = self.config.patch
        self._rng = np.random.default_rng(seed)
        self._other = None
        batch = Batch(
            np.empty((count, size, size), np.float32),
            np.zeros((count, JOINTS, 3), np.float32),
            np.zeros((count, JOINTS), np.bool_),
            np.ones(count, np.float32),
            np.ones(count, np.float32),
            np.zeros((count, 3), np.float32),
        )
        for index in range(count):
            while not self._draw(batch, index):
                pass
        return batch

    def hand(self) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Draw a hand whose fingers do not overlap: vertices, joints (21, 3) and elbow, canonical frame."""
        rng = self._rng
        shape = np.clip(rng.normal(0, 0.8, len(self._model.vertex_components)), -2, 2)
        length = float(np.clip(rng.normal(184, 14), 145, 222))
        girth = float(rng.uniform(0.95, 1.35))
        while True:
            vertices, joints, elbow = self._model.pose(sample_angles(rng), shape, length, girth)
            if not fingers_overlap(joints):
                return vertices, joints, elbow

    def _draw(self, batch: Batch, index: int) -> bool:
        """Draw one crop into the batch; False where the arm hides the hand or nothing of the hand is left."""
        rng, config = self._rng, self.config
        half = CUBE_MM / 2
        empty = rng.random() < config.empty
        view = draw_view(rng, CUBE_MM)
        local_vertices, local_joints, local_elbow = self.hand()
        pivot = local_joints.mean(axis=0)
        turn = view.rotation.T.astype(np.float32)
        place = view.centre_mm.astype(np.float32)
        vertices = (local_vertices - pivot) @ turn + place
        joints = (local_joints - pivot) @ turn + place
        elbow = (local_elbow - pivot) @ turn + place
        arm = (elbow - joints[0]) / np.linalg.norm(elbow - joints[0])
        if -float(arm @ joints[0]) / float(np.linalg.norm(joints[0])) > _ARM_AT_CAMERA:
            return False

        centre = place + rng.normal(0, 9 if rng.random() < 0.8 else 24, 3).astype(np.float32)
        # What a segmenter offers by mistake: the far arm, the stump of a masked hand, or no arm at all.
        arm_only = empty and rng.random() < 0.25
        stump = empty and not arm_only and rng.random() < 0.15
        if arm_only:
            centre = centre + (elbow - joints[0]) * np.float32(rng.uniform(0.75, 1.0))
        centre[2] = max(float(centre[2]), 150.0)

        focal = view.focal_px
        left = float((centre[0] - half) / centre[2] * focal)
        top = float((centre[1] - half) / centre[2] * focal)
        box = float(CUBE_MM / centre[2] * focal)
        origin_u, origin_v = int(np.floor(left)) - _MARGIN_PX, int(np.floor(top)) - _MARGIN_PX
        size = int(np.ceil(box)) + 2 * _MARGIN_PX
        depth = np.full((size, size), np.inf, np.float32)
        camera = (focal, focal, float(-origin_u), float(-origin_v))
        if not empty or arm_only or stump:
            limit = 1e9 if arm_only or rng.random() < 0.35 else rng.uniform(15, 200)
            first, last = np.searchsorted(self._model.from_wrist_mm, (rng.uniform(-60, 10) if stump else -1e9, limit))
            rasterise(vertices, self._model.triangles[first:last], *camera, depth)
            if not arm_only and rng.random() < 0.3:
                start = joints[0] + arm * np.float32(rng.uniform(45, 130))
                sleeve = tube(start, start + arm * np.float32(180), rng.uniform(32, 62))
                rasterise(sleeve, SPHERE_TRIANGLES, *camera, depth)
        if empty:
            draw_things(rng, depth, camera, centre)
        else:
            self._neighbours(depth, camera, centre, joints)
        draw_wall(rng, depth, camera, centre, float(joints[:, 2].max()))
        self._other = local_vertices
        measured = self._sensors.apply(depth, focal, draw_sensor(rng), rng)
        patch = batch.patches[index]
        _resample(measured, left - origin_u, top - origin_v, box, centre[2], half, patch)
        if not empty and (patch < BACKGROUND).mean() < _LEAST_SHOWN:
            return False

        uvz = batch.uvz[index]
        uvz[:, 0] = (joints[:, 0] / joints[:, 2] * focal - left) / box * 2 - 1
        uvz[:, 1] = (joints[:, 1] / joints[:, 2] * focal - top) / box * 2 - 1
        uvz[:, 2] = (joints[:, 2] - centre[2]) / half
        batch.mask[index] = (np.abs(uvz) < 1).all(axis=1) & (not empty)
        batch.presence[index] = not empty
        batch.centres_mm[index] = centre
        # Cameras cast their shadows to either side, and a left hand is a right hand's mirror image.
        if rng.random() < config.left:
            patch[:] = patch[:, ::-1].copy()
            batch.mask[index] = False
            batch.right[index] = 0
        return True

    def _neighbours(self, depth: FloatArray, camera: Lens, centre: FloatArray, joints: FloatArray) -> None:
        """Draw what else is near a hand: a body behind, a rod before, something held, another hand."""
        rng = self._rng
        if rng.random() < 0.22:
            for _ in range(rng.integers(1, 4)):
                where = centre + rng.normal(0, 140, 3)
                where[2] = joints[:, 2].max() + rng.uniform(30, 120)
                draw_body(rng, depth, camera, where, (12, 110))
        if rng.random() < 0.07:
            start = centre + rng.normal(0, 40, 3).astype(np.float32)
            start[2] = joints[:, 2].min() - rng.uniform(15, 80)
            draw_rod(rng, depth, camera, start)
        if rng.random() < 0.08:
            draw_body(rng, depth, camera, joints[[5, 9, 13, 17, 4, 8, 12]].mean(axis=0) + rng.normal(0, 12, 3), (8, 40))
        if self._other is not None and rng.random() < 0.06:
            turn = np.linalg.qr(rng.normal(size=(3, 3)))[0].astype(np.float32)
            aside = np.array([*rng.normal(0, 130, 2), rng.uniform(40, 130)], np.float32)
            rasterise(self._other @ turn + centre + aside, self._model.triangles, *camera, depth)


@numba.njit(cache=True)
def _resample(
    depth: FloatArray, left: float, top: float, box: float, centre_mm: float, half_mm: float, patch: FloatArray
) -> None:
    """Draw the patch from the image as ``crop.crop_hand`` does, in place."""
    size = patch.shape[0]
    step = box / size
    for j in range(size):
        row = int(np.floor(top + (j + 0.5) * step + 0.5))
        for i in range(size):
            z = depth[row, int(np.floor(left + (i + 0.5) * step + 0.5))]
            value = (z - centre_mm) / half_mm
            patch[j, i] = value if z > 0 and abs(value) <= 1 else BACKGROUND


VALIDATION_SEED: Final = (1, 20_261_123)
"""Training draws its batches from seeds (seed, step, rank), with another first number."""


def validation_set(count: int = 2000, patch: int = PATCH) -> Batch:
    """Draw the fixed synthetic validation set: right hands only."""
    config = SynthesisConfig(patch=patch, left=0.0, empty=0.0)
    return SampleGenerator(config).batch(count, VALIDATION_SEED)
