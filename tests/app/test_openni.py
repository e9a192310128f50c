from __future__ import annotations

import math
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from openni import openni2
from openni.utils import OpenNIError

from app.cameras import openni_sdk as sdk
from app.cameras.base import DeviceLostError, MissingSdkError, Mode
from app.cameras.modes import Wanted
from app.cameras.openni import OpenNICamera
from lighthand.errors import SourceError
from tests.app.native import in_a_process
from tests.app.oni import needs_openni, write_oni

TIMES_US = [1_000, 34_000, 67_000, 134_000]
FRAMES = np.random.default_rng(0).integers(0, 60_000, (4, 24, 32)).astype(np.uint16)

IMPORTS = """
from app.cameras.modes import Wanted
from app.cameras import openni_sdk as sdk
from app.cameras.base import EndOfSourceError
from app.cameras.openni import OpenNICamera, devices
"""


@pytest.fixture
def dummy_lens(tmp_path: Path) -> Path:
    path = tmp_path / "dummy.yaml"
    path.write_text("{width: 320, height: 240, fx: 285, fy: 286, cx: 160, cy: 120, depth_unit_mm: 1}")
    return path


@needs_openni
def test_the_dummy_streams_live_and_is_told_what_it_lacks(dummy_lens: Path) -> None:
    script = """
lens = Path(sys.argv[1])
out = {}
out["no lens"] = refusal(OpenNICamera(serial="Dummy").open)
out["no mode"] = refusal(OpenNICamera(serial="Dummy", wanted=Wanted(640), intrinsics=lens).open)
out["absent"] = refusal(OpenNICamera(serial="1d27/0609@1/5").open)
out["nothing"] = refusal(OpenNICamera().open)
with OpenNICamera(serial="Dummy", intrinsics=lens, wanted=Wanted(fps=30)) as camera:
    frames = [camera.read(1.0) for _ in range(5)]
    info = camera.info
    out["silent"] = refusal(lambda: camera.read(0.0))
out["listed"] = [device.serial for device in devices()]
out["closed"] = refusal(lambda: camera.read(1.0))
out["seq"] = [f.seq for f in frames]
out["sensor_s"] = [f.sensor_s for f in frames]
out["shape"] = list(frames[0].depth.shape)
out["owned"] = all(f.depth.flags.owndata for f in frames)
out["same"] = bool((frames[0].depth == frames[4].depth).all())
out["info"] = [info.serial, info.live, info.depth_unit_mm, info.intrinsics.fx, info.fps]
print(json.dumps(out))
"""
    told = in_a_process(IMPORTS + script, dummy_lens)
    assert "Dummy" not in told["listed"]
    assert "SourceError" in told["no lens"]
    assert "Give --intrinsics" in told["no lens"]
    assert "no depth mode 640xany@any. It has 320x240@30" in told["no mode"]
    assert "DeviceLostError" in told["absent"]
    assert "not plugged in" in told["absent"]
    assert told["listed"] or "No OpenNI camera found" in told["nothing"]
    assert "NoFrameError" in told["silent"]
    assert "EndOfSourceError" in told["closed"]
    assert np.all(np.diff(told["seq"]) >= 1)
    assert told["sensor_s"] == pytest.approx([0.033 * seq for seq in told["seq"]])
    assert told["shape"] == [240, 320]
    assert told["owned"]
    assert not told["same"], "a frame of the past must not change with the SDK's buffer"
    assert told["info"] == ["Dummy", True, 1.0, 285.0, 30.0]


@needs_openni
def test_of_the_frames_that_nobody_took_the_newest_is_given(dummy_lens: Path) -> None:
    script = """
with OpenNICamera(serial="Dummy", intrinsics=Path(sys.argv[1])) as camera:
    time.sleep(0.5)
    print(json.dumps(camera.read(1.0).seq))
"""
    assert in_a_process(IMPORTS + script, dummy_lens) > 5  # 15 on an idle machine; a queue would give its first, 1


