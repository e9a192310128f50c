from __future__ import annotations

import os
import re
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6 import QtCore, QtGui, QtWidgets
from pytestqt.qtbot import QtBot

from app.formats.mcap_write import RecordingWriter
from app.latency import FrameLog
from app.recording.recorder import Recorder
from app.slot import Slot
from app.viewer import window as module
from app.viewer.colours import FINGER_COLOURS, depth_image
from app.viewer.window import HandWindow
from lighthand.errors import SourceError
from lighthand.segment import SegmentConfig
from lighthand.types import DepthArray, Result
from tests.app.scripted import ScriptedCamera, frame, result

ENOUGH = 30  # pixels of a finger's own colour, at least


class Stage:
    """A window with its slot and log."""

    def __init__(self, fps: float = 30.0) -> None:
        self.results: Slot[Result] = Slot()
        self.log = FrameLog(None, drawn=True, about={})
        info = replace(ScriptedCamera([]).info, fps=fps, link="file")
        self.recorder = Recorder({})
        self.trouble = ""
        self.window = HandWindow(self.results, info, self.log, SegmentConfig(), self.recorder, lambda: self.trouble)

    def put(self, shown: Result) -> None:
        self.log.add(shown)
        self.results.put(shown)

    def picture(self) -> np.ndarray:
        image = self.window.grab().toImage().convertToFormat(QtGui.QImage.Format.Format_RGB888)
        pixels = image.constBits()
        assert pixels is not None
        pixels.setsize(image.sizeInBytes())
        lines = np.frombuffer(bytes(pixels), np.uint8).reshape(image.height(), image.bytesPerLine())
        return lines[:, : image.width() * 3].reshape(image.height(), image.width(), 3)[:600]  # without the legend

    def count(self, colour: tuple[int, int, int]) -> int:
        return int((self.picture() == colour).all(axis=2).sum())

    @property
    def state(self) -> str:
        return self.window._bar.state.text()


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[Stage]:
    made = Stage()
    qtbot.addWidget(made.window)
    made.window.show()
    qtbot.waitExposed(made.window)
    yield made
    made.window.close()
    made.log.close()


def test_qt_does_not_look_for_its_plugins_in_opencv() -> None:
    assert "cv2" in sys.modules
    assert "QT_QPA_PLATFORM_PLUGIN_PATH" not in os.environ


def test_waits_before_the_first_frame(stage: Stage) -> None:
    assert "Waiting" in stage.state
    assert "first frame of\nscripted camera, 1" in stage.window._banner.text()
    assert stage.window._banner.isVisible()
    assert stage.window._bar.age.text() == "–"


def test_shows_the_depth_in_colour_and_each_finger_in_its_own(stage: Stage, qtbot: QtBot) -> None:
    shown = result(frame(0))
    stage.put(shown)
    qtbot.waitUntil(lambda: "Right hand, track 1" in stage.state, timeout=3000)
    assert not stage.window._banner.isVisible()
    assert stage.count(tuple(depth_image(shown.frame)[0, 0].tolist())) > 10_000
    for colour in FINGER_COLOURS:
        assert stage.count(colour) > ENOUGH


def test_hidden_joints_are_hollow(stage: Stage, qtbot: QtBot) -> None:
    shown = result(frame(0))
    stage.put(shown)
    qtbot.waitUntil(lambda: len(stage.window._joints.data) == 21)
    hollow = [spot.brush().color().getRgb()[:3] == (0, 0, 0) for spot in stage.window._joints.points()]
    assert np.array_equal(hollow, shown.hands[0].pose.hidden)


def test_no_hand_takes_the_last_pose_off(stage: Stage, qtbot: QtBot) -> None:
    stage.put(result(frame(0)))
    qtbot.waitUntil(lambda: "Right hand" in stage.state, timeout=3000)
    stage.put(result(frame(1), hand=False))
    qtbot.waitUntil(lambda: "No hand in view" in stage.state, timeout=3000)
    assert all(stage.count(colour) == 0 for colour in FINGER_COLOURS)


def test_a_silent_source_fades_and_says_for_how_long(stage: Stage, qtbot: QtBot) -> None:
    stage.put(result(frame(0)))
    qtbot.waitUntil(lambda: "No new frame for" in stage.state, timeout=3000)
    assert all(stage.count(colour) == 0 for colour in FINGER_COLOURS)
    stage.put(result(frame(1)))
    qtbot.waitUntil(lambda: "Right hand" in stage.state, timeout=3000)
    assert stage.count(FINGER_COLOURS[0]) > ENOUGH


def test_a_result_that_comes_too_late_is_not_shown_as_live(stage: Stage, qtbot: QtBot) -> None:
    late = result(frame(0))
    stage.put(replace(late, stamps=replace(late.stamps, arrival_s=late.stamps.arrival_s - 5)))
    qtbot.waitUntil(lambda: "Result is 5.0 s old" in stage.state, timeout=3000)
    assert all(stage.count(colour) == 0 for colour in FINGER_COLOURS)
    stage.put(result(frame(1)))
    qtbot.waitUntil(lambda: "Right hand" in stage.state, timeout=3000)
    assert stage.count(FINGER_COLOURS[0]) > ENOUGH


