from __future__ import annotations

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.latency import COLUMNS, FrameLog, LiveFigures
from lighthand.errors import SourceError
from lighthand.types import Result, Stamps
from tests.app.scripted import frame, hand_at, result


def timed(seq: int, *, skipped: int = 0, hand: bool = True) -> Result:
    start_s = 100 + seq / 10
    stamps = Stamps(start_s, start_s + 0.001, start_s + 0.003, start_s + 0.013, start_s + 0.014)
    return replace(result(frame(seq), hand=hand), stamps=stamps, skipped=skipped)


def rows(path: Path) -> tuple[dict[str, object], list[dict[str, str]]]:
    comment, *lines = path.read_text().splitlines()
    return json.loads(comment.removeprefix("# lighthand ")), list(csv.DictReader(lines))


def test_a_row_a_frame_with_all_it_knows(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "log.csv"
    with FrameLog(path, drawn=False, about={"config": {"a": 1}}) as log:
        log.add(timed(0))
        log.add(timed(4, skipped=2, hand=False))
    about, (first, second) = rows(path)
    assert about == {"config": {"a": 1}}
    assert tuple(first) == COLUMNS
    assert [first["seq"], first["lost"], first["skipped"]] == ["0", "0", "0"]
    assert [second["seq"], second["lost"], second["skipped"]] == ["4", "1", "2"]
    assert float(second["sensor_s"]) == pytest.approx(4 / 30, abs=1e-6)
    assert float(first["estimated_s"]) - float(first["segmented_s"]) == pytest.approx(0.010, abs=2e-6)
    assert first["drawn_s"] == ""
    assert [first["track_id"], first["side"], first["presence"]] == ["1", "right", "0.9500"]
    assert float(first["score"]) == pytest.approx(0.95 * 0.8, abs=1e-4)
    joints = np.array([float(first[name]) for name in COLUMNS if name.endswith("_mm")]).reshape(21, 3)
    assert np.allclose(joints, hand_at().joints_mm, atol=1e-3)
    assert {first[name] for name in COLUMNS if name.endswith("_confidence")} == {"0.800"}
    assert [name for name in COLUMNS if first[name] == "1" and name.endswith("_hidden")] == ["thumb_ip_hidden"]
    assert {second[name] for name in COLUMNS[COLUMNS.index("track_id") :]} == {""}


def test_with_a_window_each_row_waits_for_its_drawing_or_for_a_newer_ones(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    log = FrameLog(path, drawn=True, about={})
    log.add(timed(0))
    log.add(timed(1))
    log.drawn(1, 100.2)
    assert rows(path)[1] == []
    log.add(timed(2))
    assert [(row["seq"], row["drawn_s"]) for row in rows(path)[1]] == [("0", ""), ("1", "100.200000")]
    log.drawn(2, 100.3)
    log.close()
    assert [(row["seq"], row["drawn_s"]) for row in rows(path)[1]][2:] == [("2", "100.300000")]
    assert log.undrawn == 1
    assert "1 not drawn" in log.summary()


def test_a_window_that_draws_nothing_costs_no_row(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    log = FrameLog(path, drawn=True, about={})
    for seq in range(200):
        log.add(timed(seq))
    assert len(rows(path)[1]) >= 100
    log.drawn(3, 1.0)  # long after its row was written
    log.add(timed(200))
    log.close()
    assert [int(row["seq"]) for row in rows(path)[1]] == list(range(201))


def test_the_summary_holds_the_stages_percentiles() -> None:
    log = FrameLog(None, drawn=True, about={})
    for seq in range(11):
        log.add(timed(seq, hand=seq > 0))
        log.drawn(seq, 100 + seq / 10 + 0.020 + 0.001 * seq)
    log.close()
    text = log.summary()
    assert "11 frames processed, 10.0 a second, a hand in 10 (90.9%)" in text
    table = {line[:22].strip(): [float(x) for x in line[22:].split()] for line in text.splitlines()[3:]}
    assert table["estimate"] == pytest.approx([10, 10, 10])
    assert table["arrival to pose"] == pytest.approx([14, 14, 14])
    assert table["age at drawing"] == pytest.approx([25, 29.5, 29.9], abs=0.011)


def test_no_frame_and_one_frame_have_a_summary() -> None:
    log = FrameLog(None, drawn=False, about={})
    assert log.summary() == "no frame was processed"
    log.add(timed(0))
    assert "1 frames processed, a hand in 1" in log.summary()


def test_a_log_that_cannot_be_written_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "file" / "log.csv"):
        with pytest.raises(SourceError, match="the log cannot be written"):
            FrameLog(path, drawn=False, about={})
    full = Path("/dev/full")
    if full.exists():
        with pytest.raises(SourceError, match="/dev/full: the log cannot be written"):
            FrameLog(full, drawn=False, about={})


def test_a_disk_that_fills_up_is_a_clear_error_and_keeps_the_rows(tmp_path: Path) -> None:
    class Full:
        def writerow(self, row: list[object]) -> None:
            raise OSError(28, "No space left on device")

    path = tmp_path / "log.csv"
    log = FrameLog(path, drawn=False, about={})
    log.add(timed(0))
    log._writer = Full()
    with pytest.raises(SourceError, match=r"log.csv: the log cannot be written \(No space left on device\)"):
        log.add(timed(1))
    log.close()
    assert [row["seq"] for row in rows(path)[1]] == ["0"]


def test_closing_counts_every_frame_though_the_disk_is_full(tmp_path: Path) -> None:
    class Full:
        def writerow(self, row: list[object]) -> None:
            raise OSError(28, "No space left on device")

    log = FrameLog(tmp_path / "log.csv", drawn=True, about={})
    for seq in range(5):
        log.add(timed(seq))
    log._writer = Full()
    with pytest.raises(SourceError, match="No space left"):
        log.close()
    assert log.frames == 5
    log.close()


def test_a_file_that_is_no_log_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "thesis.csv"
    path.write_text("my only copy\n")
    with pytest.raises(SourceError, match="thesis.csv: is there and is no log of LightHand. Choose another"):
        FrameLog(path, drawn=False, about={})
    assert path.read_text() == "my only copy\n"
    path.write_text("")
    for _ in range(2):  # an empty file and a log of ours are written over
        with FrameLog(path, drawn=False, about={}) as log:
            log.add(timed(0))
        assert len(rows(path)[1]) == 1


def test_live_figures_count_new_results_over_two_seconds() -> None:
    figures = LiveFigures()
    assert figures.rates(0.0) == (0.0, 0.0)
    assert math.isnan(figures.age_ms(0.0)[0])
    for index in range(61):
        figures.drawn(Stamps(arrival_s=index / 20 - 0.030), index / 20, index % 2 == 0, 3 * index)  # two of three lost
    poses, frames = figures.rates(3.0)
    assert frames == pytest.approx(60)
    assert poses == pytest.approx(10, rel=0.05)
    assert figures.age_ms(3.0) == pytest.approx((30, 30))
    assert figures.rates(5.5) == (0.0, 0.0)
