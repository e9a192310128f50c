"""NYU: 72,757 training and 8,252 test frames with 36 joints, of which 14 are compared.

Source: J. Tompson, M. Stein, Y. LeCun, K. Perlin, *Real-Time Continuous Pose Recovery of Human Hands Using
Convolutional Networks*, ACM ToG 33(5), 2014. PrimeSense, 640x480. Licence: see the data set's page; research use.

``train`` and ``test`` hold ``joint_data.mat`` (MATLAB; ``joint_uvd`` is cameras x frames x 36 x ``u v z``, pixels and
mm) and ``depth_1_0000001.png`` and so on of the first camera, which alone is read here: RGB, depth in mm with its high
byte in green and its low byte in blue. Beside the two folders ``center_train_refined.txt`` and
``center_test_refined.txt`` hold the hand's centre in each frame as ``u v z``; they are not of the data set but from
TriHorn-Net's repository (mrezaei92/TriHorn-Net, data/NYU), and make results comparable with its.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final, Literal

import numpy as np

from lighthand.datasets.files import RATE_HZ, read_lines, require_depth, require_files, triples
from lighthand.datasets.matlab import read_array
from lighthand.datasets.record import DepthRecord, read_packed_png
from lighthand.errors import DataError
from lighthand.geometry import unproject
from lighthand.types import FloatArray, Frame, Intrinsics

JOINTS: Final = (
    "little_tip", "little_mid",
    "ring_tip", "ring_mid",
    "middle_tip", "middle_mid",
    "index_tip", "index_mid",
    "thumb_tip", "thumb_mid", "thumb_root",
    "wrist_1", "wrist_2",
    "palm",
)  # fmt: skip
"""The 14 that are compared, in the data set's order; its names are F1_KNU3_A, F1_KNU2_B, ..., PALM_1, 2 and 3."""

EVALUATED: Final = (0, 3, 6, 9, 12, 15, 18, 21, 24, 25, 27, 30, 31, 32)
"""Where those are among the 36."""

CAMERA: Final = Intrinsics(640, 480, 588.036865, 587.075073, 320.0, 240.0)

CUBE_MM: Final = 280.0
"""TriHorn-Net's."""

SECOND_SUBJECT: Final = 2440
"""First test frame of the second subject, whose smaller hand is customarily cropped from 5/6 of the cube."""

_ALL_JOINTS: Final = 36
_FARTHEST_MM: Final = 100.0


def read_nyu(root: Path, part: Literal["training", "test"]) -> dict[str, list[DepthRecord]]:
    """Read the annotations of one part; the other part's folder is not touched.

    Args:
        root: the folder that holds ``train`` and ``test``, and the files of the centres.
        part: which of them.

    Returns:
        The frames as one sequence, with centres; joints as in ``JOINTS``.

    Raises:
        DataError: an annotation or the centres are missing or damaged, or an image is missing.
    """
    name = "train" if part == "training" else "test"
    path = root / name / "joint_data.mat"
    uvz = read_array(path, "joint_uvd")
    if uvz.ndim != 4 or uvz.shape[2:] != (_ALL_JOINTS, 3):
        raise DataError(f"{path}: joint_uvd is {uvz.shape}, expected cameras x frames x {_ALL_JOINTS} x 3.")
    uvz = uvz[0][:, list(EVALUATED)]
    if not np.isfinite(uvz).all():
        raise DataError(f"{path}: a number is not finite. Fetch the data set again.")
    for number, points in enumerate(uvz, start=1):
        require_depth(points, f"{path}, frame {number}")
    images = [root / name / f"depth_1_{number:07d}.png" for number in range(1, len(uvz) + 1)]
    require_files(images, path)
    joints = unproject(uvz, CAMERA)
    centres = _read_centres(root / f"center_{name}_refined.txt", joints.mean(axis=1))
    records = []
    for seq, image in enumerate(images):
        small = part == "test" and seq >= SECOND_SUBJECT
        record = DepthRecord(
            f"nyu/{name}/{seq + 1:07d}",
            partial(_load, image, seq),
            joints[seq],
            centre_mm=centres[seq],
            cube_mm=CUBE_MM * 5 / 6 if small else CUBE_MM,
        )
        records.append(record)
    return {name: records}


def _read_centres(path: Path, middles_mm: FloatArray) -> FloatArray:
    """Give (N, 3) float32, camera space, mm; the means of the joints tell pixels from what other authors store."""
    lines = read_lines(path, "a centre 'u v z' a frame; it is in data/NYU of mrezaei92/TriHorn-Net on GitHub")
    if len(lines) != len(middles_mm):
        raise DataError(f"{path}: {len(lines)} centres, expected {len(middles_mm)}, one a frame. Fetch the file again.")
    points = []
    for number, line in lines:
        points.append(triples(line.split(), 1, f"{path}, line {number}"))
        require_depth(points[-1], f"{path}, line {number}")
    centres = unproject(np.concatenate(points), CAMERA)
    gap = float(np.median(np.linalg.norm(centres - middles_mm, axis=1)))
    if gap > _FARTHEST_MM:
        raise DataError(
            f"{path}: half of the centres are {gap:.0f} mm or more from the hand, expected pixels and mm of the same "
            "frames. Take TriHorn-Net's file; V2V-PoseNet's are in another unit."
        )
    return centres


def _load(path: Path, seq: int) -> Frame:
    return Frame(seq, read_packed_png(path), 1.0, CAMERA, seq / RATE_HZ, serial="nyu")
