from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lighthand.datasets.benchmarks import BENCHMARKS
from lighthand.evaluate import main
from lighthand.published import error_figures, published_errors
from tests.lighthand.published_files import uvd, write, write_truth

ICVL = BENCHMARKS["icvl"]


def predictions(folder: Path) -> Path:
    """Off by 3 mm in depth and 4 mm across in the index's tip, by 25 mm in depth in the palm of half of the frames."""
    values = uvd(ICVL)
    tip = ICVL.joints.index("index_tip")
    values[:, tip, 2] = 403
    values[:, tip, 0] += 4 / 403 * ICVL.camera.fx
    values[: ICVL.frames // 2, 0, 2] = 425
    return write(folder / "p.txt", values)


def test_an_error_computed_by_hand(tmp_path: Path) -> None:
    write_truth(tmp_path, ICVL)
    values = error_figures(published_errors(predictions(tmp_path), tmp_path, ICVL), ICVL.joints)
    assert values["mean_mm"] == pytest.approx((5 + 25 / 2) / 16, abs=1e-3)
    assert values["median_mm"] == 0
    assert list(values["per_joint_mm"]) == list(ICVL.joints)
    assert values["per_joint_mm"]["index_tip"] == pytest.approx(5, abs=1e-3)
    assert values["per_joint_mm"]["palm"] == pytest.approx(12.5)
    assert values["frames"] == 1596
    assert values["within_20mm"] == 0.5
    assert values["within_30mm"] == 1.0
    curve = dict(zip(values["curve"]["threshold_mm"], values["curve"]["within"], strict=True))
    assert [curve[mm] for mm in (0.0, 4.5, 5.5, 24.5, 25.0, 80.0)] == [0.0, 0.0, 0.5, 0.5, 1.0, 1.0]


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_truth(tmp_path, ICVL)
    out, plot = tmp_path / "out" / "p.json", tmp_path / "p.png"
    arguments = f"--predictions {predictions(tmp_path)} --benchmark icvl --root {tmp_path} --json {out} --plot {plot}"
    assert main(arguments.split()) == 0
    values = json.loads(out.read_text())
    assert values["benchmark"] == "icvl"
    assert values["predictions"] == str(tmp_path / "p.txt")
    assert values["mean_mm"] == pytest.approx(17.5 / 16, abs=1e-3)
    assert cv2.imread(str(plot)) is not None
    printed = capsys.readouterr().out
    assert "mean 1.09 mm" in printed
    assert "within 20 mm in 50.0%" in printed


def test_the_other_test_set_ends_with_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_truth(tmp_path, ICVL)
    assert main(f"--predictions {predictions(tmp_path)} --benchmark nyu --root {tmp_path}".split()) == 2
    assert "It looks like icvl's" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--predictions p.txt --benchmark icvl", "--predictions needs --benchmark and --root"),
        ("--predictions p.txt --root x", "--predictions needs --benchmark and --root"),
        ("--predictions p.txt --benchmark msra --root x", "invalid choice"),
        ("--predictions p.txt --data cvar --root x", "not allowed with"),
        ("--predictions p.txt --benchmark icvl --root x --sheet s.png", "--sheet and --reliability do not go with"),
        ("--data cvar --root x --benchmark icvl", "--benchmark goes with --predictions"),
    ],
)
def test_what_does_not_go_together(capsys: pytest.CaptureFixture[str], arguments: str, message: str) -> None:
    with pytest.raises(SystemExit):
        main(arguments.split())
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "file", "published_mm"),
    [
        ("icvl", "ArXiv_ICVL_TriHorn_Net.txt", 5.73),
        ("nyu", "ArXiv_NYU_TriHorn_Net.txt", 7.68),
        ("icvl", "CVPR18_ICVL_HandPointNet.txt", 6.93),
        ("nyu", "CVPR18_NYU_HandPointNet.txt", 10.54),
    ],
)
def test_the_published_errors_come_out(shared_data: Path, name: str, file: str, published_mm: float) -> None:
    root = shared_data / "benchmarks"
    values = error_figures(published_errors(root / name / file, root, BENCHMARKS[name]), BENCHMARKS[name].joints)
    assert round(values["mean_mm"], 2) == published_mm
    joints = np.array(list(values["per_joint_mm"].values()))
    assert joints.mean() == pytest.approx(values["mean_mm"], abs=1e-4)
    assert 0.5 < values["within_20mm"] < values["within_30mm"] < 1


def test_the_other_focal_length_moves_icvl_by_a_hundredth_of_a_millimetre(shared_data: Path) -> None:
    other = replace(ICVL, camera=replace(ICVL.camera, fx=240.99, fy=240.96))
    root = shared_data / "benchmarks"
    for file, mean in {"ArXiv_ICVL_TriHorn_Net.txt": 5.736, "CVPR18_ICVL_HandPointNet.txt": 6.935}.items():
        errors = published_errors(root / "icvl" / file, root, other)
        assert round(float(errors.mean(dtype=np.float64)), 3) == mean
