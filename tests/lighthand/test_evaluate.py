from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from lighthand import pictures
from lighthand.errors import DataError
from lighthand.evaluate import main
from lighthand.metrics import CURVE_MM
from lighthand.pictures import save_plot, save_reliability, save_sheet
from lighthand.predictions import Prediction
from lighthand.report import after_offsets, report
from lighthand.skeleton import BONES, JOINT_NAMES
from lighthand.types import FloatArray
from tests.lighthand.annotated import joints


def prediction(name: str, gaps_mm: list[list[float] | None]) -> Prediction:
    """Say a sequence where frame n is off by ``gaps_mm[n]`` in every joint; None is a frame without a pose."""
    true = np.stack([joints(n) for n in range(len(gaps_mm))])
    gaps = np.array([gap or [np.nan] * 3 for gap in gaps_mm], np.float32)[:, None]
    said: FloatArray = true + gaps
    right = np.array([gap is not None for gap in gaps_mm])
    centres = (true + 2 * gaps).mean(axis=1)
    sure = np.where(np.isnan(said[..., 0]), np.nan, 0.75).astype(np.float32)
    return Prediction(name, true, said, said, right, centres, sure, lambda n: np.full((192, 192, 3), n, np.uint8))


def test_figures_of_one_sequence() -> None:
    values = report([prediction("A", [[3, 4, 0], [0, 0, 25], None, [40, 0, 0]])])
    assert values["mean_mm"] == pytest.approx(70 / 3, rel=1e-4)
    assert values["median_mm"] == pytest.approx(25, rel=1e-4)
    assert list(values["per_joint_mm"]) == list(JOINT_NAMES)
    assert values["per_joint_mm"]["thumb_tip"] == pytest.approx(70 / 3, rel=1e-4)
    assert values["frames"] == 4
    assert values["found"] == 0.75
    assert values["within_20mm"] == 0.25
    assert values["within_30mm"] == 0.5
    assert values["side_correct"] == 1.0
    assert values["centre_median_mm"] == pytest.approx(50, rel=1e-4)
    assert values["centre_within_60mm"] == 0.5
    assert values["confidence_mean"] == pytest.approx(0.75)
    assert values["joints_within_15mm"] == pytest.approx(1 / 3)
    assert values["confidence_calibration_error"] == pytest.approx(0.75 - 1 / 3)
    assert "offset_mean_mm" not in values
    assert values["per_sequence"]["A"]["mean_mm"] == values["mean_mm"]


def test_scatter_is_of_each_sequence_about_its_own_median() -> None:
    behind = np.full((2, 4, 21), np.nan, np.float32)
    behind[0, :, 3] = [5, 5, 8, 5]
    behind[1, :, 3] = [0, 20, 10, np.nan]
    hands = [prediction("A", [[0, 0, 0]] * 4), prediction("B", [[0, 0, 0]] * 4), prediction("C", [[0, 0, 0]])]
    hands[:2] = [replace(hands[0], behind_mm=behind), replace(hands[1], behind_mm=behind + 30)]
    values = report(hands)
    assert values["depth_scatter_mm"] == pytest.approx({"ours": 3 / 4, "data": 20 / 3})
    assert "depth_scatter_mm" not in values["per_sequence"]["C"]
    nothing = report([replace(hands[0], behind_mm=np.full_like(behind, np.nan))])
    assert nothing["depth_scatter_mm"] == {"ours": None, "data": None}


def test_an_offset_is_fitted_on_the_other_of_two_sequences() -> None:
    values = report([prediction("A", [[10, 0, 0], [10, 0, 0]]), prediction("B", [[10, 0, 7], None])])
    assert values["per_sequence"]["A"]["offset_mean_mm"] == pytest.approx(7, rel=1e-3)
    assert values["per_sequence"]["B"]["offset_mean_mm"] == pytest.approx(7, rel=1e-3)
    assert values["offset_mean_mm"] == pytest.approx(7, rel=1e-3)
    assert values["offset_within_20mm"] == 0.75  # of all frames: B's second has no pose
    assert values["per_sequence"]["B"]["offset_within_30mm"] == 0.5
    assert values["offset_axes_mm"] == pytest.approx({"x": 0, "y": 0, "z": 7}, abs=1e-3)
    assert values["frames"] == 4


