from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.cameras.oni import FramePlace, mean_fps, read_oni
from app.cameras.openni import OpenNICamera
from lighthand.errors import SourceError
from tests.app.native import in_a_process
from tests.app.oni import needs_openni, write_oni

TIMES_US = [1_000, 34_000, 67_000, 134_000]
FRAMES = np.random.default_rng(0).integers(0, 60_000, (4, 24, 32)).astype(np.uint16)

IMPORTS = """
from app.cameras import openni_sdk as sdk
from app.cameras.base import EndOfSourceError
from app.cameras.openni import OpenNICamera, devices
"""


PLAY = """
path, out, pace = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
camera, frames = OpenNICamera(source=path, pace=pace), []
camera.open()
while True:
    try:
        frames.append(camera.read(1.0))
    except EndOfSourceError as error:
        end = str(error)
        break
camera.close()
np.save(out, np.stack([frame.depth for frame in frames]))
info = camera.info
print(json.dumps({"seq": [f.seq for f in frames], "sensor_s": [f.sensor_s for f in frames], "end": end,
                  "arrival_s": [f.arrival_s for f in frames], "unit": info.depth_unit_mm, "fps": info.fps,
                  "clock": frames[0].sensor_clock, "serial": info.serial, "link": info.link,
                  "lens": [info.intrinsics.fx, info.intrinsics.fy, info.intrinsics.cx, info.intrinsics.cy]}))
"""


@needs_openni
@pytest.mark.parametrize(("pixel_format", "unit_mm", "mirrored"), [(100, 1.0, False), (101, 0.1, True)])
def test_the_player_gives_every_frame_exactly_and_in_order(
    tmp_path: Path, pixel_format: int, unit_mm: float, mirrored: bool
) -> None:
    fov = (math.radians(90), math.radians(60))
    path = write_oni(tmp_path / "hand.oni", FRAMES, TIMES_US, fov=fov, pixel_format=pixel_format, mirrored=mirrored)
    told = in_a_process(IMPORTS + PLAY, path, tmp_path / "out.npy", "lockstep")
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), FRAMES[:, :, ::-1] if mirrored else FRAMES)
    assert told["seq"] == [0, 1, 2, 3]
    assert told["sensor_s"] == pytest.approx([time_us / 1e6 for time_us in TIMES_US])
    assert (told["clock"], told["serial"], told["link"]) == ("device", "hand.oni", "file")
    assert told["unit"] == unit_mm
    assert told["lens"] == pytest.approx([16, 12 / math.tan(math.radians(30)), 15.5, 11.5], rel=1e-6)
    assert told["fps"] == pytest.approx(3 / 0.133)
    assert "over after 4 frames" in told["end"]


@needs_openni
def test_the_recorded_pace_takes_as_long_as_the_recording(tmp_path: Path) -> None:
    told = in_a_process(
        IMPORTS + PLAY, write_oni(tmp_path / "a.oni", FRAMES, TIMES_US), tmp_path / "out.npy", "recorded"
    )
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), FRAMES)
    assert told["arrival_s"][-1] - told["arrival_s"][0] > 0.1


@needs_openni
def test_a_loop_goes_on_with_rising_numbers_and_times(tmp_path: Path) -> None:
    path = write_oni(tmp_path / "a.oni", FRAMES, TIMES_US)
    script = """
camera = OpenNICamera(source=Path(sys.argv[1]), pace="lockstep", loop=True)
camera.open()
first = [camera.read(1.0) for _ in range(10)]
camera.close()
camera.open()
again = camera.read(1.0)
camera.close()
print(json.dumps({"sums": [int(f.depth.sum()) for f in first], "seq": [f.seq for f in first],
                  "sensor_s": [f.sensor_s for f in first], "again": [again.seq, int(again.depth.sum())]}))
"""
    told = in_a_process(IMPORTS + script, path)
    sums = [int(frame.sum()) for frame in FRAMES]
    assert told["sums"] == (sums * 3)[:10]
    assert told["seq"] == list(range(10))
    assert np.all(np.diff(told["sensor_s"]) > 0.03)
    assert told["again"] == [0, sums[0]]


@needs_openni
def test_a_recording_without_field_of_view_wants_a_description(tmp_path: Path) -> None:
    path = write_oni(tmp_path / "a.oni", FRAMES, TIMES_US, fov=None)
    good, bad = tmp_path / "good.yaml", tmp_path / "bad.yaml"
    good.write_text("{width: 32, height: 24, fx: 30, fy: 31, cx: 16, cy: 12, depth_unit_mm: 1}")
    bad.write_text("{width: 32, height: 24, fx: 30, fy: 31, cx: 16, cy: 12, depth_unit_mm: 0.1}")
    script = """
source, good, bad = map(Path, sys.argv[1:])
none = refusal(OpenNICamera(source=source).open)
wrong = refusal(OpenNICamera(source=source, intrinsics=bad).open)
with OpenNICamera(source=source, intrinsics=good) as camera:
    fx = camera.read(1.0).intrinsics.fx
print(json.dumps([none, wrong, fx]))
"""
    none, wrong, fx = in_a_process(IMPORTS + script, path, good, bad)
    assert "field of view of 0 x 0 radians. Give --intrinsics" in none
    assert "unit 1 mm, but" in wrong
    assert fx == 30


