from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.cameras.calibration import FOLDER, Calibration, find_calibration, load_calibration
from lighthand.errors import ConfigError, SourceError
from lighthand.geometry import project, unproject

READY = sorted(FOLDER.glob("*.yaml"))

NAMED = {
    "d405": {(640, 480), (848, 480), (1280, 720)},
    "d415": {(640, 480), (848, 480), (1280, 720)},
    "d435": {(640, 480), (848, 480), (1280, 720)},
    "d455": {(640, 480), (848, 480), (1280, 720)},
    "l515": {(640, 480), (1024, 768)},
    "sr30": {(640, 480)},
    "kinect1": {(640, 480), (320, 240)},
    "kinect2": {(512, 424)},
    "primesense": {(640, 480)},
    "azure": {(640, 576), (320, 288), (1024, 1024), (512, 512)},
    "senz3d": {(320, 240)},
    "icvl": {(320, 240)},
    "msra": {(320, 240)},
    "nyu": {(640, 480)},
    "hands17": {(640, 480)},
}
UNITS = {"d405": 0.1, "l515": 0.25, "sr30": 0.125}

# Horizontal fields of view, degrees: of data sheets where the brand gives one, each within 3.
FIELDS = {
    "d435-848": 89.6, "d435-1280": 89.6, "d435-640": 79.5, "d455-640": 79.5, "d415-1280": 69.4, "d415-640": 55,
    "l515": 70, "kinect1": 58.3, "primesense": 58.1, "kinect2": 70.3, "sr30": 68, "azure-nfov": 75,
}  # fmt: skip


def test_every_common_camera_is_there_in_its_sizes() -> None:
    for start, sizes in NAMED.items():
        of_camera = [load_calibration(path) for path in READY if path.name.startswith(start)]
        assert {(about.width, about.height) for about in of_camera} == sizes
        assert {about.depth_unit_mm for about in of_camera} == {UNITS.get(start, 1.0)}
    assert all(path.name.startswith(tuple(NAMED)) for path in READY), "a new file wants its row above"


@pytest.mark.parametrize("path", READY, ids=lambda path: path.stem)
def test_a_description_is_plausible(path: Path) -> None:
    about = load_calibration(path)
    camera = about.intrinsics
    assert abs(camera.cx / (camera.width - 1) - 0.5) < 0.03
    assert abs(camera.cy / (camera.height - 1) - 0.5) < 0.07  # the narrow Azure's is the sensor's, 38 pixels lower
    assert camera.fx == pytest.approx(camera.fy, rel=0.03)
    middles = [(0, camera.cy, 1000), (camera.width - 1, camera.cy, 1000)]
    left, right = (math.degrees(math.atan(x / z)) for x, _, z in unproject(middles, camera))
    field = right - left
    assert 50 < field < (122 if "wfov" in path.stem else 95)
    for start, expected in FIELDS.items():
        if path.name.startswith(start):
            assert field == pytest.approx(expected, abs=3)
    assert np.abs(project(unproject(middles, camera), camera)[:, :2] - np.array(middles)[:, :2]).max() < 0.01
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# "), "says what the figures are"
    named = path.stem in (FOLDER / "README.md").read_text() or f"{path.stem.split('-')[0]}-*" in (
        FOLDER / "README.md"
    ).read_text(encoding="utf-8")
    assert named, "the README's table names it"


def test_modes_of_one_sensor_fit_together() -> None:
    wide, binned = (load_calibration(FOLDER / f"azure-{name}.yaml").intrinsics for name in ("wfov", "wfov-binned"))
    ray = np.array([[120.0, -80.0, 500.0]])
    fine, coarse = project(ray, wide)[0, :2], project(ray, binned)[0, :2]
    assert coarse == pytest.approx((fine + 0.5) / 2 - 0.5, abs=2e-3)
    narrow = load_calibration(FOLDER / "azure-nfov.yaml").intrinsics
    assert project(ray, narrow)[0, :2] == pytest.approx(fine - [192, 180], abs=2e-3)


@pytest.mark.parametrize("size", [(640, 480), (320, 240), (848, 480), (512, 512)])
def test_a_size_that_tells_no_camera_is_not_guessed(tmp_path: Path, size: tuple[int, int]) -> None:
    with pytest.raises(SourceError, match=r"choose: .*--intrinsics"):
        find_calibration(tmp_path, *size)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fx": 2.9}, r"fx is 2\.9 and cx 160 with a width of 320: no lens is like that"),
        ({"fy": 10.4}, r"fy is 10\.4 and cy 120 with a height of 240"),
        ({"cx": 9000.0}, r"fx is 240 and cx 9000"),
        ({"cy": -2900.0}, r"cy -2900"),
    ],
)
def test_a_lens_that_cannot_be(change: dict[str, float], message: str) -> None:
    good: dict[str, Any] = {"fx": 240.0, "fy": 240.0, "cx": 160.0, "cy": 120.0, "depth_unit_mm": 1.0}
    Calibration(320, 240, **good)
    Calibration(320, 240, **good | {"fx": 15.0})  # a very wide lens
    Calibration(128, 128, **good | {"fx": 580.0, "cx": -180.0})  # a part of a larger image
    with pytest.raises(SourceError, match=message):
        Calibration(320, 240, **good | change)


def test_distortion_reaches_the_intrinsics(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    keys = "width: 64\nheight: 48\nfx: 60\nfy: 60\ncx: 31\ncy: 23\ndepth_unit_mm: 1\n"
    path.write_text(keys + "distortion: [-0.1, 0.02, 0.001, 0]\n", encoding="utf-8")
    assert load_calibration(path).intrinsics.distortion == (-0.1, 0.02, 0.001, 0.0)
    assert Calibration(64, 48, 60, 60, 31, 23, 1.0).intrinsics.distortion == ()
    path.write_text(keys + "distortion: [-0.1, 0.02]\n", encoding="utf-8")
    with pytest.raises(SourceError, match=r"mine.yaml.*2 numbers of distortion, expected none, 4, 5 or 8"):
        load_calibration(path)
    path.write_text(keys + "distortion: 0.1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="distortion is 0.1"):
        load_calibration(path)
