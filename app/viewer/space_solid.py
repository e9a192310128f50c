"""Hands as solids: bones as tubes, joints as spheres, in one mesh that keeps its triangles."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from app.viewer.colours import finger_colour
from app.viewer.space_shape import VERTEX, Indices, Vertices
from lighthand.skeleton import BONES, JOINTS
from lighthand.types import FloatArray, TrackedHand

JOINT_MM: Final = 5.0  # radius
BONE_MM: Final = 2.8
LEAST_OPACITY: Final = 0.25  # of a joint that the network does not believe in
_HIDDEN_SIZE: Final = 0.85  # of a sphere, against one that is seen

_AROUND: Final = 12
_RINGS: Final = 9

_ENDS: Final = np.array(BONES)
_COLOURS: Final = np.array([finger_colour(joint) for joint in range(JOINTS)], np.uint8)
_ANGLES: Final = np.linspace(0, 2 * np.pi, _AROUND, endpoint=False, dtype=np.float32)
_CIRCLE: Final = np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1)
_TILTS: Final = np.linspace(0, np.pi, _RINGS, dtype=np.float32)[:, None]
_SPHERE: Final = np.stack(
    [np.sin(_TILTS) * np.cos(_ANGLES), np.sin(_TILTS) * np.sin(_ANGLES), np.cos(_TILTS) + 0 * _ANGLES], axis=-1
).reshape(-1, 3)

_TUBE: Final = 2 * _AROUND
_SIZE: Final = len(BONES) * _TUBE + JOINTS * len(_SPHERE)  # vertices of a hand


def _skin(rings: int) -> npt.NDArray[np.int64]:
    """Give the triangles between rings of vertices, (n, 3), counter-clockwise where they are seen from outside."""
    ring, place = np.meshgrid(np.arange(rings - 1), np.arange(_AROUND), indexing="ij")
    a, b = ring * _AROUND + place, ring * _AROUND + (place + 1) % _AROUND
    c, d = a + _AROUND, b + _AROUND
    return np.stack([a, c, b, b, c, d], axis=-1).reshape(-1, 3)


def _triangles() -> Indices:
    tubes = np.arange(len(BONES))[:, None, None] * _TUBE + _skin(2)
    spheres = len(BONES) * _TUBE + np.arange(JOINTS)[:, None, None] * len(_SPHERE) + _skin(_RINGS)
    return np.concatenate([spheres.ravel(), tubes.ravel()]).astype(np.uint32)  # a sphere hides the ends in it


_TRIANGLES: Final = _triangles()


def triangles(hands: int) -> Indices:
    """Give the numbers of the vertices of that many hands, each three a triangle."""
    return (np.arange(hands, dtype=np.uint32)[:, None] * np.uint32(_SIZE) + _TRIANGLES).ravel()


def solid(hands: tuple[TrackedHand, ...], opacity: float) -> Vertices:
    """Make the vertices of hands; hidden joints, and the ends of bones there, are hollow.

    Args:
        hands: the hands.
        opacity: of joints that the network is sure of; others are fainter.
    """
    vertices = np.zeros((len(hands), _SIZE), VERTEX)
    for hand, own in zip(hands, vertices, strict=True):
        tubes, spheres = np.split(own, [len(BONES) * _TUBE])
        alphas = np.round(255 * opacity * np.clip(hand.pose.confidence, LEAST_OPACITY, 1)).astype(np.uint8)
        hidden = np.where(hand.pose.hidden, 127, 0).astype(np.int8)
        _fill_spheres(spheres.reshape(JOINTS, -1), hand.joints_mm, alphas, hidden)
        _fill_tubes(tubes.reshape(len(BONES), 2, _AROUND), hand.joints_mm, alphas, hidden)
    return vertices.ravel()


def _fill_spheres(
    spheres: Vertices, joints_mm: FloatArray, alphas: npt.NDArray[np.uint8], hidden: npt.NDArray[np.int8]
) -> None:
    radii = np.where(hidden, _HIDDEN_SIZE, 1).astype(np.float32) * JOINT_MM
    spheres["position"] = joints_mm[:, None] + radii[:, None, None] * _SPHERE
    spheres["normal"][..., :3] = np.round(127 * _SPHERE)
    spheres["normal"][..., 3] = hidden[:, None]
    spheres["colour"][..., :3] = _COLOURS[:, None]
    spheres["colour"][..., 3] = alphas[:, None]


def _fill_tubes(
    tubes: Vertices, joints_mm: FloatArray, alphas: npt.NDArray[np.uint8], hidden: npt.NDArray[np.int8]
) -> None:
    ends = joints_mm[_ENDS]  # (bones, 2, 3)
    along = ends[:, 1] - ends[:, 0]
    helper = np.eye(3, dtype=np.float32)[np.abs(along).argmin(axis=1)]
    side = np.cross(along, helper)
    side /= np.maximum(np.linalg.norm(side, axis=1, keepdims=True), 1e-6)
    other = np.cross(side, along)
    other /= np.maximum(np.linalg.norm(other, axis=1, keepdims=True), 1e-6)
    out = _CIRCLE @ np.stack([side, other], axis=1)  # (bones, around, 3)
    tubes["position"] = ends[:, :, None] + BONE_MM * out[:, None]
    tubes["normal"][..., :3] = np.round(127 * out)[:, None]
    tubes["normal"][..., 3] = hidden[_ENDS][..., None]
    tubes["colour"][..., :3] = _COLOURS[_ENDS[:, 1]][:, None, None]
    tubes["colour"][..., 3] = alphas[_ENDS][..., None]
