"""RealSense devices that are plugged in: which there are, how they are linked, in which modes they stream depth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any, Final

from app.cameras.base import Device, DeviceLostError, MissingSdkError, Mode
from app.cameras.modes import Wanted
from lighthand.errors import SourceError

PREFERRED: Final = (Mode(848, 480, 60), Mode(640, 480, 60), Mode(848, 480, 30), Mode(640, 480, 30))

_RULES: Final = (
    "its udev rules: type `sudo curl -fLo /etc/udev/rules.d/99-realsense-libusb.rules "
    "https://raw.githubusercontent.com/realsenseai/librealsense/master/config/99-realsense-libusb.rules`, then "
    "`sudo udevadm control --reload && sudo udevadm trigger`, and plug it in again"
)


def load_sdk() -> Any:
    """Import librealsense.

    Raises:
        MissingSdkError: it, or what it needs, is not installed.
    """
    try:
        return import_module("pyrealsense2")
    except ModuleNotFoundError as error:
        raise MissingSdkError(f"RealSense: {error}. Type: pip install pyrealsense2") from error
    except ImportError as error:
        raise MissingSdkError(
            f"RealSense: pyrealsense2 does not load ({error}). Type: sudo apt-get install libusb-1.0-0 libudev1"
        ) from error


def text_of(sdk: Any, device: Any, name: str) -> str:
    """Give what a device says of itself, "" where it says nothing."""
    key = getattr(sdk.camera_info, name)
    return str(device.get_info(key)) if device.supports(key) else ""


def name_of(sdk: Any, device: Any) -> str:
    """Name a device by model and serial number, as errors do."""
    return f"{text_of(sdk, device, 'name') or 'RealSense'} {text_of(sdk, device, 'serial_number')}".strip()


def link_of(sdk: Any, device: Any) -> str:
    """Give the link of a device: "USB 2.1", "" where it is unknown."""
    usb = text_of(sdk, device, "usb_type_descriptor")
    return f"USB {usb}" if usb else ""


def depth_profiles(sdk: Any, device: Any) -> tuple[Any, dict[Mode, Any]]:
    """Find the sensor that measures depth.

    Returns:
        The sensor and its 16-bit modes with the SDK's profiles; None and nothing where the device has none.
    """
    for sensor in device.query_sensors():
        found = {}
        for profile in sensor.get_stream_profiles():
            if profile.stream_type() == sdk.stream.depth and profile.format() == sdk.format.z16:
                video = profile.as_video_stream_profile()
                found[Mode(video.width(), video.height(), video.fps())] = profile
        if found:
            return sensor, found
    return None, {}


def _depth_devices(sdk: Any, context: Any) -> Iterator[Any]:
    """Give the devices that measure depth.

    Raises:
        RuntimeError: of the SDK, after all others were given: one cannot be asked.
    """
    failed: RuntimeError | None = None
    plugged_in = context.query_devices()
    for index in range(len(plugged_in)):
        try:
            device = plugged_in[index]
            _, modes = depth_profiles(sdk, device)
        except RuntimeError as error:
            failed = error
            continue
        if modes:
            yield device
    if failed is not None:
        raise failed


def find_device(sdk: Any, context: Any, serial: str | None) -> Any:
    """Give the device of that serial number, or the first.

    Raises:
        SourceError: it is not there (a DeviceLostError), or it cannot be asked.
    """
    others = []
    try:
        for device in _depth_devices(sdk, context):
            found = text_of(sdk, device, "serial_number")
            if serial in (None, found):
                return device
            others.append(found)
    except RuntimeError as error:
        raise translated(error, "RealSense") from error
    if others:
        raise DeviceLostError(
            f"RealSense {serial}: not plugged in; there is {', '.join(others)}. Check its cable, or set camera.serial "
            "to one that is there (--list shows them)."
        )
    raise DeviceLostError(
        f"RealSense{f' {serial}' if serial else ''}: no depth camera found. {advice()} --list shows the cameras "
        "that are there, --camera synthetic needs none."
    )


def advice() -> str:
    """Say what to do where no camera is found."""
    return f"Check the cable and use a USB 3 port; on Linux install {_RULES}."


def choose_mode(name: str, link: str, wanted: Wanted, modes: Iterable[Mode]) -> Mode:
    """Choose how a device shall stream: as preferred, else nearest to 60 fps and 848x480.

    Raises:
        SourceError: it does not have what was asked for; lists what it has.
    """
    more = "use a USB 3 port for more" if link.startswith("USB 2") else ""
    return wanted.choose(f"{name} on {link or 'an unknown link'}", sorted(modes, key=_rank), more=more)


def _rank(mode: Mode) -> tuple[int, int, int, int]:
    rank = PREFERRED.index(mode) if mode in PREFERRED else len(PREFERRED)
    return rank, abs(mode.fps - 60), abs(mode.width * mode.height - 848 * 480), mode.fps


def translated(error: RuntimeError, name: str) -> SourceError:
    """Put an error of the SDK into our words, with what to do."""
    what = str(error).lower()
    if any(word in what for word in ("busy", "already opened", "is streaming", "in use")):
        return DeviceLostError(
            f"{name}: another program uses it ({error}). End that program: realsense-viewer, a ROS node, or another "
            "run of this one."
        )
    if any(word in what for word in ("status_access", "permission", "access denied")):
        return SourceError(f"{name}: no right to use it ({error}). Install {_RULES}.")
    return DeviceLostError(
        f"{name}: its driver gave up ({error}). Plug the camera out and in again, into a USB 3 port."
    )


def devices(context: Any = None) -> tuple[Device, ...]:
    """List the RealSense cameras that are plugged in.

    Args:
        context: the SDK's, or None for a new one.

    Returns:
        One each; a camera that is there and cannot be asked has the reason for its note.

    Raises:
        MissingSdkError: librealsense is not installed.
    """
    sdk = load_sdk()
    found: list[Device] = []
    try:
        for device in _depth_devices(sdk, context or sdk.context()):
            found.append(_describe(sdk, device))
    except RuntimeError as error:
        found.append(Device("realsense", "RealSense", "", "", (), str(translated(error, "RealSense"))))
    return tuple(found)


def _describe(sdk: Any, device: Any) -> Device:
    _, profiles = depth_profiles(sdk, device)
    modes, link = tuple(sorted(profiles)), link_of(sdk, device)
    note = ""
    if link.startswith("USB 2"):
        largest, fastest = max(modes, key=lambda mode: (mode.width, mode.fps)), max(modes, key=lambda mode: mode.fps)
        note = f"{link}: at most {largest} or {fastest}" if largest != fastest else f"{link}: at most {largest}"
        note += "; a USB 3 port and cable give more"
    return Device("realsense", text_of(sdk, device, "name"), text_of(sdk, device, "serial_number"), link, modes, note)
