"""Each fault of a recording, typed as a user would: one clear error that names the file and what to do, no traceback.

Faults of a device are in test_capture (stall, unplug, another unit or camera), test_realsense and test_openni (unit 0,
NaN in the lens, a device in use); those of the disk in recording/test_recorder.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from app import main as program
from app.formats.mcap_write import RecordingWriter
from app.formats.recording import Description
from tests.app.scripted import SIZE, frame

YAML = "{width: 64, height: 48, fx: 60, fy: 60, cx: 31.5, cy: 23.5, depth_unit_mm: 1.0}"


def folder(path: Path, yaml: str = YAML, size: tuple[int, int] = (48, 64)) -> Path:
    path.mkdir()
    cv2.imwrite(str(path / "0.png"), np.full(size, 600, np.uint16))
    cv2.imwrite(str(path / "1.png"), np.full(size, 600, np.uint16))
    (path / "camera.yaml").write_text(yaml)
    return path


def mcap(path: Path) -> Path:
    writer = RecordingWriter(path, Description("scripted", "1", 1.0, SIZE, 30.0), {})
    for seq in range(3):
        writer.frame(frame(seq), 10 + seq)
    writer.finish({})
    return path


def npz(path: Path, **changed: object) -> Path:
    arrays = {"depth": np.full((3, 48, 64), 600, np.uint16), "intrinsics": [60, 60, 31.5, 23.5], "depth_unit_mm": 1.0}
    np.savez(path, **{**arrays, **changed})  # type: ignore[arg-type]
    return path


def cut(path: Path, share: float = 0.5) -> Path:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def garbage(path: Path) -> Path:
    path.write_bytes(np.random.default_rng(0).bytes(5000))
    return path


def cut_image(path: Path) -> Path:
    cut(folder(path) / "0.png")
    return path


def wrong_second(path: Path) -> Path:
    cv2.imwrite(str(folder(path) / "1.png"), np.full((24, 32), 600, np.uint16))
    return path


def empty(path: Path) -> Path:
    path.mkdir()
    return path


FAULTS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "nothing.mcap": (lambda path: path, "no such file"),
    "empty": (empty, "Give --source"),
    "cut": (cut_image, "truncated PNG"),
    "grown": (wrong_second, "the recording began with 64x48"),
    "size": (lambda path: folder(path, size=(24, 32)), "Use the description of the camera"),
    "unit0": (lambda path: folder(path, YAML.replace("1.0", "0")), "depth_unit_mm is 0"),
    "unit-absurd": (lambda path: folder(path, YAML.replace("1.0", "0.01")), "Set depth_unit_mm to the camera's"),
    "nan": (lambda path: folder(path, YAML.replace("fx: 60", "fx: .nan")), "fx is nan"),
    "text": (lambda path: folder(path, YAML.replace("fx: 60", "fx: wide")), "fx is 'wide'"),
    "cut.npz": (lambda path: cut(npz(path)), "cannot be read as an .npz"),
    "nan.npz": (lambda path: npz(path, intrinsics=[np.nan, 60, 31, 23]), "must be positive"),
    "unit.npz": (lambda path: npz(path, depth_unit_mm=0.0), "depth_unit_mm is 0"),
    "float.npz": (lambda path: npz(path, depth=np.zeros((3, 48, 64))), "expected uint16"),
    "garbage.mcap": (garbage, "garbage.mcap"),
    "garbage.npy": (garbage, "garbage.npy"),
    "garbage.db3": (garbage, "garbage.db3"),
    "garbage.bag": (garbage, "garbage.bag"),
    "garbage.oni": (garbage, "garbage.oni"),
    "garbage.mkv": (garbage, "garbage.mkv"),
    "garbage.avi": (garbage, "Give --source"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_damaged_recording_is_one_clear_error(
    name: str, tmp_path: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make, text = FAULTS[name]
    source = make(tmp_path / name)
    words = ["--camera", "replay", "--source", str(source), "--headless", "--pace", "lockstep"]
    start_s = time.perf_counter()
    assert program.main([*words, "--set", f"network.weights={weights}"]) == 2
    errors = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert source.name in errors[0]
    assert text in errors[0]
    assert time.perf_counter() - start_s < 20


def test_a_recording_that_was_cut_off_plays_what_is_whole(
    tmp_path: Path, weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = cut(mcap(tmp_path / "cut.mcap"), 0.99)
    words = ["--camera", "replay", "--source", str(source), "--headless", "--pace", "lockstep"]
    assert program.main([*words, "--set", f"network.weights={weights}"]) == 0
    assert "3 frames processed" in capsys.readouterr().out
    cut(source, 0.2)
    assert program.main([*words, "--set", f"network.weights={weights}"]) == 2
    assert "cut.mcap" in capsys.readouterr().err


def test_a_folder_that_may_not_be_read_is_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = folder(tmp_path / "secret")

    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.is_relative_to(source):
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)  # root may read everything
    assert program.main(["--camera", "replay", "--source", str(source), "--headless"]) == 2
    assert "0.png: cannot be read (Permission denied)" in capsys.readouterr().err
