from __future__ import annotations

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from lighthand.crop import BACKGROUND, CUBE_MM, PATCH
from lighthand.datasets.cvar import FX
from lighthand.synthesis.compare import Measured, crop_table, main, measure
from lighthand.synthesis.sources import (
    CLEAN,
    SYNTHETIC,
    CropSet,
    annotated_source,
    cvar_source,
    label_fingers,
    synthetic_sources,
)


def test_synthetic_crops_are_compared_without_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures, picture = tmp_path / "new" / "figures.json", tmp_path / "panels.png"
    assert main(["--count", "12", "--json", str(figures), "--plot", str(picture)]) == 0
    out = capsys.readouterr().out
    assert "roughness 2-6 mm, mm" in out
    assert "correlation of MCP and PIP" in out
    written = json.loads(figures.read_text(encoding="utf-8"))
    assert written["crops"][SYNTHETIC]["crops"] == 12
    power = {name: list(written["crops"][name]["spectrum, median, mm2"].values()) for name in (SYNTHETIC, CLEAN)}
    assert power[SYNTHETIC][-1] > power[CLEAN][-1] > 0  # sensors are noisy
    assert set(written["poses"]) == {SYNTHETIC, CLEAN}
    assert cv2.imread(str(picture)).shape[1] == 1700


@pytest.mark.slow
def test_real_crops_stand_beside_synthetic_ones(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--root", str(shared_data), "--count", "5", "--plot", str(tmp_path / "panels.png")]) == 0
    first, *_ = capsys.readouterr().out.splitlines()
    assert first.split()[:5] == ["P1", "P4", "kinect2_sc", "sr305", SYNTHETIC]


def test_real_crops_are_cut_about_the_hand(shared_data: Path) -> None:
    cvar = cvar_source(shared_data / "cvar", "P4", 5)
    assert cvar.joints_mm is not None
    assert cvar.joints_mm.shape == (5, 21, 3)
    np.testing.assert_allclose(cvar.width_px, FX * CUBE_MM / cvar.joints_mm.mean(axis=1)[:, 2], rtol=1e-4)
    annotated = annotated_source(shared_data / "sr305.json")
    for crops in (cvar, annotated):
        assert crops.patches.shape[1:] == (PATCH, PATCH)
        assert crops.width_px.shape == (len(crops.patches),)
        for patch in crops.patches:
            rows, columns = np.nonzero(patch < BACKGROUND)
            middle = columns.mean() / PATCH * 2 - 1, rows.mean() / PATCH * 2 - 1, np.median(patch[rows, columns])
            np.testing.assert_allclose(middle, 0, atol=0.4)  # the forearm draws it aside


def test_the_fingers_of_labels_are_those_that_are_named(shared_data: Path) -> None:
    people = label_fingers(shared_data / "benchmarks")
    assert {name: len(palms) for name, (_, palms) in people.items()} == {"icvl": 1596, "nyu 1": 2440, "nyu 2": 5812}
    for tips, palms in people.values():
        reach = np.linalg.norm(tips - palms[:, None], axis=2)
        assert tips.shape == (len(palms), 4, 3)
        assert np.percentile(reach, 95, axis=0).argmax() == 1  # the middle finger is the longest


def test_clean_crops_show_the_same_hands() -> None:
    sources = synthetic_sources(10, 1)
    clean, measured = sources[CLEAN].joints_mm, sources[SYNTHETIC].joints_mm
    assert clean is not None
    assert measured is not None
    np.testing.assert_array_equal(clean, measured)
    assert not np.array_equal(sources[CLEAN].patches, sources[SYNTHETIC].patches)


def test_the_kinds_of_sensor_make_up_the_synthetic_crops() -> None:
    sources = synthetic_sources(10, 1)
    kinds = [source for name, source in sources.items() if name not in (SYNTHETIC, CLEAN)]
    assert sum(len(source.patches) for source in kinds) == len(sources[SYNTHETIC].patches) == 10
    assert all(len(source.width_px) == len(source.patches) for source in sources.values())


def test_a_thing_behind_is_left_out_and_nothing_left_is_no_fault() -> None:
    walls = np.zeros((2, 128, 128), np.float32)
    measured = measure(CropSet(walls, np.ones(2, np.float32)))
    assert (measured.crops, measured.thing_behind) == (2, 1)
    assert all(values.size == 0 for values in measured.figures.values())
    assert measured.spectra.shape == (0, 7)
    lines = crop_table({SYNTHETIC: measured})
    assert len(lines) == 3 + len(measured.figures)
    assert lines[3].split()[-3:] == ["-", "-", "-"]


def test_a_patch_of_background_has_no_surface_and_no_holes() -> None:
    measured = measure(CropSet(np.ones((1, 128, 128), np.float32), np.ones(1, np.float32)))
    assert math.isnan(measured.figures["roughness 2-6 mm, mm"][0])
    assert measured.figures["holes, % of the hand"] == [0]


def test_a_factor_of_one_and_a_half_has_a_star() -> None:
    def source(value: float) -> Measured:
        return Measured(1, 0.0, {"a": np.array([value]), "b": np.array([1.0])}, np.empty((0, 7)))

    lines = crop_table({"P1": source(1.0), "P4": source(3.0), SYNTHETIC: source(1.0), "tof": source(1.0)})
    assert lines[3].split() == ["a", "1.00", "3.00", "1.00", "1.00", "0.50*", "-"]
    assert lines[4].split() == ["b", "1.00", "1.00", "1.00", "1.00", "1.00", "-"]


def test_a_folder_without_recordings_ends_with_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path), "--count", "2"]) == 2
    err = capsys.readouterr().err
    assert "P1: no such folder" in err
    assert err.count("\n") == 1


def test_a_count_or_seed_too_low(capsys: pytest.CaptureFixture[str]) -> None:
    for option, message in (("--count 1", "at least 2 crops"), ("--seed -1", "expected 0 or more")):
        with pytest.raises(SystemExit):
            main(option.split())
        assert message in capsys.readouterr().err
