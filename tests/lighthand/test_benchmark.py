import json
from pathlib import Path

import pytest
import torch

from lighthand import benchmark
from lighthand.geometry import project
from lighthand.network import HandNet, NetworkConfig
from lighthand.network.ladder import LadderConfig, LadderNet
from lighthand.weights import save_weights

SMALL = NetworkConfig(channels=8, stem=8, depth_features=8, hourglass_depth=2, blocks=1)


def test_cost_meets_the_published_ladder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cost.json"
    assert benchmark.main(["cost", "--json", str(file)]) == 0
    rows = json.loads(file.read_text())
    printed = capsys.readouterr().out
    assert [row["name"] for row in rows] == [step[0] for step in benchmark.ladder()]
    for row in rows:
        assert row["two_macs"] == 2 * row["macs"]
        assert row["name"] in printed
        assert f"{row['params']:,}" in printed
        if row["paper_macs"]:
            assert row["macs"] == pytest.approx(row["paper_macs"], rel=0.01)
        if row["paper_params"]:
            assert row["params"] == pytest.approx(row["paper_params"], rel=0.01)


@pytest.mark.parametrize(
    "config",
    [
        LadderConfig(stem=(4, 4, 8, 8)),
        LadderConfig(stem=(4, 4, 8, 8), ghost=True, attention=True),
        LadderConfig(stem=(4, 4, 8, 8), unified=True, joints=14),
    ],
)
def test_ladder_networks_run_and_learn(config: LadderConfig) -> None:
    torch.manual_seed(0)
    net = LadderNet(config)
    uvz = net(torch.randn(2, 1, 128, 128))
    assert uvz.shape == (2, config.joints, 3)
    assert uvz[..., :2].abs().max() <= 1
    uvz.abs().sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def test_measure_counts_results() -> None:
    calls: list[int] = []
    row = benchmark.measure("call", calls.append, 30, results=4)
    assert calls == [*range(benchmark.WARM_UP), *range(30)]
    assert row.calls == 30
    assert 0 <= row.median_ms <= row.p95_ms <= row.p99_ms
    assert row.per_s > 0


def test_latency_times_every_part(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    torch.manual_seed(0)
    weights, file = tmp_path / "hand.safetensors", tmp_path / "latency.json"
    save_weights(weights, HandNet(SMALL), extra={})
    monkeypatch.setattr(benchmark, "FRAMES", 3)
    monkeypatch.setattr(benchmark, "CROPS", 20)
    threads = torch.get_num_threads()
    assert benchmark.main(["latency", "--weights", str(weights), "--json", str(file)]) == 0
    torch.set_num_threads(threads)
    rows = json.loads(file.read_text())
    assert len(rows) == 5
    assert all(row["median_ms"] > 0 for row in rows)
    printed = capsys.readouterr().out
    assert all(row["name"] in printed for row in rows)


def test_missing_weights_end_with_a_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.main(["latency", "--weights", str(tmp_path / "none.safetensors")]) == 2
    assert "no such file" in capsys.readouterr().err


def test_moving_hand_is_where_its_region_says() -> None:
    frames, regions = benchmark.moving_hand(2)
    assert [frame.seq for frame in frames] == [0, 1]
    for frame, region in zip(frames, regions, strict=True):
        u, v, z = project(region.centre_mm, frame.intrinsics)
        assert abs(float(frame.depth[round(v), round(u)]) * frame.depth_unit_mm - z) < 40