def test_an_offset_may_turn_with_the_palm() -> None:
    true = joints(0).astype(np.float64)
    turns = [np.eye(3), np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]), np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])]
    hands = []
    for name, order in (("A", [0, 1, 2]), ("B", [2, 1, 0, 0])):
        there = np.stack([true @ turns[number].T for number in order]).astype(np.float32)
        said = there.copy()
        said[:, 3] += np.stack([turns[number] @ [5, -7, 9] for number in order]).astype(np.float32)
        gone = prediction(name, [[0, 0, 0]] * len(order))
        hands.append(replace(gone, true_mm=there, predicted_mm=said, unsmoothed_mm=said))
    values = report(hands)
    assert values["turning_offset_mean_mm"] == pytest.approx(0, abs=1e-3)
    assert values["offset_per_joint_mm"]["thumb_ip"] > 3  # a constant one cannot follow
    assert values["offset_per_joint_mm"]["wrist"] == pytest.approx(0, abs=1e-3)
    assert "turning_offset_mean_mm" not in report(hands[:1])


def test_our_joints_are_moved_to_the_bones_of_the_data() -> None:
    hands = [prediction("A", [[0, 0, 0], None]), prediction("B", [[5, 0, 0]])]
    ends = np.array(BONES)
    own = np.linalg.norm(np.diff(joints(0)[ends], axis=1)[:, 0], axis=1).astype(np.float32)
    short = report(hands, own)["at_data_bones"]
    assert short["per_sequence"]["A"]["mean_mm"] == pytest.approx(0, abs=0.1)
    assert short["per_sequence"]["B"]["mean_mm"] == pytest.approx(5, abs=0.1)
    assert short["mean_mm"] == pytest.approx(2.5, abs=0.1)
    assert short["offset_mean_mm"] == pytest.approx(5, abs=0.1)
    longer = report(hands, 1.2 * own)["at_data_bones"]
    assert longer["per_sequence"]["A"]["mean_mm"] > 3
    assert "at_data_bones" not in report(hands)


def test_nothing_found_is_not_zero_error() -> None:
    values = report([prediction("A", [None, None]), prediction("B", [None])])
    assert values["mean_mm"] is values["median_mm"] is values["per_joint_mm"]["wrist"] is None
    assert values["found"] == values["within_30mm"] == 0.0
    json.dumps(values, allow_nan=False)


def test_the_plot_has_a_curve_a_sequence_and_one_of_two_after_offsets(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, FloatArray] = {}
    monkeypatch.setattr(pictures, "save_curves", lambda _, curves, *__: drawn.update(curves))
    hands = [prediction("A", [[25, 0, 0], [25, 0, 0]]), prediction("B", [[25, 0, 3], None])]
    save_plot(Path("unused.png"), hands, after_offsets(hands))
    at_20_mm = {name: curve[CURVE_MM.tolist().index(20)] for name, curve in drawn.items()}
    assert at_20_mm == {"A": 0, "B": 0, "A and B, after offsets": 0.75}
    assert after_offsets(hands[:1]) == []
    assert after_offsets([*hands, *hands]) == []


def test_the_reliability_plot_is_of_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: dict[str, tuple[FloatArray, FloatArray]] = {}

    def note(_: Path, curves: dict[str, FloatArray], said: FloatArray, *__: str) -> None:
        drawn.update(zip(curves, zip(said, curves.values(), strict=True), strict=True))

    monkeypatch.setattr(pictures, "save_curves", note)
    hands = prediction("A", [[14, 0, 0], [14, 0, 0], [16, 0, 0], None])  # 63 joints of 0.75
    seen = np.full(60, 0.12, np.float32), np.arange(60) < 15
    save_reliability(Path("unused.png"), [replace(hands, visible=seen)])
    shown = {name: (said[np.isfinite(said)], true[np.isfinite(true)]) for name, (said, true) in drawn.items()}
    assert list(shown) == ["as it should be", "A: within 15 mm", "A: in view"]
    assert shown["A: within 15 mm"] == pytest.approx((0.75, 2 / 3))
    assert shown["A: in view"] == pytest.approx((0.12, 0.25))


def test_the_sheet_shows_best_median_and_worst(tmp_path: Path) -> None:
    order = np.random.default_rng(0).permutation(30)
    save_sheet(tmp_path / "s.png", [prediction("A", [[float(n) + 1, 0, 0] for n in order] + [None])])
    page = cv2.imread(str(tmp_path / "s.png"))
    tiles = page[100::192, 100::192, 0]
    assert order[tiles].tolist() == [[0, 1, 2, 3, 4, 5], [12, 13, 14, 15, 16, 17], [24, 25, 26, 27, 28, 29]]


