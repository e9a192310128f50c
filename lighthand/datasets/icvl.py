"""ICVL: 22,067 training frames, rotated copies not counted, and 1,596 test frames with 16 joints.

Source: D. Tang, H. J. Chang, A. Tejani, T.-K. Kim, *Latent Regression Forest*, CVPR 2014. Creative Senz3D,
320x240, 16-bit grey PNGs in millimetres. Licence: academic use.

``Training/labels.txt`` and ``Testing/test_seq_1.txt``, ``test_seq_2.txt`` have a line a frame: an image in the
``Depth`` folder beside them and 16 x ``u v z`` (pixels, mm). Of the training set the recorded folders are read, whose
names are dates (``201403121135``), as by DeepPrior++ and TriHorn-Net; the others (``0``, ``22-5``, ``-45``, ...) hold
the same frames rotated in the image, which training does itself.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Final, Literal

from lighthand.datasets.files import RATE_HZ, read_lines, require_depth, require_files, triples
from lighthand.datasets.record import DepthRecord, read_senz3d_png
from lighthand.errors import DataError
from lighthand.geometry import unproject
from lighthand.types import Frame, Intrinsics

JOINTS: Final = (
    "palm",
    "thumb_root", "thumb_mid", "thumb_tip",
    "index_root", "index_mid", "index_tip",
    "middle_root", "middle_mid", "middle_tip",
    "ring_root", "ring_mid", "ring_tip",
    "little_root", "little_mid", "little_tip",
)  # fmt: skip
"""The data set's own, in its order. The palm is about the mean of our wrist and the MCP joints of the fingers."""

CAMERA: Final = Intrinsics(320, 240, 241.42, 241.42, 160.0, 120.0)
"""As DeepPrior++ has it; the data set does not say."""

CUBE_MM: Final = 280.0
"""TriHorn-Net's."""

_RECORDED_DIGITS: Final = 7
"""Least length of the name of a recorded folder; names of rotations are shorter."""

_FORMAT: Final = "ICVL's lines of an image and 16 x 'u v z'"


def read_icvl(root: Path, part: Literal["training", "test"]) -> dict[str, list[DepthRecord]]:
    """Read the annotations of one part; the other part's folder is not touched.

    Args:
        root: the folder that holds ``Training`` and ``Testing``.
        part: which of them.

    Returns:
        The frames by sequence, in the order of the file; joints as in ``JOINTS``.

    Raises:
        DataError: an annotation is missing or damaged, or an image is missing.
    """
    folder = root / ("Training" if part == "training" else "Testing")
    files = ["labels.txt"] if part == "training" else ["test_seq_1.txt", "test_seq_2.txt"]
    sequences: dict[str, list[DepthRecord]] = {}
    for path in (folder / file for file in files):
        images = []
        for number, line in read_lines(path, _FORMAT):
            image, *words = line.split()
            sequence = image.partition("/")[0]
            if part == "training" and not (sequence.isdigit() and len(sequence) >= _RECORDED_DIGITS):
                continue
            where = f"{path}, line {number}"
            uvz = triples(words, len(JOINTS), where)
            require_depth(uvz, where)
            images.append(folder / "Depth" / image)
            load = partial(read_frame, images[-1], len(images) - 1)
            name = f"icvl/{image.removesuffix('.png')}"
            record = DepthRecord(name, load, unproject(uvz, CAMERA), cube_mm=CUBE_MM)
            sequences.setdefault(sequence, []).append(record)
        require_files(images, path)
    return sequences


def read_frame(path: Path, seq: int) -> Frame:
    """Read an image.

    Args:
        path: the file.
        seq: its number.

    Raises:
        DataError: it is missing, damaged or of another size.
    """
    depth = read_senz3d_png(path)
    height, width = depth.shape
    if (width, height) != (CAMERA.width, CAMERA.height):
        raise DataError(f"{path}: {width}x{height}, expected {CAMERA.width}x{CAMERA.height}. Give ICVL's own images.")
    return Frame(seq, depth, 1.0, CAMERA, seq / RATE_HZ, serial="icvl")
