"""What the recorder takes is what replay gives, and no fault of the disk holds the run up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rosbags.highlevel import AnyReader
from rosbags.typesys import Stores, get_typestore

from app.cameras.base import CameraInfo, EndOfSourceError
from app.cameras.replay import ReplayCamera
from app.formats import mcap_file, mcap_write, messages, rvl
from app.formats.mcap_read import McapRecording
from app.formats.mcap_write import RecordingWriter
from app.recording import recorder as module
from app.recording.recorder import Recorder
from lighthand.errors import SourceError
from lighthand.types import Frame, Intrinsics
from tests.app.scripted import SIZE, frame, result

LENS = Intrinsics(64, 48, 60.0, 61.0, 31.5, 23.5, (0.1, -0.2, 0.001, 0.002, 0.05))
INFO = CameraInfo("D435", "0420", "5.16", "USB 3.2", 0.1, LENS, 30.0)


def noisy(seq: int, **values: object) -> Frame:
    image = np.random.default_rng(seq).integers(0, 4000, (48, 64)).astype(np.uint16)
    whole = Frame(seq, image, 0.1, LENS, time.perf_counter(), seq / 30 + 0.001, "device", "0420", 1.7e9 + seq / 30)
    return replace(whole, **values)  # type: ignore[arg-type]


def record(path: Path, frames: list[Frame], info: CameraInfo = INFO) -> Recorder:
    recorder = Recorder()
    recorder.start(path, info, {"segment": {"near_mm": 200}})
    for item in frames:
        recorder.frame(item, wait=True)
        recorder.result(result(item))
    recorder.stop()
    return recorder


def play(path: Path, **options: object) -> list[Frame]:
    frames = []
    with ReplayCamera(path, pace="lockstep", **options) as camera:  # type: ignore[arg-type]
        while True:
            try:
                frames.append(camera.read(1.0))
            except EndOfSourceError:
                return frames


def test_replay_gives_what_was_recorded_bit_by_bit(tmp_path: Path) -> None:
    frames = [noisy(seq) for seq in (3, 4, 5, 9, 10)] + [noisy(11, sensor_s=None, sensor_clock="none", backend_s=None)]
    path = tmp_path / "a.mcap"
    state = record(path, frames).state
    assert (state.path, state.active, state.frames, state.dropped, state.error) == (path, False, 6, 0, "")
    assert state.size_bytes == path.stat().st_size
    for ours, theirs in zip(play(path), frames, strict=True):
        assert np.array_equal(ours.depth, theirs.depth)
        assert replace(ours, depth=theirs.depth, arrival_s=theirs.arrival_s) == theirs
    with ReplayCamera(path) as camera:
        assert camera.info == replace(INFO, link="file")


def test_the_file_tells_the_settings_the_hands_and_the_drops(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    source = noisy(1)
    record(path, [source, noisy(4)])
    recording = McapRecording(path)
    assert json.loads(recording.metadata["about"]) == {"segment": {"near_mm": 200}}
    assert recording.metadata["version"]
    ((_, drop),) = recording.messages("/drops")
    assert (drop.first_seq, drop.last_seq, drop.count, drop.where) == (2, 3, 2, "source")
    assert recording.end["lost_at_source"] == "2"
    (_, first), _ = recording.messages("/hands")
    expected = result(source).hands[0]
    (hand,) = first.hands
    assert first.seq == 1
    assert first.arrival_s == source.arrival_s
    assert (hand.track_id, hand.side) == (expected.track_id, expected.side)
    assert np.array_equal(np.array(hand.joints_mm, np.float32).reshape(21, 3), expected.joints_mm)
    assert np.array_equal(np.array(hand.confidence, np.float32), expected.pose.confidence)
    assert list(hand.hidden) == expected.pose.hidden.astype(int).tolist()
    recording.close()


def test_a_foreign_reader_opens_it(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    source = noisy(7)
    record(path, [source])
    with AnyReader([path], default_typestore=get_typestore(Stores.ROS2_HUMBLE)) as reader:
        found = {c.topic: reader.deserialize(raw, c.msgtype) for c, _, raw in reader.messages()}
    depth, camera = found["/depth"], found["/camera_info"]
    assert depth.format == "16UC1; compressedDepth rvl"
    data = depth.data.tobytes()
    _, _, _, columns, rows = messages.HEAD.unpack_from(data)
    assert np.array_equal(rvl.decode(data[messages.HEAD.size :], columns, rows), source.depth)
    assert depth.header.stamp == camera.header.stamp
    assert camera.distortion_model == "plumb_bob"
    assert camera.d.tolist() == list(LENS.distortion)
    assert camera.k.tolist() == [60.0, 0, 31.5, 0, 61.0, 23.5, 0, 0, 1]
    assert found["/frame"].depth_unit_mm == 0.1
    assert len(found["/hands"].hands) == 1


@pytest.mark.parametrize("lens", [(), (0.1, 0.2, 0.3, 0.4), tuple(np.arange(8.0))])
def test_every_lens_comes_back(tmp_path: Path, lens: tuple[float, ...]) -> None:
    camera = replace(LENS, distortion=lens)
    path = tmp_path / "a.mcap"
    record(path, [noisy(0, intrinsics=camera)], replace(INFO, intrinsics=camera))
    assert play(path)[0].intrinsics == camera


def test_numbers_and_times_go_on_rising_in_a_loop(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    record(path, [noisy(seq) for seq in (5, 6, 8)])
    with ReplayCamera(path, pace="lockstep", loop=True) as camera:
        frames = [camera.read(1.0) for _ in range(9)]
    assert [item.seq for item in frames] == [5, 6, 8, 9, 10, 12, 13, 14, 16]
    for stamps in ([item.sensor_s for item in frames], [item.backend_s for item in frames]):
        assert stamps == sorted(stamps)  # type: ignore[type-var]


def test_the_recorded_pace_is_that_of_the_arrivals(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    record(path, [noisy(seq, arrival_s=100.0 + at) for seq, at in enumerate((0.0, 0.01, 0.4, 0.41))])
    with ReplayCamera(path) as camera:
        arrivals = [camera.read(1.0).arrival_s for _ in range(4)]
    gaps = np.diff(arrivals)
    assert gaps[1] == max(gaps)
    assert gaps[1] > 0.35


def test_many_recordings_in_a_run_and_none(tmp_path: Path) -> None:
    recorder = Recorder()
    recorder.stop()
    recorder.frame(noisy(0))
    recorder.result(result(noisy(0)))
    assert recorder.state == module.RecorderState()
    for name in ("a.mcap", "b.mcap"):
        recorder.start(tmp_path / name, INFO, {})
        assert recorder.state.active
        with pytest.raises(SourceError, match=f"{name} is still being written"):
            recorder.start(tmp_path / "c.mcap", INFO, {})
        recorder.frame(noisy(1), wait=True)
        recorder.stop()
        recorder.stop()
        recorder.frame(noisy(2))
        assert len(play(tmp_path / name)) == 1


def test_where_no_frame_came_no_file_stays_and_that_is_said(tmp_path: Path) -> None:
    recorder = Recorder()
    path = tmp_path / "a.mcap"
    recorder.start(path, INFO, {})
    assert recorder.state.nothing == ""
    recorder.result(result(noisy(0)))  # of the last frame before
    recorder.stop()
    assert list(tmp_path.iterdir()) == []
    assert [tape.nothing for tape in recorder.recordings] == ["nothing was recorded: no frame came"]
    recorder.start(path, INFO, {})  # the name is free
    recorder.frame(noisy(1), wait=True)
    recorder.stop()
    assert [tape.nothing for tape in recorder.recordings][1:] == [""]
    assert len(play(path)) == 1


def test_what_cannot_be_started_says_why(tmp_path: Path) -> None:
    recorder = Recorder()
    there = tmp_path / "there.mcap"
    there.write_bytes(b"mine")
    with pytest.raises(SourceError, match="is there already. Choose another name"):
        recorder.start(there, INFO, {})
    assert there.read_bytes() == b"mine"
    with pytest.raises(SourceError, match=r"a recording is an .mcap. Name it .*a.mcap"):
        recorder.start(tmp_path / "a.bag", INFO, {})
    with pytest.raises(SourceError, match="cannot be made"):
        recorder.start(there / "a.mcap", INFO, {})
    assert not recorder.state.active


def test_an_overflow_is_counted_and_noted_and_never_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUEUE_BYTES", 3 * noisy(0).depth.nbytes)
    gate = threading.Event()
    write = mcap_write.RecordingWriter.frame

    def slow(self: mcap_write.RecordingWriter, item: Frame, time_ns: int) -> None:
        gate.wait(10)
        write(self, item, time_ns)

    monkeypatch.setattr(mcap_write.RecordingWriter, "frame", slow)
    recorder = Recorder()
    path = tmp_path / "a.mcap"
    recorder.start(path, INFO, {})
    recorder.frame(noisy(0))
    while recorder._waiting_bytes:
        time.sleep(0.001)  # until the thread has taken it
    for seq in range(1, 8):
        recorder.frame(noisy(seq))
    assert recorder.state.dropped == 4
    gate.set()
    recorder.frame(noisy(8), wait=True)
    recorder.stop()
    assert [item.seq for item in play(path)] == [0, 1, 2, 3, 8]
    recording = McapRecording(path)
    ((_, drop),) = recording.messages("/drops")
    assert (drop.first_seq, drop.last_seq, drop.count, drop.where) == (4, 7, 4, "recorder")
    assert recording.end["dropped_by_recorder"] == "4"
    recording.close()


def test_a_full_disk_ends_the_recording_and_nothing_else(tmp_path: Path) -> None:
    """The kernel's own limit on the size of a file stands for the full disk."""
    code = f"""
import resource, signal, sys, time
sys.path.insert(0, {str(Path.cwd())!r})
from pathlib import Path
from typing import Any
from app.recording.recorder import Recorder
from app.cameras.replay import ReplayCamera
from tests.app.recording.test_recorder import INFO, noisy
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_500_000, 2_500_000))
recorder = Recorder()
recorder.start(Path({str(tmp_path / "full.mcap")!r}), INFO, {{}})
for seq in range(2000):
    recorder.frame(noisy(seq), wait=True)
before = recorder.state
recorder.stop()
assert recorder.state == before and not before.active, recorder.state
print(before.error, "frames", before.frames, "dropped", before.dropped)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert "full.mcap: the recording ended after " in done.stdout
    assert "File too large" in done.stdout
    assert "Make room" in done.stdout
    path = tmp_path / "full.mcap"
    assert path.stat().st_size <= 2_500_000
    played = len(play(path))
    assert played > 200
    assert f"ended after {played} frames" in done.stdout
    assert f"frames {played} dropped" in done.stdout
    assert "dropped 0" not in done.stdout


def test_a_kill_loses_the_last_chunk_at_most(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "killed.mcap"
    code = f"""
