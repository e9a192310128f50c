"""The hand model: shape and joint angles -> triangles and the 21 joints, in millimetres.

Linear blend skinning of a right hand and forearm. The canonical frame: wrist at 0, x distal (towards
the fingers), y radial (towards the thumb), z dorsal (out of the back of the hand).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numba
import numpy as np
import numpy.typing as npt

from lighthand.errors import DataError
from lighthand.types import FloatArray

ASSET: Final = Path(__file__).parent / "assets" / "hand.npz"

HAND_LENGTH_MM: Final = 185.0
"""Length of the unscaled model: wrist, middle MCP, PIP, DIP, end of the skin."""

BONE_NAMES: Final = (
    "ForeArm", "Hand",
    "Thumb1", "Thumb2", "Thumb3", "Thumb4",
    "Index1", "Index2", "Index3", "Index4", "Index5",
    "Middle1", "Middle2", "Middle3", "Middle4", "Middle5",
    "Ring1", "Ring2", "Ring3", "Ring4", "Ring5",
    "Pinky1", "Pinky2", "Pinky3", "Pinky4", "Pinky5",
)  # fmt: skip
"""Bones by the joint at their root: finger bones 1 to 4 are metacarpal to distal, the last is the tip."""

JOINT_BONES: Final = np.array([1, *(2, 3, 4, 5), *(b + k for b in (6, 11, 16, 21) for k in (1, 2, 3, 4))], np.int64)
"""The bone whose root is each of the 21 joints of ``lighthand.skeleton``."""

SOFT_TISSUE: Final = {4: 0.207, 8: 0.195, 12: 0.185, 16: 0.186, 20: 0.189}
"""Share of the way from a fingertip to its last joint that is soft tissue before the bone: Buryanov & Kotiuk 2010.

The tips that are learned lie at the bone's end, 4 to 6 mm inside the skin: where data sets of hands have them, and
where people who mark a fingertip in a depth image put it (docs/accuracy.md).
"""

ANGLES: Final = 24
"""Joint angles of a pose, radians, in the order below; 0 is a flat hand with straight fingers.

0 wrist flexion, 1 wrist radial deviation, 2 thumb CMC flexion, 3 thumb CMC palmar abduction, 4 thumb
CMC pronation, 5 thumb MCP flexion, 6 thumb IP flexion, then for index, middle, ring, little: MCP
abduction (towards the thumb), MCP flexion, PIP flexion, DIP flexion; last, 23: cupping of the palm.
"""


@dataclass(frozen=True, slots=True)
class HandModel:
    """The asset's arrays.

    Attributes:
        vertices: (V, 3) float32 mean shape, canonical frame, mm.
        joints: (B, 3) float32 roots of the bones of the mean shape.
        vertex_components: (K, V, 3) float32, mm a standard deviation.
        joint_components: (K, B, 3) float32.
        triangles: (T, 3) int32, in the order of from_wrist_mm, so that a prefix is a cut-off arm.
        from_wrist_mm: (T,) float32, each triangle's far end, from the wrist towards the elbow.
        bone_indices: (V, 4) uint8.
        bone_weights: (V, 4) float32, rows sum to 1.
    """

    vertices: FloatArray
    joints: FloatArray
    vertex_components: FloatArray
    joint_components: FloatArray
    triangles: npt.NDArray[np.int32]
    from_wrist_mm: FloatArray
    bone_indices: npt.NDArray[np.uint8]
    bone_weights: FloatArray

    @staticmethod
    def load(path: Path = ASSET) -> HandModel:
        """Read the asset.

        Raises:
            DataError: the file is missing or is not a hand asset.
        """
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                weights = arrays["bone_weights"].astype(np.float32)
                vertices, triangles = arrays["vertices"], arrays["triangles"].astype(np.int32)
                elbow = arrays["joints"][0] / np.linalg.norm(arrays["joints"][0])
                from_wrist = (vertices @ elbow)[triangles].max(axis=1)
                order = np.argsort(from_wrist, kind="stable")
                return HandModel(
                    vertices,
                    arrays["joints"],
                    arrays["vertex_components"].astype(np.float32),
                    arrays["joint_components"].astype(np.float32),
                    triangles[order],
                    from_wrist[order],
                    arrays["bone_indices"],
                    weights / weights.sum(axis=1, keepdims=True),
                )
        except (OSError, KeyError, ValueError, BadZipFile) as error:
            raise DataError(
                f"{path}: not a hand asset ({error}). Restore it from the repository, or make it again with "
                ".venv/bin/python -m lighthand.synthesis.extract."
            ) from error

    def pose(
        self,
        angles: npt.NDArray[np.float64],
        shape: npt.NDArray[np.float64],
        length_mm: float = HAND_LENGTH_MM,
        girth: float = 1.0,
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Pose one right hand.

        Args:
            angles: (24,) radians, see ``ANGLES``.
            shape: (K,) standard deviations along the components.
            length_mm: the hand's length, wrist to the end of the skin of the straight middle finger.
            girth: thickness of the skin about its bones against the model's own.

        Returns:
            Vertices (V, 3), joints (21, 3) and elbow (3,), float32, canonical frame, mm. The tips are the ends of
            the bones, ``SOFT_TISSUE`` inside the skin.
        """
        weights = shape.astype(np.float32)
        vertices = self.vertices + np.tensordot(weights, self.vertex_components, 1)
        joints = self.joints + np.tensordot(weights, self.joint_components, 1)
        transforms = bone_transforms(joints.astype(np.float64), angles)
        scale = length_mm / _length(joints)
        posed = np.empty_like(vertices)
        _skin(vertices, joints, self.bone_indices, self.bone_weights, transforms, float(girth), scale, posed)
        roots = (np.einsum("bij,bj->bi", transforms[:, :, :3], joints) + transforms[:, :, 3]) * scale
        placed = roots[JOINT_BONES].astype(np.float32)
        for tip, share in SOFT_TISSUE.items():
            placed[tip] += np.float32(share) * (placed[tip - 1] - placed[tip])
        return posed, placed, roots[0].astype(np.float32)


