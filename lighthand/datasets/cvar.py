"""CVAR: egocentric hand sequences with 21 joints on every frame.

Source: M. Oberweger, G. Riegler, P. Wohlhart, V. Lepetit, *Efficiently Creating 3D Training Data for Fine Hand
Pose Estimation*, CVPR 2016. Creative Senz3D, right hands, millimetres. Licence: non-commercial research; used
here to measure, never to train.

A sequence is a folder with ``joint.txt``: the count of frames, then for each a path and 21 x ``u v z``.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from lighthand.datasets.record import DepthRecord, read_depth_png
from lighthand.errors import DataError
from lighthand.geometry import unproject
from lighthand.skeleton import JOINTS, MSRA_ORDER, inverse_order
from lighthand.types import FloatArray, Frame, Intrinsics

SCALE: Final = {"P1": 0.7, "P3": 0.7, "P4": 1.0, "P5": 1.0, "P6": 1.0, "P7": 1.0}
"""Millimetres a count. Bones and measured finger widths of P1 and P3 are 1/0.7 of the others' (inferred)."""

FX, FY, CX, CY = 224.502, 230.494, 160.0, 120.0
INVALID: Final = 32001
"""Counts from here on are no measurement, as is 0."""

RATE_HZ: Final = 30.0
"""The sequences hold no times; frames are stamped at the camera's nominal rate."""


def read_cvar(root: Path, sequence: str) -> list[DepthRecord]:
    """Read the annotations of one sequence.

    Args:
        root: the folder that holds the sequences, or the one above with them in ``cvar``.
        sequence: one of ``SCALE``.

    Returns:
        The frames in order.

    Raises:
        DataError: the sequence is unknown, or its annotation is missing or damaged.
    """
    if sequence not in SCALE:
        raise DataError(f"CVAR has no sequence {sequence!r}, expected one of {', '.join(SCALE)}.")
    folders = (root / sequence, root / "cvar" / sequence)
    folder = next((folder for folder in folders if folder.is_dir()), None)
    if folder is None:
        raise DataError(f"{folders[0]}: no such folder. Give the folder of CVAR's P1, P3, P4 and P5 as --root.")
    path = folder / "joint.txt"
    try:
        lines = path.read_text(encoding="ascii").splitlines()
        count = int(lines[0])
    except (OSError, ValueError, IndexError) as error:
        raise DataError(f"{path}: cannot be read ({error}), expected CVAR's annotation with a count first.") from error
    rows = [line.split() for line in lines[1:] if line.strip()]
    if len(rows) != count:
        raise DataError(f"{path}: {len(rows)} frames, expected {count} as its first line says. Fetch it again.")
    return [_record(path, number, row, sequence) for number, row in enumerate(rows, start=2)]


def _record(path: Path, line: int, row: list[str], sequence: str) -> DepthRecord:
    image = path.parent / Path(row[0]).name
    try:
        seq = int(image.stem.partition("_")[0])
        uvz = np.array(row[1:], np.float64).reshape(JOINTS, 3)
    except ValueError as error:
        raise DataError(f"{path}, line {line}: expected a path and {JOINTS} x 'u v z' ({error}).") from error
    if not (np.isfinite(uvz).all() and (uvz[:, 2] > 0).all()):
        raise DataError(f"{path}, line {line}: a joint without a positive depth.")
    uvz[:, 2] *= SCALE[sequence]
    joints = unproject(uvz, _intrinsics(320, 240))[list(inverse_order(MSRA_ORDER))]
    name = f"cvar/{sequence}/{seq:06d}"
    return DepthRecord(name, partial(_load, image, seq, sequence), _owned(joints), "right")


def _owned(joints: FloatArray) -> FloatArray:
    return np.ascontiguousarray(joints, np.float32)


def _intrinsics(width: int, height: int) -> Intrinsics:
    """Give the camera of every sequence; P1 and P3 are 321 columns wide, with the same principal point."""
    return Intrinsics(width, height, FX, FY, CX, CY)


def _load(path: Path, seq: int, sequence: str) -> Frame:
    depth = read_depth_png(path)
    depth[depth >= INVALID] = 0
    height, width = depth.shape
    return Frame(
        seq=seq,
        depth=depth,
        depth_unit_mm=SCALE[sequence],
        intrinsics=_intrinsics(width, height),
        arrival_s=seq / RATE_HZ,
        serial=f"cvar/{sequence}",
    )
