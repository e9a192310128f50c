"""The program whole, from its command line; the network has random weights, so poses mean nothing."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import cv2
import numpy as np
import pytest

from app import main as program
from app.cameras.synthetic import SyntheticCamera
from app.live import Live
from app.viewer.overlay import Snapshot
from lighthand.backends import NetworkSource
from lighthand.errors import SourceError
from tests.app.playing import lock_step
from tests.app.scripted import ScriptedCamera, ready
from tests.lighthand.scenes import BlobEstimator

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 12


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recording") / "short.npz"
    with SyntheticCamera(1, pace="lockstep") as camera:
        depth = np.stack([camera.read(1.0).depth for _ in range(FRAMES)])
        lens = camera.info.intrinsics
    np.savez(path, depth=depth, intrinsics=[lens.fx, lens.fy, lens.cx, lens.cy], depth_unit_mm=1.0)
    return path


def log_rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(line for line in path.read_text().splitlines() if not line.startswith("#")))


def test_lock_step_loses_no_frame_and_is_the_same_twice(
    recording: Path,
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("app.live.open_estimator", lambda source: BlobEstimator())  # one that sees hands
    logs = []
    for run in ("first", "second"):
        log = tmp_path / f"{run}.csv"
        assert program.main(lock_step(recording, weights, "--log", str(log), "--snapshot", str(tmp_path / run))) == 0
        logs.append(log_rows(log))
    text = capsys.readouterr().out
    assert f"{FRAMES} frames processed" in text
    assert "drops: 0 at the source, 0 before the worker" in text
    for saved in ("second.csv", "second/overlay.mp4", "second/sheet.png"):
        assert f"saved {tmp_path / saved}" in text
        assert (tmp_path / saved).stat().st_size > 0
    assert [row["seq"] for row in logs[0]] == [str(seq) for seq in range(FRAMES)]
    same = [[{k: v for k, v in row.items() if k == "sensor_s" or not k.endswith("_s")} for row in log] for log in logs]
    assert same[0] == same[1]
    assert sum(bool(row["track_id"]) for row in logs[0]) > FRAMES / 2


def test_the_log_begins_with_the_resolved_settings(recording: Path, weights: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    settings = tmp_path / "settings.yaml"
    settings.write_text("segment: {far_mm: 1200}\ntrack: {lost_after: 9}\n")
    arguments = lock_step(
        recording, weights, "--log", str(log), "--config", str(settings), "--set", "track.lost_after=7"
    )
    assert program.main(arguments) == 0
    first, _, source = log.read_text().splitlines()[:3]
    assert '"far_mm": 1200.0' in first
    assert '"lost_after": 7' in first
    assert source.startswith("# source ")
    about = json.loads(source.removeprefix("# source "))["source"]  # as the report reads it
    assert (about["serial"], about["live"]) == ("short.npz", False)


def test_a_run_without_a_frame_leaves_no_recording_and_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.live.open_estimator", lambda source: BlobEstimator())
    monkeypatch.setattr("app.live.open_camera", lambda _, note: ready(ScriptedCamera([]))(note))
    target = tmp_path / "a.mcap"
    assert program.main(["--camera", "synthetic", "--headless", "--record", str(target)]) == 0
    assert capsys.readouterr().out == "no frame was processed\nnothing was recorded: no frame came\n"
    assert not target.exists()


@pytest.mark.parametrize("model", ["hand", "fast"])
def test_a_model_is_its_weights(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[NetworkSource] = []

    def note(source: NetworkSource) -> BlobEstimator:
        seen.append(source)
        return BlobEstimator()

    monkeypatch.setattr("app.live.open_estimator", note)
    words = ["--camera", "synthetic", "--headless", "--seconds", "0.2", "--model", model, "--backend", "openvino"]
    assert program.main(words) == 0
    assert seen == [NetworkSource(ROOT / "weights" / f"{model}.safetensors", "openvino")]
    assert seen[0].weights.is_file()


def test_low_latency_says_what_it_does(
    recording: Path, weights: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.live.open_estimator", lambda source: BlobEstimator())
    assert program.main([*lock_step(recording, weights), "--low-latency"]) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("pacing: ")]
    assert [line.split()[1] for line in lines] == ["priority", "threads", "cores"]


def test_the_first_start_says_why_it_waits(
    weights: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["--camera", "synthetic", "--headless", "--seconds", "0.1", "--set", f"network.weights={weights}"]
    assert program.main(words) == 0
    assert "compiles" not in capsys.readouterr().err

    def slow(source: NetworkSource) -> BlobEstimator:
        time.sleep(0.5)
        return BlobEstimator()

    monkeypatch.setattr("app.live.open_estimator", slow)
    monkeypatch.setattr(program, "_SLOW_S", 0.05)
    assert program.main(words) == 0
    assert capsys.readouterr().err.count("the first start compiles") == 1


def test_the_seconds_of_a_run_begin_with_its_first_result(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def slow(source: NetworkSource) -> BlobEstimator:
        time.sleep(1.0)
        return BlobEstimator()

    monkeypatch.setattr("app.live.open_estimator", slow)
    assert program.main(["--camera", "synthetic", "--headless", "--seconds", "0.3"]) == 0
    assert "no frame was processed" not in capsys.readouterr().out


def test_without_a_display_it_runs_headless_and_says_where_it_saves(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(program, "DEMO_S", 1.0)
    assert program.main(["--camera", "synthetic", "--set", f"network.weights={weights}"]) == 0
    out = capsys.readouterr()
    assert "no display" in out.err
    assert f"saved {tmp_path / 'out' / 'live' / 'overlay.mp4'}" in out.out
    assert (tmp_path / "out" / "live" / "sheet.png").stat().st_size > 1000


def test_the_window_leaves_its_picture(
    weights: Path,
    tmp_path: Path,
    qapp: object,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    words = ["--camera", "synthetic", "--seconds", "1", "--snapshot", str(tmp_path)]
    collecting: list[str] = []
    monkeypatch.setattr(program, "Collector", lambda: lambda: collecting.append(threading.current_thread().name))
    words += ["--set", f"network.weights={weights}", "--set", "window.width=790", "--set", "window.height=500"]
    assert program.main(words) == 0
    assert f"saved {tmp_path / 'window.png'}" in capsys.readouterr().out
    picture = cv2.imread(str(tmp_path / "window.png"))
    assert picture.shape[:2] == (500, 790)
    assert picture.std() > 10  # a depth image, not a blank page
    assert set(collecting) == {"MainThread"}  # Qt's objects may die there alone


def test_a_display_that_does_not_answer_is_as_good_as_none(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DISPLAY", ":4711")
    words = ["--seconds", "0.5", "--snapshot", str(tmp_path), "--set", f"network.weights={weights}"]
    assert program.main(words) == 0
    assert "no display at DISPLAY=:4711 (" in capsys.readouterr().err
    assert (tmp_path / "sheet.png").exists()


def test_the_end_is_reported_though_its_parts_fail(
    recording: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(self: Snapshot) -> tuple[Path, ...]:
        raise SourceError("sheet.png: the sheet cannot be written.")

    left: list[tuple[str, ...]] = []
    monkeypatch.setattr(Snapshot, "close", fail)
    monkeypatch.setattr(Live, "running", ("capture",))
    monkeypatch.setattr(program, "_leave", lambda hung, error: left.append(hung))
    log = tmp_path / "log.csv"
    assert program.main(lock_step(recording, weights, "--snapshot", str(tmp_path / "out"), "--log", str(log))) == 2
    out = capsys.readouterr()
    assert f"{FRAMES} frames processed" in out.out
    assert f"saved {log}" in out.out
    assert "error: sheet.png: the sheet cannot be written." in out.err
    assert left == [("capture",)]


def start(arguments: list[str], **environment: str) -> subprocess.Popen[str]:
    names = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM", "QT_QPA_PLATFORM_PLUGIN_PATH")
    clean = {key: value for key, value in os.environ.items() if key not in names}
    command = [sys.executable, str(ROOT / "run_live.py"), *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, env=clean | environment, stdout=pipe, stderr=pipe, text=True)


def wait_for_rows(log: Path, process: subprocess.Popen[str]) -> None:
    """Wait until the log holds some rows."""
    end_s = time.monotonic() + 90
    while not log.exists() or len(log.read_text().splitlines()) < 5:
        if process.poll() is not None or time.monotonic() > end_s:
            process.kill()
            pytest.fail("no row in the log: " + "".join(process.communicate()))
        time.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_a_headless_run_with_its_summary(
    weights: Path, tmp_path: Path, number: signal.Signals
) -> None:
    log = tmp_path / "log.csv"
    process = start(["--headless", "--log", str(log), "--set", f"network.weights={weights}"])
    wait_for_rows(log, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert "frames processed" in out
    assert "arrival to pose" in out
    assert log_rows(log)[-1]["tracked_s"]


def test_a_double_interrupt_in_the_window_is_one(weights: Path, tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    process = start(["--log", str(log), "--set", f"network.weights={weights}"], QT_QPA_PLATFORM="offscreen")
    wait_for_rows(log, process)
    for _ in range(3):
        process.send_signal(signal.SIGINT)
        time.sleep(0.02)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert "age at drawing" in out


def test_an_interrupt_while_the_libraries_load_ends_quietly() -> None:
    process = start(["--headless"])
    maps = Path(f"/proc/{process.pid}/maps")
    end_s = time.monotonic() + 30
    while "numpy" not in maps.read_text() and time.monotonic() < end_s:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert err == ""


def test_the_window_opens_with_the_xcb_plugin_and_ends_on_an_interrupt(weights: Path, tmp_path: Path) -> None:
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        pytest.skip("Xvfb is not installed: apt-get install xvfb")
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        [xvfb, "-displayfd", str(write_end), "-screen", "0", "1280x720x24", "-nolisten", "tcp"],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    try:
        with os.fdopen(read_end) as answer:
            display = ":" + answer.readline().strip()
        log = tmp_path / "log.csv"
        arguments = ["--log", str(log), "--set", f"network.weights={weights}"]
        process = start(arguments, DISPLAY=display, QT_QPA_PLATFORM="xcb")
        wait_for_rows(log, process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    finally:
        server.terminate()
        server.wait(10)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    assert "age at drawing" in out
    assert any(row["drawn_s"] for row in log_rows(log))
