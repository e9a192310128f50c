"""A camera that stalls, vanishes, comes back or comes back as another: each has its recovery or its one error."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import pytest

from app.cameras.base import Camera, CameraInfo, DeviceLostError, MissingSdkError, NoFrameError
from app.capture import SILENCES
from app.latency import FrameLog
from app.session import Session
from app.slot import SlotClosedError
from lighthand.errors import SourceError
from lighthand.segment import SegmentConfig
from lighthand.types import Frame, Result
from tests.app.scripted import OTHER_SIZE, ScriptedCamera, frame, ready, result

SILENCE = NoFrameError("no frame for 1.0 s (asked 30 fps). Use a USB 3 port.")
GONE = DeviceLostError("scripted 1: gone. Check the cable.")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.capture.BACK_OFF_S", (0.01, 0.02, 0.03))


class Slow(ScriptedCamera):
    """Is being opened until it may be open."""

    def __init__(self, script: Iterable[Frame | BaseException | float | None]):
        super().__init__(script)
        self.opening, self.go = threading.Event(), threading.Event()

    def open(self) -> None:
        self.opening.set()
        assert self.go.wait(5)
        super().open()


class Watched(ScriptedCamera):
    """Notes what the session says at each read and each opening."""

    session: Session

    def __init__(
        self, script: Iterable[Frame | BaseException | float | None], openings: Iterable[BaseException | None] = ()
    ):
        super().__init__(script, openings)
        self.said: list[str] = []

    def read(self, timeout_s: float) -> Frame:
        self.said.append(self.session.trouble)
        return super().read(timeout_s)

    def open(self) -> None:
        self.said.append(self.session.trouble)
        super().open()


def play(camera: Watched, *, lockstep: bool = True) -> tuple[list[Result], BaseException | None, list[Frame]]:
    """Run to the end; give the results, the error, and what the recorder was given."""
    recorded: list[Frame] = []
    camera.session = Session(
        ready(camera),
        lambda: result,
        FrameLog(None, drawn=False, about={}),
        SegmentConfig(),
        lockstep=lockstep,
        record=recorded.append,
    )
    camera.session.start()
    out: list[Result] = []
    try:
        while (taken := camera.session.results.take(len(out), 5)) is not None:
            out.append(taken.value)
    except SlotClosedError as closed:
        return out, closed.__cause__, recorded
    finally:
        assert camera.session.stop() == ()
    raise AssertionError("no result for 5 s")


def test_some_silences_are_waited_for_with_one_warning(caplog: pytest.LogCaptureFixture) -> None:
    camera = Watched([frame(0), *[SILENCE] * (SILENCES - 1), frame(1)])
    with caplog.at_level(logging.WARNING):
        out, cause, _ = play(camera)
    assert [item.frame.seq for item in out] == [0, 1]
    assert (cause, camera.opened, len(caplog.messages)) == (None, 0, 1)
    assert caplog.messages[0] == f"scripted camera 1: {SILENCE} Asking again."


def test_a_device_that_stays_silent_is_opened_again() -> None:
    camera = Watched([frame(0), *[SILENCE] * SILENCES, frame(1)])
    out, cause, _ = play(camera)
    assert [item.frame.seq for item in out] == [0, 1]
    assert (cause, camera.opened) == (None, 1)


def test_a_recording_that_is_slow_is_never_opened_again() -> None:
    class Recording(Watched):
        @property
        def info(self) -> CameraInfo:
            return replace(super().info, link="file")

    camera = Recording([frame(0), *[SILENCE] * (3 * SILENCES), frame(1)])
    out, cause, _ = play(camera)
    assert [item.frame.seq for item in out] == [0, 1]
    assert (cause, camera.opened) == (None, 0)


@pytest.mark.parametrize("at", [0, 1, 7, 19])
@pytest.mark.parametrize("failures", [0, 1, 4])
def test_an_unplugged_device_comes_back_at_any_moment(at: int, failures: int) -> None:
    script: list[Frame | BaseException] = [frame(seq) for seq in range(20)]
    script[at:at] = [GONE]
    camera = Watched(script, [SourceError("scripted 1: not found.")] * failures)
    out, cause, recorded = play(camera)
    assert cause is None
    assert [item.frame.seq for item in out] == [item.seq for item in recorded] == list(range(20))
    assert camera.opened == failures + 1
    assert camera.said[-1] == ""  # live again


def test_it_says_what_is_wrong_and_when_it_tries_again() -> None:
    camera = Watched([frame(0), GONE, frame(1)], [SourceError("scripted 1: not found.")] * 3)
    play(camera)
    assert camera.said == [
        "",
        "",
        f"{GONE} Trying again in 0.01 s (try 1).",
        "scripted 1: not found. Trying again in 0.02 s (try 2).",
        "scripted 1: not found. Trying again in 0.03 s (try 3).",
        "scripted 1: not found. Trying again in 0.03 s (try 4).",
        "scripted 1: not found. Trying again in 0.03 s (try 4).",
        "",
    ]


def test_a_device_that_counts_from_zero_again_goes_on_rising() -> None:
    camera = Watched([frame(5), frame(8), GONE, frame(0), frame(2)])
    out, _, _ = play(camera)
    assert [item.frame.seq for item in out] == [5, 8, 9, 11]


@pytest.mark.parametrize("change", [{"depth_unit_mm": 0.125}, {"intrinsics": OTHER_SIZE}])
def test_a_device_that_comes_back_as_another_is_an_error(change: dict[str, object]) -> None:
    class Changed(Watched):
        @property
        def info(self) -> CameraInfo:
            return replace(super().info, **change) if self.opened else super().info  # type: ignore[arg-type]

    out, cause, _ = play(Changed([frame(0), GONE, frame(1)]))
    assert len(out) == 1
    assert isinstance(cause, SourceError)
    with pytest.raises(SourceError, match="scripted camera 1 came back as "):
        raise cause


@pytest.mark.parametrize("after_s", [0.0, 0.005, 0.05])
def test_stops_while_the_device_is_gone(after_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.capture.BACK_OFF_S", (0.01, 10.0))
    camera = ScriptedCamera([frame(0), GONE], [SourceError("not found.")] * 100)
    log = FrameLog(None, drawn=False, about={})
    session = Session(ready(camera), lambda: result, log, SegmentConfig(), lockstep=False)
    session.start()
    assert session.results.take(0, 5) is not None
    time.sleep(after_s)
    assert session.stop() == ()


def test_a_device_that_opens_while_the_run_is_stopped_is_closed() -> None:
    camera = Slow([frame(0), GONE, frame(1)])
    session = Session(
        ready(camera), lambda: result, FrameLog(None, drawn=False, about={}), SegmentConfig(), lockstep=False
    )
    session.start()
    assert camera.opening.wait(5)
    threading.Timer(0.05, camera.go.set).start()
    assert session.stop() == ()
    assert camera.opened == 1
    assert camera._closed.is_set()


def test_a_frame_that_is_old_gets_no_pose_and_is_counted() -> None:
    """The first frame waited for a second in the driver: it is nobody's live hand."""
    camera = Watched([replace(frame(0), arrival_s=time.perf_counter() - 1.0), 0.05, frame(1)])
    out, _, recorded = play(camera, lockstep=False)
    assert [(item.frame.seq, item.skipped) for item in out] == [(1, 1)]
    assert [item.seq for item in recorded] == [0, 1]


