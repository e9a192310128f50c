"""Every key of the table does what it says, in the whole window."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import pytest
from PyQt6 import QtCore, QtGui, QtTest, QtWidgets
from pytestqt.qtbot import QtBot

from app.look import ViewConfig
from app.viewer.keys import BY_ACTION, KEYS
from app.viewer.space import SpaceView
from tests.app.viewer.conftest import OpenStage
from tests.app.viewer.stage import Stage, seen

LOOKS = [field.name for field in fields(ViewConfig) if field.name not in ("theme", "scale")]
VIEWS = ["front", "top", "side", "orbit"]
CHECKED = {
    *LOOKS, *VIEWS, "theme", "scale", "reset", "record", "snapshot", "pause", "step forward", "step back",
    "jump forward", "jump back", "faster", "slower", "loop", "full screen", "help", "escape", "quit",
}  # fmt: skip


def press(stage: Stage, action: str) -> None:
    stage.press(BY_ACTION[action].sequences[0])


def test_every_key_is_checked_here() -> None:
    assert set(BY_ACTION) == CHECKED


def test_at_first_the_keys_are_the_windows(stage: Stage) -> None:
    """No control has the focus: Tab and Space would be its own."""
    at = QtWidgets.QApplication.focusWidget()
    assert at is None or at is stage.window


@pytest.mark.parametrize("name", LOOKS)
def test_a_part_of_the_view_is_switched(stage: Stage, name: str) -> None:
    press(stage, name)
    assert stage.window.look == replace(ViewConfig(), **{name: False})
    assert stage.window.config.view == stage.window.look
    if name in stage.panel.shown:
        assert not stage.panel.shown[name].isChecked()
    press(stage, name)
    assert stage.window.look == ViewConfig()


@pytest.mark.parametrize(("name", "widget"), [("timeline", "_timeline"), ("panel", "_panel")])
def test_a_part_of_the_window_is_hidden_and_shown(stage: Stage, name: str, widget: str) -> None:
    part = getattr(stage.window, widget)
    assert part.isVisible()
    press(stage, name)
    assert not part.isVisible()
    press(stage, name)
    assert part.isVisible()


@pytest.mark.parametrize(("name", "values"), [("theme", ("dark", "light")), ("scale", ("scene", "hand"))])
def test_a_choice_is_changed_and_changed_back(stage: Stage, name: str, values: tuple[str, str]) -> None:
    seen_values = []
    for _ in range(3):
        seen_values.append(getattr(stage.window.look, name))
        press(stage, name)
    assert seen_values == [values[0], values[1], values[0]]


@pytest.mark.parametrize("name", VIEWS)
def test_the_3d_view_turns(open_stage: OpenStage, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    asked: list[str] = []
    monkeypatch.setattr(SpaceView, "view_from", lambda self, side: asked.append(side))
    stage = open_stage()
    press(stage, name)
    stage.button(name.capitalize()).click()
    assert asked == [name, name]


def test_both_views_are_reset(open_stage: OpenStage, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    asked: list[int] = []
    monkeypatch.setattr(SpaceView, "reset", lambda self: asked.append(1))
    stage = open_stage()
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    whole = stage.picture._zoom.scale
    for number, reset in enumerate((lambda: press(stage, "reset"), stage.button("Reset").click), 1):
        stage.picture._zoom.magnify(2.0, (100.0, 100.0))
        assert stage.picture._zoom.scale == pytest.approx(2 * whole)
        reset()
        assert stage.picture._zoom.scale == pytest.approx(whole)
        assert len(asked) == number


def test_a_recording_is_begun_and_ended(stage: Stage, qtbot: QtBot) -> None:
    press(stage, "record")
    assert stage.live.recorder.state.active
    assert stage.panel.record.text() == "■ Stop"
    press(stage, "record")
    assert not stage.live.recorder.state.active
    assert stage.panel.record.text() == "● Record"


def test_a_snapshot_is_saved(stage: Stage, qtbot: QtBot, tmp_path: Path) -> None:
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    press(stage, "snapshot")
    assert sorted(path.suffix for path in (tmp_path / "snapshots").iterdir()) == [".npz", ".png"]


def test_a_live_picture_is_held_while_results_go_on(
    stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[int] = []
    monkeypatch.setattr(stage.log, "drawn", lambda seq, drawn_s: shown.append(seq))
    stage.put(seen(0))
    qtbot.waitUntil(lambda: shown == [0])
    press(stage, "pause")
    qtbot.waitUntil(lambda: "Paused: the camera runs on" in stage.state)
    assert stage.panel.pause.text() == "Go on"
    for seq in (1, 2, 3):
        stage.put(seen(seq))
        qtbot.wait(30)
    assert shown == [0]
    press(stage, "pause")
    assert stage.panel.pause.text() == "Pause"
    stage.put(seen(4))
    qtbot.waitUntil(lambda: shown == [0, 4])
    assert "Right hand" in stage.state


def test_a_recording_is_paused_at_its_player(stage: Stage, qtbot: QtBot) -> None:
    player = stage.play()
    qtbot.waitUntil(stage.window._transport.isVisible)
    press(stage, "pause")
    assert player.paused
    assert stage.panel.pause.text() == "Go on"
    qtbot.waitUntil(lambda: stage.state.endswith("Paused"))
    press(stage, "pause")
    assert not player.paused
    assert stage.panel.pause.text() == "Pause"


@pytest.mark.parametrize("action", ["step forward", "step back"])
def test_a_step_pauses_and_the_panel_knows(stage: Stage, qtbot: QtBot, action: str) -> None:
    player = stage.play()
    qtbot.waitUntil(stage.window._transport.isVisible)
    player.seek(30)
    assert stage.advance(player) == 30
    press(stage, action)
    assert player.paused
    assert stage.advance(player) == (31 if action == "step forward" else 29)
    qtbot.waitUntil(lambda: stage.panel.pause.text() == "Go on", timeout=2000)


@pytest.mark.parametrize(("action", "step"), [("jump forward", 55), ("jump back", 0)])
def test_a_jump_is_a_second(stage: Stage, qtbot: QtBot, action: str, step: int) -> None:
    player = stage.play()
    qtbot.waitUntil(stage.window._transport.isVisible)
    player.seek(25)
    stage.advance(player)
    press(stage, action)
    assert stage.advance(player) == step
    assert not player.paused


def test_the_speed_and_the_loop_are_changed(stage: Stage, qtbot: QtBot) -> None:
    player = stage.play()
    qtbot.waitUntil(stage.window._transport.isVisible)
    press(stage, "faster")
    assert player.speed == 2.0
    press(stage, "slower")
    press(stage, "slower")
    assert player.speed == 0.5
    press(stage, "loop")
    assert player.loop
    press(stage, "loop")
    assert not player.loop


def test_the_playing_keys_are_harmless_where_nothing_plays(stage: Stage) -> None:
    for key in KEYS:
        if key.group == "Play":
            stage.press(key.sequences[0])
    assert not stage.window._transport.isVisible()


def test_the_screen_is_filled_and_left(stage: Stage, qtbot: QtBot) -> None:
    press(stage, "full screen")
    qtbot.waitUntil(stage.window.isFullScreen)
    press(stage, "full screen")
    qtbot.waitUntil(lambda: not stage.window.isFullScreen())
    stage.window.showMaximized()
    press(stage, "full screen")
    qtbot.waitUntil(stage.window.isFullScreen)
    assert stage.window.config.window.maximised, "it is kept so where the program ends now"
    press(stage, "full screen")
    qtbot.waitUntil(lambda: not stage.window.isFullScreen())
    assert stage.window.isMaximized()


@pytest.mark.parametrize("opens", ["?", "F1"])
@pytest.mark.parametrize("closes", ["?", "F1", "Esc"])
def test_the_help_comes_and_goes(stage: Stage, opens: str, closes: str) -> None:
    card = stage.window._help
    stage.press(opens)
    assert card.isVisible()
    assert card.geometry() == stage.window.rect()
    stage.press(closes)
    assert not card.isVisible()
    assert stage.window.isVisible()
    stage.press("K")
    assert not stage.window.look.skeleton, "the keys are the window's again"


def test_tab_is_the_windows_again_after_the_help(stage: Stage) -> None:
    stage.press("?")
    stage.press("Esc")
    stage.press("Tab")
    assert not stage.panel.isVisible()


@pytest.mark.parametrize("action", ["quit", "escape"])
def test_the_window_closes_and_polls_no_more(stage: Stage, qtbot: QtBot, action: str) -> None:
    press(stage, action)
    qtbot.waitUntil(lambda: not stage.window.isVisible())
    assert not any(timer.isActive() for timer in stage.window.findChildren(QtCore.QTimer))


def test_letters_typed_where_a_distance_is_are_the_windows(stage: Stage) -> None:
    stage.panel.near.setFocus()
    QtTest.QTest.keyClick(stage.panel.near, QtCore.Qt.Key.Key_B)
    assert not stage.window.look.box
    QtTest.QTest.keyClick(stage.panel.near, QtCore.Qt.Key.Key_Escape)
    assert stage.window.isVisible(), "Esc gives the keys back first"


def test_each_shortcut_is_the_windows_alone() -> None:
    for key in KEYS:
        assert all(QtGui.QKeySequence(sequence).count() == 1 for sequence in key.sequences)
