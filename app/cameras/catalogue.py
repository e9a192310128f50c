"""Which file is played by which camera."""

from __future__ import annotations

from pathlib import Path

from app.cameras.base import Camera, Pace
from app.cameras.replay import ReplayCamera
from lighthand.errors import SourceError


def open_recording(source: Path, intrinsics: Path | None = None, *, pace: Pace, loop: bool) -> Camera:
    """Choose the camera that plays a recording; it is not opened yet.

    Args:
        source: file or folder.
        intrinsics: camera description of a recording that carries none.
        pace: see ``base.Metronome``.
        loop: begin again after the last frame.

    Raises:
        SourceError: the recording carries its own intrinsics, and others are given.
    """
    suffix = "" if source.is_dir() else source.suffix.lower()
    if suffix == ".oni":
        from app.cameras.openni import OpenNICamera

        return OpenNICamera(source=source, intrinsics=intrinsics, pace=pace, loop=loop)
    if suffix not in (".db3", ".bag", ".mkv"):
        return ReplayCamera(source, intrinsics, pace=pace, loop=loop)
    if intrinsics is not None:
        raise SourceError(f"{source}: an {suffix} holds its own intrinsics. Leave --intrinsics out.")
    if suffix == ".mkv":
        from app.cameras.azure import AzureCamera

        return AzureCamera(source=source, pace=pace, loop=loop)
    from app.cameras.realsense import RealSenseCamera

    return RealSenseCamera(source=source, pace=pace, loop=loop)
