"""Which source the settings mean: a device, a recording, the rendered hand; and what is plugged in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Final

from app.cameras.base import Camera, Device
from app.cameras.catalogue import open_recording
from app.cameras.modes import Wanted
from app.cameras.synthetic import SyntheticCamera
from app.config import CameraConfig
from lighthand.errors import SourceError

_LOG: Final = logging.getLogger(__name__)

DRIVERS: Final = ("realsense", "azure", "openni")
"""The kinds of devices, in the order in which "auto" asks for them; each has a file of its name in ``cameras``."""

_ABOUT: Final = {"realsense": "Intel RealSense", "azure": "Azure Kinect", "openni": "OpenNI2: Kinect v1, Xtion, Orbbec"}


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


def make_camera(config: CameraConfig) -> Camera:
    """Build the source that the settings mean, not opened yet.

    With "auto" that is the first device that a driver sees; without any, the rendered hand.
    """
    if config.kind == "auto":
        return _first_device(config)
    if config.kind == "synthetic":
        return SyntheticCamera(config.seed, pace=config.pace)
    if config.source is not None:
        return open_recording(config.source, config.intrinsics, pace=config.pace, loop=config.loop)
    return _device(config, "openni" if config.kind == "kinect" else config.kind, config.serial)


def _first_device(config: CameraConfig) -> Camera:
    for kind in DRIVERS:
        try:
            found = devices_of(kind)
        except SourceError as error:
            _LOG.info("%s", error)
            continue
        if found:
            _LOG.warning("camera: %s %s (--camera %s)", found[0].model, found[0].serial, kind)
            return _device(config, kind, found[0].serial)
    _LOG.warning("no camera answers: showing the rendered hand; run_live.py --list says what was looked for")
    return SyntheticCamera(config.seed, pace=config.pace)


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
        head = f"{_ABOUT[kind]} (--camera {kind})"
        try:
            lines = [line for device in devices_of(kind) for line in _lines(device)]
        except SourceError as error:
            lines = [f"  {error}"]
        blocks.append("\n".join([head, *(lines or ["  none plugged in"])]))
    return "\n\n".join(blocks)


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
