"""One depth image of a data set, and what is known about its hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from lighthand.errors import DataError
from lighthand.types import DepthArray, FloatArray, Frame, Side


@dataclass(frozen=True, slots=True)
class DepthRecord:
    """One image, read when it is asked for.

    Attributes:
        name: data set, sequence and image, for messages.
        load: reads the image.
        joints_mm: (21, 3) float32, camera space, in the order of ``lighthand.skeleton``; None where unknown.
        side: the hand's side; None where unknown.
    """

    name: str
    load: Callable[[], Frame]
    joints_mm: FloatArray | None = None
    side: Side | None = None

    def __post_init__(self) -> None:
        """Make the array read-only."""
        if self.joints_mm is not None:
            self.joints_mm.setflags(write=False)


def read_depth_png(path: Path) -> DepthArray:
    """Read a 16-bit grey PNG.

    Args:
        path: the file.

    Returns:
        (H, W) uint16, the counts as stored.

    Raises:
        DataError: the file is missing, cut short, or holds something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error}). Fetch the data set again.") from error
    if b"IEND" not in content[-12:]:  # cv2 would fill the rest with zeros
        raise DataError(f"{path}: the PNG is cut short ({len(content)} bytes). Fetch the data set again.")
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None or image.dtype != np.uint16 or image.ndim != 2:
        found = "damaged" if image is None else f"{image.dtype} {image.shape}"
        raise DataError(f"{path}: the PNG is {found}, expected a 16-bit grey depth image.")
    return np.asarray(image, np.uint16)
