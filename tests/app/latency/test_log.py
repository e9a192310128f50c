from __future__ import annotations

import csv
import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.latency import COLUMNS, FrameLog
from lighthand.errors import SourceError
from lighthand.types import Result, Stamps
from tests.app.scripted import frame, hand_at, result


def timed(seq: int, *, skipped: int = 0, hand: bool = True) -> Result:
    start_s = 100 + seq / 10
    stamps = Stamps(start_s, start_s + 0.001, start_s + 0.003, start_s + 0.013, start_s + 0.014)
    return replace(result(frame(seq), hand=hand), stamps=stamps, skipped=skipped)


def rows(path: Path) -> tuple[dict[str, object], list[dict[str, str]]]:
    comment, *lines = path.read_text().splitlines()
    return json.loads(comment.removeprefix("# lighthand ")), list(csv.DictReader(x for x in lines if x[0] != "#"))


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


def test_a_drawing_counts_though_numbers_run_back(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    with FrameLog(path, drawn=True, about={}) as log:
        for seq in (300, 10, 11):
            log.add(timed(seq))
            log.drawn(seq, 130.0 + seq)
    assert [row["drawn_s"] for row in rows(path)[1]] == ["430.000000", "140.000000", "141.000000"]
    assert (log.lost, log.undrawn) == (0, 0)


def test_a_new_source_begins_with_a_line_and_no_loss(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    log = FrameLog(path, drawn=True, about={"source": {"serial": "a"}})
    log.add(timed(7))
    log.add(timed(9))
    log.restart({"source": {"serial": "b"}})
    log.drawn(9, 101.0)  # painted late
    log.add(timed(500))
    assert len(rows(path)[1]) == 2  # those of the source before wait no longer
    log.add(timed(502))
    log.close()
    lines = path.read_text().splitlines()
    assert [line.split(",")[:3] for line in lines[2:4]] == [["7", "0", "0"], ["9", "1", "0"]]
    assert lines[4] == '# source {"source": {"serial": "b"}}'
    assert [row["drawn_s"] for row in rows(path)[1]] == ["", "101.000000", "", ""]
    assert (log.lost, log.total, log.undrawn) == (2, 6, 3)


def test_clocks_stand_in_the_row_as_they_were_given(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    unix_s = time.time()
    here = replace(frame(0), backend_s=unix_s - 0.004)
    with FrameLog(path, drawn=False, about={}) as log:
        log.add(result(here))
        log.add(result(frame(1)))
    first, second = rows(path)[1]
    assert first["sensor_clock"] == "device"
    assert float(first["backend_s"]) == pytest.approx(unix_s - 0.004, abs=1e-5)
    assert float(first["arrival_unix_s"]) == pytest.approx(unix_s, abs=1.0)
    assert [second["backend_s"], second["arrival_unix_s"]] == ["", ""]


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
