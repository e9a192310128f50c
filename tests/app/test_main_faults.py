"""What the command line refuses and what ends a run: one line that says why, and exit code 2."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from app import main as program
from lighthand.backends.exported import export_path
from lighthand.network import HandNet
from lighthand.weights import load_weights, save_weights
from tests.app.playing import lock_step


def spoil(case: str, tmp_path: Path, weights: Path) -> list[str]:
    """Give the command line of a faulty run."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for number in range(3):
        cv2.imwrite(str(folder / f"{number}.png"), np.full((6, 8), 700, np.uint16))
    unit = {"unit 0": 0, "unit -1": -1, "unit too small": 0.01}.get(case, 1.0)
    about = f"{{width: 8, height: 6, fx: 7.0, fy: 7.0, cx: 3.5, cy: 2.5, depth_unit_mm: {unit}, fps: 100}}"
    if case == "bad key":
        about = "{widht: 8}"
    (folder / "camera.yaml").write_text(about)
    more: list[str] = []
    match case:
        case "missing folder":
            shutil.rmtree(folder)
        case "empty folder":
            for path in folder.glob("*.png"):
                path.unlink()
        case "truncated PNG":
            (folder / "2.png").write_bytes((folder / "2.png").read_bytes()[:-9])
        case "8-bit PNG":
            cv2.imwrite(str(folder / "0.png"), np.full((6, 8), 70, np.uint8))
        case "other size":
            cv2.imwrite(str(folder / "2.png"), np.full((6, 9), 700, np.uint16))
        case "no weights":
            more = ["--set", f"network.weights={tmp_path / 'none.safetensors'}"]
        case "damaged weights":
            (tmp_path / "bad.safetensors").write_bytes(weights.read_bytes()[:1000])
            more = ["--set", f"network.weights={tmp_path / 'bad.safetensors'}"]
        case "bad setting":
            more = ["--set", "track.acept=0.5"]
        case "no thread":
            more = ["--set", "network.threads=0"]
        case "no such precision":
            more = ["--backend", "torch", "--set", "network.precision=bf16"]
        case "no such core":
            more = ["--set", "pacing.cpus=[4096]"]
        case "stale export":
            copy = tmp_path / "stale.safetensors"
            save_weights(copy, HandNet(load_weights(weights).config), extra={})
            export_path(copy).write_bytes(export_path(weights).read_bytes())
            more = ["--set", f"network.weights={copy}"]
        case "snapshot in a file":
            more = ["--snapshot", str(folder / "0.png" / "out")]
        case "log in a file":
            more = ["--log", str(folder / "0.png" / "log.csv")]
    return lock_step(folder, weights, *more)


@pytest.mark.parametrize(
    ("case", "text"),
    [
        ("missing folder", "frames: no such file or folder"),
        ("empty folder", "frames: no PNG in it"),
        ("truncated PNG", "2.png: truncated PNG"),
        ("8-bit PNG", "0.png: 8-bit grey PNG"),
        ("other size", "2.png: 9x6, the recording began with 8x6"),
        ("unit 0", "camera.yaml: depth_unit_mm is 0"),
        ("unit -1", "camera.yaml: depth_unit_mm is -1"),
        ("unit too small", "100% of the measurements are nearer than 50 mm with a unit of 0.01 mm"),
        ("bad key", "unknown key widht. The nearest valid name is width"),
        ("no weights", "none.safetensors: no such file"),
        ("damaged weights", "bad.safetensors"),
        ("bad setting", "unknown key track.acept. The nearest valid name is track.accept"),
        ("no thread", "error: --set: network.threads=0: expected 1 to"),
        (
            "no such precision",
            "network.precision=bf16: torch has fp32 alone. Set network.backend=openvino",
        ),
        ("no such core", "pacing.cpus: no core 4096"),
        ("stale export", "stale.onnx: stale, it was made from other weights"),
        ("snapshot in a file", "the folder cannot be made"),
        ("log in a file", "the log cannot be written"),
    ],
)
def test_every_fault_is_one_line_and_exit_code_2(
    case: str, text: str, tmp_path: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert program.main(spoil(case, tmp_path, weights)) == 2
    err = capsys.readouterr().err
    assert text in err
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_replay_without_a_source_and_a_source_for_the_synthetic_camera(capsys: pytest.CaptureFixture[str]) -> None:
    assert program.main(["--camera", "replay", "--headless"]) == 2
    assert "replay needs --source" in capsys.readouterr().err
    assert program.main(["--camera", "synthetic", "--source", "x", "--headless"]) == 2
    assert "synthetic takes no source" in capsys.readouterr().err
    assert program.main(["--intrinsics", "x", "--headless"]) == 2
    assert capsys.readouterr().err.startswith("error: intrinsics belong to a recording")
    assert program.main(["--camera", "realsense", "--fps", "0", "--headless"]) == 2
    assert capsys.readouterr().err.startswith("error: camera.fps=0: expected 1 to 10000")


def test_a_recording_that_cannot_be_made_is_refused_before_anything_is_opened(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    opened: list[object] = []
    monkeypatch.setattr("app.live.open_camera", lambda *words: opened.append(words))
    there = tmp_path / "there.mcap"
    there.touch()
    for target, why in ((there, "is there already"), (tmp_path / "a.avi", "a recording is an .mcap")):
        assert program.main(["--camera", "realsense", "--headless", "--record", str(target)]) == 2
        assert why in capsys.readouterr().err
    assert opened == []


@pytest.mark.parametrize("text", ["-1", "abc", "nan"])
def test_a_bad_time_is_named(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        program.main(["--seconds", text])
    assert caught.value.code == 2
    assert f"{text!r}, expected a number of seconds above 0" in capsys.readouterr().err
