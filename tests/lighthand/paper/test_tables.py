from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import pytest

from lighthand.config import config_to_dict
from lighthand.datasets.benchmarks import BENCHMARKS
from lighthand.errors import DataError
from lighthand.network import FAST, PAPER, NetworkConfig
from lighthand.paper.__main__ import ICVL, NO_IMAGES, NOT_GIVEN, SYNTHETIC, main
from lighthand.paper.tables import NOT_BUILT, NOT_MEASURED, STEPS, Measured, read_measured, write_tables
from tests.lighthand.published_files import uvd, write, write_truth

DOCS = Path(__file__).resolve().parents[3] / "docs"


def parse(text: str) -> list[dict[str, list[str]]]:
    """Give each table: its rows by their first cell."""
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    rows = [[[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()] for table in tables]
    return [{cells[0]: cells[1:] for cells in table[2:]} for table in rows]


def measured(config: NetworkConfig, data: str = "icvl", **change: Any) -> dict[str, Any]:
    """Give what ``lighthand.evaluate`` writes of a network, as far as the tables read it."""
    network = config_to_dict(replace(config, joints=len(BENCHMARKS[data].joints)))
    frames = BENCHMARKS[data].frames
    return {"data": data, "weights": "w.safetensors", "mean_mm": 7.125, "frames": frames, "network": network, **change}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, weights: Path) -> Path:
    """Run the command once: labels of ICVL, TriHorn-Net's file 2 mm off, errors of ours."""
    root = tmp_path_factory.mktemp("paper")
    values = uvd(BENCHMARKS["icvl"])
    write_truth(root, BENCHMARKS["icvl"])
    values[..., 2] += 2
    write(root / "icvl" / "ArXiv_ICVL_TriHorn_Net.txt", values)
    ours = measured(PAPER, weights="runs/icvl/hand.safetensors")
    (root / "ours.json").write_text(json.dumps(ours))
    (root / "shipped.json").write_text(json.dumps(measured(NetworkConfig(), "nyu", mean_mm=9.5)))
    files = f"{root / 'ours.json'} {root / 'shipped.json'}"
    assert main(f"--root {root} --out {root / 'out'} --weights {weights} --measured {files}".split()) == 0
    return root / "out"


def test_the_ladder_is_counted_on_real_modules(written: Path) -> None:
    ladder = parse((written / "paper-tables.md").read_text())[2]
    assert len(ladder) == len(STEPS) + 1
    for name, (_, _, printed, here, gap, params) in ladder.items():
        if name == "as shipped":
            assert float(here) < 0.27 / 3
            continue
        assert float(here) == pytest.approx(float(printed), rel=0.015)
        assert float(gap.rstrip("%")) == pytest.approx(100 * (float(here) / float(printed) - 1), abs=0.25)
        assert 0.1 < float(params) < 8
    assert [row[2] for row in ladder.values()][:5] == ["13.47", "11.097", "13.47", "0.398", "0.27"]


def test_each_peer_has_its_printed_and_its_own_numbers(written: Path) -> None:
    icvl, nyu, _ = parse((written / "paper-tables.md").read_text())
    assert icvl["TriHorn-Net"][:2] == ["5.73", "2.00"]
    assert icvl["HandPointNet (not in the paper)"][1] == "no file"
    assert nyu["TriHorn-Net"][:2] == ["7.68", "no labels"]
    assert icvl["V2V-PoseNet"] == ["6.28", "-", "38.453", NOT_BUILT, "3.41", NOT_BUILT]
    assert nyu["HandFoldingNet"] == ["8.58", "-", "35.788", NOT_BUILT, "1.283", NOT_BUILT]
    assert float(icvl["A2J"][3]) == pytest.approx(6.21, rel=0.01)
    for table in (icvl, nyu):
        assert float(table["TriHorn-Net"][5]) == pytest.approx(7.81, rel=0.01)
        assert float(table["ours in the paper"][5]) == pytest.approx(0.18, rel=0.015)
    assert icvl["A2J"][3] != nyu["A2J"][3]  # 16 and 14 joints
    assert icvl["ours in the paper"][1] == "7.12 (`runs/icvl/hand.safetensors`)"
    assert nyu["LightHand as shipped"][1] == "9.50 (`w.safetensors`)"
    assert [nyu["ours in the paper"][1], icvl["LightHand as shipped"][1]] == [NOT_MEASURED] * 2
    assert icvl.keys() == nyu.keys()