@needs_openni
def test_closing_from_another_thread_wakes_a_read_that_lets_others_run(dummy_lens: Path) -> None:
    script = """
camera = OpenNICamera(serial="Dummy", intrinsics=Path(sys.argv[1]))
camera.open()
camera.read(1.0)
openni2 = sdk.load_openni()
real = openni2.wait_for_any_stream
openni2.wait_for_any_stream = lambda streams, wait_s: time.sleep(wait_s)  # a camera that fell silent
ended = []
def read():
    error = refusal(lambda: camera.read(20.0))
    ended.append((time.perf_counter(), error))
thread = threading.Thread(target=read)
thread.start()
time.sleep(0.2)
asked_s = time.perf_counter()
camera.close()
thread.join(10)
openni2.wait_for_any_stream = real
camera.close()
camera.open()
ticks, stop = [0], threading.Event()
def tick():
    while not stop.wait(0.002):
        ticks[0] += 1
ticker = threading.Thread(target=tick)
ticker.start()
frames = [camera.read(1.0) for _ in range(15)]
stop.set()
ticker.join()
camera.close()
print(json.dumps({"late_s": ended[0][0] - asked_s, "error": ended[0][1], "ticks": ticks[0], "frames": len(frames)}))
"""
    told = in_a_process(IMPORTS + script, dummy_lens)
    assert "EndOfSourceError" in told["error"]
    assert told["late_s"] < 2  # 0.05 on an idle machine
    assert told["frames"] == 15
    assert told["ticks"] > 45, "15 frames come in 0.5 s: a read that kept the GIL would let a ticker run 15 times"


@needs_openni
def test_a_device_that_is_unplugged_is_lost_and_found_again(dummy_lens: Path) -> None:
    script = """
openni2 = sdk.load_openni()
real = openni2.wait_for_any_stream
plugged_in = (sdk.Listed("Dummy", "Table Tennis"),)
sdk.listed = lambda _: plugged_in
camera = OpenNICamera(intrinsics=Path(sys.argv[1]))
camera.open()
camera.read(1.0)
plugged_in = ()
openni2.wait_for_any_stream = lambda streams, wait_s: None
lost = refusal(lambda: camera.read(1.0))
camera.close()
openni2.wait_for_any_stream = real
plugged_in = (sdk.Listed("Dummy", "Table Tennis"),)
camera.open()
seq = camera.read(1.0).seq
def gone(*_):
    from openni.utils import OpenNIError
    raise OpenNIError(openni2.c_api.OniStatus.ONI_STATUS_NO_DEVICE, b"Device\\n disconnected", None)
openni2.wait_for_any_stream = gone
error = refusal(lambda: camera.read(1.0))
camera.close()
print(json.dumps({"lost": lost, "seq": seq, "error": error}))
"""
    told = in_a_process(IMPORTS + script, dummy_lens)
    assert told["lost"].startswith("DeviceLostError: Table Tennis Dummy: unplugged")
    assert told["seq"] >= 1
    assert told["error"].startswith("DeviceLostError: Table Tennis Dummy: Device disconnected")


@needs_openni
def test_fifty_times_opened_and_closed(tmp_path: Path, dummy_lens: Path) -> None:
    path = write_oni(tmp_path / "a.oni", FRAMES, TIMES_US)
    script = """
player = OpenNICamera(source=Path(sys.argv[1]), pace="lockstep")
dummy = OpenNICamera(serial="Dummy", intrinsics=Path(sys.argv[2]))
shapes = []
for camera in [player, dummy] * 25 + [player] * 25:
    with camera:
        shapes.append(camera.read(1.0).depth.shape)
    camera.close()
listed = [device.model for device in devices()]
print(json.dumps({"shapes": shapes, "listed": listed, "threads": threading.active_count()}))
"""
    told = in_a_process(IMPORTS + script, path, dummy_lens)
    assert told["shapes"] == [[24, 32], [240, 320]] * 25 + [[24, 32]] * 25
    assert told["threads"] == 1
    assert not [model for model in told["listed"] if "File" in model or "Tennis" in model]


def test_without_the_library_the_command_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(openni2, "is_initialized", lambda: False)  # another test may have needed it
    monkeypatch.delenv("OPENNI2_REDIST", raising=False)
    monkeypatch.setattr(sdk, "_FOLDERS", (str(tmp_path),))
    with pytest.raises(MissingSdkError, match="sudo apt-get install libopenni2-0"):
        OpenNICamera().open()
    monkeypatch.setenv("OPENNI2_REDIST", str(tmp_path))
    with pytest.raises(MissingSdkError, match="OPENNI2_REDIST=.*no libOpenNI2.so"):
        sdk.devices()
    monkeypatch.setitem(sys.modules, "openni", None)
    with pytest.raises(MissingSdkError, match="-m pip install openni"):
        sdk.devices()


