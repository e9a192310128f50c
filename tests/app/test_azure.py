from __future__ import annotations

import importlib.util
import logging
import os
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.cameras.azure import AzureCamera, devices
from app.cameras.base import MissingSdkError
from app.cameras.k4a import K4aCalibration, lens_of, load_k4a
from app.cameras.mkv import check_mkv
from app.cameras.modes import Wanted
from lighthand.errors import SourceError
from tests.app.mkv import CX, CY, FX, FY, P1, P2, K, write_mkv
from tests.app.native import in_a_process

TIMES_US = [0, 33_333, 66_666, 133_333]  # the fourth of five frames was lost
FRAMES = np.random.default_rng(0).integers(0, 6_000, (4, 288, 320)).astype(np.uint16)

IMPORTS = """
from app.cameras.azure import AzureCamera, devices
from app.cameras.base import EndOfSourceError
"""


@pytest.fixture(scope="module")
def sdk() -> None:
    if importlib.util.find_spec("pyk4a") is None:
        pytest.skip("pyk4a-bundle is not installed: .venv/bin/python -m pip install -e '.[azure]'")


PLAY = """
path, out = Path(sys.argv[1]), sys.argv[2]
with AzureCamera(source=path, pace=sys.argv[3]) as camera:
    frames = []
    while not (end := refusal(lambda: frames.append(camera.read(1.0)))):
        pass
info = camera.info
np.save(out, np.stack([frame.depth for frame in frames]))
print(json.dumps({"seq": [f.seq for f in frames], "sensor_s": [f.sensor_s for f in frames], "end": end,
                  "arrival_s": [f.arrival_s for f in frames], "owned": all(f.depth.flags.owndata for f in frames),
                  "about": [info.model, info.serial, info.link, info.depth_unit_mm, info.fps],
                  "lens": [info.intrinsics.fx, info.intrinsics.fy, info.intrinsics.cx, info.intrinsics.cy],
                  "distortion": info.intrinsics.distortion}))
"""


@pytest.mark.parametrize("pace", ["lockstep", "recorded"])
def test_a_recording_is_played_exactly(sdk: None, tmp_path: Path, pace: str) -> None:
    path = write_mkv(tmp_path / "hand.mkv", FRAMES, TIMES_US)
    told = in_a_process(IMPORTS + PLAY, path, tmp_path / "out.npy", pace)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), FRAMES)
    assert told["seq"] == [0, 1, 2, 4]
    assert told["sensor_s"] == pytest.approx([time_us / 1e6 for time_us in TIMES_US])
    assert told["owned"]
    assert told["about"] == ["Azure Kinect DK", "hand.mkv", "file", 1.0, 30.0]
    assert "EndOfSourceError" in told["end"]
    assert "the recording is over" in told["end"]
    assert pace == "lockstep" or told["arrival_s"][-1] - told["arrival_s"][0] > 0.08
    # binned: half the sensor's 1024 pixels; 192 of its columns are cut off at the left, 180 of its rows above
    assert told["lens"] == pytest.approx([FX * 512, FY * 512, (CX * 1024 - 192) / 2 - 0.5, (CY * 1024 - 180) / 2 - 0.5])
    assert told["distortion"] == pytest.approx([K[0], K[1], P1, P2, *K[2:]], rel=1e-6)


@pytest.mark.parametrize(("mode", "width", "height"), [("NFOV_UNBINNED", 640, 576), ("WFOV_2X2BINNED", 512, 512)])
def test_our_intrinsics_project_as_the_sdk_does(sdk: None, tmp_path: Path, mode: str, width: int, height: int) -> None:
    path = write_mkv(tmp_path / "a.mkv", np.ones((1, height, width), np.uint16), [0], mode=mode)
    script = """
import ctypes
from app.cameras.k4a import K4aCalibration, load_k4a, lens_of
k4a, handle, calibration = load_k4a(), ctypes.c_void_p(), K4aCalibration()
assert k4a.record.k4a_playback_open(sys.argv[1].encode(), ctypes.byref(handle)) == 0
assert k4a.record.k4a_playback_get_calibration(handle, ctypes.byref(calibration)) == 0
project, pixels = k4a.sensor.k4a_calibration_3d_to_2d, []
for point in json.loads(sys.argv[2]):
    at, pixel, valid = (ctypes.c_float * 3)(*point), (ctypes.c_float * 2)(), ctypes.c_int()
    assert project(ctypes.byref(calibration), at, 0, 0, pixel, ctypes.byref(valid)) == 0
    pixels.append([*pixel, valid.value])
k4a.record.k4a_playback_close(handle)
lens = lens_of(calibration, "x")
print(json.dumps({"pixels": pixels, "lens": [lens.fx, lens.fy, lens.cx, lens.cy], "distortion": lens.distortion}))
"""
    points = [[0, 0, 500], [100, -50, 600], [-150, 120, 500], [200, 180, 700], [-30, -160, 400]]
    told = in_a_process(script, path, points)
    fx, fy, cx, cy = told["lens"]
    camera = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
    ours, _ = cv2.projectPoints(
        np.array(points, float), np.zeros(3), np.zeros(3), camera, np.array(told["distortion"], float)
    )
    theirs = np.array(told["pixels"])
    assert np.all(theirs[:, 2] == 1)
    np.testing.assert_allclose(ours[:, 0], theirs[:, :2], atol=1e-3)


