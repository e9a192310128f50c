"""The whole program in each state: its window is closed, and all of it has ended soon after, with nothing lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from app.cameras.replay import ReplayCamera
from app.formats.mcap_write import RecordingWriter
from app.saved import load_saved
from app.viewer.window import HandWindow
from lighthand.backends import NetworkSource
from lighthand.errors import WeightsError
from tests.app.closing import CASES, END_S, SLOW_S, Closer, bar, frames, give, some_frames
from tests.app.playing import write
from tests.app.scripted import SIZE, ScriptedCamera
from tests.lighthand.scenes import BlobEstimator

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def closer(qapp: object, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Closer:
    return Closer(monkeypatch, tmp_path)


def load_slowly(source: NetworkSource) -> BlobEstimator:
    time.sleep(SLOW_S)
    return BlobEstimator()


def never(source: NetworkSource) -> BlobEstimator:
    raise WeightsError("weights/none.safetensors: no such file.")


@pytest.mark.parametrize("name", CASES)
def test_the_program_ends_soon_after_its_window(
    closer: Closer, monkeypatch: pytest.MonkeyPatch, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    open_camera, text, code = CASES[name]
    monkeypatch.setattr("app.live.open_camera", open_camera)
    run = closer.run(lambda window: text in bar(window) and (name != "running" or some_frames(window)))
    assert text in run.state
    assert run.code == code
    assert run.ended_s < END_S
    out = capsys.readouterr()
    came = name not in ("opening", "no camera", "waiting")
    assert ("frames processed" if came else "no frame was processed") in out.out
    assert "Traceback" not in out.err
    assert ("error: scripted 1: broken." in out.err) == (code == 2)


def test_while_the_network_loads(closer: Closer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.live.open_camera", give(lambda: ScriptedCamera(frames())))
    monkeypatch.setattr("app.live.open_estimator", load_slowly)
    run = closer.run(lambda window: "Loading the network" in bar(window))
    assert "Loading" in run.state
    assert run.code == 0
    assert run.ended_s < END_S


def test_without_weights(closer: Closer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("app.live.open_camera", give(lambda: ScriptedCamera(frames())))
    monkeypatch.setattr("app.live.open_estimator", never)
    run = closer.run(lambda window: "Weights cannot be used" in bar(window))
    assert run.code == 2
    assert run.ended_s < END_S
    assert capsys.readouterr().err.endswith("error: weights/none.safetensors: no such file.\n")


def test_a_held_picture(closer: Closer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.live.open_camera", give(lambda: ScriptedCamera(frames())))
    run = closer.run(lambda window: "Paused" in bar(window), HandWindow._toggle_pause)
    assert "the camera runs on" in run.state
    assert run.code == 0
    assert run.ended_s < END_S


def test_a_recording_that_is_paused(closer: Closer) -> None:
    source = write(closer.folder / "a.mcap", 90)
    steps: list[int] = []

    def ready(window: HandWindow) -> bool:
        if "Paused" in bar(window) and (player := window._live.player):
            steps.append(player.position.step)
        return bool(steps)

    run = closer.run(ready, HandWindow._toggle_pause, "--camera", "replay", "--source", str(source))
    assert "Paused" in run.state
    assert steps[0] < 60, "it was not played to its end"
    assert run.code == 0
    assert run.ended_s < END_S


def test_a_recording_at_its_end(closer: Closer) -> None:
    source = write(closer.folder / "a.mcap", 5)
    run = closer.run(
        lambda window: "End of the recording" in bar(window),
        lambda window: None,
        *("--camera", "replay", "--source", str(source)),
    )
    assert "End of the recording" in run.state
    assert run.code == 0
    assert run.ended_s < END_S


@pytest.mark.parametrize("disk_s", [0.0, 0.01], ids=["fast disk", "slow disk"])
def test_while_it_records_nothing_is_lost(
    closer: Closer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], disk_s: float
) -> None:
    write_frame = RecordingWriter.frame

    def slow(self: RecordingWriter, *arguments: Any) -> None:
        time.sleep(disk_s)
        write_frame(self, *arguments)

    monkeypatch.setattr(RecordingWriter, "frame", slow)
    monkeypatch.setattr("app.live.open_camera", give(lambda: ScriptedCamera(frames())))
    run = closer.run(
        lambda window: window._live.recorder.state.active and window._live.recorder.state.frames > 15,
        HandWindow._toggle_recording,
    )
    assert run.code == 0
    assert run.ended_s < END_S
    (saved,) = (closer.folder / "recordings").iterdir()
    assert f": {saved}" in capsys.readouterr().out
    seqs = []
    with ReplayCamera(saved, pace="lockstep") as camera:
        assert camera.info.intrinsics == SIZE
        for _ in range(16):
            seqs.append(camera.read(1.0).seq)
    assert seqs == list(range(seqs[0], seqs[0] + 16))


def test_the_threads_are_joined(closer: Closer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.live.open_camera", give(lambda: ScriptedCamera(frames())))
    running: list[set[str]] = []

    def note(window: HandWindow) -> bool:
        if some_frames(window) and window._live.recorder.state.active:
            running.append({thread.name for thread in threading.enumerate()})
            return True
        return False

    closer.run(note, HandWindow._toggle_recording)
    names = {"capture", "worker", "recorder"}
    assert names <= running[0]
    assert not names & {thread.name for thread in threading.enumerate()}


def test_the_settings_are_kept_for_the_next_start(closer: Closer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.live.open_camera", give(lambda: ScriptedCamera(frames())))

    def change(window: HandWindow) -> None:
        window._panel.far.setValue(900)
        window._panel.shown["grid"].click()
        window.resize(window.width(), 622)

    closer.run(some_frames, change)
    later: list[tuple[float, bool, int, bool]] = []

    def note(window: HandWindow) -> None:
        far_mm = window._live.config.segment.far_mm
        later.append((far_mm, window.look.grid, window.height(), window.isMaximized()))
        window.showMaximized()

    closer.run(some_frames, note)
    closer.run(some_frames, note)
    first, second = later
    assert first == (900.0, False, 622, False)
    assert second[-1], "it fills the screen again"
    kept = load_saved().window
    assert (kept.height, kept.maximised) == (622, True)


def end_of(
    arguments: list[str], ready: str, environment: dict[str, str], *, by_key: bool = False
) -> tuple[int, float, str]:
    """Run the program as its users do, and close the window when it has written a text; the interpreter's end counts.

    With ``by_key`` it ends by ^C, which a terminal sends to the program's children, too.

    Returns:
        The exit code, the seconds from the closing to the end, and all that was written.
    """
    process = subprocess.Popen(
        [sys.executable, "-u", str(ROOT / "run_live.py"), *arguments],
        env=os.environ | {"QT_QPA_PLATFORM": "offscreen"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=by_key,
    )
    assert process.stdout is not None
    watchdog = threading.Timer(60.0, process.kill)
    watchdog.start()
    try:
        lines = []
        for line in process.stdout:
            lines.append(line)
            if ready in line:
                break
        if by_key:
            os.killpg(process.pid, signal.SIGINT)
        else:
            process.send_signal(signal.SIGTERM)  # which closes the window
        start_s = time.perf_counter()
        text = "".join(lines) + process.communicate()[0]
        return process.returncode, time.perf_counter() - start_s, text
    finally:
        watchdog.cancel()
        watchdog.join()


@pytest.mark.parametrize("source", ["recorded", "rendered"])
def test_while_the_first_start_compiles_the_process_ends(weights: Path, tmp_path: Path, source: str) -> None:
    words = ["--headless", "--set", f"network.weights={weights}"]
    if source == "recorded":
        words += ["--camera", "replay", "--loop", "--source", str(write(tmp_path / "a.mcap", 30))]
    else:
        words += ["--camera", "synthetic"]
    cold = {"NUMBA_CACHE_DIR": str(tmp_path / "numba")}
    code, ended_s, text = end_of(words, "the first start compiles", cold, by_key=source == "rendered")
    assert "no frame was processed" in text
    assert code == 0, text
    assert ended_s < END_S


def test_without_a_camera_the_process_ends(weights: Path, tmp_path: Path) -> None:
    pytest.importorskip("pyrealsense2")
    words = ["--camera", "realsense", "--serial", "0", "--set", f"network.weights={weights}"]
    code, ended_s, text = end_of(words, "Trying again", {"XDG_CONFIG_HOME": str(tmp_path)})
    assert "(try 1)" in text
    assert "no frame was processed" in text
    assert code == 0
    assert ended_s < END_S


def test_while_it_records_the_process_ends_and_the_recording_can_be_read(weights: Path, tmp_path: Path) -> None:
    """The depth is of no hand's distance, so that the first frame is warned of: then it runs."""
    source, saved = tmp_path / "far.mcap", tmp_path / "saved.mcap"
    write(source, 300, depth=5000)
    words = ["--source", str(source), "--record", str(saved), "--set", f"network.weights={weights}"]
    code, ended_s, text = end_of(words, "nothing between", {"XDG_CONFIG_HOME": str(tmp_path)})
    assert code == 0, text
    assert ended_s < END_S
    assert str(saved) in text
    with ReplayCamera(saved, pace="lockstep") as camera:
        assert camera.player.position.count > 0
        assert camera.read(1.0).depth[0, 0] >= 5000
