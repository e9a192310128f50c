from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lighthand.datasets.matlab import read_array
from lighthand.errors import DataError
from tests.lighthand.datasets.miniature import element, mat

ARRAY = np.arange(24, dtype=np.float64).reshape(2, 3, 4)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("small", [True, False])
@pytest.mark.parametrize("name", ["x", "joint_uvd", "eight_of"])
def test_an_array_comes_back(tmp_path: Path, packed: bool, small: bool, name: str) -> None:
    path = tmp_path / "a.mat"
    path.write_bytes(mat({"other": ARRAY[:1], name: ARRAY}, packed=packed, small=small))
    array = read_array(path, name)
    assert array.dtype == np.float64
    np.testing.assert_array_equal(array, ARRAY)


def test_what_is_no_such_array(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    whole = mat({"x": ARRAY})
    text = element(14, element(6, bytes([4, 0, 0, 0, 0, 0, 0, 0])) + element(5, bytes(8)) + element(1, b"x"))
    for content, message in [
        (whole, "no array 'y'"),
        (whole[:128] + text, "no array 'x'"),
        (whole[:-7], "damaged or cut short"),
        (whole[:128] + element(14, b""), "a part of an array is missing"),
        (whole[:128] + element(14, element(6, b"")), "damaged or cut short"),
        (mat({"x": ARRAY}, packed=False)[:-8], "damaged or cut short"),
        (whole[:130], "damaged or cut short"),
        (b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + b"\x89HDF", "no MATLAB file of version 5 to 7"),
        (b"", "no MATLAB file"),
    ]:
        path.write_bytes(content)
        with pytest.raises(DataError, match=message):
            read_array(path, "y" if "'y'" in message else "x")
    with pytest.raises(DataError, match="cannot be read"):
        read_array(tmp_path / "b.mat", "x")