def test_a_sheet_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no frame has a pose"):
        save_sheet(tmp_path / "s.png", [prediction("A", [None])])


def cvar(root: Path) -> Path:
    """Write P4 and P5 of two frames: a square plate 350 mm away."""
    depth = np.zeros((240, 320), np.uint16)
    depth[80:160, 120:200] = 350
    for sequence in ("P4", "P5"):
        (root / sequence).mkdir()
        points = " ".join(f"{140 + 2 * k} {100 + 2 * k} {350 + k}" for k in range(21))
        (root / sequence / "joint.txt").write_text(f"2\n./{0:06d}_depth.png {points}\n./{1:06d}_depth.png {points}\n")
        for number in range(2):
            cv2.imwrite(str(root / sequence / f"{number:06d}_depth.png"), depth)
    return root


def test_another_backend_gives_the_same_errors(tmp_path: Path, weights: Path) -> None:
    root, means = cvar(tmp_path), []
    for backend in ("torch", "onnxruntime"):
        out = tmp_path / f"{backend}.json"
        arguments = f"--data cvar --root {root} --centre truth --weights {weights} --backend {backend} --json {out}"
        assert main(arguments.split()) == 0
        values = json.loads(out.read_text())
        assert values["backend"] == backend
        means.append(values["mean_mm"])
    assert means[0] == pytest.approx(means[1], abs=0.01)


@pytest.mark.parametrize("centre", ["truth", "segmenter", "path"])
def test_the_command_line(tmp_path: Path, weights: Path, capsys: pytest.CaptureFixture[str], centre: str) -> None:
    out = tmp_path / "out" / "figures.json"
    arguments = f"--data cvar --root {cvar(tmp_path)} --sequences P4 P5 --centre {centre} --weights {weights}"
    assert main([*arguments.split(), "--json", str(out), "--plot", str(tmp_path / "curve.png")]) == 0
    values = json.loads(out.read_text())
    assert values["frames"] == 4
    assert values["centre"] == centre
    assert set(values["per_sequence"]) == {"P4", "P5"}
    expected = {"mean_mm", "median_mm", "per_joint_mm", "within_20mm", "within_30mm", "found", "data", "weights"}
    assert expected <= set(values)
    if centre == "truth":
        assert values["found"] == 1.0
        assert values["offset_mean_mm"] < 0.1  # both sequences are the same
        assert values["mean_mm"] > 0
    assert cv2.imread(str(tmp_path / "curve.png")) is not None
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[2:4] == ["found", "mean"]
    shown = {name: found for name, _, found, *_ in map(str.split, rows[:3])}
    assert shown == {name: f"{values['found']:.1%}" for name in ("P4", "P5", "all")}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--data cvar --root nowhere", "nowhere/P4: no such folder"),
        ("--data cvar --root {root} --sequences P9", "no sequence 'P9'"),
        ("--data cvar --root {root} --weights none.safetensors", "none.safetensors"),
        ("--data tips --root nowhere --weights {weights}", "kinect2_scene.json: cannot be read"),
    ],
)
def test_what_fails_says_why(
    tmp_path: Path, weights: Path, capsys: pytest.CaptureFixture[str], arguments: str, message: str
) -> None:
    filled = arguments.format(root=cvar(tmp_path), weights=weights)
    assert main(filled.split()) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--data cvar", "--data cvar needs --root"),
        ("--data tips --root x --plot y.png", "--plot does not go with"),
        ("--data icvl", "--data icvl needs --root"),
        ("--data nyu --root x --sheet y.png", "do not go with --data nyu"),
        ("--data other", "invalid choice"),
        ("--data synthetic --root x", "--root does not go with --data synthetic"),
        ("--data synthetic --precision bf16", "--precision bf16: torch has fp32 alone; give --backend openvino"),
        ("--predictions x --benchmark nyu --root y --weights z", "do not go with --predictions: no network is run"),
        ("--predictions x --benchmark nyu --root y --backend torch", "do not go with --predictions"),
        ("--predictions x --benchmark nyu --root y --precision fp32", "do not go with --predictions"),
        ("--data synthetic --json /tmp", "--json /tmp: a folder. Give the file to write"),
        ("", "--data"),
    ],
)
def test_what_does_not_go_together(capsys: pytest.CaptureFixture[str], arguments: str, message: str) -> None:
    with pytest.raises(SystemExit):
        main(arguments.split())
    assert message in capsys.readouterr().err
