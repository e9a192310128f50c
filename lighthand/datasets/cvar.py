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

from lighthand.datasets.files import RATE_HZ, read_counted_lines, require_depth, triples
from lighthand.datasets.record import DepthRecord, read_senz3d_png
from lighthand.errors import DataError
from lighthand.geometry import unproject
from lighthand.skeleton import JOINTS, MSRA_ORDER, inverse_order
from lighthand.types import Frame, Intrinsics

SCALE: Final = {"P1": 0.7, "P3": 0.7, "P4": 1.0, "P5": 1.0, "P6": 1.0, "P7": 1.0}
"""Millimetres a count. Bones and measured finger widths of P1 and P3 are 1/0.7 of the others' (inferred)."""

BONES_MM: Final = tuple(3.5 * n for n in (8.5, 8, 8, 6, 18, 9, 7, 4, 17, 12, 8, 5, 16, 11, 7, 5, 16, 9, 5, 4))
"""Lengths of the annotation's bones, in the order of ``skeleton.BONES``: one hand for all sequences.

Inferred from P1, and the same in every frame of P1, P3, P4 and P5 but for 65, 101 and 103 of P1, where a bone is off
by 3 to 6 mm. The first, from the wrist to the root of the thumb, is no bone of the annotation's model: it is 28 to 30
mm by median in each sequence, and 14 to 47 mm in single frames."""

FX, FY, CX, CY = 224.502, 230.494, 160.0, 120.0


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
    folders = {name: above / name for above in (root / "cvar", root) for name in SCALE if (above / name).is_dir()}
    if not folders:
        raise DataError(f"{root / sequence}: no such folder. Give the folder that holds {', '.join(SCALE)}, or some.")
    if sequence not in folders:
        absent = next(iter(folders.values())).parent / sequence
        raise DataError(f"{absent}: no such folder. There are {', '.join(folders)}: choose of them, or fetch it.")
    path = folders[sequence] / "joint.txt"
    lines = read_counted_lines(path, "CVAR's count of frames, then a path and 21 x 'u v z' a line")
    return [_record(path, number, line, sequence) for number, line in lines]


def _record(path: Path, number: int, line: str, sequence: str) -> DepthRecord:
    where = f"{path}, line {number}"
    name, *words = line.split()
    image = path.parent / Path(name).name
    digits = image.stem.partition("_")[0]
    if not digits.isdecimal():
        raise DataError(f"{where}: image {name}, expected a name that begins with its number. Fetch it again.")
    uvz = triples(words, JOINTS, where) * (1.0, 1.0, SCALE[sequence])
    require_depth(uvz, where)
    joints = np.ascontiguousarray(unproject(uvz, _intrinsics(320, 240))[list(inverse_order(MSRA_ORDER))])
    load = partial(_load, image, int(digits), sequence)
    return DepthRecord(f"cvar/{sequence}/{int(digits):06d}", load, joints, "right")


def _intrinsics(width: int, height: int) -> Intrinsics:
    """Give the camera of every sequence; P1 and P3 are 321 columns wide, with the same principal point."""
    return Intrinsics(width, height, FX, FY, CX, CY)


def _load(path: Path, seq: int, sequence: str) -> Frame:
    depth = read_senz3d_png(path)
    height, width = depth.shape
    return Frame(
        seq=seq,
        depth=depth,
        depth_unit_mm=SCALE[sequence],
        intrinsics=_intrinsics(width, height),
        arrival_s=seq / RATE_HZ,
        serial=f"cvar/{sequence}",
    )