def test_a_loop_goes_on_and_an_end_can_be_opened_again(sdk: None, tmp_path: Path) -> None:
    path = write_mkv(tmp_path / "a.mkv", FRAMES, TIMES_US)
    script = """
camera = AzureCamera(source=Path(sys.argv[1]), pace="lockstep", loop=True)
frames = []
for _ in range(20):
    with camera:
        frames = [camera.read(1.0) for _ in range(10)]
thread = threading.Timer(0.2, camera.close)
with AzureCamera(source=Path(sys.argv[1]), loop=True) as camera:
    thread = threading.Timer(0.1, camera.close)
    thread.start()
    while not (closed := refusal(lambda: camera.read(5.0))):
        pass
    thread.join()
print(json.dumps({"sums": [int(f.depth.sum()) for f in frames], "seq": [f.seq for f in frames],
                  "sensor_s": [f.sensor_s for f in frames], "closed": closed}))
"""
    told = in_a_process(IMPORTS + script, path)
    assert told["sums"] == ([int(frame.sum()) for frame in FRAMES] * 3)[:10]
    assert told["seq"] == [0, 1, 2, 4, 5, 6, 7, 9, 10, 11]
    assert np.all(np.diff(told["sensor_s"]) > 0.03)
    assert "EndOfSourceError" in told["closed"]


def test_without_a_device_it_says_so_at_once(sdk: None) -> None:
    script = """
listed = devices()
began_s = time.perf_counter()
none = refusal(AzureCamera().open)
absent = refusal(AzureCamera(serial="000123412312").open)
print(json.dumps({"listed": len(listed), "none": none, "absent": absent, "took_s": time.perf_counter() - began_s}))
"""
    told = in_a_process(IMPORTS + script)
    if told["listed"]:
        pytest.skip("an Azure Kinect is plugged in")
    assert told["none"].startswith("SourceError: Azure Kinect DK: none found (0 plugged in")
    assert told["absent"].startswith("DeviceLostError: Azure Kinect DK 000123412312: not found")
    assert told["took_s"] < 5  # 0.01 on an idle machine


def test_what_a_recording_lacks_is_named(sdk: None, tmp_path: Path) -> None:
    paths = [
        write_mkv(tmp_path / "plain.mkv", FRAMES[:1], [0], calibrated=False),
        write_mkv(tmp_path / "other.mkv", FRAMES[:1], [0], mode="NFOV_UNBINNED"),  # whose images are larger
        tmp_path / "cut.mkv",
    ]
    paths[2].write_bytes(write_mkv(tmp_path / "a.mkv", FRAMES, TIMES_US).read_bytes()[:-100])
    script = """
plain, other, cut = map(Path, sys.argv[1:])
out = [refusal(AzureCamera(source=plain).open), refusal(AzureCamera(source=other).open)]
with AzureCamera(source=cut, pace="lockstep") as camera:
    while not refusal(lambda: out.append(camera.read(1.0).seq)):
        pass
print(json.dumps(out))
"""
    plain, other, *numbers = in_a_process(IMPORTS + script, *paths)
    assert "plain.mkv: holds no calibration" in plain
    assert "other.mkv: no Azure Kinect recording" in other
    assert numbers == [0, 1, 2]


def test_a_head_that_is_cut_anywhere_is_refused(tmp_path: Path) -> None:
    cut = write_mkv(tmp_path / "cut.mkv", FRAMES[:1], [0])
    for length in reversed(range(cut.read_bytes().index(bytes.fromhex("1F43B675")))):
        os.truncate(cut, length)
        with pytest.raises(SourceError, match="cut.mkv: (not a Matroska|truncated)"):
            check_mkv(cut)


def test_a_track_without_a_number_is_refused(tmp_path: Path) -> None:
    path = write_mkv(tmp_path / "a.mkv", FRAMES[:1], [0])
    data = path.read_bytes()
    number = data.index(b"\xd7\x01")
    for place, byte in ((number, 0xB6), (number + 1, 0x00), (number + 2, 0x70), (number + 8, 0xFF)):
        path.write_bytes(data[:place] + bytes([byte]) + data[place + 1 :])
        with pytest.raises(SourceError, match="damaged, its list of tracks"):
            check_mkv(path)


def test_a_file_that_was_cut_later_is_played_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = write_mkv(tmp_path / "a.mkv", FRAMES, TIMES_US)
    with caplog.at_level(logging.WARNING):
        check_mkv(path)
        assert not caplog.messages
        path.write_bytes(path.read_bytes()[:-1])
        check_mkv(path)
    assert "was cut off" in caplog.text


def test_what_is_no_recording_is_refused_without_the_sdk(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    path.write_bytes(b"garbage" * 1000)
    with pytest.raises(SourceError, match="not a Matroska file"):
        AzureCamera(source=path).open()
    with pytest.raises(SourceError, match="No such file"):
        AzureCamera(source=tmp_path / "none.mkv").open()


def test_a_mode_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(SourceError, match="no depth mode 1024xany@30. It has .*640x576@30, .*1024x1024@15: set"):
        AzureCamera(wanted=Wanted(1024, fps=30)).open()


def test_without_the_sdk_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    load_k4a.cache_clear()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    for call in (AzureCamera().open, devices):
        with pytest.raises(MissingSdkError, match=r"-m pip install -e '\.\[azure\]'"):
            call()
    assert "pyk4a" not in sys.modules


def test_a_lens_of_another_model_is_refused() -> None:
    with pytest.raises(SourceError, match="a lens of model 0 with 0 parameters"):
        lens_of(K4aCalibration(), "x")
