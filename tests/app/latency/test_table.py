"""The figures of a run: what they say, and what they do not say where clocks differ."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from app.latency import FrameLog, log
from app.latency.columns import ROW, row_of
from app.latency.table import spans_ms
from lighthand.types import Result, Stamps
from tests.app.scripted import frame, result


def timed(seq: int, *, skipped: int = 0, hand: bool = True, start_s: float = 100.0) -> Result:
    begin_s = start_s + seq / 10
    stamps = Stamps(begin_s, begin_s + 0.001, begin_s + 0.003, begin_s + 0.013, begin_s + 0.014)
    return replace(result(frame(seq), hand=hand), stamps=stamps, skipped=skipped)


def figures(text: str) -> dict[str, list[float]]:
    lines = [re.split(r"\s{2,}", line) for line in text.splitlines()]
    return {name: [float(x) for x in more] for name, *more in lines if len(more) == 5 and name != "ms"}


def test_the_summary_holds_the_stages_percentiles() -> None:
    run = FrameLog(None, drawn=True, about={})
    for seq in range(11):
        run.add(timed(seq, hand=seq > 0))
        run.drawn(seq, 100 + seq / 10 + 0.020 + 0.001 * seq)
    run.close()
    text = run.summary()
    assert "11 frames processed, a hand in 10 (90.9%)" in text
    assert "drops: 0 at the source, 0 before the worker, 0 not drawn" in text
    assert "a second: 10.0 given by the source, 10.0 processed, 10.0 poses, 10.0 drawn" in text
    table = figures(text)
    assert list(table) == [
        *("wait for the worker", "find", "network", "track", "to the picture", "arrival to pose", "age at drawing"),
    ]
    assert table["network"] == pytest.approx([11, 10, 10, 10, 10])
    assert table["arrival to pose"] == pytest.approx([11, 14, 14, 14, 14])
    assert table["age at drawing"] == pytest.approx([11, 25, 29.5, 29.9, 30], abs=0.011)


def test_drops_count_in_the_rate_of_the_source_and_a_change_of_source_does_not() -> None:
    run = FrameLog(None, drawn=False, about={})
    for seq in range(0, 20, 2):
        run.add(timed(seq, skipped=1 if seq > 9 else 0))
    run.restart({})
    for seq in range(3):
        run.add(timed(seq, start_s=500.0))
    run.close()
    text = run.summary()
    assert "drops: 4 at the source, 5 before the worker\n" in text
    assert "a second: 10.0 given by the source, 5.5 processed, 5.5 poses\n" in text  # 11 spans in 2.0 s


def test_no_frame_and_one_frame_have_a_summary() -> None:
    run = FrameLog(None, drawn=False, about={})
    assert run.summary() == "no frame was processed"
    run.add(timed(0))
    assert "1 frames processed, a hand in 1" in run.summary()
    assert "a second" not in run.summary()


def test_a_long_run_tells_its_last_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "_KEPT", 5)
    run = FrameLog(None, drawn=False, about={})
    for seq in range(7):
        run.add(timed(seq, hand=seq < 2))
    text = run.summary()
    assert "7 frames processed, a hand in 2" in text
    assert "a second: 10.0 given by the source, 10.0 processed, 0.0 poses" in text
    assert text.endswith("(times and rates: the last 5 frames)")


def live_rows(ages_s: list[float], *, clock: str, ahead_s: float = 0.0, live: bool = True) -> np.ndarray:
    """Frames 0.1 s apart whose way from the sensor took so long; the sensor's clock is ahead of ours."""
    rows = np.empty(len(ages_s), ROW)
    for k, age_s in enumerate(ages_s):
        arrival_s, arrival_unix_s = 100 + k / 10, 1e9 + k / 10
        sensor_s = (arrival_unix_s if clock == "system" else arrival_s) - age_s + ahead_s
        outside_s = (sensor_s, arrival_unix_s - age_s / 2, arrival_unix_s)
        rows[k] = row_of(0, live, (0, 0), True, clock, outside_s, [arrival_s + 0.01 * s for s in range(6)])
    return rows


def test_the_way_from_the_sensor_is_told_where_the_clock_is_the_same() -> None:
    spans = dict(spans_ms(live_rows([0.010, 0.030], clock="system")))
    assert spans["sensor to arrival"] == pytest.approx([10, 30], abs=1e-3)
    assert spans["driver to arrival"] == pytest.approx([5, 15], abs=1e-3)


def test_of_another_clock_only_what_is_above_the_least_is_told() -> None:
    spans = dict(spans_ms(live_rows([0.010, 0.030, 0.012], clock="device", ahead_s=7000.0)))
    assert spans["sensor to arrival, above its least"] == pytest.approx([0, 20, 2], abs=1e-3)
    assert "sensor to arrival" not in spans


def test_a_clock_that_drifts_or_starts_anew_is_no_latency() -> None:
    drifting = [0.010 + 50e-6 * k / 10 for k in range(6000)]  # 10 minutes, 50 millionths apart: 30 ms at their end
    spans = dict(spans_ms(live_rows(drifting, clock="device")))
    assert spans["sensor to arrival, above its least"].max() < 0.51
    anew = live_rows([0.010, 0.012, 0.010, 0.013], clock="device", ahead_s=50.0)
    anew["sensor_age_s"][2:] += 120.0  # after a replug its stamps begin at 0
    spans = dict(spans_ms(anew))
    assert spans["sensor to arrival, above its least"] == pytest.approx([0, 2, 0, 3], abs=1e-3)


def test_the_stamps_of_a_recording_are_not_of_this_run() -> None:
    names = dict(spans_ms(live_rows([0.010, 0.030], clock="system", live=False)))
    assert [name for name in names if name.endswith("to arrival")] == []
