from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lighthand.datasets.benchmarks import BENCHMARKS, Benchmark, read_joints, read_truth
from lighthand.errors import DataError
from tests.lighthand.published_files import uvd, write, write_truth

ICVL, NYU = BENCHMARKS["icvl"], BENCHMARKS["nyu"]


@pytest.mark.parametrize("benchmark", [ICVL, NYU], ids=lambda benchmark: benchmark.name)
def test_pixels_become_millimetres(tmp_path: Path, benchmark: Benchmark) -> None:
    values = uvd(benchmark)
    values[5, 2] += (benchmark.camera.fx, -benchmark.camera.fy, 0)  # 45 degrees to the right and up: as far as deep
    joints = read_joints(write(tmp_path / "p.txt", values), benchmark)
    assert joints.shape == (benchmark.frames, len(benchmark.joints), 3)
    np.testing.assert_allclose(joints[0], np.tile((0, 0, 400), (len(benchmark.joints), 1)))
    np.testing.assert_allclose(joints[5, 2], (400, -400, 400), rtol=1e-5)


def test_the_truth_lies_in_the_folder_of_its_test_set(tmp_path: Path) -> None:
    write_truth(tmp_path, ICVL)
    assert read_truth(tmp_path, ICVL).shape == (1596, 16, 3)
    with pytest.raises(DataError, match=r"no such file. Give as --root the folder that holds nyu/nyu_test_ground"):
        read_truth(tmp_path, NYU)


def broken(what: str) -> np.ndarray:
    values = uvd(ICVL)
    if what == "nan":
        values[2, 1, 0] = np.nan
    elif what == "inf":
        values[2, 1, 2] = np.inf
    elif what == "zero":
        values[9:11, 15, 2] = 0
    elif what == "short":
        values = values[:1500]
    elif what == "long":
        values = np.concatenate([values, values[:1]])
    elif what == "narrow":
        values = values[:, :15]
    return values


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("nan", "line 3: thumb_root: u, v or d is not finite; 1 of 25536 joints"),
        ("inf", "line 3: thumb_root: u, v or d is not finite"),
        ("zero", "line 10: little_tip: depth <= 0; 2 of 25536 joints"),
        ("short", "1500 lines, expected 1596, one for each frame of icvl"),
        ("long", "1597 lines, expected 1596"),
        ("narrow", "line 1: 45 columns, expected 48: 'u v d' for icvl's 16 joints. Fetch the file again"),
    ],
)
def test_a_file_that_cannot_be_right(tmp_path: Path, what: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_joints(write(tmp_path / "p.txt", broken(what)), ICVL)


def test_a_file_of_the_other_test_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"p\.txt, line 1: 42 columns, expected 48.*It looks like nyu's"):
        read_joints(write(tmp_path / "p.txt", uvd(NYU)[:3]), ICVL)
    with pytest.raises(DataError, match=r"48 columns, expected 42.*It looks like icvl's"):
        read_joints(write(tmp_path / "p.txt", uvd(ICVL)[:3]), NYU)


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "0 lines"), ("\u00e4", "cannot be read"), ("one " * 48 + "\n" + "1 2 3 " * 16, "expected 1596")],
)
def test_a_file_that_is_something_else(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "p.txt").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        read_joints(tmp_path / "p.txt", ICVL)


def test_a_word_among_the_numbers(tmp_path: Path) -> None:
    path = write(tmp_path / "p.txt", uvd(ICVL))
    path.write_text(path.read_text().replace("160.000", "none", 1))
    with pytest.raises(DataError, match="not all of it is numbers"):
        read_joints(path, ICVL)
