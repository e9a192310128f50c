from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pyrealsense2 as rs
import pytest

from app.cameras import realsense_devices
from app.cameras.base import (
    DeviceLostError,
    MissingSdkError,
    Mode,
)
from app.cameras.modes import Wanted
from app.cameras.realsense import RealSenseCamera, devices
from app.cameras.realsense_devices import choose_mode, translated
from lighthand.errors import SourceError
from tests.app.software import SoftwareDevice

D435 = [Mode(*size, fps) for size in ((424, 240), (640, 480), (848, 480)) for fps in (6, 15, 30, 60, 90)]
D435 += [Mode(1280, 720, fps) for fps in (6, 15, 30)]


@pytest.fixture
def context() -> rs.context:
    return rs.context()


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (Wanted(), "848x480@60"),
        (Wanted(fps=90), "848x480@90"),
        (Wanted(width=640), "640x480@60"),
        (Wanted(width=640, fps=15), "640x480@15"),
        (Wanted(height=720), "1280x720@30"),
        (Wanted(424, 240), "424x240@60"),
    ],
)
def test_the_mode_is_the_one_asked_for_or_the_preferred(wanted: Wanted, chosen: str) -> None:
    assert str(choose_mode("x", "USB 3.2", wanted, D435)) == chosen


def test_without_a_preferred_mode_any_other_will_do() -> None:
    assert choose_mode("x", "USB 3.2", Wanted(), [Mode(1024, 768, 30), Mode(320, 240, 30)]) == Mode(320, 240, 30)


def test_a_mode_that_the_link_does_not_carry_is_an_error_that_lists_those_it_does(context: rs.context) -> None:
    ours = SoftwareDevice(Mode(640, 480, 15), Mode(480, 270, 30), usb="2.1")
    ours.plug_into(context)
    with pytest.raises(
        SourceError,
        match=r"0420 on USB 2.1: no depth mode 848xany@60. It has 480x270@30, 640x480@15: use a USB 3 port for more",
    ):
        RealSenseCamera(context=context, wanted=Wanted(848, fps=60)).open()


def test_devices_are_listed_with_link_and_modes(context: rs.context) -> None:
    assert devices(context) == ()
    usb3 = SoftwareDevice(Mode(848, 480, 60), Mode(640, 480, 30), serial="2")
    usb3.plug_into(context)
    (one,) = devices(context)
    assert (one.kind, one.model, one.serial, one.link) == ("realsense", "Intel RealSense D435", "2", "USB 3.2")
    assert one.modes == (Mode(640, 480, 30), Mode(848, 480, 60))
    assert one.note == ""
    other = rs.context()
    SoftwareDevice(stream=rs.stream.infrared).plug_into(other)
    assert devices(other) == ()
    usb2 = SoftwareDevice(Mode(640, 480, 15), Mode(480, 270, 30), usb="2.1")
    usb2.plug_into(other)
    (slow,) = devices(other)
    assert slow.note == "USB 2.1: at most 640x480@15 or 480x270@30; a USB 3 port and cable give more"


def test_a_device_that_cannot_be_asked_is_listed_without_modes(
    context: rs.context, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = SoftwareDevice()
    ours.plug_into(context)

    def refuse(*_: object) -> None:
        raise RuntimeError("failed to claim usb interface: 0, error: RS2_USB_STATUS_BUSY")

    monkeypatch.setattr(realsense_devices, "depth_profiles", refuse)
    (device,) = devices(context)
    assert (device.serial, device.modes) == ("", ())
    assert "another program uses it" in device.note


def test_no_device_is_a_quick_error_that_says_what_to_do(context: rs.context) -> None:
    start_s = time.perf_counter()
    with pytest.raises(DeviceLostError, match=r"no depth camera found.*USB 3 port.*udev.*--list.*--camera synthetic"):
        RealSenseCamera(context=context).open()
    assert time.perf_counter() - start_s < 1.0


def test_the_udev_rules_are_fetched_by_a_line_to_type(context: rs.context) -> None:
    """An address with /blob/ in it gives a page of HTML, which udev ignores."""
    with pytest.raises(DeviceLostError) as told:
        RealSenseCamera(context=context).open()
    words = re.findall(r"`sudo (curl .*?)`", str(told.value))[0].split()
    file, address = words[-2:]
    assert file == "/etc/udev/rules.d/99-realsense-libusb.rules"
    assert address.startswith("https://raw.githubusercontent.com/")
    assert address.endswith(f"/{Path(file).name}")
    assert "/blob/" not in str(told.value)


def test_the_device_is_found_by_its_serial_number(context: rs.context) -> None:
    first, second = SoftwareDevice(serial="1"), SoftwareDevice(serial="2", unit_m=0.0001)
    plugged_in = []
    context.set_devices_changed_callback(lambda change: plugged_in.append(change.get_new_devices()))
    for ours in (first, second):
        ours.device.add_to(context)
    with RealSenseCamera(context=context, serial="2") as camera:
        assert (camera.info.serial, camera.info.depth_unit_mm) == ("2", 0.1)
    with pytest.raises(DeviceLostError, match=r"RealSense 3: not plugged in; there is .*1"):
        RealSenseCamera(context=context, serial="3").open()
    with RealSenseCamera(context=context) as camera:
        taken = camera.info.serial
        with pytest.raises(DeviceLostError, match=rf"D435 {taken}: another program uses it .*realsense-viewer"):
            RealSenseCamera(context=context, serial=taken).open()


@pytest.mark.parametrize(
    ("said", "error", "text"),
    [
        (
            "xioctl(VIDIOC_S_FMT) failed, errno=16 Last Error: Device or resource busy",
            DeviceLostError,
            "another program",
        ),
        ("failed to claim usb interface: 0, error: RS2_USB_STATUS_BUSY", DeviceLostError, "another program uses it"),
        ("failed to open usb interface: 0, error: RS2_USB_STATUS_ACCESS", SourceError, "99-realsense-libusb.rules"),
        ("Cannot open '/dev/video2 Last Error: Permission denied", SourceError, "udevadm control --reload"),
        (
            "get_xu(...). xioctl(UVCIOC_CTRL_QUERY) failed Last Error: No such device",
            DeviceLostError,
            "out and in again",
        ),
    ],
)
def test_errors_of_the_sdk_say_what_to_do(said: str, error: type[SourceError], text: str) -> None:
    ours = translated(RuntimeError(said), "D435 0420")
    assert type(ours) is error
    assert text in str(ours)
    assert str(ours).startswith("D435 0420: ")
    assert said in str(ours)


@pytest.fixture
def without_sdk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyrealsense2", None)


def test_a_missing_sdk_is_named_with_the_command(
    without_sdk: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with pytest.raises(MissingSdkError, match="pip install pyrealsense2"):
        RealSenseCamera().open()
    (tmp_path / "pyrealsense2.py").write_text("raise ImportError('libusb-1.0.so.0: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "pyrealsense2")
    with pytest.raises(MissingSdkError, match=r"libusb-1.0.so.0.*sudo apt-get install libusb-1.0-0"):
        devices()


def test_the_module_does_not_import_the_sdk() -> None:
    code = "import sys, app.cameras.realsense; sys.exit('pyrealsense2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
