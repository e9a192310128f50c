"""Rendered recordings: what is written is what replay reads."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from app.cameras.replay import ReplayCamera
from lighthand.synthesis.record import camera_of, main
from lighthand.synthesis.scene import HandAnimator


def test_a_recording_is_played_back_pixel_by_pixel(tmp_path: Path) -> None:
    folder = tmp_path / "rendered"
    assert main(["--out", str(folder), "--size", "160x120", "--fps", "60", "--seconds", "0.1"]) == 0
    animator = HandAnimator(camera=camera_of(160, 120))
    with ReplayCamera(folder, pace="lockstep") as camera:
        assert camera.info.fps == 60
        assert camera.info.model == "rendered"
        assert camera.info.intrinsics == camera_of(160, 120)
        shown = [camera.read(1.0).depth for _ in range(6)]
    for number, moment in enumerate((0, 1, 2, 3, 2, 1)):
        assert np.array_equal(shown[number], animator.render(moment / 60)[0])


def test_a_folder_with_pictures_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.png").touch()
    assert main(["--out", str(tmp_path)]) == 2
    assert "holds PNGs already" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.png"]


@pytest.mark.parametrize("seconds", ["nan", "-5", "0", "x", "inf"])
def test_a_time_that_cannot_be(seconds: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path / "none"), "--seconds", seconds])
    assert "expected a number of seconds above 0" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("size", ["640", "0x0", "axb", "9999x480"])
def test_a_size_that_cannot_be(size: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--out", str(tmp_path), "--size", size])
    assert "expected such as 640x480" in capsys.readouterr().err