def session_that_opens(camera: Camera, *, patient: bool, opened: list[Camera]) -> Session:
    """Give a session whose camera is not open yet."""

    def open_camera(note: Callable[[Camera], object]) -> Camera:
        note(camera)
        camera.open()
        return camera

    log = FrameLog(None, drawn=False, about={})
    return Session(
        open_camera, lambda: result, log, SegmentConfig(), lockstep=True, patient=patient, opened=opened.append
    )


def test_a_patient_session_waits_for_a_camera_and_says_why() -> None:
    camera = Watched([frame(0)], [SourceError("scripted: not found.")] * 2)
    opened: list[Camera] = []
    camera.session = session = session_that_opens(camera, patient=True, opened=opened)
    session.start()
    assert session.results.take(0, 5) is not None
    assert (
        camera.said
        == [
            "",
            "scripted: not found. Trying again in 0.01 s (try 1).",
            "scripted: not found. Trying again in 0.02 s (try 2).",
            "",
            "",
        ][: len(camera.said)]
    )
    assert session.stop() == ()
    assert opened == [camera]
    assert session.info == camera.info


def test_an_impatient_session_ends_where_there_is_no_camera() -> None:
    camera = ScriptedCamera([frame(0)], [SourceError("scripted: not found.")])
    opened: list[Camera] = []
    session = session_that_opens(camera, patient=False, opened=opened)
    session.start()
    with pytest.raises(SlotClosedError) as caught:
        session.results.take(0, 5)
    assert str(caught.value.__cause__) == "scripted: not found."
    assert session.stop() == ()
    assert (opened, session.info) == ([], None)


def test_a_missing_sdk_is_not_waited_for() -> None:
    camera = ScriptedCamera([], [MissingSdkError("type this")])
    session = session_that_opens(camera, patient=True, opened=[])
    session.start()
    with pytest.raises(SlotClosedError) as caught:
        session.results.take(0, 5)
    assert isinstance(caught.value.__cause__, MissingSdkError)
    assert session.stop() == ()


def test_a_camera_that_opens_for_the_first_time_while_the_run_is_stopped_is_closed() -> None:
    camera = Slow([frame(0)])
    opened: list[Camera] = []
    session = session_that_opens(camera, patient=True, opened=opened)
    session.start()
    assert camera.opening.wait(5)
    threading.Timer(0.05, camera.go.set).start()
    assert session.stop() == ()
    assert camera._closed.is_set()
    assert opened == []
