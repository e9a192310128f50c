import json
from pathlib import Path

import pytest

from lighthand.benchmark.__main__ import main
from lighthand.benchmark.cost import count, count_products, ladder
from lighthand.network import FAST, PAPER, HandNet


def test_cost_meets_the_published_ladder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "cost.json"
    assert main(["cost", "--json", str(file)]) == 0
    rows = json.loads(file.read_text())
    printed = capsys.readouterr().out
    assert [row["name"] for row in rows] == [step[0] for step in ladder()]
    for row in rows:
        assert row["two_macs"] == 2 * row["macs"]
        assert row["name"] in printed
        assert f"{row['params']:,}" in printed
        if row["paper_macs"]:
            assert row["macs"] == pytest.approx(row["paper_macs"], rel=0.01)
        if row["paper_params"]:
            assert row["params"] == pytest.approx(row["paper_params"], rel=0.01)


def test_products_are_most_of_the_cost_but_not_all() -> None:
    macs = count(HandNet(PAPER))[1]
    assert 0.9 * macs < count_products(HandNet(PAPER)) < macs


def test_the_fast_sibling_is_that_small() -> None:
    assert count(HandNet(FAST))[1] <= 0.09e9
