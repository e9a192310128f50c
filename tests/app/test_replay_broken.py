"""Every recording that cannot be played is one clear error: folders of images, their descriptions, .npz files."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest
import yaml

from app.cameras.replay import ReplayCamera
from lighthand.errors import ConfigError, LightHandError, SourceError
from tests.app.playing import ABOUT, image


def broken(folder: Path, case: str) -> Path:
    """Break the recording as ``case`` says; give the source to open."""
    first = folder / "1.png"
    match case:
        case "missing":
            return folder / "nowhere"
        case "a text file":
            return folder / "camera.yaml"
        case "empty":
            shutil.rmtree(folder)
            folder.mkdir()
        case "truncated":
            first.write_bytes(first.read_bytes()[:-20])
        case "truncated in a header":
            first.write_bytes(first.read_bytes()[:35])
        case "flipped bit":
            data = bytearray(first.read_bytes())
            data[-18] ^= 4
            first.write_bytes(bytes(data))
        case "no PNG":
            first.write_bytes(b"P5 8 6 255 ")
        case "8 bit":
            cv2.imwrite(str(first), image(7).astype(np.uint8))
        case "colour":
            cv2.imwrite(str(first), np.zeros((6, 8, 3), np.uint16))
        case "other size than the YAML":
            cv2.imwrite(str(first), image(7, width=9))
        case _:
            key, _, value = case.partition("=")
            (folder / "camera.yaml").write_text(yaml.safe_dump(ABOUT | {key: yaml.safe_load(value)}))
    return folder


@pytest.mark.parametrize(
    ("case", "error", "text"),
    [
        ("missing", SourceError, "nowhere: no such file or folder"),
        ("a text file", SourceError, "camera.yaml: no recording that can be played. Give --source a folder"),
        ("empty", SourceError, "recording: no PNG in it"),
        ("truncated", SourceError, "1.png: truncated PNG, .* bytes"),
        ("truncated in a header", SourceError, "1.png: truncated PNG, .* bytes"),
        ("flipped bit", SourceError, "1.png: damaged PNG, wrong checksum"),
        ("no PNG", SourceError, "1.png: not a PNG"),
        ("8 bit", SourceError, "1.png: 8-bit grey PNG, expected 16-bit grey"),
        ("colour", SourceError, "1.png: 16-bit RGB PNG, expected 16-bit grey"),
        ("other size than the YAML", SourceError, "recording: 9x6, but .*camera.yaml says 8x6"),
        ("depth_unit_mm=0", SourceError, "camera.yaml: depth_unit_mm is 0, expected .*0.125 for SR300"),
        ("depth_unit_mm=-1", SourceError, "camera.yaml: depth_unit_mm is -1"),
        ("depth_unit_mm=1000", SourceError, "camera.yaml: depth_unit_mm is 1000"),
        ("depth_unit_mm=mm", ConfigError, "camera.yaml: depth_unit_mm is 'mm'"),
        ("depth_unit=1.0", ConfigError, "camera.yaml: unknown key depth_unit.*depth_unit_mm"),
        ("fx=0", SourceError, "camera.yaml: intrinsics"),
        ("fps=0", SourceError, "camera.yaml: fps is 0"),
        ("width=8.5", ConfigError, "camera.yaml: width is 8.5"),
    ],
)
def test_every_broken_recording_is_one_clear_error(
    folder: Path, case: str, error: type[LightHandError], text: str
) -> None:
    with pytest.raises(error, match=text):
        ReplayCamera(broken(folder, case)).open()


def test_a_missing_key_and_bad_yaml_are_named(folder: Path) -> None:
    path = folder / "camera.yaml"
    path.write_text("width: 8\n")
    with pytest.raises(ConfigError, match=r"camera.yaml: .*height"):
        ReplayCamera(folder).open()
    path.write_text("width: [8\n")
    with pytest.raises(ConfigError, match=r"camera.yaml"):
        ReplayCamera(folder).open()
    with pytest.raises(SourceError, match=r"none.yaml: no such file"):
        ReplayCamera(folder, folder / "none.yaml").open()


@pytest.mark.parametrize(
    ("spoil", "text"),
    [
        (lambda path: cv2.imwrite(str(path), image(7, width=9)), "2.png: 9x6, the recording began with 8x6"),
        (lambda path: path.write_bytes(path.read_bytes()[:-4]), "2.png: truncated"),
        (lambda path: path.unlink(), "2.png: cannot be read"),
    ],
)
def test_a_bad_frame_in_the_middle_is_named_when_it_comes(folder: Path, spoil: object, text: str) -> None:
    with ReplayCamera(folder, pace="lockstep") as camera:
        assert camera.read(1.0).seq == 0
        spoil(folder / "2.png")  # type: ignore[operator]
        with pytest.raises(SourceError, match=text):
            camera.read(1.0)


@pytest.mark.parametrize(
    ("arrays", "text"),
    [
        ({"intrinsics": None}, "holds .* but no intrinsics"),
        ({"depth": image(7)}, r"depth is uint16 \(6, 8\)"),
        ({"depth": image(7).astype(np.float32)[None]}, "depth is float32"),
        ({"depth": np.empty((0, 6, 8), np.uint16)}, "N at least 1"),
        ({"intrinsics": [1.0, 2.0]}, "intrinsics is float64"),
        ({"depth_unit_mm": 0.0}, "depth_unit_mm is 0"),
        ({"intrinsics": [0.0, 7.0, 3.5, 2.5]}, "intrinsics"),
        ({"intrinsics": [7.0, 7.0, 90.0, 2.5]}, "cx 90 with a width of 8: no lens is like that"),
        ({"depth": np.array([{}], object)}, "cannot be read as an .npz"),
        ({"seq": np.zeros(1)}, r"seq is float64 \(1,\), expected one a frame"),
        ({"sensor_s": np.zeros(2)}, r"sensor_s is float64 \(2,\), expected one a frame"),
        ({"sensor_clock": ["sun"]}, "sensor_clock is 'sun', expected device, system, none"),
    ],
)
def test_every_broken_npz_is_one_clear_error(tmp_path: Path, arrays: dict[str, object], text: str) -> None:
    good = {"depth": image(700)[None], "intrinsics": [7.0, 7.0, 3.5, 2.5], "depth_unit_mm": 1.0}
    path = tmp_path / "bad.npz"
    np.savez(path, **{key: value for key, value in (good | arrays).items() if value is not None})  # type: ignore[arg-type]
    with pytest.raises(SourceError, match=text) as caught:
        ReplayCamera(path).open()
    assert str(path) in str(caught.value)


def test_a_truncated_npz_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "cut.npz"
    np.savez(path, depth=image(700)[None], intrinsics=[7.0, 7.0, 3.5, 2.5], depth_unit_mm=1.0)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(SourceError, match=r"cut.npz: cannot be read as an .npz"):
        ReplayCamera(path).open()
    path.write_bytes(b"")
    with pytest.raises(SourceError, match=r"cut.npz: cannot be read as an .npz"):
        ReplayCamera(path).open()
