"""HANDS17: the 2017 Hands in the Million Challenge, frame by frame; 957,032 training frames with 21 joints.

Source: S. Yuan, Q. Ye, G. Garcia-Hernando, T.-K. Kim, arXiv 1707.02237; from BigHand2.2M and First-Person Hand Action.
Intel SR300, 640x480, 16-bit grey PNGs in millimetres, right hands. Licence: academic use, on request.

``training/Training_Annotation.txt`` has a line a frame: an image in ``training/images`` and 21 x ``x y z`` in mm,
camera space, tabs between. The frames stand in random order. ``frame/BoundingBox.txt`` names the images of the test in
``frame/images``, each with the box of the hand in pixels; their joints were never published.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final, Literal

import numpy as np

from lighthand.datasets.files import RATE_HZ, read_lines, require_depth, require_files, triples
from lighthand.datasets.record import DepthRecord, read_depth_png
from lighthand.errors import DataError
from lighthand.skeleton import HANDS17_ORDER, JOINTS, inverse_order
from lighthand.types import FloatArray, Frame, Intrinsics

CAMERA: Final = Intrinsics(640, 480, 475.065948, 475.065857, 315.944855, 245.287079)

CUBE_MM: Final = 300.0
"""That of the organisers' own cropping."""


def read_hands17(root: Path, part: Literal["training", "test"]) -> dict[str, list[DepthRecord]]:
    """Read the annotations of one part; the other part's folder is not touched.

    Args:
        root: the folder that holds ``training`` and ``frame``.
        part: which of them.

    Returns:
        The frames as one sequence; joints in our order, None in the test.

    Raises:
        DataError: an annotation is missing or damaged, or an image is missing.
    """
    if part == "training":
        path, content = root / "training" / "Training_Annotation.txt", "HANDS17's lines of an image and 63 numbers"
    else:
        path, content = root / "frame" / "BoundingBox.txt", "HANDS17's lines of an image and 4 numbers"
    records, images = [], []
    for seq, (number, line) in enumerate(read_lines(path, content)):
        image, *words = line.split()
        where = f"{path}, line {number}"
        joints = _joints(words, where) if part == "training" else None
        if joints is None and len(words) != 4:
            raise DataError(f"{where}: {len(words)} numbers, expected 4. Fetch the data set again.")
        images.append(path.parent / "images" / image)
        name = f"hands17/{part}/{image.removesuffix('.png')}"
        records.append(DepthRecord(name, partial(_load, images[-1], seq), joints, "right", cube_mm=CUBE_MM))
    require_files(images, path)
    return {part: records}


def _joints(words: list[str], where: str) -> FloatArray:
    points = triples(words, JOINTS, where)
    require_depth(points, where)
    return np.ascontiguousarray(points[list(inverse_order(HANDS17_ORDER))], np.float32)


def _load(path: Path, seq: int) -> Frame:
    return Frame(seq, read_depth_png(path), 1.0, CAMERA, seq / RATE_HZ, serial="hands17")
