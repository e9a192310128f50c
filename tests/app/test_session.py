from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from app.cameras.base import CameraInfo, nothing_between
from app.latency import FrameLog
from app.session import Session
from app.slot import SlotClosedError
from lighthand.errors import SourceError
from lighthand.segment import SegmentConfig
from lighthand.types import Frame, Result, Stamps
from tests.app.scripted import OTHER_SIZE, SIZE, ScriptedCamera, frame, ready, result

Script = list[Frame | BaseException | float | None]


def drain(session: Session) -> tuple[list[Result], BaseException | None]:
    """Take every result to the end; give them and the error that ended the session, which is then stopped."""
    out: list[Result] = []
    number = 0
    try:
        while (taken := session.results.take(number, 5)) is not None:
            out.append(taken.value)
            number = taken.number
    except SlotClosedError as closed:
        return out, closed.__cause__
    finally:
        assert session.stop() == ()
    pytest.fail("the session neither ended nor gave a result")


def run(script: Script, *, process: Callable[[Frame], Result] = result) -> tuple[list[Result], BaseException | None]:
    """Run a script in lock step to its end."""
    session = Session(
        ready(ScriptedCamera(script)),
        lambda: process,
        FrameLog(None, drawn=False, about={}),
        SegmentConfig(),
        lockstep=True,
    )
    session.start()
    return drain(session)


def test_lock_step_loses_no_frame_and_ends_without_error() -> None:
    out, cause = run([frame(seq) for seq in range(40)])
    assert [item.frame.seq for item in out] == list(range(40))
    assert all(item.skipped == 0 for item in out)
    assert cause is None


def test_the_worker_rests_after_each_frame_on_its_own_thread() -> None:
    rested: list[str] = []
    session = Session(
        ready(ScriptedCamera([frame(seq) for seq in range(5)])),
        lambda: result,
        FrameLog(None, drawn=False, about={}),
        SegmentConfig(),
        lockstep=True,
        rest=lambda _: rested.append(threading.current_thread().name),
    )
    session.start()
    drain(session)
    assert rested == ["worker"] * 5


def test_a_run_stopped_while_a_result_waits_to_be_taken_gives_it_to_the_log_and_to_the_recorder_alike() -> None:
    log = FrameLog(None, drawn=False, about={})
    rested: list[int] = []
    session = Session(
        ready(ScriptedCamera([frame(seq) for seq in range(5)])),
        lambda: result,
        log,
        SegmentConfig(),
        lockstep=True,
        rest=lambda item: rested.append(item.frame.seq),
    )
    session.start()
    end_s = time.perf_counter() + 5
    while log.frames < 2:  # the first is there to be taken, the second waits
        assert time.perf_counter() < end_s
        time.sleep(0.001)
    assert session.stop() == ()
    assert rested == [0, 1]


def test_a_slow_worker_skips_to_the_newest_and_counts() -> None:
    def slow(source: Frame) -> Result:
        time.sleep(0.03)
        return result(source)

    log = FrameLog(None, drawn=False, about={})
    script = (step for seq in range(40) for step in (0.005, frame(seq)))  # each arrives when it is read
    session = Session(ready(ScriptedCamera(script)), lambda: slow, log, SegmentConfig(), lockstep=False)
    session.start()
    out, cause = drain(session)
    log.close()
    assert cause is None
    seqs = [item.frame.seq for item in out]
    assert seqs == sorted(set(seqs))
    assert seqs[-1] == 39
    assert log.skipped > 0
    assert log.frames + log.skipped == 40
    assert log.lost == 0


def test_frames_do_not_grow_old_before_a_slow_worker() -> None:
    """20 ms of work a frame at 60 frames a second: a queue would be 0.5 s late at the end."""

    def slow(source: Frame) -> Result:
        taken_s = time.perf_counter()
        time.sleep(0.02)
        return Result(source, (), Stamps(source.arrival_s, taken_s, taken_s, taken_s, time.perf_counter()))

    log = FrameLog(None, drawn=False, about={})
    script = (step for seq in range(150) for step in (1 / 60, seq))
    arriving = (frame(step) if isinstance(step, int) else step for step in script)
    session = Session(ready(ScriptedCamera(arriving)), lambda: slow, log, SegmentConfig(), lockstep=False)
    session.start()
    out, cause = drain(session)
    log.close()
    assert cause is None
    ages = [item.stamps.tracked_s - item.stamps.arrival_s for item in out[-40:]]
    assert np.median(ages) < 0.1  # two frame times on an idle machine
    assert log.skipped > 0
    assert log.frames + log.skipped == 150


@pytest.mark.parametrize(
    ("bad", "text"),
    [
        (frame(2, unit_mm=0.125), "frame 2: unit 0.125 mm .* began with 1.0 mm"),
        (frame(2, camera=OTHER_SIZE), "frame 2: .*width=32.* began with .*width=64"),
        (SourceError("camera 1: unplugged"), "unplugged"),
        (OSError("the driver broke"), "the driver broke"),
    ],
)
def test_a_fault_of_the_camera_ends_the_run_with_its_cause(bad: Frame | BaseException, text: str) -> None:
    out, cause = run([frame(0), frame(1), bad, frame(3)])
    assert [item.frame.seq for item in out] == [0, 1]
    assert isinstance(cause, SourceError | OSError)
    with pytest.raises(type(cause), match=text):
        raise cause


