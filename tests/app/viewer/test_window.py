"""What the window does with results: newest first, once, never as live what is not."""

from __future__ import annotations

import os
import sys
import threading
import time
import weakref
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from PyQt6 import QtCore, QtWidgets
from pytestqt.qtbot import QtBot

from app.latency import LiveFigures
from app.viewer import window as module
from app.viewer.colours import FINGER_COLOURS, depth_image
from app.viewer.theme import THEMES
from app.viewer.views import FADE_S, Views
from lighthand.types import DepthArray, Result, TrackedHand
from tests.app.viewer.conftest import OpenStage
from tests.app.viewer.stage import ENOUGH, Stage, plain, seen


def no_hand(stage: Stage) -> bool:
    return all(stage.count(colour) == 0 for colour in FINGER_COLOURS)


def test_qt_does_not_look_for_its_plugins_in_opencv() -> None:
    assert "cv2" in sys.modules
    assert "QT_QPA_PLATFORM_PLUGIN_PATH" not in os.environ


def test_shows_the_depth_in_colour_and_each_finger_in_its_own(stage: Stage, qtbot: QtBot) -> None:
    shown = seen(0)
    stage.put(shown)
    qtbot.waitUntil(lambda: stage.state.endswith("Right hand, track 1"))
    assert not stage.banner.isVisible()
    assert stage.count(depth_image(shown.frame)[0, 0].tolist()) > 10_000
    for colour in FINGER_COLOURS:
        assert stage.count(colour) > ENOUGH


def test_hidden_joints_are_hollow(stage: Stage, qtbot: QtBot) -> None:
    shown = seen(0)
    stage.put(shown)
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    pixels, (hand,) = stage.pixels(), shown.hands
    at = stage.picture.joints_at(hand).round().astype(int)
    own = [tuple(pixels[y, x].tolist()) in FINGER_COLOURS for x, y in at]
    assert np.array_equal(own[1:], ~hand.pose.hidden[1:])  # the wrist has no finger


def test_a_lost_hand_fades_and_is_gone_in_time(stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, float, float]] = []
    show = stage.picture.show_hands

    def note(hands: tuple[TrackedHand, ...], opacity: float = 1.0) -> None:
        told.append((len(hands), opacity, time.perf_counter()))
        show(hands, opacity)

    monkeypatch.setattr(stage.picture, "show_hands", note)
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    for seq in range(1, 200):
        stage.put(seen(seq, hand=False))
        qtbot.wait(10)
        if told[-1][0] == 0:
            break
    assert "No hand in view" in stage.state
    assert no_hand(stage)
    opacities = [opacity for _, opacity, _ in told]
    assert opacities == sorted(opacities, reverse=True)
    assert any(0 < opacity < 1 for opacity in opacities)
    seen_s = told[0][2]
    for _, opacity, told_s in told:
        assert opacity <= max(0.0, 1 - (told_s - seen_s) / FADE_S) + 0.1
    assert FADE_S <= 0.3


def test_a_hand_fades_though_no_frame_follows(stage: Stage, qtbot: QtBot) -> None:
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    stage.put(seen(1, hand=False))
    qtbot.waitUntil(lambda: no_hand(stage), timeout=3000)


def test_a_silent_source_fades_and_says_for_how_long(stage: Stage, qtbot: QtBot) -> None:
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "No new frame for" in stage.state)
    assert no_hand(stage)
    stage.put(seen(1))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    assert stage.count(FINGER_COLOURS[0]) > ENOUGH


def test_a_result_that_comes_too_late_is_not_shown_as_live(stage: Stage, qtbot: QtBot) -> None:
    late = seen(0)
    stage.put(replace(late, stamps=replace(late.stamps, arrival_s=late.stamps.arrival_s - 5)))
    qtbot.waitUntil(lambda: "Result is 5.0 s old" in stage.state)
    assert no_hand(stage)
    assert stage.picture._dimmed
    stage.put(seen(1))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    assert stage.count(FINGER_COLOURS[0]) > ENOUGH
    assert not stage.picture._dimmed


def test_a_slow_recording_is_not_called_silent(open_stage: OpenStage, qtbot: QtBot) -> None:
    slow = open_stage(fps=1.0)
    slow.put(seen(0))
    qtbot.wait(800)
    assert "Right hand" in slow.state


def test_what_is_not_live_stays_so_whatever_is_switched(stage: Stage, qtbot: QtBot) -> None:
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    stage.live.trouble = "scripted 1: gone. Trying again in 1 s (try 1)."
    qtbot.waitUntil(lambda: "Camera lost" in stage.state)
    for key in ("B", "M", "T", "K", "K"):
        stage.press(key)
    qtbot.wait(60)
    assert no_hand(stage)
    assert stage.picture._dimmed


