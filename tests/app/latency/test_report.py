"""The report of a log: what it reads, prints and draws, and what it says of files it cannot use."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.latency import COLUMNS, FrameLog, read
from app.latency.__main__ import main
from app.latency.read import read_log
from lighthand.errors import DataError
from lighthand.types import Result, Stamps
from tests.app.scripted import frame, result

NUMBER = r" +\d+\.\d+"


def timed(seq: int, *, skipped: int = 0, hand: bool = True) -> Result:
    now_s = time.perf_counter() + seq / 10
    stamps = Stamps(now_s, now_s + 0.001, now_s + 0.003, now_s + 0.013, now_s + 0.014)
    source = replace(frame(seq), arrival_s=now_s, sensor_s=now_s, backend_s=time.time() + seq / 10 - 0.002)
    return replace(result(source, hand=hand), stamps=stamps, skipped=skipped)


def about(serial: str, *, live: bool = True, pace: str = "recorded") -> dict[str, object]:
    source = {"model": "scripted camera", "serial": serial, "live": live}
    return {"source": source, "config": {"camera": {"pace": pace}}}


def write(path: Path, count: int = 30, *, drawn: bool = True, pace: str = "recorded") -> FrameLog:
    with FrameLog(path, drawn=drawn, about=about("a", pace=pace)) as log:
        for seq in range(count):
            made = timed(seq, skipped=int(seq == 5), hand=seq % 3 > 0)
            log.add(made)
            if drawn and seq != 7:
                log.drawn(seq, made.stamps.tracked_s + 0.010)
    return log


@pytest.mark.parametrize("drawn", [True, False])
def test_a_log_reads_as_the_run_that_wrote_it_ended(
    drawn: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.csv"
    log = write(path, drawn=drawn)
    assert main(["report", str(path)]) == 0
    name, *lines, last = capsys.readouterr().out.splitlines()
    assert name == "scripted camera, a"
    texts = ["\n".join(lines), log.summary()]
    told, ended = (re.split(NUMBER, text) for text in texts)
    assert told == ended
    told, ended = (re.findall(NUMBER, text) for text in texts)
    assert [float(x) for x in told] == pytest.approx([float(x) for x in ended], abs=0.02)  # a log has microseconds
    assert ("not drawn" in log.summary()) == drawn
    assert "sensor to arrival, above its least" in log.summary()
    assert "driver to arrival" in log.summary()
    assert last == f"drawn: {tmp_path / 'run.png'}"


def test_lock_step_is_said_wherever_the_figures_are(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    waited, live = tmp_path / "waited.csv", tmp_path / "live.csv"
    summary = write(waited, pace="lockstep").summary()
    live.write_text(waited.read_text().replace("lockstep", "recorded"))  # the same frames
    said, pictures = [], []
    for path in (waited, live):
        assert main(["report", str(path)]) == 0
        said.append(capsys.readouterr().out)
        pictures.append(cv2.imread(str(path.with_suffix(".png"))))
    note = "(lock step: a frame waits for the worker, so its age says nothing of a live run)"
    assert summary.endswith(f"\n{note}")
    assert f"\n{note}\n" in said[0]
    assert "lock step" not in said[1]
    assert not np.array_equal(*pictures)


def test_the_picture_goes_where_it_is_told_and_shows_the_run(tmp_path: Path) -> None:
    pictures = []
    for count in (30, 60):
        write(tmp_path / "run.csv", count)
        out = tmp_path / "deep" / f"{count}.png"
        assert main(["report", str(tmp_path / "run.csv"), "--out", str(out)]) == 0
        pictures.append(cv2.imread(str(out)))
    assert pictures[0].shape == pictures[1].shape == (960, 1200, 3)
    assert not np.array_equal(*pictures)
    inked = (pictures[0] < 128).any(axis=2)
    assert all(band.any() for band in np.array_split(inked, 6))


def test_a_run_of_one_frame_is_drawn(tmp_path: Path) -> None:
    write(tmp_path / "run.csv", 1)
    assert main(["report", str(tmp_path / "run.csv")]) == 0


def test_each_source_has_its_name_and_counts_no_loss_at_the_change(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.csv"
    with FrameLog(path, drawn=False, about=about("a")) as log:
        log.add(timed(0))
        log.add(timed(3))
        log.restart(about("b", live=False))
        log.add(timed(90))
        log.add(timed(91))
    assert main(["report", str(path)]) == 0
    said = capsys.readouterr().out
    assert said.startswith("scripted camera, a; then scripted camera, b\n")
    assert "drops: 2 at the source" in said
    rows = read_log(path).rows
    assert rows["source"].tolist() == [0, 0, 1, 1]
    assert np.isnan(rows["sensor_age_s"]).tolist() == [False, False, True, True]


def test_the_last_row_of_a_killed_run_is_left_out_and_that_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.csv"
    write(path, 10)
    path.write_text(path.read_text()[:-40])
    assert read_log(path).rows.size == 9
    assert main(["report", str(path)]) == 0
    assert "(the last line was cut off and is left out)" in capsys.readouterr().out


def test_rows_beyond_a_chunk_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "run.csv", 10)
    whole = read_log(tmp_path / "run.csv").rows
    monkeypatch.setattr(read, "_CHUNK", 4)
    parts = read_log(tmp_path / "run.csv").rows
    assert parts.size == 10
    assert parts.tobytes() == whole.tobytes()


HEAD = "# lighthand {}\n"
COLUMN_LINE = ",".join(COLUMNS) + "\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is no log of LightHand. Give what run_live.py --log FILE wrote"),
        ("time,value\n1,2\n", "is no log of LightHand"),
        ("# lighthand {\n", "the line that tells the source is damaged"),
        (HEAD, "an older log or a part of one: has no column seq. Record again"),
        (HEAD + COLUMN_LINE.replace("backend_s,", ""), "an older .* has no column backend_s"),
        (HEAD + COLUMN_LINE, "holds no frame. Let run_live.py"),
        (HEAD + COLUMN_LINE + "0,0,0", "holds no frame"),
        (HEAD + COLUMN_LINE + "0,0,0\n1,0,0\n", "line 3 is damaged"),
        (HEAD + COLUMN_LINE + "0,what,0" + "," * 20 + "\n", "line 3 is damaged .*what"),
        (HEAD + COLUMN_LINE + "# source {\n", "the line that tells the source is damaged"),
    ],
)
def test_what_is_no_whole_log_is_named(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "run.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=f"run.csv: {says}"):
        read_log(path)


def test_files_that_cannot_be_read_or_written_are_errors_of_the_user(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "run.csv"
    write(log, 3)
    (tmp_path / "bytes.csv").write_bytes(b"\xff\xfe\x00")
    for words, says in (
        ([str(tmp_path / "none.csv")], "none.csv: no such file. Give what"),
        ([str(tmp_path), "--out", str(tmp_path / "x.png")], "cannot be read"),
        ([str(tmp_path / "bytes.csv")], "bytes.csv: is no log of LightHand"),
        ([str(log), "--out", str(log)], "run.csv: expected another file than the log, with .png at its end"),
        ([str(log), "--out", str(log / "x.png")], "cannot write the picture"),
    ):
        assert main(["report", *words]) == 2
        assert says in capsys.readouterr().err
    assert read_log(log).rows.size == 3
