from __future__ import annotations

import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest

from lighthand.synthesis.compare import Measured, crop_table, main, measure
from lighthand.synthesis.sources import CLEAN, SYNTHETIC, Source, synthetic_sources

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def test_synthetic_crops_are_compared_without_recordings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures, picture = tmp_path / "new" / "figures.json", tmp_path / "panels.png"
    assert main(["--count", "12", "--json", str(figures), "--plot", str(picture)]) == 0
    out = capsys.readouterr().out
    assert "roughness 2-6 mm, mm" in out
    assert "correlation of MCP and PIP" in out
    written = json.loads(figures.read_text(encoding="utf-8"))
    assert written["crops"][SYNTHETIC]["crops"] == 12
    assert set(written["poses"]) == {SYNTHETIC, CLEAN}
    assert cv2.imread(str(picture)).shape[1] == 1700


@pytest.mark.skipif(not DATA.is_dir(), reason=f"{DATA} is absent: real crops are not compared")
@pytest.mark.slow
def test_real_crops_stand_beside_synthetic_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(DATA), "--count", "5", "--plot", str(tmp_path / "panels.png")]) == 0
    first, *_ = capsys.readouterr().out.splitlines()
    assert first.split()[:5] == ["P1", "P4", "kinect2_sc", "sr305", SYNTHETIC]


def test_the_kinds_of_sensor_make_up_the_synthetic_crops() -> None:
    sources = synthetic_sources(10, 1)
    kinds = [source for name, source in sources.items() if name not in (SYNTHETIC, CLEAN)]
    assert sum(len(source.patches) for source in kinds) == len(sources[SYNTHETIC].patches) == 10
    assert all(len(source.width_px) == len(source.patches) for source in sources.values())


def test_a_thing_behind_is_left_out_and_nothing_left_is_no_fault() -> None:
    walls = np.zeros((2, 128, 128), np.float32)
    measured = measure(Source(walls, np.ones(2, np.float32)))
    assert (measured.crops, measured.thing_behind) == (2, 1)
    assert all(values.size == 0 for values in measured.figures.values())
    lines = crop_table({SYNTHETIC: measured})
    assert len(lines) == 3 + len(measured.figures)
    assert lines[3].split()[-3:] == ["-", "-", "-"]


def test_a_patch_of_background_has_no_surface_and_no_holes() -> None:
    measured = measure(Source(np.ones((1, 128, 128), np.float32), np.ones(1, np.float32)))
    assert math.isnan(measured.figures["roughness 2-6 mm, mm"][0])
    assert measured.figures["holes, % of the hand"] == [0]


def test_a_factor_of_one_and_a_half_has_a_star() -> None:
    def source(value: float) -> Measured:
        return Measured(1, 0.0, {"a": np.array([value]), "b": np.array([1.0])})

    lines = crop_table({"P1": source(1.0), "P4": source(3.0), SYNTHETIC: source(1.0), "tof": source(1.0)})
    assert lines[3].split() == ["a", "1.00", "3.00", "1.00", "1.00", "0.50*", "-"]
    assert lines[4].split() == ["b", "1.00", "1.00", "1.00", "1.00", "1.00", "-"]


def test_a_folder_without_recordings_ends_with_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path), "--count", "2"]) == 2
    err = capsys.readouterr().err
    assert "P1: no such folder" in err
    assert err.count("\n") == 1
