from __future__ import annotations

from pathlib import Path

import cv2
import pytest

from lighthand.drawing import TILE_PX
from lighthand.synthesis.sheet import COLUMNS, main


def test_a_sheet_shows_every_crop(tmp_path: Path) -> None:
    path = tmp_path / "new" / "sheet.png"
    assert main(["--out", str(path), "--rows", "2", "--seed", "3"]) == 0
    page = cv2.imread(str(path))
    assert page.shape == (2 * TILE_PX, COLUMNS * TILE_PX, 3)
    for row in range(2):
        for column in range(COLUMNS):
            assert page[row * TILE_PX : (row + 1) * TILE_PX, column * TILE_PX : (column + 1) * TILE_PX].any()


def test_a_folder_without_cvar_ends_with_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--out", str(tmp_path / "sheet.png"), "--rows", "1", "--cvar", str(tmp_path)]) == 2
    err = capsys.readouterr().err
    assert "P1: no such folder" in err
    assert err.count("\n") == 1


def test_no_row_and_no_seed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for option in (["--rows", "0"], ["--seed", "-1"]):
        with pytest.raises(SystemExit):
            main(["--out", str(tmp_path / "sheet.png"), *option])
        assert "expected at least one row, and a seed of 0 or more" in capsys.readouterr().err
