"""OpenNI2 as installed on the system: loading it, what is plugged in, how each device streams depth."""

from __future__ import annotations

import ctypes
import logging
import math
import os
import platform
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from app.cameras.base import Device, DeviceLostError, MissingSdkError, Mode
from app.cameras.modes import Wanted
from lighthand.errors import SourceError
from lighthand.types import Intrinsics

_LOG: Final = logging.getLogger(__name__)

DUMMY: Final = "Dummy"
"""OpenNI's own software device: it is opened by this name and never listed."""

UNITS_MM: Final = {100: 1.0, 101: 0.1}
"""Millimetres a count of OpenNI's pixel formats DEPTH_1_MM and DEPTH_100_UM."""

_PLAYED: Final = b"oni File"
_LIBRARY: Final = "libOpenNI2.so"
_FOLDERS: Final = (f"/usr/lib/{platform.machine()}-linux-gnu", "/usr/lib64", "/usr/lib", "/usr/local/lib")
_INSTALL: Final = "sudo apt-get install libopenni2-0"
_DRIVERS: Final = Path("OpenNI2", "Drivers")  # within the folder of the library


@dataclass(frozen=True, slots=True)
class Listed:
    """A device that an OpenNI driver sees.

    Attributes:
        uri: its address, such as "1d27/0609@1/5"; the part after the @ changes with each plugging-in.
        model: vendor and name.
    """

    uri: str
    model: str


@dataclass(frozen=True, slots=True)
class DepthMode:
    """One way of streaming depth.

    Attributes:
        mode: size and rate.
        unit_mm: millimetres a count.
        native: OpenNI's own description, which switches to it.
    """

    mode: Mode
    unit_mm: float
    native: Any = field(compare=False)


def load_openni() -> Any:
    """Give the module ``openni.openni2``, initialised once a process; it shuts down at the process's end.

    Raises:
        MissingSdkError: the module or the library is not installed; the text says how.
    """
    try:
        from openni import openni2
        from openni.utils import InitializationError, OpenNIError
    except ImportError as error:
        raise MissingSdkError(
            f"OpenNI2's Python module is missing ({error}): .venv/bin/python -m pip install openni"
        ) from error
    if openni2.is_initialized():
        return openni2
    with tempfile.TemporaryDirectory(prefix="lighthand-openni-") as links:
        folder = _installation(Path(links))
        try:
            openni2.initialize(str(folder))
        except (InitializationError, OpenNIError) as error:
            raise MissingSdkError(f"OpenNI2 does not start: {error}. Install it anew: {_INSTALL}") from error
    return openni2


def _installation(links: Path) -> Path:
    """Give a folder with libOpenNI2.so and OpenNI2/Drivers; Debian names the library otherwise, so link to it."""
    library = _library()
    if library.name == _LIBRARY:
        return library.parent
    (links / _LIBRARY).symlink_to(library)
    (links / "OpenNI2").symlink_to(library.parent / "OpenNI2")
    return links


def _library() -> Path:
    """Find OpenNI2's library, which has its OpenNI2/Drivers beside it."""
    if chosen := os.environ.get("OPENNI2_REDIST"):
        if not (Path(chosen) / _LIBRARY).is_file():
            raise MissingSdkError(
                f"OPENNI2_REDIST={chosen}: no {_LIBRARY} in it. Name the folder of an OpenNI2 installation, or unset "
                f"it and use the system's: {_INSTALL}"
            )
        return Path(chosen) / _LIBRARY
    for folder in map(Path, _FOLDERS):
        library = next(iter(sorted(folder.glob(f"{_LIBRARY}*"))), None)
        if library and (folder / _DRIVERS).is_dir():
            return library
    raise MissingSdkError(f"OpenNI2 is not installed: {_INSTALL} (looked in {', '.join(_FOLDERS)})")


def advice() -> str:
    """Say what to do where no camera is found.

    Raises:
        MissingSdkError: OpenNI2 is not installed.
    """
    return (
        f"Kinect v1, Kinect v2 and Orbbec need their driver in {_library().parent / _DRIVERS}, see docs/cameras.md. "
        "Plug the camera in, a Kinect's power supply, too."
    )


def listed(openni2: Any) -> tuple[Listed, ...]:
    """Ask the drivers what is plugged in."""
    api = openni2.c_api
    infos, count = ctypes.POINTER(api.OniDeviceInfo)(), ctypes.c_int()
    api.oniGetDeviceList(ctypes.byref(infos), ctypes.byref(count))
    try:
        return tuple(
            Listed(info.uri.decode(), f"{info.vendor.decode()} {info.name.decode()}".strip())
            for info in infos[: count.value]
            if info.uri.decode() != DUMMY and info.name != _PLAYED  # both are listed once they were opened
        )
    finally:
        api.oniReleaseDeviceList(infos)


