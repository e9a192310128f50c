"""Which source the settings mean: a device, a recording, the rendered hand; and what is plugged in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final

from app.cameras.base import Camera, Device, EndOfSourceError, MissingSdkError
from app.cameras.catalogue import open_recording
from app.cameras.modes import Wanted
from app.cameras.synthetic import SyntheticCamera
from app.config import CameraConfig
from lighthand.errors import SourceError

_LOG: Final = logging.getLogger(__name__)

DRIVERS: Final = ("realsense", "azure", "openni")
"""The kinds of devices, in the order in which "auto" asks for them; each has a file of its name in ``cameras``."""

ABOUT: Final = {
    "realsense": "Intel RealSense",
    "azure": "Azure Kinect",
    "openni": "OpenNI2: PrimeSense, Xtion, Structure; with their drivers Kinect v1 and v2, Orbbec",
}


def devices_of(kind: str) -> tuple[Device, ...]:
    """Ask one driver what is plugged in.

    Args:
        kind: one of ``DRIVERS``.

    Raises:
        MissingSdkError: what drives such cameras is not installed.
        SourceError: the driver does not answer.
    """
    ask: Callable[[], tuple[Device, ...]] = import_module(f"app.cameras.{kind}").devices
    return ask()


def open_camera(config: CameraConfig, note: Callable[[Camera], object] = lambda camera: None) -> Camera:
    """Open the source that the settings mean.

    With "auto" that is the first device that can be opened; without any, the rendered hand.

    Args:
        config: the settings.
        note: is given each camera before it is opened, so that another thread can close it meanwhile.

    Raises:
        SourceError: it cannot be opened.
        ConfigError: the description of a recording's camera cannot be read.
    """
    if config.kind == "auto":
        return _first_that_answers(config, note)
    if config.kind == "synthetic":
        camera: Camera = SyntheticCamera(config.seed, pace=config.pace)
    elif config.kind == "replay":
        assert config.source is not None
        camera = open_recording(config.source, config.intrinsics, pace=config.pace, loop=config.loop)
    else:
        camera = _device(config, "openni" if config.kind == "kinect" else config.kind, config.serial)
    return _opened(camera, note)


def _opened(camera: Camera, note: Callable[[Camera], object]) -> Camera:
    note(camera)
    camera.open()
    return camera


def _first_that_answers(config: CameraConfig, note: Callable[[Camera], object]) -> Camera:
    for kind in DRIVERS:
        try:
            found = devices_of(kind)
        except MissingSdkError:
            continue
        except SourceError as error:
            _LOG.warning("passed over: %s", error)
            continue
        for device in (each for each in found if each.modes):  # without a mode it cannot be opened now
            try:
                camera = _opened(_device(config, kind, device.serial), note)
            except EndOfSourceError:  # closed meanwhile
                raise
            except SourceError as error:
                _LOG.warning("passed over: %s", error)
                continue
            _LOG.warning("camera: %s %s (--camera %s)", device.model, device.serial, kind)
            return camera
    _LOG.warning("no camera answers: showing the rendered hand; run_live.py --list says what was looked for")
    return _opened(SyntheticCamera(config.seed, pace=config.pace), note)


def _device(config: CameraConfig, kind: str, serial: str | None) -> Camera:
    wanted = Wanted(config.width, config.height, config.fps)
    if kind == "realsense":
        from app.cameras.realsense import RealSenseCamera

        return RealSenseCamera(serial=serial, wanted=wanted, filters=config.filters)
    if kind == "azure":
        from app.cameras.azure import AzureCamera

        return AzureCamera(serial=serial, wanted=wanted)
    from app.cameras.openni import OpenNICamera

    return OpenNICamera(serial=serial, wanted=wanted, intrinsics=config.intrinsics)


def list_devices() -> str:
    """Give the text of ``--list``: every device with its modes, and what is missing for each SDK."""
    blocks = []
    for kind in DRIVERS:
        head = f"{ABOUT[kind]} (--camera {kind})"
        try:
            lines = [line for device in devices_of(kind) for line in _lines(device)] or [
                f"  None found. {_advice(kind)}"
            ]
        except SourceError as error:
            lines = [f"  {error}"]
        blocks.append("\n".join([head, *lines]))
    return "\n\n".join(blocks)


def _advice(kind: str) -> str:
    """Give what the error of ``--camera kind`` says where nothing is plugged in."""
    say: Callable[[], str] = import_module(f"app.cameras.{kind}").advice
    return say()


def _lines(device: Device) -> Sequence[str]:
    """Write one device: its name, a line a size with the rates, and its note."""
    rates: dict[tuple[int, int], list[int]] = {}
    for mode in device.modes:
        rates.setdefault((mode.width, mode.height), []).append(mode.fps)
    serial, link = device.serial and f", serial {device.serial}", device.link and f", {device.link}"
    lines = [f"  {device.model}{serial}{link}"]
    for (width, height), each in sorted(rates.items(), reverse=True):
        lines.append(f"    {width}x{height} at {', '.join(map(str, sorted(set(each))))} fps")
    if device.note:
        lines.append(f"    {device.note}")
    return lines
