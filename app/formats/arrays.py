"""Recordings that numpy wrote: an ``.npz`` that describes itself, an ``.npy`` with a YAML beside it."""

from __future__ import annotations

import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from app.formats.recording import Describe, Description, ImageRow
from lighthand.errors import SourceError
from lighthand.types import DepthArray, Intrinsics


def open_npz(path: Path) -> ImageRow:
    """Read an ``.npz`` whole.

    Args:
        path: holds ``depth``, ``intrinsics``, ``depth_unit_mm`` and perhaps ``fps`` and ``distortion``.

    Raises:
        SourceError: it cannot be read, or an array is missing or of the wrong form.
    """
    try:
        with path.open("rb") as file, zipfile.ZipFile(file), np.load(file, allow_pickle=False) as archive:
            missing = [key for key in ("depth", "intrinsics", "depth_unit_mm") if key not in archive]
            if missing:
                raise SourceError(
                    f"{path}: holds {', '.join(archive.files) or 'nothing'}, but no {', '.join(missing)}. "
                    "See recordings/README.md for the arrays."
                )
            depth, lens, unit = archive["depth"], archive["intrinsics"], archive["depth_unit_mm"]
            fps = archive["fps"] if "fps" in archive else np.float64(30)
            distortion = archive["distortion"] if "distortion" in archive else np.zeros(0)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise SourceError(f"{path}: cannot be read as an .npz ({error}). Copy or write it again.") from error
    if depth.dtype != np.uint16 or depth.ndim != 3 or not depth.size:
        raise SourceError(f"{path}: depth is {depth.dtype} {depth.shape}, expected uint16 (N, H, W), N at least 1.")
    for name, array, size in (("intrinsics", lens, 4), ("depth_unit_mm", unit, 1), ("fps", fps, 1)):
        if array.size != size or array.dtype.kind not in "iuf":
            raise SourceError(f"{path}: {name} is {array.dtype} {array.shape}, expected {size} number(s).")
    if distortion.dtype.kind not in "iuf":
        raise SourceError(f"{path}: distortion is {distortion.dtype}, expected none, 4, 5 or 8 numbers.")
    try:
        fx, fy, cx, cy = (float(value) for value in lens.reshape(4))
        warp = tuple(float(value) for value in distortion.ravel())
        camera = Intrinsics(depth.shape[2], depth.shape[1], fx, fy, cx, cy, warp)
        about = Description("recording", path.resolve().name, float(unit.item()), camera, float(fps.item()))
    except SourceError as error:
        raise SourceError(f"{path}: {error}") from error
    return ImageRow(about, len(depth), lambda index: depth[index].copy())


def open_npy(path: Path, describe: Describe) -> ImageRow:
    """Map an ``.npy`` of one image or more.

    Args:
        path: holds uint16 (N, H, W) or (H, W).
        describe: finds what the numbers mean: ``<name>.yaml`` beside ``<name>.npy``.

    Raises:
        SourceError: it cannot be read, is of the wrong form, or nothing describes it.
        ConfigError: the description cannot be read.
    """
    try:
        images: npt.NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise SourceError(f"{path}: cannot be read as an .npy ({error}). Copy or write it again.") from error
    if not isinstance(images, np.ndarray) or images.dtype != np.uint16 or images.ndim not in (2, 3) or not images.size:
        form = f"{images.dtype} {images.shape}" if isinstance(images, np.ndarray) else "no array"
        raise SourceError(f"{path}: {form}, expected uint16 (N, H, W) or (H, W).")
    depth = images.reshape(-1, *images.shape[-2:])
    about = describe(path.with_suffix(""), depth.shape[2], depth.shape[1])
    if (about.intrinsics.width, about.intrinsics.height) != depth.shape[:0:-1]:
        size = f"{about.intrinsics.width}x{about.intrinsics.height}"
        raise SourceError(
            f"{path}: {depth.shape[2]}x{depth.shape[1]}, but its camera's description says {size}. Correct the YAML."
        )

    def load(index: int) -> DepthArray:
        return np.array(depth[index])

    return ImageRow(about, len(depth), load)