@pytest.mark.parametrize(("depth", "where"), [(20, "nearer than 50 mm"), (40_000, "farther than 20 m")])
def test_an_implausible_unit_is_an_error_at_the_first_frame_with_depth(depth: int, where: str) -> None:
    out, cause = run([frame(0, depth=0), frame(1, depth=depth), frame(2)])
    assert [item.frame.seq for item in out] == [0]
    assert isinstance(cause, SourceError)
    assert where in str(cause)
    assert "depth_unit_mm" in str(cause)


def test_one_noisy_pixel_does_not_judge_the_unit() -> None:
    noisy = np.zeros((SIZE.height, SIZE.width), np.uint16)
    noisy[0, 0] = 600
    first = Frame(0, noisy, 1.0, SIZE, time.perf_counter())
    out, cause = run([first, frame(1, depth=20)])
    assert [item.frame.seq for item in out] == [0]
    assert "nearer than 50 mm" in str(cause)


def speckled(depth: int, share: float, other: int) -> Frame:
    """Give a frame at one depth with a share of its pixels at another."""
    image = np.full((SIZE.height, SIZE.width), depth, np.uint16)
    image.ravel()[-round(share * image.size) :] = other
    return Frame(0, image, 1.0, SIZE, time.perf_counter())


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (frame(0, depth=600), ""),
        (frame(0, depth=0), ""),
        (frame(0, depth=4000), "nothing between 150 and 1500 mm (nearest 4 m): is depth_unit_mm=1 this camera's?"),
        (frame(0, depth=800, unit_mm=0.125), "(nearest 0.1 m): is depth_unit_mm=0.125 this camera's?"),
        (speckled(4000, 0.0004, 600), "nothing between"),
        (speckled(4000, 0.01, 600), ""),
        (speckled(0, 0.005, 4000), ""),
    ],
)
def test_nothing_in_range_is_said(shown: Frame, text: str) -> None:
    said = nothing_between(shown, 150, 1500)
    assert text in said
    assert bool(text) == bool(said)


def test_nothing_in_range_is_one_warning_a_run(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        run([frame(0), frame(1, depth=5000), frame(2, depth=5000), frame(3), frame(4, depth=5000)])
    assert len(caplog.messages) == 1
    assert "scripted camera 1, frame 1: nothing between 150 and 1500 mm (nearest 5 m)" in caplog.messages[0]


@pytest.mark.parametrize(("fps", "timeout_s"), [(30.0, 1.0), (0.5, 6.0)])
def test_a_slow_source_is_given_three_frames_time(fps: float, timeout_s: float) -> None:
    asked: list[float] = []

    class Slow(ScriptedCamera):
        @property
        def info(self) -> CameraInfo:
            return replace(super().info, fps=fps)

        def read(self, timeout_s: float) -> Frame:
            asked.append(timeout_s)
            return super().read(timeout_s)

    log = FrameLog(None, drawn=False, about={})
    session = Session(ready(Slow([frame(0)])), lambda: result, log, SegmentConfig(), lockstep=True)
    session.start()
    drain(session)
    assert set(asked) == {timeout_s}


def test_an_error_in_the_pipeline_ends_the_run_with_its_cause() -> None:
    def fail(source: Frame) -> Result:
        raise ZeroDivisionError("a bug")

    out, cause = run([frame(seq) for seq in range(5)], process=fail)
    assert out == []
    assert isinstance(cause, ZeroDivisionError)


@pytest.mark.parametrize("lockstep", [True, False])
@pytest.mark.parametrize(
    "state", ["not started", "before a frame", "silent", "nobody takes", "running", "over", "failed"]
)
def test_stops_in_every_state_with_no_thread_left(state: str, lockstep: bool) -> None:
    scripts: dict[str, Script] = {
        "before a frame": [None],
        "silent": [frame(0), None],
        "over": [frame(0)],
        "failed": [frame(0), OSError("gone")],
    }
    script = scripts.get(state, [step for seq in range(2000) for step in (0.001, frame(seq))])
    session = Session(
        ready(ScriptedCamera(script)),
        lambda: result,
        FrameLog(None, drawn=False, about={}),
        SegmentConfig(),
        lockstep=lockstep,
    )
    if state != "not started":
        session.start()
    if state in ("silent", "running", "over", "failed"):
        assert session.results.take(0, 5) is not None
    if state in ("over", "failed"):
        with pytest.raises(SlotClosedError):
            session.results.take(1, 5)
    start_s = time.perf_counter()
    assert session.stop() == ()
    assert session.stop() == ()
    assert time.perf_counter() - start_s < 3
    assert not {"capture", "worker"} & {thread.name for thread in threading.enumerate()}


def test_names_the_thread_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.session.JOIN_S", 0.05)
    go = threading.Event()

    def stuck(source: Frame) -> Result:
        go.wait(10)
        return result(source)

    camera = ScriptedCamera([frame(0), None])
    session = Session(
        ready(camera), lambda: stuck, FrameLog(None, drawn=False, about={}), SegmentConfig(), lockstep=False
    )
    session.start()
    while camera.reads < 2:
        time.sleep(0.005)
    assert session.stop() == ("worker",)
    go.set()
    monkeypatch.setattr("app.session.JOIN_S", 2.0)
    assert session.stop() == ()