def test_before_it_was_opened_there_is_nothing_to_say() -> None:
    camera = OpenNICamera()
    with pytest.raises(SourceError, match="not opened"):
        _ = camera.info
    camera.close()


XTION, SECOND, KINECT = "1d27/0609@1/5", "1d27/0609@1/7", "freenect://0"


@pytest.mark.parametrize(
    ("plugged_in", "wanted", "expected"),
    [
        ((KINECT, XTION), None, KINECT),
        ((KINECT, XTION), XTION, XTION),
        ((KINECT, SECOND), XTION, SECOND),  # the same camera in another port, or after it was plugged in again
        ((SECOND, "1d27/0609@2/1"), XTION, None),
        ((KINECT,), XTION, None),
        ((), XTION, None),
        ((), "Dummy", "Dummy"),
    ],
)
def test_a_device_is_found_by_address_or_make(
    monkeypatch: pytest.MonkeyPatch, plugged_in: tuple[str, ...], wanted: str | None, expected: str | None
) -> None:
    monkeypatch.setattr(sdk, "listed", lambda _: tuple(sdk.Listed(uri, "") for uri in plugged_in))
    if expected:
        assert sdk.find(None, wanted) == expected
    else:
        with pytest.raises(DeviceLostError, match="not plugged in"):
            sdk.find(None, wanted)


def test_where_nothing_is_plugged_in_the_first_sentence_names_the_folder_of_drivers(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "libOpenNI2.so.0").touch()
    (tmp_path / "OpenNI2" / "Drivers").mkdir(parents=True)
    monkeypatch.delenv("OPENNI2_REDIST", raising=False)
    monkeypatch.setattr(sdk, "_FOLDERS", (str(tmp_path / "none"), str(tmp_path)))
    monkeypatch.setattr(sdk, "listed", lambda _: ())
    with pytest.raises(SourceError) as told:
        sdk.find(None, None)
    first, _, _ = str(told.value).partition(". ")  # all that the window shows
    assert first.startswith("No OpenNI camera found: Kinect v1")
    assert f"{tmp_path}/OpenNI2/Drivers, see docs/cameras.md" in first


def test_a_device_that_cannot_be_opened_is_listed_without_modes(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(uri: bytes) -> None:
        raise OpenNIError(1, b"Could not open\n device", None)

    monkeypatch.setattr(sdk, "load_openni", lambda: SimpleNamespace(Device=refuse))
    monkeypatch.setattr(sdk, "listed", lambda _: (sdk.Listed(XTION, "Xtion"),))
    (device,) = sdk.devices()
    assert (device.serial, device.modes) == (XTION, ())
    assert device.note == "cannot be opened now: Could not open device"


def mode(width: int, height: int, fps: int, unit_mm: float) -> sdk.DepthMode:
    return sdk.DepthMode(Mode(width, height, fps), unit_mm, object())


MODES = (mode(320, 240, 60, 0.1), mode(320, 240, 30, 1.0), mode(640, 480, 30, 0.1), mode(640, 480, 30, 1.0))


@pytest.mark.parametrize(
    ("asked", "current", "expected"),
    [
        ((None, None, None), mode(640, 480, 30, 0.1), MODES[2]),  # what the driver chose
        ((640, None, None), MODES[1], MODES[3]),  # in millimetres
        ((None, None, 60), MODES[1], MODES[0]),  # in tenths, where there is nothing else
        ((None, 240, None), None, MODES[1]),
    ],
)
def test_a_mode_is_chosen(
    asked: tuple[int | None, int | None, int | None], current: sdk.DepthMode | None, expected: sdk.DepthMode
) -> None:
    assert sdk.choose(MODES, current, Wanted(*asked), name="x") == expected


def test_a_mode_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(SourceError, match="no depth mode 640x480@60. It has 320x240@30, 320x240@60, 640x480@30: set"):
        sdk.choose(MODES, MODES[0], Wanted(640, 480, 60), name="x")


@pytest.mark.parametrize("angle", [0.0, math.nan, math.pi, -1.0])
def test_a_field_of_view_that_cannot_be_is_refused(angle: float) -> None:
    with pytest.raises(SourceError, match="Give --intrinsics"):
        sdk.lens(Mode(640, 480, 30), 1.0, angle, name="x")