def test_the_command_writes_what_its_page_shows(written: Path) -> None:
    text = (written / "paper-tables.md").read_text()
    assert f"*{NOT_BUILT}*" in text
    assert NOT_GIVEN in text
    assert NO_IMAGES not in text  # a measured value stands there
    for picture in (SYNTHETIC, ICVL):
        assert picture in text
        assert cv2.imread(str(written / picture)) is not None
    assert f"]({SYNTHETIC})" in text
    assert f"]({ICVL})" not in text  # not in the repository


def test_the_tables_in_the_docs_are_those_of_this_code(shared_data: Path) -> None:
    tables = write_tables(shared_data / "benchmarks", [])
    text = (DOCS / "paper-tables.md").read_text(encoding="utf-8")
    assert tables in text, "run: python -m lighthand.paper --root ../shared/data/benchmarks --out docs"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (None, "no error of ours can be read"),
        ([], "no error of ours can be read"),
        ({"data": "icvl", "weights": "w"}, "no error of ours can be read"),
        ({"data": "icvl", "weights": "w", "mean_mm": None}, "no error of ours can be read"),
        ({"data": "cvar", "weights": "w", "mean_mm": 9}, "9.0 mm on 'cvar', expected an error on icvl or nyu"),
        (measured(PAPER, frames=4), "over 4 frames, published errors are over 1596"),
        (measured(PAPER, network=None), "of a network of the shape None; .*lighthand.evaluate"),
        (measured(FAST), "'stem': 16.*; the tables have rows for 'ours in the paper', .* and 'LightHand as shipped'"),
        (measured(PAPER, data="nyu") | {"data": "icvl", "frames": 1596}, "'joints': 14.*; the tables have rows"),
    ],
)
def test_what_is_no_error_of_ours(tmp_path: Path, values: Any, message: str) -> None:
    path = tmp_path / "ours.json"
    if values is not None:
        path.write_text(json.dumps(values))
    with pytest.raises(DataError, match=message):
        read_measured(path)


@pytest.mark.parametrize(("config", "row"), [(PAPER, "ours in the paper"), (NetworkConfig(), "LightHand as shipped")])
def test_an_error_of_ours_goes_to_the_row_of_its_network(tmp_path: Path, config: NetworkConfig, row: str) -> None:
    path = tmp_path / "ours.json"
    path.write_text(json.dumps(measured(config, "nyu", mean_mm=9.5)))
    assert read_measured(path) == Measured("nyu", row, "w.safetensors", 9.5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [("--images x", "--images needs --root"), ("--icvl-weights w --root x", "--icvl-weights needs --images")],
)
def test_what_needs_more(arguments: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(arguments.split())
    assert message in capsys.readouterr().err


def test_the_labels_of_one_test_set_do(tmp_path: Path, weights: Path) -> None:
    values = uvd(BENCHMARKS["nyu"])
    write_truth(tmp_path, BENCHMARKS["nyu"])
    values[..., 2] += 3
    write(tmp_path / "nyu" / "ArXiv_NYU_TriHorn_Net.txt", values)
    out = tmp_path / "out"
    assert main(f"--root {tmp_path} --out {out} --weights {weights}".split()) == 0
    text = (out / "paper-tables.md").read_text()
    icvl, nyu, _ = parse(text)
    assert (icvl["TriHorn-Net"][1], nyu["TriHorn-Net"][1]) == ("no labels", "3.00")
    assert NO_IMAGES in text
    assert not (out / ICVL).exists()


def test_a_folder_without_labels_ends_with_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--root", str(tmp_path), "--out", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err
    assert "no labels" in error
    assert "nyu_test_groundtruth_label.txt" in error
