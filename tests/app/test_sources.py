"""Which source the settings mean, and what --list says."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

import pytest

from app import sources
from app.cameras.base import Camera, Device, MissingSdkError, Mode
from app.cameras.synthetic import SyntheticCamera
from app.config import CameraConfig
from lighthand.config import load_config
from lighthand.errors import ConfigError, SourceError
from tests.app.scripted import ScriptedCamera

MODES = (Mode(848, 480, 90), Mode(848, 480, 30), Mode(640, 480, 30))
D435 = Device("realsense", "RealSense D435", "0420", "USB 3.2", MODES)
SLOW = Device("realsense", "RealSense D435", "0421", "USB 2.1", MODES[2:], "USB 2.1: use a USB 3 port for more")
XTION = Device("openni", "Xtion", "1d27/0601@1/4", "", MODES[2:])
NO_SDK = MissingSdkError("not installed: type this")

Plugged = Mapping[str, tuple[Device, ...] | SourceError]


@pytest.fixture
def plug(monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[Device, ...] | SourceError]:
    """What each driver answers; a test changes it."""
    answers: dict[str, tuple[Device, ...] | SourceError] = {"realsense": (), "openni": (), "azure": NO_SDK}

    def ask(kind: str) -> tuple[Device, ...]:
        answer = answers[kind]
        if isinstance(answer, SourceError):
            raise answer
        return answer

    def device(config: CameraConfig, kind: str, serial: str | None) -> Camera:
        camera = ScriptedCamera([], [SourceError("busy: another program uses it")] if serial == "0421" else [])
        camera.opened_as = (kind, serial)  # type: ignore[attr-defined]
        return camera

    monkeypatch.setattr(sources, "devices_of", ask)
    monkeypatch.setattr(sources, "_device", device)
    return answers


def test_auto_takes_the_first_device_and_says_which(
    plug: dict[str, tuple[Device, ...] | SourceError], caplog: pytest.LogCaptureFixture
) -> None:
    plug["openni"] = (XTION,)
    with caplog.at_level(logging.WARNING):
        camera = sources.open_camera(CameraConfig())
    assert camera.opened_as == ("openni", XTION.serial)  # type: ignore[attr-defined]
    assert caplog.messages == [f"camera: Xtion {XTION.serial} (--camera openni)"]


def test_auto_prefers_a_realsense_and_goes_on_after_a_driver_that_fails(
    plug: dict[str, tuple[Device, ...] | SourceError],
) -> None:
    plug["openni"] = (XTION,)
    plug["realsense"] = (D435, SLOW)
    assert sources.open_camera(CameraConfig()).opened_as == ("realsense", "0420")  # type: ignore[attr-defined]
    plug["realsense"] = SourceError("librealsense does not answer")
    assert sources.open_camera(CameraConfig()).opened_as == ("openni", XTION.serial)  # type: ignore[attr-defined]


def test_auto_passes_over_a_device_that_cannot_be_opened(
    plug: dict[str, tuple[Device, ...] | SourceError], caplog: pytest.LogCaptureFixture
) -> None:
    plug["realsense"] = (SLOW, D435)
    with caplog.at_level(logging.WARNING):
        camera = sources.open_camera(CameraConfig())
    assert camera.opened_as == ("realsense", "0420")  # type: ignore[attr-defined]
    assert caplog.messages[0] == "passed over: busy: another program uses it"
    plug["realsense"], plug["openni"] = (SLOW,), (XTION,)
    assert sources.open_camera(CameraConfig()).opened_as == ("openni", XTION.serial)  # type: ignore[attr-defined]


def test_auto_shows_the_rendered_hand_where_nothing_answers(
    plug: dict[str, tuple[Device, ...] | SourceError], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        camera = sources.open_camera(CameraConfig())
    assert isinstance(camera, SyntheticCamera)
    assert "no camera answers" in caplog.text
    assert "--list" in caplog.text


def test_the_list_names_devices_modes_links_and_what_is_missing(
    plug: dict[str, tuple[Device, ...] | SourceError], monkeypatch: pytest.MonkeyPatch
) -> None:
    plug["realsense"] = (D435, SLOW)
    monkeypatch.setattr(sources, "_advice", lambda kind: f"Plug in what {kind} drives.")
    assert sources.list_devices() == "\n".join([
        "Intel RealSense (--camera realsense)",
        "  RealSense D435, serial 0420, USB 3.2",
        "    848x480 at 30, 90 fps",
        "    640x480 at 30 fps",
        "  RealSense D435, serial 0421, USB 2.1",
        "    640x480 at 30 fps",
        "    USB 2.1: use a USB 3 port for more",
        "",
        "Azure Kinect (--camera azure)",
        "  not installed: type this",
        "",
        "OpenNI2: PrimeSense, Xtion, Structure; with their drivers Kinect v1 and v2, Orbbec (--camera openni)",
        "  None found. Plug in what openni drives.",
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "says", "is_silent_of"),
    [
        ("realsense", ("USB 3", "99-realsense-libusb.rules"), "power"),  # a D400 has no supply of its own
        ("azure", ("USB 3", "power supply"), "driver"),
        ("openni", ("Kinect v1", "OpenNI2/Drivers", "docs/cameras.md"), "USB 3"),  # an Xtion needs none
    ],
)
def test_the_list_says_for_each_driver_what_its_own_error_says(
    plug: dict[str, tuple[Device, ...] | SourceError],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: str,
    says: tuple[str, ...],
    is_silent_of: str,
) -> None:
    (tmp_path / "libOpenNI2.so").touch()
    monkeypatch.setenv("OPENNI2_REDIST", str(tmp_path))
    plug["azure"] = ()
    block = next(block for block in sources.list_devices().split("\n\n") if f"--camera {kind}" in block)
    assert block.splitlines()[1].startswith("  None found. ")
    for part in says:
        assert part in block.splitlines()[1]
    assert is_silent_of not in block.splitlines()[1]


def test_a_device_that_cannot_be_asked_is_listed_without_serial_number(plug: dict[str, tuple[Device, ...]]) -> None:
    plug["realsense"] = (Device("realsense", "RealSense", "", "", (), "RealSense: another program uses it"),)
    assert "\n  RealSense\n    RealSense: another program uses it\n" in sources.list_devices()


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (["kind=replay"], "replay needs --source"),
        (["kind=synthetic", "source=x.mcap"], "takes no source"),
        (["kind=auto", "source=x.mcap"], "takes no source"),
        (["kind=realsense", "source=x.bag"], "takes no source"),
        (["kind=realsense", "loop=true"], "loop belongs to a recording"),
        (["kind=realsense", "pace=lockstep"], "a device does not wait"),
        (["kind=realsense", "intrinsics=x.yaml"], "intrinsics belong to a recording"),
        (["kind=synthetic", "fps=30"], "--fps is for a device"),
        (["kind=synthetic", "width=640", "height=480"], "--size is for a device"),
        (["kind=replay", "source=x.mcap", "serial='1'"], "serial is for a device"),
        (["kind=realsense", "fps=0"], "camera.fps=0: expected 1 to 10000"),
        (["kind=realsense", "width=-5"], "camera.width=-5: expected 1 to 10000"),
        (["pace=lockstep"], "a device does not wait"),
        (["filters=[spatial]"], "filters are librealsense's"),
        (["kind=openni", "filters=[spatial]"], "filters are librealsense's"),
        (["kind=auto", "serial='1'"], "a serial number needs its driver"),
        (["kind=relsense"], "kind is 'relsense'"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings: list[str], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        load_config(CameraConfig, None, settings)
