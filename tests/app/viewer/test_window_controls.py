"""Every control of the panel reaches what runs, or what is shown; the card on the picture says how it went."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PyQt6 import QtCore, QtGui
from pytestqt.qtbot import QtBot

from app.cameras.replay import ReplayCamera
from app.config import AppConfig, CameraConfig
from app.formats.mcap_write import RecordingWriter
from app.look import ViewConfig
from app.viewer.panel import SMOOTHING_HZ
from lighthand.segment import SegmentConfig
from lighthand.track import TrackConfig
from tests.app.scripted import frame
from tests.app.viewer.conftest import OpenStage
from tests.app.viewer.stage import INFO, Stage, plain, seen


def test_the_panel_begins_with_what_runs(open_stage: OpenStage, qtbot: QtBot) -> None:
    config = AppConfig(
        segment=SegmentConfig(400, 900), track=TrackConfig(side="left", min_cutoff_hz=SMOOTHING_HZ[2]),
        view=ViewConfig(theme="light", grid=False, timeline=False),
    )  # fmt: skip
    stage = open_stage(config=config)
    panel = stage.panel
    assert (panel.near.value(), panel.far.value()) == (400, 900)
    assert panel.smoothing.value() == 2
    assert [box.isChecked() for box in (panel.shown["grid"], panel.shown["box"])] == [False, True]
    assert not stage.window._timeline.isVisible()
    assert stage.window.config == config


def test_the_range_reaches_the_run(stage: Stage) -> None:
    stage.panel.far.setValue(900)
    stage.panel.near.setValue(400)
    assert stage.live.config.segment == SegmentConfig(400, 900)
    assert stage.live.config.track == TrackConfig()


@pytest.mark.parametrize(("text", "side"), [("Left", "left"), ("Right", "right"), ("Auto", None)])
def test_the_side_reaches_the_run(stage: Stage, text: str, side: str | None) -> None:
    stage.live.config = replace(stage.live.config, track=TrackConfig(side="left" if side is None else None))
    stage.panel.set_config(stage.live.config)
    stage.button(text).click()
    assert stage.live.config.track.side == side


def test_the_smoothing_reaches_the_run_and_its_lag_is_said(stage: Stage) -> None:
    before = stage.panel.lag.text()
    stage.panel.smoothing.setValue(len(SMOOTHING_HZ) - 1)
    assert stage.live.config.track.min_cutoff_hz == SMOOTHING_HZ[-1]
    assert stage.panel.lag.text() != before
    assert "ms at rest" in stage.panel.lag.text()


def test_settings_that_follow_each_other_keep_each_other(stage: Stage) -> None:
    """A control that changes one thing must not undo what another, or a key, has changed."""
    stage.panel.far.setValue(1000)
    stage.press("G")
    stage.button("Right").click()
    stage.press("T")
    stage.panel.shown["cloud"].click()
    expected = AppConfig(
        segment=SegmentConfig(far_mm=1000),
        track=TrackConfig(side="right"),
        view=ViewConfig(grid=False, theme="light", cloud=False),
    )
    assert stage.window.config == expected
    assert not stage.panel.shown["grid"].isChecked()


@pytest.mark.parametrize("name", ["skeleton", "box", "outline", "cloud", "frustum", "grid", "follow", "timeline"])
def test_a_box_switches_its_part(stage: Stage, name: str) -> None:
    stage.panel.shown[name].click()
    assert stage.window.look == replace(ViewConfig(), **{name: False})
    assert stage.picture._look == stage.window.look
    assert stage.window._views.space._look == stage.window.look
    assert stage.window._timeline.isVisible() == (name != "timeline")


def test_theme_and_scale_are_chosen(stage: Stage) -> None:
    dark = stage.window.styleSheet()
    stage.button("Light").click()
    stage.button("Hand").click()
    assert stage.window.look == ViewConfig(theme="light", scale="hand")
    assert stage.window.styleSheet() != dark
    stage.button("Dark").click()
    assert stage.window.styleSheet() == dark


def test_the_defaults_come_back(stage: Stage) -> None:
    stage.panel.near.setValue(700)
    stage.button("Left").click()
    stage.button("Light").click()
    stage.button("Defaults").click()
    assert stage.window.config == AppConfig()
    assert stage.live.config.segment == SegmentConfig()


def test_another_source_is_asked_for(stage: Stage, qtbot: QtBot) -> None:
    sources = stage.panel.chooser.sources
    qtbot.waitUntil(lambda: sources.currentText().startswith("scripted camera"))
    sources.activated.emit(sources.findText("Rendered hand"))
    assert stage.live.switched == [CameraConfig(kind="synthetic")]


def test_the_transport_is_there_for_recordings_alone(stage: Stage, qtbot: QtBot) -> None:
    transport = stage.window._transport
    assert not transport.isVisible()
    player = stage.play()
    qtbot.waitUntil(transport.isVisible)
    transport.play.click()
    qtbot.waitUntil(lambda: stage.panel.pause.text() == "Go on")
    assert player.paused
    stage.panel.source_chosen.emit(CameraConfig(kind="synthetic"))
    stage.live.info = INFO
    qtbot.waitUntil(lambda: not transport.isVisible())


# The card on the picture


def test_a_recording_without_a_frame_is_not_said_to_be_saved(stage: Stage, qtbot: QtBot, tmp_path: Path) -> None:
    stage.button("● Record").click()
    qtbot.waitUntil(lambda: "recording 0:00" in plain(stage.tape))
    stage.button("■ Stop").click()
    qtbot.waitUntil(lambda: "nothing was recorded: no frame came" in plain(stage.tape))
    assert list((tmp_path / "recordings").iterdir()) == []


def test_a_recording_is_said_while_it_runs_and_when_it_is_saved(
    stage: Stage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.button("● Record").click()
    qtbot.waitUntil(lambda: "recording 0:00, 0.0 MB" in plain(stage.tape))
    for seq in range(3):
        stage.live.recorder.frame(frame(seq))
    stage.button("■ Stop").click()
    saved = tmp_path / "recordings" / "1.mcap"
    qtbot.waitUntil(lambda: f"saved {saved}" in plain(stage.tape))
    assert stage.tape.isVisible()
    assert stage.window.rect().contains(stage.tape.geometry())
    with ReplayCamera(saved, pace="lockstep") as camera:
        assert [camera.read(1.0).seq for _ in range(3)] == [0, 1, 2]
    monkeypatch.setattr(stage.tape, "_until_s", 0.0)
    qtbot.waitUntil(lambda: not stage.tape.isVisible())


def test_the_recording_of_the_program_is_shown_from_the_start(stage: Stage, qtbot: QtBot) -> None:
    stage.live.record()  # as --record does
    qtbot.waitUntil(lambda: "recording 0:0" in plain(stage.tape))
    assert stage.panel.record.isChecked()


def test_a_recording_that_cannot_begin_says_why(stage: Stage, qtbot: QtBot, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    stage.live.folder = tmp_path / "file"
    stage.button("● Record").click()
    qtbot.waitUntil(stage.tape.isVisible)
    assert "cannot be made" in plain(stage.tape)
    assert stage.tape.width() < stage.picture.width()
    assert not stage.live.recorder.state.active
    assert stage.panel.record.text() == "● Record"
    assert not stage.panel.record.isChecked()


@pytest.mark.parametrize("opened", [True, False])
def test_nothing_is_recorded_where_nothing_runs(open_stage: OpenStage, opened: bool) -> None:
    stage = open_stage(info=INFO if opened else None)
    stage.live.running = () if opened else ("capture",)
    stage.press("R")
    assert "there is nothing to record" in plain(stage.tape)


def test_a_recording_ends_with_the_source_and_its_failure_stays_to_be_read(
    stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: RecordingWriter, *_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("app.viewer.tape.SAID_S", 0.0)
    stage.press("R")
    stage.live.recorder.frame(frame(0))
    stage.live.results.close()
    qtbot.waitUntil(lambda: "saved" in plain(stage.tape))
    assert not stage.live.recorder.state.active
    monkeypatch.setattr(RecordingWriter, "frame", full)
    stage.press("R")
    stage.live.recorder.frame(frame(0))
    qtbot.waitUntil(lambda: "No space left on device" in plain(stage.tape))
    qtbot.wait(600)
    assert stage.tape.isVisible()
    assert stage.tape.height() > 30  # on more than one line, whole within the picture
    assert stage.tape.geometry().right() < stage.picture.width()


def test_another_source_ends_the_recording(stage: Stage, qtbot: QtBot) -> None:
    stage.press("R")
    stage.panel.source_chosen.emit(CameraConfig(kind="synthetic"))
    assert not stage.live.recorder.state.active
    qtbot.waitUntil(lambda: stage.panel.record.text() == "● Record")


def test_a_snapshot_is_what_is_seen_and_what_was_found(stage: Stage, qtbot: QtBot, tmp_path: Path) -> None:
    stage.button("Snapshot").click()
    assert "there is no frame to save yet" in plain(stage.tape)
    shown = seen(7)
    stage.put(shown)
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    stage.button("Snapshot").click()
    data, picture = sorted((tmp_path / "snapshots").iterdir())
    assert f"saved {picture} and {data.name}" in plain(stage.tape)
    image = QtGui.QImage(str(picture))
    views = stage.window._views.size()
    assert image.size() == views * image.devicePixelRatio()
    with np.load(data) as arrays:
        assert np.array_equal(arrays["depth"][0], shown.frame.depth)
        assert np.array_equal(arrays["joints_mm"][0], shown.hands[0].joints_mm)
        assert arrays["seq"].tolist() == [7]


def test_a_snapshot_that_cannot_be_saved_says_why(
    stage: Stage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("app.viewer.tape.SNAPSHOTS", tmp_path / "file")
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    stage.press("S")
    assert "cannot be written" in plain(stage.tape)
    assert stage.tape.isVisible()


def test_the_focus_goes_back_to_the_window(stage: Stage, qtbot: QtBot) -> None:
    stage.panel.near.setFocus()
    stage.press("Return")
    assert stage.window.hasFocus()
    stage.panel.shown["box"].setFocus(QtCore.Qt.FocusReason.TabFocusReason)
    stage.press("Esc")
    assert stage.window.hasFocus()
    assert stage.window.isVisible()
