"""Data sets of a few frames, written byte by byte as the real ones are on disk.

The hand of frame ``n`` is a square plate at 400 + n mm; its joints lie on a spiral in it, so that no two are alike.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from lighthand.geometry import project
from lighthand.types import FloatArray, Intrinsics


def hand(count: int, n: int = 0) -> FloatArray:
    """Give ``count`` joints of frame ``n``, (count, 3), camera space, mm."""
    turn = np.arange(count) * 0.9
    radius = 15 + 2.5 * np.arange(count)
    z = 400.0 + n + np.arange(count)
    return np.stack([radius * np.cos(turn) + 10 + n, radius * np.sin(turn) - 5, z], axis=1).astype(np.float32)


def plate(camera: Intrinsics, n: int = 0, far: int = 0) -> npt.NDArray[np.uint16]:
    """Give the image of frame ``n``: the plate before a background of ``far``."""
    depth = np.full((camera.height, camera.width), far, np.uint16)
    u, v, _ = project([10 + n, -5, 400 + n], camera)
    half = 60 / (400 + n) * camera.fx
    depth[int(v - half) : int(v + half), int(u - half) : int(u + half)] = 400 + n
    return depth


def words(points: npt.NDArray[np.floating], separator: str = " ") -> str:
    return separator.join(f"{value:.4f}" for value in points.ravel())


def icvl(root: Path, sequences: Mapping[str, int], part: str = "Training") -> Path:
    """Write ``Training`` or ``Testing``; each sequence has as many frames as said."""
    from lighthand.datasets.icvl import CAMERA

    lines: dict[str, list[str]] = {}
    for sequence, count in sequences.items():
        folder = root / part / "Depth" / sequence
        folder.mkdir(parents=True)
        for n in range(count):
            cv2.imwrite(str(folder / f"image_{n:04d}.png"), plate(CAMERA, n, 32001))
            line = f"{sequence}/image_{n:04d}.png {words(project(hand(16, n), CAMERA))} "
            lines.setdefault("labels.txt" if part == "Training" else f"{sequence}.txt", []).append(line)
    for file, content in lines.items():
        (root / part / file).write_text("\n".join(content) + "\n\n")
    return root


def nyu(root: Path, counts: Mapping[str, int]) -> Path:
    """Write ``train`` and ``test`` with as many frames as said, of three cameras; and the centres."""
    from lighthand.datasets.nyu import CAMERA

    for name, count in counts.items():
        (root / name).mkdir(parents=True)
        uvz = np.stack([project(hand(36, n), CAMERA) for n in range(count)]).astype(np.float64)
        for n in range(count):
            depth = plate(CAMERA, n, 2000)
            packed = np.stack([depth & 0xFF, depth >> 8, np.full_like(depth, 7)], axis=-1).astype(np.uint8)  # BGR
            cv2.imwrite(str(root / name / f"depth_1_{n + 1:07d}.png"), packed)
        cameras = np.stack([uvz, uvz + 1, uvz + 2])
        (root / name / "joint_data.mat").write_bytes(mat({"joint_xyz": cameras * 0, "joint_uvd": cameras}))
        lines = [words(project(hand(36, n).mean(axis=0), CAMERA)) for n in range(count)]
        (root / f"center_{name}_refined.txt").write_text("\n".join(lines) + "\n")
    return root


def msra(root: Path, subjects: Mapping[str, int], gesture: str = "TIP") -> Path:
    """Write one gesture of each subject with as many frames as said."""
    from lighthand.datasets.msra import CAMERA

    for subject, count in subjects.items():
        folder = root / subject / gesture
        folder.mkdir(parents=True)
        points = [hand(21, n) * (1, -1, -1) for n in range(count)]
        (folder / "joint.txt").write_text("\n".join([str(count), *map(words, points)]) + "\n")
        for n in range(count):
            depth = plate(CAMERA, n).astype("<f4")
            rows, columns = (np.flatnonzero(depth.any(axis=axis)) for axis in (1, 0))
            top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
            head = struct.pack("<6i", 320, 240, left, top, right, bottom)
            (folder / f"{n:06d}_depth.bin").write_bytes(head + depth[top:bottom, left:right].tobytes())
    return root


def hands17(root: Path, training: int = 0, test: int = 0) -> Path:
    """Write as many frames of each part as said."""
    from lighthand.datasets.hands17 import CAMERA

    lines: dict[str, list[str]] = {"training/Training_Annotation.txt": [], "frame/BoundingBox.txt": []}
    write: list[tuple[str, int, Callable[[int], str]]] = [
        ("training/Training_Annotation.txt", training, lambda n: words(hand(21, n), "\t")),
        ("frame/BoundingBox.txt", test, lambda n: "250\t180\t390\t300"),
    ]
    for file, count, content in write:
        images = (root / file).parent / "images"
        images.mkdir(parents=True)
        for n in range(count):
            cv2.imwrite(str(images / f"image_D{n + 1:08d}.png"), plate(CAMERA, n, 1500))
            lines[file].append(f"image_D{n + 1:08d}.png\t{content(n)}")
        (root / file).write_text("\n".join(lines[file]) + "\n")
    return root


def mat(arrays: Mapping[str, npt.NDArray[np.float64]], *, packed: bool = True, small: bool = False) -> bytes:
    """Write a MATLAB file of version 7, or of version 5 where it is not packed; ``small`` stores doubles as int16."""
    header = b"MATLAB 5.0 MAT-file, a miniature".ljust(124) + b"\x00\x01IM"
    variables = []
    for name, array in arrays.items():
        kind, numbers = (3, array.astype("<i2")) if small else (9, array.astype("<f8"))
        body = (
            element(6, struct.pack("<II", 6, 0))
            + element(5, struct.pack(f"<{array.ndim}i", *array.shape))
            + element(1, name.encode())
            + element(kind, numbers.tobytes(order="F"))
        )
        matrix = element(14, body)
        if packed:
            squeezed = zlib.compress(matrix)
            matrix = struct.pack("<II", 15, len(squeezed)) + squeezed
        variables.append(matrix)
    return header + b"".join(variables)


def element(kind: int, data: bytes) -> bytes:
    """Give a tag and its data; up to 4 bytes go into the tag itself, as MATLAB does it."""
    if 0 < len(data) <= 4 and kind != 14:
        return struct.pack("<HH", kind, len(data)) + data.ljust(4, b"\x00")
    return struct.pack("<II", kind, len(data)) + data + b"\x00" * (-len(data) % 8)
