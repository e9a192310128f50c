"""The test sets of ICVL and NYU as text: true joints and the joints that others published, without images.

A file has a line a frame and on it ``u v d`` a joint, pixels and mm; labels and predictions are collected in
X. Chen's *awesome-hand-pose-estimation*, ``evaluation/``. The published error is the mean distance in camera space
over all joints of all frames. What turns pixels into mm:

- ICVL, 241.42 px: its camera, the Creative gesture camera, as documented with X. Sun et al., *Cascaded Hand Pose
  Regression*, CVPR 2015. TriHorn-Net's file then gives 5.728 mm (published 5.73) and HandPointNet's 6.926 (6.93).
  The evaluation of that collection takes 240.99 and 240.96 px: 5.736 and 6.935.
- NYU, 588.036865 and 587.075073 px: J. Tompson's conversion, with the data set. 7.676 mm (7.68) and 10.540 (10.54).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from lighthand.datasets import icvl, nyu
from lighthand.errors import DataError
from lighthand.geometry import unproject
from lighthand.types import FloatArray, Intrinsics


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One test set.

    Attributes:
        name: its folder, and the start of its label file's name.
        frames: N, of the test set.
        joints: names of the J joints in the order of the files.
        camera: that took it.
    """

    name: str
    frames: int
    joints: tuple[str, ...]
    camera: Intrinsics


BENCHMARKS: Final[Mapping[str, Benchmark]] = {
    "icvl": Benchmark("icvl", 1596, icvl.JOINTS, icvl.CAMERA),
    "nyu": Benchmark("nyu", 8252, nyu.JOINTS, nyu.CAMERA),
}


def truth_path(root: Path, benchmark: Benchmark) -> Path:
    """Give the file of a test set's labels, ``icvl/icvl_test_groundtruth_label.txt`` in ``root`` and NYU's likewise."""
    return root / benchmark.name / f"{benchmark.name}_test_groundtruth_label.txt"


def read_truth(root: Path, benchmark: Benchmark) -> FloatArray:
    """Read the labels of a test set.

    Args:
        root: the folder of ``truth_path``.
        benchmark: which.

    Returns:
        As ``read_joints``.

    Raises:
        DataError: there are no labels, or as ``read_joints``.
    """
    labels = truth_path(root, benchmark)
    if not labels.is_file():
        raise DataError(f"{labels}: no such file. Give as --root the folder that holds {labels.relative_to(root)}.")
    return read_joints(labels, benchmark)


def read_joints(path: Path, benchmark: Benchmark) -> FloatArray:
    """Read the labels or someone's predictions of a whole test set.

    Args:
        path: the file.
        benchmark: the test set that it is of.

    Returns:
        (N, J, 3) float32, camera space, mm.

    Raises:
        DataError: the file is missing, is of another test set, has another number of lines or columns, or a joint
            without finite numbers or a positive depth.
    """
    try:
        rows = [line.split() for line in path.read_text(encoding="ascii").rstrip().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: cannot be read ({error}). Expected a text file, 'u v d' a joint.") from error
    _check_size(path, rows, benchmark)
    try:
        uvd = np.array(rows, np.float64).reshape(benchmark.frames, len(benchmark.joints), 3)
    except ValueError as error:
        raise DataError(f"{path}: not all of it is numbers ({error}). Fetch it again.") from error
    for good, what in ((np.isfinite(uvd).all(axis=2), "u, v or d is not finite"), (uvd[..., 2] > 0, "depth <= 0")):
        if not good.all():
            frame, joint = (int(index) for index in np.argwhere(~good)[0])
            raise DataError(
                f"{path}, line {frame + 1}: {benchmark.joints[joint]}: {what}; {int((~good).sum())} of {good.size} "
                "joints are like that. Fetch the file again: the error needs every joint."
            )
    return unproject(uvd, benchmark.camera)


def _check_size(path: Path, rows: list[list[str]], benchmark: Benchmark) -> None:
    """Refuse a file that is not of that test set; say so where it looks like one of another."""
    columns = 3 * len(benchmark.joints)
    line, found = next(((n, len(row)) for n, row in enumerate(rows, start=1) if len(row) != columns), (0, columns))
    if line:
        expected = f"expected {columns}: 'u v d' for {benchmark.name}'s {len(benchmark.joints)} joints"
        other = next((other for other in BENCHMARKS.values() if found == 3 * len(other.joints)), None)
        advice = f"It looks like {other.name}'s: name that test set." if other else "Fetch the file again."
        raise DataError(f"{path}, line {line}: {found} columns, {expected}. {advice}")
    if len(rows) != benchmark.frames:
        raise DataError(
            f"{path}: {len(rows)} lines, expected {benchmark.frames}, one for each frame of {benchmark.name}'s test "
            "set. Fetch the whole file."
        )
