"""One moment on disk: what the window shows as a PNG, and its frame and hands as arrays."""

from __future__ import annotations

import io
import time
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PyQt6 import QtCore, QtGui

from lighthand.errors import SourceError
from lighthand.skeleton import JOINTS
from lighthand.types import Frame, Result, TrackedHand


def save_snapshot(folder: Path, picture: QtGui.QImage, result: Result) -> tuple[Path, Path]:
    """Save both files or neither; those of the same frame and second are replaced.

    Args:
        folder: where to; it is made where it is not there.
        picture: what is seen.
        result: what it shows.

    Returns:
        The ``.png`` and the ``.npz``, which ``run_live.py --source`` plays; recordings/README.md has its arrays.

    Raises:
        SourceError: they cannot be written.
    """
    stem = f"hand-{time.strftime('%Y%m%d-%H%M%S')}-{result.frame.seq}"
    contents = {folder / f"{stem}.png": _png(picture), folder / f"{stem}.npz": _npz(result)}
    parts = {target: target.with_name(f".{target.name}.part") for target in contents}
    made: list[Path] = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for target, content in contents.items():
            parts[target].write_bytes(content)
        for target, part in parts.items():
            part.replace(target)
            made.append(target)
    except OSError as error:
        for path in (*made, *parts.values()):
            _remove(path)
        raise SourceError(
            f"{folder}: the snapshot cannot be written ({error.strerror}). Make room or allow writing there, or start "
            "LightHand in another folder."
        ) from error
    picture_path, data_path = contents
    return picture_path, data_path


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return  # the error that led here is the one to tell


def _png(picture: QtGui.QImage) -> bytes:
    buffer = QtCore.QBuffer()
    buffer.open(QtCore.QBuffer.OpenModeFlag.WriteOnly)
    if picture.isNull() or not picture.save(buffer, "PNG", 80):  # quickly, in place of as small as can be
        raise SourceError("the picture of the window is empty: there is nothing to save. Make the window larger.")
    return bytes(buffer.data().data())


def _npz(result: Result) -> bytes:
    """Pack the arrays, not compressed: that would take the window half a frame's time."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **_frame_arrays(result.frame), **_hand_arrays(result.hands),
             stamps=np.array(astuple(result.stamps)))  # fmt: skip
    return file.getvalue()


def _frame_arrays(frame: Frame) -> dict[str, npt.NDArray[Any]]:
    """Give what ``formats.arrays.open_npz`` reads, of one frame."""
    camera = frame.intrinsics
    return {
        "depth": frame.depth[None],
        "intrinsics": np.array((camera.fx, camera.fy, camera.cx, camera.cy)),
        "distortion": np.array(camera.distortion, np.float64),
        "depth_unit_mm": np.array(frame.depth_unit_mm),
        "seq": np.array([frame.seq]),
        "sensor_s": np.array([np.nan if frame.sensor_s is None else frame.sensor_s]),
        "sensor_clock": np.array([frame.sensor_clock]),
    }


def _hand_arrays(hands: tuple[TrackedHand, ...]) -> dict[str, npt.NDArray[Any]]:
    """Give what was seen, a row a hand; no row where there was none."""
    poses = [hand.pose for hand in hands]
    regions = [(*hand.region.centre_mm.tolist(), hand.region.cube_mm) for hand in hands]
    return {
        "joints_mm": np.array([hand.joints_mm for hand in hands], np.float32).reshape(-1, JOINTS, 3),
        "raw_joints_mm": np.array([pose.joints_mm for pose in poses], np.float32).reshape(-1, JOINTS, 3),
        "confidence": np.array([pose.confidence for pose in poses], np.float32).reshape(-1, JOINTS),
        "hidden": np.array([pose.hidden for pose in poses], bool).reshape(-1, JOINTS),
        "side": np.array([hand.side for hand in hands], "U5"),
        "side_probability": np.array([pose.side_probability for pose in poses], np.float32),
        "presence": np.array([pose.presence for pose in poses], np.float32),
        "track_id": np.array([hand.track_id for hand in hands], np.int64),
        "region": np.array(regions, np.float32).reshape(-1, 4),
    }
