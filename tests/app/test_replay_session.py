"""Playback through capture, worker and results: what is asked for is what the window gets, soon and unsmoothed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.cameras.replay import ReplayCamera
from app.latency import FrameLog
from app.session import Session
from app.slot import SlotClosedError
from app.worker import AGE_LIMIT_S
from lighthand.segment import SegmentConfig
from lighthand.track import OneEuro, TrackConfig, seconds_between
from lighthand.types import Frame, Result
from tests.app.playing import step_of, write
from tests.app.scripted import ready, result

COUNT = 90


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("session") / "a.mcap", COUNT)


class Run:
    """A session on a recording, and what a window would have taken."""

    def __init__(self, recording: Path, process: Callable[[Frame], Result] = result) -> None:
        self.camera = ReplayCamera(recording)
        self.player = self.camera.player
        self.player.hold = True
        self.log = FrameLog(None, drawn=False, about={})
        self.session = Session(ready(self.camera), lambda: process, self.log, SegmentConfig(), lockstep=False)
        self.results: list[Result] = []
        self._number = 0

    def take(self) -> Result:
        """Take the next result."""
        taken = self.session.results.take(self._number, 5)
        assert taken is not None, "no result for 5 s"
        self._number = taken.number
        self.results.append(taken.value)
        return taken.value

    def take_step(self, step: int) -> Result:
        """Take results until one shows this step."""
        while step_of((shown := self.take()).frame) != step:
            pass
        return shown


@pytest.fixture
def start(recording: Path) -> Iterator[Callable[..., Run]]:
    runs: list[Run] = []

    def begin(process: Callable[[Frame], Result] = result) -> Run:
        run = Run(recording, process)
        runs.append(run)
        run.camera.open()
        run.session.start()
        return run

    yield begin
    for run in runs:
        assert run.session.stop() == ()
        run.log.close()


def slow(source: Frame) -> Result:
    taken_s = time.perf_counter()
    time.sleep(0.01)
    made = result(source)
    return replace(made, stamps=replace(made.stamps, taken_s=taken_s))


def test_scrubbing_shows_the_newest_step_and_loses_nothing(start: Callable[..., Run]) -> None:
    run = start(slow)
    run.take()
    run.player.pause()
    waits_s = []
    for step in range(80, 0, -5):
        asked_s = time.perf_counter()
        for nearby in (step + 2, step + 1, step):  # a hand that moves faster than the worker works
            run.player.seek(nearby)
        run.take_step(step)
        waits_s.append(time.perf_counter() - asked_s)
    assert np.median(waits_s) < 0.2  # 13 ms on an idle machine: reading, work
    assert run.log.lost == 0
    assert [shown.frame.seq for shown in run.results] == sorted({shown.frame.seq for shown in run.results})


def test_a_long_pause_is_no_trouble_and_its_end_no_old_frame(
    start: Callable[..., Run], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.capture.READ_TIMEOUT_S", 0.02)
    with caplog.at_level(logging.WARNING):
        run = start()
        run.take()
        run.player.pause()
        time.sleep(AGE_LIMIT_S + 0.2)
        run.player.seek(50)
        shown = run.take_step(50)
    assert shown.stamps.tracked_s - shown.frame.arrival_s < AGE_LIMIT_S
    assert run.session.trouble == ""
    assert caplog.messages == []
    assert run.session.running == ("capture", "worker")


def test_held_at_the_end_the_session_lives_and_goes_on(start: Callable[..., Run]) -> None:
    run = start()
    run.player.seek(COUNT - 2)
    run.take_step(COUNT - 1)
    time.sleep(0.05)
    assert run.player.at_end
    assert run.session.running == ("capture", "worker")
    run.player.step(-1)
    run.take_step(COUNT - 2)


def test_not_held_the_session_ends_without_error(start: Callable[..., Run]) -> None:
    run = start()
    run.player.hold = False
    run.player.seek(COUNT - 2)
    run.take_step(COUNT - 1)
    with pytest.raises(SlotClosedError) as closed:
        run.take()
    assert closed.value.__cause__ is None


@pytest.mark.parametrize("state", ["paused", "slow", "held at its end"])
def test_a_session_stops_at_once_in_every_state(start: Callable[..., Run], state: str) -> None:
    run = start()
    run.take()
    match state:
        case "paused":
            run.player.pause()
        case "slow":
            run.player.speed = 0.1
        case _:
            run.player.seek(COUNT - 1)
            run.take_step(COUNT - 1)
    start_s = time.perf_counter()
    assert run.session.stop() == ()
    assert time.perf_counter() - start_s < 1.0


def test_nothing_is_smoothed_over_a_jump(start: Callable[..., Run]) -> None:
    """The filter's value is the frame's depth, so that any trace of the frame before a jump shows."""
    smooth = OneEuro(TrackConfig())
    seen: list[Frame] = []

    def process(source: Frame) -> Result:
        dt_s = seconds_between(seen[-1], source) if seen else np.inf
        seen.append(source)
        made = result(source)
        value = np.full((21, 3), float(source.depth[0, 0]), np.float32)
        return replace(made, hands=(replace(made.hands[0], joints_mm=smooth(value, dt_s)),))

    run = start(process)
    run.take_step(2)
    run.player.pause()
    for step in (40, 5, 80, 79):
        run.player.seek(step)
        shown = run.take_step(step)
        np.testing.assert_array_equal(shown.hands[0].joints_mm, shown.frame.depth[0, 0])
    run.player.step(1)  # the one that follows is no jump
    shown = run.take_step(80)
    assert shown.hands[0].joints_mm[0, 0] < shown.frame.depth[0, 0]
