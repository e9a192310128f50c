from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6 import QtGui

from app.cameras.replay import ReplayCamera
from app.viewer import snapshot
from app.viewer.snapshot import save_snapshot
from lighthand.errors import SourceError
from lighthand.types import Frame, Intrinsics, Result
from tests.app.scripted import frame, hand_at, result

LENS = Intrinsics(64, 48, 60.0, 61.0, 31.5, 23.5, (0.1, -0.2, 0.001, 0.002, 0.05))


@pytest.fixture
def picture() -> QtGui.QImage:
    made = QtGui.QImage(32, 24, QtGui.QImage.Format.Format_RGB32)
    made.fill(QtGui.QColor(10, 200, 30))
    return made


def test_both_files_have_the_frames_name_and_the_picture(tmp_path: Path, picture: QtGui.QImage) -> None:
    png, npz = save_snapshot(tmp_path / "new" / "folder", picture, result(frame(42)))
    assert png.stem == npz.stem
    assert png.stem.startswith("hand-20")
    assert png.stem.endswith("-42")
    assert sorted(png.parent.iterdir()) == [npz, png]
    assert QtGui.QImage(str(png)).pixelColor(5, 5) == QtGui.QColor(10, 200, 30)


@pytest.mark.parametrize("sensor_s", [12.5, None])
def test_the_arrays_play_back_as_the_frame(tmp_path: Path, picture: QtGui.QImage, sensor_s: float | None) -> None:
    depth = np.random.default_rng(0).integers(0, 65535, (48, 64)).astype(np.uint16)
    shown = Frame(7, depth, 0.125, LENS, 3.0, sensor_s, "system", "device")
    _, npz = save_snapshot(tmp_path, picture, Result(shown))
    with ReplayCamera(npz, pace="lockstep") as camera:
        played = camera.read(1)
    assert np.array_equal(played.depth, depth)
    for field in ("seq", "depth_unit_mm", "intrinsics", "sensor_s", "sensor_clock"):
        assert getattr(played, field) == getattr(shown, field)


def test_the_arrays_hold_the_hands_and_the_stamps(tmp_path: Path, picture: QtGui.QImage) -> None:
    shown = replace(result(frame(0)), hands=(hand_at(600.0, track_id=3), replace(hand_at(700.0, 4), side="left")))
    _, npz = save_snapshot(tmp_path, picture, shown)
    with np.load(npz, allow_pickle=False) as data:
        for row, hand in enumerate(shown.hands):
            assert np.array_equal(data["joints_mm"][row], hand.joints_mm)
            assert np.array_equal(data["raw_joints_mm"][row], hand.pose.joints_mm)
            assert np.array_equal(data["confidence"][row], hand.pose.confidence)
            assert np.array_equal(data["hidden"][row], hand.pose.hidden)
            assert data["region"][row].tolist() == [*hand.region.centre_mm.tolist(), hand.region.cube_mm]
            assert data["presence"][row] == np.float32(hand.pose.presence)
        assert data["side"].tolist() == ["right", "left"]
        assert data["track_id"].tolist() == [3, 4]
        assert data["stamps"][0] == shown.stamps.arrival_s
        assert data["stamps"][4] == shown.stamps.tracked_s
        assert np.isnan(data["stamps"][5])


def test_no_hand_is_no_row(tmp_path: Path, picture: QtGui.QImage) -> None:
    _, npz = save_snapshot(tmp_path, picture, result(frame(0), hand=False))
    with np.load(npz, allow_pickle=False) as data:
        assert data["joints_mm"].shape == data["raw_joints_mm"].shape == (0, 21, 3)
        assert data["side"].shape == data["track_id"].shape == (0,)
        assert data["region"].shape == (0, 4)


def test_a_folder_that_is_none_is_one_clear_error(tmp_path: Path, picture: QtGui.QImage) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SourceError, match="file: the snapshot cannot be written .* Make room"):
        save_snapshot(tmp_path / "file", picture, result(frame(0)))


@pytest.mark.parametrize("method", ["write_bytes", "replace"])
@pytest.mark.parametrize("suffix", ["png", "npz"])
def test_both_files_or_neither(
    tmp_path: Path, picture: QtGui.QImage, monkeypatch: pytest.MonkeyPatch, method: str, suffix: str
) -> None:
    real = getattr(Path, method)

    def full(self: Path, *args: object) -> object:
        if f".{suffix}" in self.name:
            if method == "write_bytes":
                real(self, b"half")
            raise OSError(28, "No space left on device")
        return real(self, *args)

    monkeypatch.setattr(Path, method, full)
    with pytest.raises(SourceError, match="No space left on device"):
        save_snapshot(tmp_path, picture, result(frame(0)))
    assert list(tmp_path.iterdir()) == []


def test_the_same_second_and_frame_is_replaced(
    tmp_path: Path, picture: QtGui.QImage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot.time, "strftime", lambda _: "20260101-120000")
    first = save_snapshot(tmp_path, picture, result(frame(5)))
    picture.fill(QtGui.QColor(1, 2, 3))
    assert save_snapshot(tmp_path, picture, result(frame(5))) == first
    assert first[0].name == "hand-20260101-120000-5.png"
    assert QtGui.QImage(str(first[0])).pixelColor(0, 0) == QtGui.QColor(1, 2, 3)


def test_an_empty_picture_is_said(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="picture of the window is empty"):
        save_snapshot(tmp_path, QtGui.QImage(), result(frame(0)))
    assert list(tmp_path.iterdir()) == []