def test_a_slow_recording_is_not_called_silent(qtbot: QtBot) -> None:
    slow = Stage(fps=1.0)
    qtbot.addWidget(slow.window)
    slow.put(result(frame(0)))
    qtbot.wait(800)
    assert "Right hand" in slow.state
    slow.window.close()


def test_nothing_in_range_is_said_in_place_of_no_hand(stage: Stage, qtbot: QtBot) -> None:
    stage.put(result(frame(0, depth=5000), hand=False))
    qtbot.waitUntil(lambda: "Nothing between 150 and 1500 mm (nearest 5 m)" in stage.state, timeout=3000)
    assert "is depth_unit_mm=1 this camera's?" in stage.state
    stage.results.close()
    qtbot.waitUntil(lambda: "Source ended" in stage.state, timeout=3000)
    assert "Nothing between 150 and 1500 mm (nearest 5 m)" in stage.window._banner.text()


def test_the_end_of_the_source_keeps_the_last_pose_and_figures(
    stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIGURES_S", 0.0)
    monkeypatch.setattr(module.LiveFigures, "WINDOW_S", 0.3)
    stage.put(result(frame(17)))
    qtbot.waitUntil(lambda: "Right hand" in stage.state, timeout=3000)
    stage.results.close()
    qtbot.waitUntil(lambda: "Source ended" in stage.state, timeout=3000)
    assert stage.window._banner.text() == "Ended after frame 17; --loop plays it again. Q closes."
    assert stage.window._banner.isVisible()
    figure = stage.window._bar.age.text()
    assert "ms" in figure
    qtbot.wait(500)
    assert stage.window._bar.age.text() == figure
    assert stage.window._image.opacity() == 1.0
    for colour in FINGER_COLOURS:
        assert stage.count(colour) > ENOUGH
    assert stage.window.error is None


def test_an_error_is_shown_and_kept(stage: Stage, qtbot: QtBot) -> None:
    error = SourceError("camera 7: unplugged. Plug it in.")
    stage.results.close(error)
    qtbot.waitUntil(lambda: "Stopped by an error" in stage.state, timeout=3000)
    assert "camera 7: unplugged. Plug it in." in stage.window._banner.text()
    assert stage.window.error is error


def test_each_frame_is_stamped_once_when_it_was_painted(stage: Stage, qtbot: QtBot) -> None:
    moments: dict[int, list[float]] = {}
    stage.log.drawn = lambda seq, drawn_s: moments.setdefault(seq, []).append(drawn_s)  # type: ignore[method-assign]
    for seq in range(3):
        shown = result(frame(seq))
        stage.put(shown)
        qtbot.waitUntil(lambda seq=seq: seq in moments, timeout=3000)  # type: ignore[misc]
        assert moments[seq][0] > shown.frame.arrival_s
    stage.window.repaint()
    stage.window._view.viewport().repaint()
    assert [len(stamps) for stamps in moments.values()] == [1, 1, 1]


def test_figures_show_drops_and_ages(stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIGURES_S", 0.0)
    for seq in (0, 4):
        stage.put(replace(result(frame(seq)), skipped=1 if seq else 0))
        qtbot.wait(60)
    stage.put(result(frame(5)))
    bar = stage.window._bar
    qtbot.waitUntil(lambda: re.sub("<.*?>", "", bar.drops.text()) == "3 skipped of 6", timeout=3000)
    assert bar.drops.toolTip().startswith("2 lost at the source, 1 while the tracker was busy, 0 while")
    assert "ms" in stage.window._bar.age.text()
    assert float(stage.window._bar.rate.text().split()[0]) > 0


def test_figures_keep_their_width_however_long(stage: Stage, qtbot: QtBot) -> None:
    bar = stage.window._bar
    stage.window._timer.stop()  # which would write figures of its own
    places = [figure.geometry() for figure in (bar.rate, bar.age, bar.drops)]
    for figure in (bar.rate, bar.age, bar.drops):
        figure.setText("1234567890 " * 5)
    qtbot.wait(30)
    assert [figure.geometry() for figure in (bar.rate, bar.age, bar.drops)] == places


def test_the_window_can_be_narrow_and_shows_all_it_did(stage: Stage, qtbot: QtBot) -> None:
    stage.window.resize(640, 480)
    bar = stage.window._bar
    qtbot.waitUntil(lambda: bar.rate.y() > bar.state.y() + bar.state.height(), timeout=3000)
    assert stage.window.width() == 640
    for label in bar.findChildren(QtWidgets.QLabel):
        place = QtCore.QRect(label.mapTo(stage.window, QtCore.QPoint(0, 0)), label.size())
        assert stage.window.rect().contains(place), label.text()
    stage.window.resize(1280, 720)
    qtbot.waitUntil(lambda: bar.rate.x() > bar.state.x() + bar.state.width(), timeout=3000)


def test_q_closes_and_stops_polling(stage: Stage, qtbot: QtBot) -> None:
    stage.window.activateWindow()
    qtbot.keyClick(stage.window, QtCore.Qt.Key.Key_Q)
    qtbot.waitUntil(lambda: not stage.window.isVisible(), timeout=3000)
    assert not stage.window._timer.isActive()


def test_items_are_updated_in_place(stage: Stage, qtbot: QtBot) -> None:
    stage.put(result(frame(0)))
    qtbot.wait(50)
    items = len(stage.window._box.allChildItems())
    for seq in range(1, 40):
        stage.put(result(frame(seq)))
        qtbot.wait(5)
    assert len(stage.window._box.allChildItems()) == items


def test_slow_drawing_keeps_up_and_holds_no_frames(stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """25 ms of drawing a frame at 60 frames a second: frames are skipped, not queued; timers go on."""
    draw = stage.window._draw
    drawn: list[float] = []
    ticks: list[float] = []
    images: list[weakref.ref[DepthArray]] = []

    def slow(shown: Result, now_s: float) -> None:
        drawn.append(now_s - shown.frame.arrival_s)
        time.sleep(0.025)
        draw(shown, now_s)

    def produce() -> None:
        for seq in range(120):
            shown = result(frame(seq))
            images.append(weakref.ref(shown.frame.depth))
            stage.put(shown)
            del shown
            time.sleep(1 / 60)

    monkeypatch.setattr(stage.window, "_draw", slow)
    timer = QtCore.QTimer(stage.window)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start(10)
    thread = threading.Thread(target=produce)
    thread.start()
    qtbot.waitUntil(lambda: not thread.is_alive(), timeout=20_000)
    timer.stop()
    assert 10 < len(drawn) < 110
    assert np.median(drawn[-20:]) < 0.1  # a queue would be 1 s late by now
    assert np.median(np.diff(ticks)) < 0.1
    assert sum(image() is not None for image in images) < 20  # those the log waits for, and the newest


def test_polling_never_waits_for_the_worker(stage: Stage, qtbot: QtBot) -> None:
    ticks: list[float] = []
    timer = QtCore.QTimer(stage.window)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start(10)
    qtbot.waitUntil(lambda: len(ticks) > 10, timeout=3000)  # nothing was ever put
    timer.stop()


def test_a_lost_camera_is_said_on_the_picture_until_it_is_back(stage: Stage, qtbot: QtBot) -> None:
    stage.put(result(frame(0)))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    stage.trouble = "scripted 1: gone. Trying again in 2 s (try 2)."
    qtbot.waitUntil(stage.window._banner.isVisible)
    assert stage.window._banner.text() == stage.trouble
    qtbot.waitUntil(lambda: "No new frame" in stage.state)
    assert stage.count(FINGER_COLOURS[0]) < ENOUGH  # no hand is shown as live
    stage.trouble = ""
    stage.put(result(frame(1)))
    qtbot.waitUntil(lambda: not stage.window._banner.isVisible())
    assert "Right hand" in stage.state


def test_a_key_starts_and_stops_a_recording(
    stage: Stage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.viewer.tape.FOLDER", tmp_path)
    tape = stage.window._tape
    qtbot.keyClick(stage.window, QtCore.Qt.Key.Key_R)
    qtbot.waitUntil(lambda: "recording 0:00" in tape.text())
    stage.recorder.frame(frame(0))
    qtbot.keyClick(stage.window, QtCore.Qt.Key.Key_R)
    (saved,) = tmp_path.iterdir()
    qtbot.waitUntil(lambda: f"saved {saved}" in tape.text())
    assert tape.isVisible()
    monkeypatch.setattr(tape, "_until_s", 0.0)
    qtbot.waitUntil(lambda: not tape.isVisible())


def test_a_recording_that_cannot_begin_says_why(
    stage: Stage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("app.viewer.tape.FOLDER", tmp_path / "file")
    qtbot.keyClick(stage.window, QtCore.Qt.Key.Key_R)
    qtbot.waitUntil(stage.window._tape.isVisible)
    assert "cannot be made" in stage.window._tape.text()
    assert stage.window._tape.width() < stage.window.width()
    assert not stage.recorder.state.active


def test_a_recording_ends_with_the_source_and_its_failure_stays_to_be_read(
    stage: Stage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: RecordingWriter, *_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.viewer.tape.FOLDER", tmp_path)
    monkeypatch.setattr("app.viewer.tape.SAID_S", 0.0)
    tape = stage.window._tape
    qtbot.keyClick(stage.window, QtCore.Qt.Key.Key_R)
    stage.results.close()
    qtbot.waitUntil(lambda: "saved" in tape.text())
    monkeypatch.setattr(RecordingWriter, "frame", full)
    monkeypatch.setattr("app.viewer.tape.time.strftime", lambda _: "second")
    qtbot.keyClick(stage.window, QtCore.Qt.Key.Key_R)
    stage.recorder.frame(frame(0))
    qtbot.waitUntil(lambda: "No space left on device" in tape.text())
    qtbot.wait(600)
    assert tape.isVisible()
    assert tape.height() > 30  # on more than one line, whole within the picture
    assert tape.geometry().right() < stage.window.width()
