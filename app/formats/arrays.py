"""Recordings that numpy wrote: an ``.npz`` that describes itself, an ``.npy`` with a YAML beside it."""

from __future__ import annotations

import math
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np
import numpy.typing as npt

from app.formats.recording import Clock, Describe, Description, ImageRow, RecordedFrame, check_lens
from lighthand.errors import SourceError
from lighthand.types import DepthArray, Intrinsics

_STAMPS: Final = {"seq": "iu", "sensor_s": "f", "sensor_clock": "U"}
"""Of each frame, as ``lighthand.types.Frame`` has them; NaN for no time."""


class _StampedRow(ImageRow):
    """Images with numbers or times of their own."""

    def __init__(
        self,
        about: Description,
        count: int,
        load: Callable[[int], DepthArray],
        stamps: Mapping[str, npt.NDArray[Any]],
    ) -> None:
        """Note what there is; ``stamps`` are any of _STAMPS."""
        super().__init__(about, count, load)
        self._stamps = stamps
        times_s = stamps.get("sensor_s", np.zeros(0))
        rising = len(times_s) > 1 and np.isfinite(times_s).all() and (np.diff(times_s) > 0).all()
        self._moments_s = times_s - times_s[0] if rising else None

    def frame(self, index: int) -> RecordedFrame:
        """See ``Recording.frame``."""
        values = {name: array[index].item() for name, array in self._stamps.items()}
        if not math.isfinite(values.get("sensor_s", 0.0)):
            values["sensor_s"] = None
        return replace(super().frame(index), **values)

    def moment_s(self, index: int) -> float:
        """See ``Recording.moment_s``."""
        return super().moment_s(index) if self._moments_s is None else float(self._moments_s[index])


def open_npz(path: Path) -> ImageRow:
    """Read an ``.npz`` whole.

    Args:
        path: holds ``depth``, ``intrinsics``, ``depth_unit_mm`` and perhaps ``fps``, ``distortion``,
            ``seq``, ``sensor_s`` and ``sensor_clock``.

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
            stamps = {name: archive[name] for name in _STAMPS if name in archive}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise SourceError(f"{path}: cannot be read as an .npz ({error}). Copy or write it again.") from error
    if depth.dtype != np.uint16 or depth.ndim != 3 or not depth.size:
        raise SourceError(f"{path}: depth is {depth.dtype} {depth.shape}, expected uint16 (N, H, W), N at least 1.")
    for name, array, size in (("intrinsics", lens, 4), ("depth_unit_mm", unit, 1), ("fps", fps, 1)):
        if array.size != size or array.dtype.kind not in "iuf":
            raise SourceError(f"{path}: {name} is {array.dtype} {array.shape}, expected {size} number(s).")
    if distortion.dtype.kind not in "iuf":
        raise SourceError(f"{path}: distortion is {distortion.dtype}, expected none, 4, 5 or 8 numbers.")
    for name, array in stamps.items():
        if array.dtype.kind not in _STAMPS[name] or array.shape != depth.shape[:1]:
            raise SourceError(f"{path}: {name} is {array.dtype} {array.shape}, expected one a frame: leave it out.")
    if unknown := sorted(set(stamps.get("sensor_clock", np.zeros(0, str)).tolist()) - set(get_args(Clock))):
        raise SourceError(f"{path}: sensor_clock is {unknown[0]!r}, expected {', '.join(get_args(Clock))}.")
    try:
        fx, fy, cx, cy = (float(value) for value in lens.reshape(4))
        warp = tuple(float(value) for value in distortion.ravel())
        camera = Intrinsics(depth.shape[2], depth.shape[1], fx, fy, cx, cy, warp)
        check_lens(camera)
        about = Description("recording", path.resolve().name, float(unit.item()), camera, float(fps.item()))
    except SourceError as error:
        raise SourceError(f"{path}: {error}") from error
    return _StampedRow(about, len(depth), lambda index: depth[index].copy(), stamps)


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
