from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from lighthand.datasets.msra import read_msra
from lighthand.errors import DataError
from lighthand.geometry import project
from lighthand.skeleton import JOINT_NAMES
from tests.lighthand.datasets.miniature import hand, msra


def test_joints_come_in_our_order_and_lie_in_the_hand(tmp_path: Path) -> None:
    msra(tmp_path, {"P0": 2, "P8": 1})
    sequences = read_msra(tmp_path, "test", "P0") | read_msra(tmp_path, "test", "P8")
    assert {name: len(records) for name, records in sequences.items()} == {"P0/TIP": 2, "P8/TIP": 1}
    record = sequences["P0/TIP"][1]
    assert record.joints_mm is not None
    stored = hand(21, 1)
    for name, position in {"wrist": 0, "index_mcp": 1, "little_tip": 16, "thumb_cmc": 17, "thumb_tip": 20}.items():
        np.testing.assert_allclose(record.joints_mm[JOINT_NAMES.index(name)], stored[position], atol=0.01)
    frame = record.load()
    u, v, _ = project(record.joints_mm[0], frame.intrinsics)
    assert frame.depth[round(v), round(u)] * frame.depth_unit_mm == pytest.approx(401)
    assert frame.depth[0, 0] == 0
    assert record.side == "right"
    assert (record.cube_mm, sequences["P8/TIP"][0].cube_mm) == (200.0, 150.0)


def test_the_test_reads_its_subject_alone(tmp_path: Path) -> None:
    msra(tmp_path, {"P0": 1, "P1": 1})
    (tmp_path / "P1" / "TIP" / "joint.txt").write_text("damaged")
    assert list(read_msra(tmp_path, "test", "P0")) == ["P0/TIP"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("2\n" + "1 " * 63 + "\n", "joint.txt: 1 frames, its first line says 2"),
        ("1\n" + "1 " * 62 + "\n", "line 2: expected 21 x 3 numbers"),
        ("1\n" + "1 " * 63 + "\n", "line 2: a point without a positive depth"),  # z must be negative in the file
        ("2\n" + ("1 1 -400 " * 21 + "\n") * 2, "000001_depth.bin: no such image"),
    ],
)
def test_a_damaged_annotation(tmp_path: Path, text: str, message: str) -> None:
    (msra(tmp_path, {"P0": 1}) / "P0" / "TIP" / "joint.txt").write_text(text)
    with pytest.raises(DataError, match=message):
        read_msra(tmp_path, "test", "P0")


def test_a_missing_or_unknown_subject(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="P3: no gesture"):
        read_msra(tmp_path, "test", "P3")
    with pytest.raises(DataError, match="no subject 'P9'"):
        read_msra(tmp_path, "test", "P9")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"1234", "4 bytes, expected a header of 24"),
        (struct.pack("<6i", 320, 240, 10, 10, 12, 12) + bytes(12), "12 bytes of depth, expected 16"),
        (struct.pack("<6i", 320, 240, 310, 10, 330, 12) + bytes(160), "columns 310 to 330 of 320x240"),
        (struct.pack("<6i", 640, 480, 10, 10, 12, 12) + bytes(16), "expected a part of 320x240"),
    ],
)
def test_a_damaged_image(tmp_path: Path, content: bytes, message: str) -> None:
    path = msra(tmp_path, {"P0": 1}) / "P0" / "TIP" / "000000_depth.bin"
    ((record,),) = read_msra(tmp_path, "test", "P0").values()
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        record.load()


def test_depth_beyond_the_counts_is_no_measurement(tmp_path: Path) -> None:
    path = msra(tmp_path, {"P0": 1}) / "P0" / "TIP" / "000000_depth.bin"
    values = struct.pack("<4f", 32001, float("nan"), -1, 400.06)
    path.write_bytes(struct.pack("<6i", 320, 240, 10, 20, 12, 22) + values)
    ((record,),) = read_msra(tmp_path, "test", "P0").values()
    assert record.load().depth[20:22, 10:12].tolist() == [[0, 0], [0, 4001]]
