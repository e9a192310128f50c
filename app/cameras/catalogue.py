"""Which file is played by which camera."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Final, cast

from app.cameras.base import Camera, Pace
from app.cameras.replay import ReplayCamera
from lighthand.errors import SourceError

_PLAYERS: Final = {
    ".db3": ("app.cameras.realsense", "RealSenseCamera"),
    ".bag": ("app.cameras.realsense", "RealSenseCamera"),
    ".oni": ("app.cameras.openni", "OpenNICamera"),
    ".mkv": ("app.cameras.azure", "AzureCamera"),
}
"""By suffix, where only the SDK of the camera plays such files: module and class, imported when one is played."""


def open_recording(source: Path, intrinsics: Path | None = None, *, pace: Pace, loop: bool) -> Camera:
    """Choose the camera that plays a recording; it is not opened yet.

    Args:
        source: file or folder.
        intrinsics: camera description of a recording that carries none.
        pace: see ``base.Metronome``.
        loop: begin again after the last frame.

    Raises:
        SourceError: an option does not apply to this recording.
    """
    player = _PLAYERS.get(source.suffix.lower()) if not source.is_dir() else None
    if player is None:
        return ReplayCamera(source, intrinsics, pace=pace, loop=loop)
    suffix = source.suffix.lower()
    if intrinsics is not None:
        raise SourceError(f"{source}: an {suffix} holds its own intrinsics. Leave --intrinsics out.")
    if loop:
        raise SourceError(
            f"{source}: an {suffix} cannot be looped. Leave --loop out, or convert it: "
            f"python -m app.recording convert {source} {source.with_suffix('.mcap')}."
        )
    make = getattr(import_module(player[0]), player[1])
    return cast(Camera, make(source=source) if suffix == ".mkv" else make(source=source, pace=pace))