def _length(joints: FloatArray) -> float:
    chain = joints[[1, 12, 13, 14, 15]]
    return float(np.linalg.norm(np.diff(chain, axis=0), axis=1).sum())


@numba.njit(cache=True)
def _times(a: npt.NDArray[np.float64], b: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Multiply two (3, 3): numba's own ``@`` would need scipy."""
    out = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            out[i, j] = a[i, 0] * b[0, j] + a[i, 1] * b[1, j] + a[i, 2] * b[2, j]
    return out


@numba.njit(cache=True)
def _rotation(axis: npt.NDArray[np.float64], angle: float) -> npt.NDArray[np.float64]:  # Rodrigues' formula
    c, s = np.cos(angle), np.sin(angle)
    x, y, z = axis / np.sqrt((axis * axis).sum())
    return np.array(
        [
            [c + x * x * (1 - c), x * y * (1 - c) - z * s, x * z * (1 - c) + y * s],
            [y * x * (1 - c) + z * s, c + y * y * (1 - c), y * z * (1 - c) - x * s],
            [z * x * (1 - c) - y * s, z * y * (1 - c) + x * s, c + z * z * (1 - c)],
        ]
    )


@numba.njit(cache=True)
def _rest_flexion(joints: npt.NDArray[np.float64], bone: int, axis: npt.NDArray[np.float64], before: int) -> float:
    """Angle from the segment (before -> bone) to (bone -> bone + 1) about ``axis``: the asset's own bend."""
    a = joints[bone] - joints[before]
    b = joints[bone + 1] - joints[bone]
    a = a - (a * axis).sum() * axis
    b = b - (b * axis).sum() * axis
    return float(np.arctan2((np.cross(a, b) * axis).sum(), (a * b).sum()))


@numba.njit(cache=True)
def _set(
    transforms: npt.NDArray[np.float64],
    joints: npt.NDArray[np.float64],
    bone: int,
    parent: int,
    rotation: npt.NDArray[np.float64],
) -> None:
    """Let ``bone`` turn by ``rotation`` about its root, after its parent."""
    p = transforms[parent]
    r = _times(p[:, :3], rotation)
    transforms[bone, :, :3] = r
    for k in range(3):
        transforms[bone, k, 3] = ((p[k, :3] - r[k]) * joints[bone]).sum() + p[k, 3]


@numba.njit(cache=True)
def bone_transforms(joints: npt.NDArray[np.float64], angles: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Turn angles into the bones' transforms; compiled.

    Args:
        joints: (B, 3) roots of the bones at rest, mm.
        angles: (24,) radians, see ``ANGLES``.

    Returns:
        (B, 3, 4): rotation and translation of each bone's rest pose, unscaled mm.
    """
    transforms = np.zeros((joints.shape[0], 3, 4))
    for bone in range(joints.shape[0]):
        for k in range(3):
            transforms[bone, k, k] = 1.0
    radial = np.array([0.0, 1.0, 0.0])
    dorsal = np.array([0.0, 0.0, 1.0])
    # The hand is the root, so the forearm turns the other way.
    transforms[0, :, :3] = _times(_rotation(dorsal, angles[1]), _rotation(radial, angles[0])).T

    # Thumb: its flexion carries the tip towards the base of the ring finger.
    along = joints[5] - joints[3]
    along = along / np.sqrt((along * along).sum())
    target = 0.5 * (joints[17] + joints[22]) - joints[3] + np.array([0.0, 0.0, -25.0])
    flexion = np.cross(along, target)
    flexion = flexion / np.sqrt((flexion * flexion).sum())
    palmar = np.cross(along, flexion)
    metacarpal = joints[3] - joints[2]
    metacarpal = metacarpal / np.sqrt((metacarpal * metacarpal).sum())
    base = _times(_times(_rotation(palmar, angles[3]), _rotation(flexion, angles[2])), _rotation(metacarpal, angles[4]))
    _set(transforms, joints, 2, 1, base)
    _set(transforms, joints, 3, 2, _rotation(flexion, angles[5]))
    _set(transforms, joints, 4, 3, _rotation(flexion, angles[6]))
    _set(transforms, joints, 5, 4, np.eye(3))

    for finger in range(4):
        first = 6 + 5 * finger
        a = 7 + 4 * finger
        cup = np.array([0.0, 0.0, 0.45, 1.0])[finger] * angles[23]
        direction = joints[first + 1] - joints[first]
        direction[2] = 0.0
        across = np.cross(dorsal, direction)
        across = across / np.sqrt((across * across).sum())
        _set(transforms, joints, first, 1, _rotation(across, cup))
        bone = joints[first + 2] - joints[first + 1]
        lateral = across - (across * bone).sum() / (bone * bone).sum() * bone
        lateral = lateral / np.sqrt((lateral * lateral).sum())
        # How far the asset's own rest pose is from a flat hand with straight fingers.
        lift = np.arctan2(-bone[2], np.sqrt(bone[0] ** 2 + bone[1] ** 2))
        proximal = _rotation(lateral, angles[a + 1] - lift)
        _set(transforms, joints, first + 1, first, _times(_rotation(dorsal, angles[a]), proximal))
        bend = _rest_flexion(joints, first + 2, lateral, first + 1)
        _set(transforms, joints, first + 2, first + 1, _rotation(lateral, angles[a + 2] - bend))
        bend = _rest_flexion(joints, first + 3, lateral, first + 2)
        _set(transforms, joints, first + 3, first + 2, _rotation(lateral, angles[a + 3] - bend))
        _set(transforms, joints, first + 4, first + 3, np.eye(3))
    return transforms


@numba.njit(cache=True, fastmath=True)
def _skin(
    vertices: FloatArray,
    joints: FloatArray,
    indices: npt.NDArray[np.uint8],
    weights: FloatArray,
    transforms: npt.NDArray[np.float64],
    girth: float,
    scale: float,
    out: FloatArray,
) -> None:
    """Linear blend skinning; girth moves each vertex along its offset from its main bone's axis."""
    for v in range(vertices.shape[0]):
        x, y, z = vertices[v, 0], vertices[v, 1], vertices[v, 2]
        bone = indices[v, 0]
        if girth != 1.0 and bone >= 2:
            end = bone + 1
            dx, dy, dz = (
                joints[end, 0] - joints[bone, 0],
                joints[end, 1] - joints[bone, 1],
                joints[end, 2] - joints[bone, 2],
            )
            rx, ry, rz = x - joints[bone, 0], y - joints[bone, 1], z - joints[bone, 2]
            t = (rx * dx + ry * dy + rz * dz) / (dx * dx + dy * dy + dz * dz)
            t = min(max(t, 0.0), 1.0)
            x += (girth - 1.0) * (rx - t * dx)
            y += (girth - 1.0) * (ry - t * dy)
            z += (girth - 1.0) * (rz - t * dz)
        sx = sy = sz = 0.0
        for k in range(4):
            w = weights[v, k]
            if w > 0.0:
                m = transforms[indices[v, k]]
                sx += w * (m[0, 0] * x + m[0, 1] * y + m[0, 2] * z + m[0, 3])
                sy += w * (m[1, 0] * x + m[1, 1] * y + m[1, 2] * z + m[1, 3])
                sz += w * (m[2, 0] * x + m[2, 1] * y + m[2, 2] * z + m[2, 3])
        out[v, 0], out[v, 1], out[v, 2] = sx * scale, sy * scale, sz * scale