import sys, time
sys.path.insert(0, {str(Path.cwd())!r})
from pathlib import Path
from typing import Any
from app.recording.recorder import Recorder
from tests.app.recording.test_recorder import INFO, noisy
recorder = Recorder()
recorder.start(Path({str(path)!r}), INFO, {{}})
for seq in range(1000):
    recorder.frame(noisy(seq), wait=True)
while recorder.state.frames < 1000:
    time.sleep(0.01)
print("written", flush=True)
time.sleep(60)
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    frames = play(path)
    lost = 1000 - len(frames)
    assert 0 < lost <= mcap_file.CHUNK_BYTES / rvl_bytes()
    assert [item.seq for item in frames] == list(range(len(frames)))
    assert all(np.array_equal(item.depth, noisy(item.seq).depth) for item in frames[:: len(frames) // 7])
    assert len(caplog.messages) == 1
    assert f"was cut off; repaired: {len(frames)} frames saved" in caplog.messages[0]
    assert list(tmp_path.iterdir()) == [path]


def rvl_bytes() -> int:
    return len(rvl.encode(noisy(0).depth))


def test_scripted_frames_without_stamps_of_their_own_work(tmp_path: Path) -> None:
    path = tmp_path / "a.mcap"
    record(path, [frame(0), frame(1)], CameraInfo("scripted", "1", "", "script", 1.0, SIZE, 30.0))
    assert [item.seq for item in play(path)] == [0, 1]


def test_a_disk_that_does_not_answer_is_named_and_a_late_end_is_no_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.recording.recorder.STOP_S", 0.05)
    go = threading.Event()
    write = RecordingWriter.frame

    def slow(self: RecordingWriter, *values: Any) -> None:
        go.wait(10)
        write(self, *values)

    monkeypatch.setattr(RecordingWriter, "frame", slow)
    recorder = Recorder()
    recorder.start(tmp_path / "a.mcap", INFO, {})
    recorder.frame(frame(0))
    assert recorder.stop() == ("recorder",)
    assert (recorder.state.active, recorder.state.saving) == (False, True)
    recorder.frame(frame(1))  # comes too late
    go.set()
    monkeypatch.setattr("app.recording.recorder.STOP_S", 5.0)
    assert recorder.stop() == ()
    assert [(state.frames, state.error, state.saving) for state in recorder.recordings] == [(1, "", False)]