def test_the_end_of_the_source_keeps_the_last_pose_and_figures(
    stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIGURES_S", 0.0)
    monkeypatch.setattr(LiveFigures, "WINDOW_S", 0.3)
    stage.put(seen(17))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    qtbot.waitUntil(lambda: "ms" in plain(stage.bar.age))
    stage.live.results.close()
    qtbot.waitUntil(lambda: "Source ended" in stage.state)
    figure = stage.bar.age.text()
    assert "ms" in figure
    qtbot.wait(500)
    assert stage.bar.age.text() == figure
    assert not stage.picture._dimmed
    stage.banner.hide()
    for colour in FINGER_COLOURS:
        assert stage.count(colour) > ENOUGH
    assert stage.window.error is None


def test_each_frame_is_stamped_once_when_it_was_painted(
    stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments: dict[int, list[float]] = {}
    monkeypatch.setattr(stage.log, "drawn", lambda seq, drawn_s: moments.setdefault(seq, []).append(drawn_s))
    for seq in range(3):
        shown = seen(seq)
        stage.put(shown)
        qtbot.waitUntil(partial(moments.__contains__, seq))
        assert moments[seq][0] > shown.frame.arrival_s
    stage.window.repaint()
    stage.picture.repaint()
    assert [len(stamps) for stamps in moments.values()] == [1, 1, 1]


def test_figures_show_drops_and_ages(stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIGURES_S", 0.0)
    for seq in (0, 4):
        stage.put(seen(seq, skipped=1 if seq else 0))
        qtbot.wait(60)
    stage.put(seen(5))
    qtbot.waitUntil(lambda: plain(stage.bar.drops) == "3 of 6")
    assert stage.bar.drops.toolTip().startswith("2 lost at the source, 1 while the tracker was busy; 0 more")
    qtbot.waitUntil(lambda: "ms" in plain(stage.bar.age))
    assert float(plain(stage.bar.rate).split()[0]) > 0


def test_nothing_is_made_anew_for_a_result(stage: Stage, qtbot: QtBot) -> None:
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    before = set(stage.window.findChildren(QtWidgets.QWidget))
    memory = stage.picture._pixels.ctypes.data
    for seq in range(1, 40):
        stage.put(seen(seq))
        qtbot.wait(5)
    assert set(stage.window.findChildren(QtWidgets.QWidget)) == before
    assert stage.picture._pixels.ctypes.data == memory


def test_slow_drawing_keeps_up_and_holds_no_frames(stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """25 ms of drawing a frame at 60 frames a second: frames are skipped, not queued; timers go on."""
    draw = Views.show_result
    drawn: list[float] = []
    ticks: list[float] = []
    images: list[weakref.ref[DepthArray]] = []

    def slow(self: Views, shown: Result, now_s: float) -> None:
        drawn.append(now_s - shown.frame.arrival_s)
        time.sleep(0.025)
        draw(self, shown, now_s)

    def produce() -> None:
        for seq in range(120):
            shown = seen(seq)
            images.append(weakref.ref(shown.frame.depth))
            stage.put(shown)
            del shown
            time.sleep(1 / 60)

    monkeypatch.setattr(Views, "show_result", slow)
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


def test_only_drawing_is_rested_from(stage: Stage) -> None:
    window = stage.window
    window._timer.stop()
    window._projector._cost_s = 60.0
    window._poll()  # for nothing
    for seq in range(2):
        stage.put(seen(seq))
        window._poll()
        assert window._projector.last is not None
        assert window._projector.last.frame.seq == 0, "drawn at once; then the tracker has its share of the minute"


def test_polling_never_waits_for_the_worker(stage: Stage, qtbot: QtBot) -> None:
    ticks: list[float] = []
    timer = QtCore.QTimer(stage.window)
    timer.timeout.connect(lambda: ticks.append(time.perf_counter()))
    timer.start(10)
    qtbot.waitUntil(lambda: len(ticks) > 10)  # nothing was ever put
    timer.stop()


def test_another_theme_reaches_the_picture(stage: Stage, qtbot: QtBot) -> None:
    stage.put(seen(0, hand=False, depth=0))
    qtbot.waitUntil(lambda: stage.count(THEMES["dark"].page) > 10_000)
    stage.press("T")
    qtbot.waitUntil(lambda: stage.count(THEMES["light"].page) > 10_000)
