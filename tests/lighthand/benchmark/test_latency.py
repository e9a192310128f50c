"""The latency benchmark: what it times, and what it says of it. No time is asserted."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from lighthand.benchmark import measure, networks, run, shapes
from lighthand.benchmark.__main__ import main
from lighthand.benchmark.path import PathRun, moving_hand
from lighthand.geometry import project
from lighthand.network import NetworkConfig
from lighthand.synthesis.record import camera_of
from tests.lighthand.scenes import BlobEstimator


def test_measure_lets_the_rows_take_turns() -> None:
    calls: list[str] = []
    rows = measure.measure([("a", lambda i: calls.append("a")), ("b", lambda i: calls.append("b"))], 10)
    turns = "".join(calls).replace("aa", "a").replace("aa", "a").replace("bb", "b").replace("bb", "b")
    assert turns == "ab" * (1 + measure.ROUNDS)
    for row in rows:
        assert row.calls == 10
        assert 0 <= row.median_ms <= row.p95_ms <= row.p99_ms
        assert row.per_s > 0


def test_slow_calls_are_made_less_often() -> None:
    times: list[int] = []
    (row,) = measure.measure([("slow", times.append)], 1000, budget_s=0.0)
    assert row.calls == measure.ROUNDS


def test_the_peak_of_a_core_is_that_of_a_computer() -> None:
    before = torch.get_num_threads()
    assert 0.1 < measure.gemm_peak_gflops(64, 2) < 10_000
    assert torch.get_num_threads() == before


def test_the_moving_hand_is_in_the_middle_of_its_patches() -> None:
    frames, patches = moving_hand(2, camera_of(640, 480))
    assert frames[0].depth.shape == (480, 640)
    assert patches.shape == (2, 128, 128)
    assert all(np.median(patch[54:74, 54:74]) < 1 for patch in patches)
    assert project([0, 0, 500], frames[0].intrinsics)[:2].tolist() == [319.5, 239.5]


def test_the_path_counts_what_it_followed() -> None:
    frames, _ = moving_hand(4, camera_of(320, 240))
    path = PathRun(BlobEstimator(), frames)
    for index in range(8):
        path.follow(index)
        path.search(index)
    assert path.found == 1
    assert [stage.calls for stage in path.stages()] == [8, 8, 8]


def test_the_command_holds_each_row_and_its_ratio(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(run, "FRAMES", 3)
    monkeypatch.setattr(run, "SIZES", ((320, 240), (640, 480)))
    lite = networks.Network(networks.LITE, networks.LITE, "litert", "cpu", "fp32", 1, None, lambda i: None)
    monkeypatch.setattr(run, "mediapipe_networks", lambda notes: [lite])
    monkeypatch.setattr(run, "paper_networks", lambda folder: [])
    before = torch.get_num_threads()
    file, page = tmp_path / "b.json", tmp_path / "docs" / "b.md"
    words = ["latency", "--weights", str(weights), "--peers", "--calls", "5", "--batch", "2"]
    assert main([*words, "--json", str(file), "--report", str(page)]) == 0
    torch.set_num_threads(before)
    values = json.loads(file.read_text())
    ours = [row for row in values["rows"] if row["model"] == "random"]
    assert {(row["backend"], row["threads"]) for row in ours} >= {("onnxruntime", 1), ("onnxruntime", 2), ("torch", 1)}
    assert all(row["latency"]["median_ms"] > 0 and row["ratio_to_mediapipe_lite"] > 0 for row in ours)
    assert values["ratio_to_mediapipe_lite"] == min(r["ratio_to_mediapipe_lite"] for r in ours if r["threads"] == 1)
    assert [path["size"] for path in values["paths"]] == ["320x240", "640x480"]
    assert all(start["memory_mib"] > 10 and start["seconds"] > 0 for start in values["starts"])
    text = page.read_text()
    assert values["machine"] in text
    assert "| random | onnxruntime | cpu | fp32 | 1 |" in text
    assert cv2.imread(str(page.with_suffix(".png"))) is not None
    assert "640x480" in capsys.readouterr().out


def test_shapes_are_compared_with_what_ships(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small = NetworkConfig(channels=8, stem=8, depth_features=8, blocks=(1,))
    monkeypatch.setattr(shapes, "SHAPES", {"first": small, "second": replace(small, channels=16)})
    file = tmp_path / "shapes.json"
    assert main(["shapes", "--calls", "5", "--json", str(file)]) == 0
    first, second = json.loads(file.read_text())
    assert first["ratio"] == 1
    assert second["ratio"] == pytest.approx(second["median_ms"] / first["median_ms"])
    assert second["params"] > first["params"]
    assert f"| second | {second['params']:,} |" in capsys.readouterr().out


def test_peers_that_are_not_there_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(networks.importlib.util, "find_spec", lambda name: None)
    notes: list[str] = []
    assert networks.mediapipe_networks(notes) == []
    assert "ai_edge_litert and mediapipe not installed" in notes[0]


def test_missing_weights_end_with_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["latency", "--weights", str(tmp_path / "none.safetensors")]) == 2
    assert "no such file" in capsys.readouterr().err


@pytest.mark.parametrize("words", [["--batch", "0"], ["--calls", "-1"]])
def test_counts_are_positive(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["latency", *words])
    assert "expected at least 1" in capsys.readouterr().err
