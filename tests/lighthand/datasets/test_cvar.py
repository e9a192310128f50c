from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lighthand.datasets.cvar import BONES_MM, read_cvar
from lighthand.errors import DataError
from lighthand.geometry import project
from lighthand.handsize import bone_lengths
from lighthand.skeleton import BONES, JOINT_NAMES
from lighthand.types import Intrinsics

SENZ3D = Intrinsics(320, 240, 224.502, 230.494, 160, 120)


def row(name: str, depth: float = 400.0) -> str:
    """Joint k of the file at u = 100 + k, v = 50 + k, z = depth + k."""
    return f"./CVAR/{name} " + " ".join(f"{100 + k} {50 + k} {depth + k}" for k in range(21))


def write(root: Path, sequence: str, lines: list[str], depth: np.ndarray | None = None) -> Path:
    folder = root / sequence
    folder.mkdir(parents=True)
    (folder / "joint.txt").write_text("\n".join(lines) + "\n")
    if depth is not None:
        cv2.imwrite(str(folder / "000007_depth.png"), depth)
    return folder


def test_joints_come_in_our_order(tmp_path: Path) -> None:
    write(tmp_path, "P4", ["1", row("P4/000007_depth.png")])
    (record,) = read_cvar(tmp_path, "P4")
    assert record.joints_mm is not None
    camera_uvz = project(record.joints_mm, SENZ3D)
    expected = {"wrist": 0, "index_mcp": 1, "index_tip": 4, "little_tip": 16, "thumb_cmc": 17, "thumb_tip": 20}
    for name, position in expected.items():
        np.testing.assert_allclose(
            camera_uvz[JOINT_NAMES.index(name)], (100 + position, 50 + position, 400 + position), rtol=1e-5
        )
    assert record.side == "right"
    assert record.name == "cvar/P4/000007"


@pytest.mark.parametrize(("sequence", "odd"), [("P1", [65, 101, 103]), ("P3", []), ("P4", []), ("P5", [])])
def test_every_hand_has_the_bones_of_the_annotation(shared_data: Path, sequence: str, odd: list[int]) -> None:
    records = read_cvar(shared_data, sequence)
    lengths = bone_lengths(np.stack([record.joints_mm for record in records if record.joints_mm is not None]))
    gaps = np.abs(lengths - BONES_MM)
    assert [records[n].name for n in np.flatnonzero(gaps[:, 1:].max(axis=1) > 0.2)] == [
        f"cvar/{sequence}/{number:06d}" for number in odd
    ]
    assert np.median(lengths[:, 0]) == pytest.approx(BONES_MM[0], abs=2.0)


@pytest.mark.parametrize(("sequence", "scale"), [("P1", 0.7), ("P3", 0.7), ("P4", 1.0), ("P5", 1.0)])
def test_depth_and_joints_share_one_scale(tmp_path: Path, sequence: str, scale: float) -> None:
    depth = np.full((240, 321), 500, np.uint16)
    depth[0, :4] = (0, 32000, 32001, 65535)
    write(tmp_path, sequence, ["1", row("000007_depth.png")], depth)
    (record,) = read_cvar(tmp_path, sequence)
    frame = record.load()
    assert frame.depth_unit_mm == scale
    assert frame.depth[0, :4].tolist() == [0, 32000, 0, 0]
    assert frame.depth[1, 1] == 500
    assert record.joints_mm is not None
    assert record.joints_mm[0, 2] == pytest.approx(400 * scale)
    assert record.joints_mm[0, 0] == pytest.approx((100 - 160) / 224.502 * 400 * scale, rel=1e-5)
    assert (frame.intrinsics.width, frame.intrinsics.height) == (321, 240)
    assert frame.seq == 7


def test_frames_are_stamped_a_thirtieth_apart(tmp_path: Path) -> None:
    lines = ["2", row("000007_depth.png"), row("000009_depth.png")]
    folder = write(tmp_path, "P4", lines, np.ones((240, 320), np.uint16))
    (folder / "000009_depth.png").write_bytes((folder / "000007_depth.png").read_bytes())
    first, second = (record.load() for record in read_cvar(tmp_path, "P4"))
    assert second.arrival_s - first.arrival_s == pytest.approx(2 / 30)


def test_the_folder_above_is_a_root_too(tmp_path: Path) -> None:
    write(tmp_path / "cvar", "P5", ["1", row("000000_depth.png")])
    assert len(read_cvar(tmp_path, "P5")) == 1


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["2", row("000000_depth.png")], r"joint\.txt: 1 frames, its first line says 2"),
        (["many"], r"joint\.txt: 0 frames, its first line says many"),
        (["1", "000000_depth.png 1 2 3"], r"joint\.txt, line 2: expected 21 x 3 numbers"),
        (["1", row("000000_depth.png").replace("110 60", "x 60")], r"line 2: expected"),
        (["1", row("000000_depth.png", -5.0)], r"line 2: a point without a positive depth"),
        (["1", row("first.png")], r"line 2: image \./CVAR/first\.png, expected a name that begins with its number"),
    ],
)
def test_a_damaged_annotation(tmp_path: Path, lines: list[str], message: str) -> None:
    write(tmp_path, "P4", lines)
    with pytest.raises(DataError, match=message):
        read_cvar(tmp_path, "P4")


def test_a_missing_or_unknown_sequence(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="P5: no such folder"):
        read_cvar(tmp_path, "P5")
    write(tmp_path / "cvar", "P4", ["0"])
    with pytest.raises(DataError, match="cvar/P5: no such folder. There are P4: choose of them"):
        read_cvar(tmp_path, "P5")
    with pytest.raises(DataError, match="no sequence 'P2'"):
        read_cvar(tmp_path, "P2")


@pytest.mark.parametrize("case", ["missing", "cut", "8 bit", "text"])
def test_a_damaged_image(tmp_path: Path, case: str) -> None:
    depth = np.random.default_rng(0).integers(0, 900, (240, 320)).astype(np.uint16)
    path = write(tmp_path, "P4", ["1", row("000007_depth.png")], depth) / "000007_depth.png"
    if case == "missing":
        path.unlink()
    elif case == "cut":
        path.write_bytes(path.read_bytes()[:-2000])
    elif case == "8 bit":
        cv2.imwrite(str(path), (depth // 4).astype(np.uint8))
    else:
        path.write_bytes(b"IEND")
    (record,) = read_cvar(tmp_path, "P4")
    with pytest.raises(DataError, match=r"000007_depth\.png"):
        record.load()


def test_real_bones_have_the_size_of_one_hand(shared_data: Path) -> None:
    """All four sequences show one person's hand: after the scale, its bones agree."""
    lengths = {}
    for sequence, count in {"P1": 327, "P3": 346, "P4": 381, "P5": 375}.items():
        records = read_cvar(shared_data / "cvar", sequence)
        assert abs(len(records) - count) < 30
        joints = np.stack([record.joints_mm for record in records if record.joints_mm is not None])
        lengths[sequence] = np.mean(
            [np.linalg.norm(joints[:, child] - joints[:, parent], axis=-1).mean() for parent, child in BONES]
        )
    assert max(lengths.values()) / min(lengths.values()) < 1.05
    assert 25 < lengths["P4"] < 60