def find(openni2: Any, wanted: str | None) -> str:
    """Give the address of the device to open: the first, the one of that address, or the only one of its make.

    Raises:
        DeviceLostError: a device was named and is not plugged in.
        SourceError: nothing is plugged in.
    """
    if wanted == DUMMY:
        return DUMMY
    found = [each.uri for each in listed(openni2)]
    if wanted is None:
        if not found:
            raise SourceError(f"No OpenNI camera found: {advice()}")
        return found[0]
    if wanted in found:
        return wanted
    same = [uri for uri in found if uri.split("@")[0] == wanted.split("@")[0]]
    if len(same) != 1:
        raise DeviceLostError(
            f"OpenNI {wanted}: not plugged in. There is: {', '.join(found) or 'nothing'}. Plug it in, or choose with "
            "--serial."
        )
    _LOG.warning("OpenNI %s: not plugged in; taking %s, of the same make", wanted, same[0])
    return same[0]


def depth_modes(openni2: Any, device: Any) -> tuple[DepthMode, ...]:
    """Give the ways in which an open device streams depth in millimetres or tenths of them.

    Raises:
        SourceError: it has none.
    """
    sensor = device.get_sensor_info(openni2.SENSOR_DEPTH)
    modes = [] if sensor is None else [depth_mode(native) for native in sensor.videoModes]
    found = tuple(mode for mode in modes if mode is not None)
    if not found:
        raise SourceError(f"{device.uri.decode()}: no depth stream in millimetres. Choose another device or file.")
    return found


def depth_mode(native: Any) -> DepthMode | None:
    """Read OpenNI's description of a mode; None where its counts are no lengths."""
    unit_mm = UNITS_MM.get(int(native.pixelFormat.value))
    if unit_mm is None:
        return None
    return DepthMode(Mode(native.resolutionX, native.resolutionY, native.fps), unit_mm, native)


def choose(modes: tuple[DepthMode, ...], current: DepthMode | None, wanted: Wanted, *, name: str) -> DepthMode:
    """Choose a mode: the driver's own where it fits, else the first of its list that does, in millimetres if it can.

    Raises:
        SourceError: none fits; the text lists those there are.
    """
    preferred = sorted(modes, key=lambda each: (each != current, -each.unit_mm))
    mode = wanted.choose(f"OpenNI {name}", [each.mode for each in preferred])
    return next(each for each in preferred if each.mode == mode)


def lens(mode: Mode, across: float, down: float, *, name: str) -> Intrinsics:
    """Give the pinhole camera of a field of view in radians, its axis through the image's centre.

    OpenNI's own conversion puts the axis half a pixel further right and down.

    Raises:
        SourceError: the driver gives no such angle.
    """
    if not all(math.isfinite(angle) and 0 < angle < math.pi for angle in (across, down)):
        raise SourceError(
            f"OpenNI {name}: the driver gives a field of view of {across:g} x {down:g} radians. Give --intrinsics a "
            f"camera description for {mode.width}x{mode.height}; calibration/README.md lists the keys."
        )
    fx, fy = (size / 2 / math.tan(angle / 2) for size, angle in ((mode.width, across), (mode.height, down)))
    return Intrinsics(mode.width, mode.height, fx, fy, (mode.width - 1) / 2, (mode.height - 1) / 2)


def reason(error: Exception) -> str:
    """Give an OpenNI error's own words on one line."""
    code, text, _ = error.args
    words = text.decode(errors="replace") if isinstance(text, bytes) else str(text)
    return " ".join(words.split()) or str(code)


def cannot_open(uri: str, words: str, *, file: bool) -> str:
    """Say what to do where OpenNI does not open a device or a recording."""
    if file:
        return f"{uri}: OpenNI cannot play it ({words}). Record it again with OpenNI 2."
    return (
        f"OpenNI {uri}: cannot be opened ({words}). Close other programs that use it; a Kinect v1 is held by the "
        "kernel until `sudo modprobe -r gspca_kinect`; after installing libopenni2-0, plug the camera in again."
    )


def devices() -> tuple[Device, ...]:
    """List the cameras that OpenNI's drivers see, each opened for a moment to read its modes.

    Raises:
        MissingSdkError: OpenNI2 is not installed.
    """
    openni2 = load_openni()
    return tuple(_describe(openni2, found) for found in listed(openni2))


def _describe(openni2: Any, found: Listed) -> Device:
    from openni.utils import OpenNIError

    try:
        with openni2.Device(found.uri.encode()) as device:
            modes = tuple(dict.fromkeys(each.mode for each in depth_modes(openni2, device)))
        note = ""
    except (OpenNIError, SourceError) as error:
        modes = ()
        note = f"cannot be opened now: {reason(error) if isinstance(error, OpenNIError) else error}"
    return Device("openni", found.model, found.uri, "USB", modes, note)