@needs_openni
def test_a_frame_that_the_player_passes_over_ends_the_recording(tmp_path: Path) -> None:
    path = write_oni(tmp_path / "a.oni", FRAMES, TIMES_US)
    counted = b"Depth1\0\2\0\0\0NONE"
    path.write_bytes(path.read_bytes().replace(counted + b"\4", counted + b"\2"))  # it plays no more than it counted
    script = """
frames = []
with OpenNICamera(source=Path(sys.argv[1]), pace="lockstep") as camera:
    while not (end := refusal(lambda: frames.append(camera.read(5.0)))):
        pass
print(json.dumps([len(frames), end]))
"""
    count, end = in_a_process(IMPORTS + script, path)
    assert count == 2
    assert "SourceError" in end
    assert "recording is damaged" in end


@needs_openni
def test_an_error_of_the_player_is_the_recordings_and_no_cables(tmp_path: Path) -> None:
    script = """
from openni.utils import OpenNIError
openni2 = sdk.load_openni()
def broken(*_):
    raise OpenNIError(openni2.c_api.OniStatus.ONI_STATUS_ERROR, b"bad\\n block", None)
with OpenNICamera(source=Path(sys.argv[1]), pace="lockstep") as camera:
    openni2.wait_for_any_stream = broken
    print(json.dumps(refusal(lambda: camera.read(1.0))))
"""
    error = in_a_process(IMPORTS + script, write_oni(tmp_path / "a.oni", FRAMES, TIMES_US))
    assert error.startswith("SourceError: ")
    assert "a.oni: OpenNI's player fails (bad block). The recording is damaged: copy it again" in error
    assert "Plug" not in error


def test_a_cut_recording_is_refused_wherever_it_was_cut(tmp_path: Path) -> None:
    cut = write_oni(tmp_path / "cut.oni", FRAMES[:2, :4, :4], TIMES_US[:2])
    whole = cut.read_bytes()
    for length in reversed(range(len(whole))):
        os.truncate(cut, length)
        with pytest.raises(SourceError, match="cut.oni: .*Copy it again"):
            read_oni(cut)
    cut.write_bytes(whole + b"more")
    assert len(read_oni(cut)) == 2


@pytest.mark.parametrize("old", [b"xnCropping", b"xnMirror", b"Depth1"])
@pytest.mark.parametrize("byte", [b"\xff", b"y"])
def test_names_that_the_player_cannot_stand_are_refused(tmp_path: Path, old: bytes, byte: bytes) -> None:
    path = write_oni(tmp_path / "a.oni", FRAMES, TIMES_US)
    path.write_bytes(path.read_bytes().replace(old, old[:2] + byte + old[3:]))
    if byte == b"y" and old != b"xnCropping":
        assert len(read_oni(path)) == 4
    else:
        with pytest.raises(SourceError, match="damaged record" if byte == b"\xff" else "has no xnCropping"):
            read_oni(path)


@given(place=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_damaged_byte_is_refused_or_harmless(tmp_path_factory: pytest.TempPathFactory, place: int, byte: int) -> None:
    path = write_oni(tmp_path_factory.mktemp("oni") / "a.oni", FRAMES[:2, :4, :4], TIMES_US[:2])
    data = bytearray(path.read_bytes())
    data[place % len(data)] = byte
    path.write_bytes(data)
    try:
        frames = read_oni(path)
    except SourceError:
        return
    assert 1 <= len(frames) <= 2


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not an .oni recording"),
        (b"garbage" * 100, "not an .oni recording"),
        (b"NI10" + bytes([9, 0, 0, 0]) + bytes(16), "version 9.0.0.0"),
        (b"NI10" + bytes([1, 0, 1, 0]) + bytes(12) + b"\xff\xff\xff\x7f", "with 2147483648 nodes"),
    ],
)
def test_what_is_no_recording_is_refused_without_the_player(tmp_path: Path, data: bytes, message: str) -> None:
    path = tmp_path / "a.oni"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=message):
        OpenNICamera(source=path).open()


def test_a_missing_recording_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        OpenNICamera(source=tmp_path / "none.oni").open()


def test_frames_are_numbered_as_in_the_file(tmp_path: Path) -> None:
    frames = read_oni(write_oni(tmp_path / "a.oni", FRAMES, TIMES_US))
    assert [frame.number for frame in frames] == [1, 2, 3, 4]
    assert [frame.time_us for frame in frames] == TIMES_US
    assert mean_fps(frames[:1]) is None
    assert mean_fps((FramePlace(1, 0), FramePlace(2, 10**9))) is None
