"""Images by data sets and by numpy: each plays with the unit and the lens of its camera."""

from __future__ import annotations

import struct
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from app.cameras.base import EndOfSourceError
from app.cameras.calibration import FOLDER
from app.cameras.replay import ReplayCamera
from lighthand.datasets import hands17, icvl, msra, nyu
from lighthand.errors import SourceError
from lighthand.types import Frame

ABOUT: dict[str, object] = {
    "width": 8, "height": 6, "fx": 7.0, "fy": 7.0, "cx": 3.5, "cy": 2.5, "depth_unit_mm": 0.5, "fps": 200,
}  # fmt: skip


def play(source: Path, intrinsics: Path | None = None) -> list[Frame]:
    frames = []
    with ReplayCamera(source, intrinsics, pace="lockstep") as camera:
        while True:
            try:
                frames.append(camera.read(1.0))
            except EndOfSourceError:
                return frames


def counts(height: int, width: int) -> np.ndarray:
    return np.arange(height * width, dtype=np.uint16).reshape(height, width) % 2000


def write_nyu(folder: Path, number: int, depth: np.ndarray) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / f"depth_1_{number:07d}.png"
    cv2.imwrite(str(path), np.stack([depth & 255, depth >> 8, np.zeros_like(depth)], axis=2).astype(np.uint8))
    return path


def test_nyu_plays_with_its_own_camera_and_passes_its_other_images_over(tmp_path: Path) -> None:
    depth = counts(480, 640)
    for number in (1, 2):
        write_nyu(tmp_path / "test", number, depth + number)
    for name in ("rgb_1_0000001.png", "depth_2_0000001.png"):
        cv2.imwrite(str(tmp_path / "test" / name), np.zeros((480, 640, 3), np.uint8))
    frames = play(tmp_path / "test")
    assert [np.array_equal(frame.depth, depth + 1 + frame.seq) for frame in frames] == [True, True]
    assert frames[0].intrinsics == nyu.CAMERA
    assert frames[0].depth_unit_mm == 1.0


def test_a_description_wins_over_what_the_data_set_says(tmp_path: Path) -> None:
    folder = tmp_path / "test"
    write_nyu(folder, 1, counts(480, 640))
    described = ABOUT | {"width": 640, "height": 480, "fx": 500.0, "fy": 500.0}
    (folder / "camera.yaml").write_text(yaml.safe_dump(described))
    assert play(folder)[0].intrinsics.fx == 500.0
    assert play(folder, FOLDER / "sr305.yaml")[0].depth_unit_mm == 0.125


def test_a_grey_png_among_nyu_s_is_named(tmp_path: Path) -> None:
    path = write_nyu(tmp_path / "test", 1, counts(480, 640))
    cv2.imwrite(str(path), counts(480, 640))
    with pytest.raises(SourceError, match=r"depth_1_0000001.png: 16-bit grey PNG, expected 8-bit RGB"):
        ReplayCamera(tmp_path / "test").open()


def write_msra(path: Path, part: np.ndarray, left: int = 100, top: int = 80) -> None:
    height, width = part.shape
    head = struct.pack("<6i", 320, 240, left, top, left + width, top + height)
    path.write_bytes(head + part.astype("<f4").tobytes())


def test_msra_plays_with_its_own_camera(tmp_path: Path) -> None:
    folder = tmp_path / "P0" / "TIP"
    folder.mkdir(parents=True)
    for number in range(11):
        write_msra(folder / f"{number:06d}_depth.bin", np.full((20, 30), 400.5 + number))
    frames = play(tmp_path / "P0")
    assert len(frames) == 11
    assert frames[10].depth[85, 105] == 4105
    assert frames[0].depth[0, 0] == 0
    assert (frames[0].depth_unit_mm, frames[0].intrinsics) == (msra.UNIT_MM, msra.CAMERA)
    bad = folder / "000003_depth.bin"
    bad.write_bytes(bad.read_bytes()[:-4])
    with pytest.raises(SourceError, match=r"000003_depth.bin: 2396 bytes of depth, expected 2400"):
        play(tmp_path / "P0")


@pytest.mark.parametrize(
    ("name", "lens", "size"),
    [("icvl", icvl.CAMERA, (240, 320)), ("hands17", hands17.CAMERA, (480, 640)), ("senz3d", None, (240, 320))],
)
def test_the_folders_of_data_sets_play_with_a_description_that_comes_along(
    tmp_path: Path, name: str, lens: object, size: tuple[int, int]
) -> None:
    folder = tmp_path / "Training" / "Depth" / "201403121135"
    folder.mkdir(parents=True)
    cv2.imwrite(str(folder / "image_0000.png"), counts(*size))
    (frame,) = play(tmp_path, FOLDER / f"{name}.yaml")
    assert np.array_equal(frame.depth, counts(*size))
    assert lens in (None, frame.intrinsics)


@pytest.mark.parametrize("images", [counts(6, 8), np.stack([counts(6, 8), counts(6, 8) + 5])])
def test_an_npy_plays_with_the_yaml_beside_it(tmp_path: Path, images: np.ndarray) -> None:
    path = tmp_path / "mine.npy"
    np.save(path, images)
    lens = [0.1, 0.2, 0.0, 0.0]
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(ABOUT | {"distortion": lens}))
    frames = play(path)
    assert np.array_equal(np.stack([frame.depth for frame in frames]), images.reshape(-1, 6, 8))
    assert frames[0].depth_unit_mm == 0.5
    assert frames[0].intrinsics.distortion == tuple(lens)
    (tmp_path / "other.yaml").write_text(yaml.safe_dump(ABOUT))
    assert play(path, tmp_path / "other.yaml")[0].intrinsics == replace(frames[0].intrinsics, distortion=())


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (np.zeros((6, 8), np.float32), r"mine.npy: float32 \(6, 8\), expected uint16"),
        (np.zeros(8, np.uint16), r"mine.npy: uint16 \(8,\), expected uint16 \(N, H, W\)"),
        (np.zeros((0, 6, 8), np.uint16), "mine.npy: "),
        (np.zeros((2, 5, 8), np.uint16), r"mine.npy: 8x5, but .*mine.yaml says 8x6"),
        (b"", "mine.npy: cannot be read as an .npy"),
        (b"\x93NUMPY\x01\x00", "mine.npy: cannot be read as an .npy"),
    ],
)
def test_every_broken_npy_is_one_clear_error(tmp_path: Path, content: np.ndarray | bytes, text: str) -> None:
    path = tmp_path / "mine.npy"
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(ABOUT))
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, content)
    with pytest.raises(SourceError, match=text):
        ReplayCamera(path).open()


def test_an_npz_keeps_its_lens(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    arrays = {"depth": counts(6, 8)[None], "intrinsics": [7.0, 7.0, 3.5, 2.5], "depth_unit_mm": 1.0}
    np.savez(path, **arrays, distortion=[0.1, 0.2, 0.0, 0.0])  # type: ignore[arg-type]
    assert play(path)[0].intrinsics.distortion == (0.1, 0.2, 0.0, 0.0)
    np.savez(path, **arrays, distortion=[0.1])  # type: ignore[arg-type]
    with pytest.raises(SourceError, match=r"a.npz: intrinsics: 1 numbers of distortion"):
        play(path)
