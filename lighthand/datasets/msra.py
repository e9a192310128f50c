"""MSRA15: nine subjects, 17 gestures each, some 500 frames a gesture, 21 joints.

Source: X. Sun, Y. Wei, S. Liang, X. Tang, J. Sun, *Cascaded Hand Pose Regression*, CVPR 2015. Creative Interactive
Gesture Camera, 320x240, right hands. Licence: see the archive; research use.

``P0`` to ``P8`` hold a folder a gesture with ``joint.txt``, the count of frames, then 21 x ``x y z`` a line in mm with
y up and z backward; and ``000000_depth.bin`` and so on: six int32 (width, height, left, top, right, bottom), then the
depth of [left, right) x [top, bottom) as float32 in mm, row by row; what is not the hand is 0.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final, Literal

import numpy as np

from lighthand.datasets.files import RATE_HZ, read_counted_lines, require_depth, require_files, triples
from lighthand.datasets.record import DepthRecord
from lighthand.errors import DataError
from lighthand.skeleton import JOINTS, MSRA_ORDER, inverse_order
from lighthand.types import DepthArray, Frame, Intrinsics

CAMERA: Final = Intrinsics(320, 240, 241.42, 241.42, 160.0, 120.0)

CUBES_MM: Final = {
    **dict.fromkeys(("P0", "P1", "P2"), 200.0),
    **dict.fromkeys(("P3", "P4", "P5"), 180.0),
    "P6": 170.0,
    "P7": 160.0,
    "P8": 150.0,
}
"""By subject, as DeepPrior++ and TriHorn-Net have them."""

UNIT_MM: Final = 0.1
"""What a count of a frame stands for; the files hold float32."""

_HEADER: Final = np.dtype("<i4")
_DEPTH: Final = np.dtype("<f4")


def read_msra(root: Path, part: Literal["training", "test"], subject: str) -> dict[str, list[DepthRecord]]:
    """Read the annotations of one part; the folders of the other part's subjects are not touched.

    Args:
        root: the folder that holds ``P0`` to ``P8``.
        part: all subjects but one, or that one.
        subject: who is left for the test, a name out of ``CUBES_MM``.

    Returns:
        The frames by subject and gesture; joints in our order.

    Raises:
        DataError: the subject is unknown, one is missing, an annotation is missing or damaged, or an image is missing.
    """
    if subject not in CUBES_MM:
        raise DataError(f"MSRA has no subject {subject!r}, expected one of {', '.join(CUBES_MM)}.")
    sequences = {}
    for name in [subject] if part == "test" else [name for name in CUBES_MM if name != subject]:
        gestures = sorted(path.parent for path in (root / name).glob("*/joint.txt"))
        if not gestures:
            raise DataError(f"{root / name}: no gesture with a joint.txt. Give the folder of P0 to P8 as --root.")
        for gesture in gestures:
            sequences[f"{name}/{gesture.name}"] = _read_gesture(gesture, name)
    return sequences


def _read_gesture(folder: Path, subject: str) -> list[DepthRecord]:
    path = folder / "joint.txt"
    lines = read_counted_lines(path, "MSRA's count of frames, then 21 x 'x y z' a line")
    images = [folder / f"{seq:06d}_depth.bin" for seq in range(len(lines))]
    require_files(images, path)
    records = []
    for seq, ((number, line), image) in enumerate(zip(lines, images, strict=True)):
        where = f"{path}, line {number}"
        points = triples(line.split(), JOINTS, where) * (1.0, -1.0, -1.0)
        require_depth(points, where)
        joints = np.ascontiguousarray(points[list(inverse_order(MSRA_ORDER))], np.float32)
        name = f"msra/{subject}/{folder.name}/{seq:06d}"
        load = partial(_load, image, seq, subject)
        records.append(DepthRecord(name, load, joints, "right", cube_mm=CUBES_MM[subject]))
    return records


def _load(path: Path, seq: int, subject: str) -> Frame:
    return Frame(seq, read_depth_bin(path), UNIT_MM, CAMERA, seq / RATE_HZ, serial=f"msra/{subject}")


def read_depth_bin(path: Path) -> DepthArray:
    """Read the whole image in counts of ``UNIT_MM``; what does not fit them is no measurement.

    Args:
        path: the ``_depth.bin``.

    Returns:
        (240, 320) uint16.

    Raises:
        DataError: the file is missing, cut short, or holds something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error}). Fetch the data set again.") from error
    head = 6 * _HEADER.itemsize
    if len(content) < head:
        raise DataError(f"{path}: {len(content)} bytes, expected a header of {head}. Fetch the data set again.")
    width, height, left, top, right, bottom = np.frombuffer(content, _HEADER, 6).tolist()
    inside = 0 <= left <= right <= width and 0 <= top <= bottom <= height
    if (width, height) != (CAMERA.width, CAMERA.height) or not inside:
        raise DataError(
            f"{path}: rows {top} to {bottom} and columns {left} to {right} of {width}x{height}, expected a part of "
            f"{CAMERA.width}x{CAMERA.height}. Fetch the data set again."
        )
    size = (right - left) * (bottom - top) * _DEPTH.itemsize
    if len(content) - head != size:
        raise DataError(f"{path}: {len(content) - head} bytes of depth, expected {size}. Fetch the data set again.")
    counts = np.rint(np.frombuffer(content, _DEPTH, offset=head) / np.float32(UNIT_MM))
    counts = np.where((counts > 0) & (counts < 2**16), counts, 0)  # NaN compares false
    depth = np.zeros((height, width), np.uint16)
    depth[top:bottom, left:right] = counts.reshape(bottom - top, right - left)
    return depth
