"""One depth image of a data set, and what is known about its hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from lighthand.crop import CUBE_MM
from lighthand.errors import DataError
from lighthand.types import DepthArray, FloatArray, Frame, Side


@dataclass(frozen=True, slots=True)
class DepthRecord:
    """One image, read when it is asked for.

    Attributes:
        name: data set, sequence and image, for messages.
        load: reads the image.
        joints_mm: (J, 3) float32, camera space; None where unknown. 21 in the order of ``lighthand.skeleton``, or
            for ICVL and NYU, whose joints are others, those of the data set: ``icvl.JOINTS`` and ``nyu.JOINTS``.
        side: the hand's side; None where unknown.
        centre_mm: (3,) float32, camera space: a centre of the hand that came with the data set; None where none did.
        cube_mm: edge of the cube that is customary for this hand.
    """

    name: str
    load: Callable[[], Frame]
    joints_mm: FloatArray | None = None
    side: Side | None = None
    centre_mm: FloatArray | None = None
    cube_mm: float = CUBE_MM

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.joints_mm, self.centre_mm):
            if array is not None:
                array.setflags(write=False)


def read_depth_png(path: Path) -> DepthArray:
    """Read a 16-bit grey PNG.

    Args:
        path: the file.

    Returns:
        (H, W) uint16, the counts as stored.

    Raises:
        DataError: the file is missing, cut short, or holds something else.
    """
    image = _decode(path)
    if image.dtype != np.uint16 or image.ndim != 2:
        raise DataError(f"{path}: the PNG is {image.dtype} {image.shape}, expected a 16-bit grey depth image.")
    return np.asarray(image, np.uint16)


def read_senz3d_png(path: Path) -> DepthArray:
    """Read a 16-bit grey PNG of the Creative Senz3D, as ICVL and CVAR have them.

    Args:
        path: the file.

    Returns:
        (H, W) uint16, the counts; 0 for those from 32001 on, which are no measurement either.

    Raises:
        DataError: as ``read_depth_png``.
    """
    depth = read_depth_png(path)
    return np.where(depth < 32001, depth, 0).astype(np.uint16)


def read_packed_png(path: Path) -> DepthArray:
    """Read an 8-bit RGB PNG that holds depth as NYU packs it: the high byte in green, the low one in blue.

    Args:
        path: the file.

    Returns:
        (H, W) uint16, the counts.

    Raises:
        DataError: the file is missing, cut short, or holds something else.
    """
    image = _decode(path)
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise DataError(f"{path}: the PNG is {image.dtype} {image.shape}, expected 8-bit RGB (depth in green, blue).")
    blue, green = image[..., 0].astype(np.uint16), image[..., 1].astype(np.uint16)  # OpenCV gives BGR
    return np.asarray(green << 8 | blue, np.uint16)


def _decode(path: Path) -> npt.NDArray[np.generic]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error}). Fetch the data set again.") from error
    if b"IEND" not in content[-12:]:  # cv2 would fill the rest with zeros
        raise DataError(f"{path}: the PNG is cut short ({len(content)} bytes). Fetch the data set again.")
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise DataError(f"{path}: the PNG is damaged. Fetch the data set again.")
    return np.asarray(image)
