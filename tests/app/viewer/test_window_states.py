"""Every state of the run is said in the window, in its words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from pytestqt.qtbot import QtBot

from app.config import AppConfig, CameraConfig
from app.viewer import states
from app.viewer import window as module
from app.viewer.colours import FINGER_COLOURS
from app.viewer.theme import THEMES, css
from lighthand.errors import SourceError, WeightsError
from tests.app.viewer.conftest import OpenStage
from tests.app.viewer.stage import ENOUGH, INFO, Stage, plain, seen

GONE = "scripted 1: gone. Trying again in 2 s (try 2)."
MISSING = "weights/hand.safetensors: no such file."


@dataclass(frozen=True)
class Case:
    """How a state comes about, and what is to be read: in the bar, in the banner, on the picture."""

    name: str
    arrange: Callable[[Stage], object]
    bar: str
    tone: states.Tone
    title: str = ""
    detail: str = ""
    hint: str = ""
    opened: bool = True


def lose(stage: Stage) -> None:
    stage.put(seen(0))
    stage.live.trouble = GONE


def look_away(stage: Stage) -> None:
    stage.put(seen(0, hand=False))
    stage.window._projector._hand_s -= 10


def hold(stage: Stage) -> None:
    stage.put(seen(0))
    stage.window._poll()
    stage.button("Pause").click()


def hold_recording(stage: Stage) -> None:
    stage.play().pause()


def play_to_the_end(stage: Stage) -> None:
    player = stage.play(3)
    player.pause()
    player.seek(2)
    stage.advance(player)


def be_late(stage: Stage) -> None:
    late = seen(0)
    stage.put(replace(late, stamps=replace(late.stamps, arrival_s=late.stamps.arrival_s - 4)))


CASES = (
    Case("opening", lambda stage: None, "Opening the first camera that answers", "muted",
         "Opening the first camera that answers", "This takes a moment", opened=False),
    Case("no camera", lambda stage: setattr(stage.live, "trouble", "auto: nothing is plugged in."), "No camera", "warn",
         "No camera", "auto: nothing is plugged in.", opened=False),
    Case("loading", lambda stage: setattr(stage.live, "loading", True), "Loading the network", "muted",
         "Loading the network", "a second or two"),
    Case("waiting", lambda stage: None, "Waiting for frames", "muted", "Waiting for the first frame",
         "of scripted camera, 1"),
    Case("hand", lambda stage: stage.put(seen(0)), "Right hand, track 1", "good"),
    Case("no hand", lambda stage: stage.put(seen(0, hand=False)), "No hand in view", "muted"),
    Case("no hand for long", look_away, "No hand in view", "muted", hint="Hold a hand 0.15 to 1.5 m from the camera"),
    Case("nothing in range", lambda stage: stage.put(seen(0, hand=False, depth=5000)),
         "Nothing between 150 and 1500 mm (nearest 5 m)", "warn"),
    Case("lost", lose, "Camera lost", "bad", "Camera lost", GONE),
    Case("silent", lambda stage: stage.put(seen(0)), "No new frame for", "warn"),
    Case("late", be_late, "Result is 4.0 s old", "warn"),
    Case("paused", hold, "Paused: the camera runs on", "muted"),
    Case("recording paused", hold_recording, "Paused", "muted"),
    Case("recording over", play_to_the_end, "End of the recording", "muted", hint="Space plays it again"),
    Case("ended", lambda stage: stage.live.results.close(), "Source ended", "muted", "Ended before the first frame",
         "Choose a source"),
    Case("error", lambda stage: stage.live.results.close(SourceError("camera 7: unplugged. Plug it in.")),
         "Stopped by an error", "bad", "Stopped by an error", "camera 7: unplugged. Plug it in."),
    Case("no weights", lambda stage: stage.live.results.close(WeightsError(MISSING)), "Weights cannot be used", "bad",
         "Weights cannot be used", MISSING),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_state_is_said_in_its_words(case: Case, open_stage: OpenStage, qtbot: QtBot) -> None:
    stage = open_stage(info=INFO if case.opened else None)
    case.arrange(stage)
    qtbot.waitUntil(lambda: case.bar in stage.state, timeout=3000)
    assert css(getattr(THEMES["dark"], case.tone)) in stage.bar.state.text()
    assert stage.banner.isVisible() == bool(case.title)
    if case.title:
        text = plain(stage.banner)
        assert text.startswith(case.title)
        assert case.detail in text
        assert stage.window.rect().contains(stage.banner.geometry())
    qtbot.waitUntil(lambda: stage.hint.isVisible() == bool(case.hint), timeout=3000)
    if case.hint:
        assert case.hint in stage.hint.text()


def test_every_state_has_its_case() -> None:
    """A state that is added is to be shown here, too."""
    makers = {
        "starting", "loading", "no_camera", "waiting", "lost", "silent", "late", "paused", "over", "following",
        "no_hand", "ended", "failed",
    }  # fmt: skip
    made = {name for name, it in vars(states).items() if getattr(it, "__annotations__", {}).get("return") == "State"}
    assert made - {"_slowly"} == makers


def test_the_tries_are_counted_until_the_camera_is_back(stage: Stage, qtbot: QtBot) -> None:
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    for number in (1, 2, 3):
        stage.live.trouble = f"scripted 1: gone. Trying again in 1 s (try {number})."
        qtbot.waitUntil(lambda: stage.live.trouble in plain(stage.banner))
        assert stage.banner.isVisible()
        assert stage.count(FINGER_COLOURS[0]) == 0
    stage.live.trouble = ""
    stage.put(seen(1))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    assert not stage.banner.isVisible()


def test_a_camera_that_is_plugged_in_at_last_is_named(open_stage: OpenStage, qtbot: QtBot) -> None:
    stage = open_stage(info=None)
    stage.live.trouble = "auto: nothing is plugged in. Trying again in 1 s (try 1)."
    qtbot.waitUntil(lambda: "No camera" in stage.state)
    stage.live.info, stage.live.trouble = INFO, ""
    qtbot.waitUntil(lambda: "Waiting for frames" in stage.state)
    qtbot.waitUntil(lambda: stage.window.windowTitle() == "LightHand: scripted camera, 1")
    assert stage.panel.chooser.sources.currentText().startswith("scripted camera")


def test_the_doubt_of_the_depth_is_kept_at_the_end(stage: Stage, qtbot: QtBot) -> None:
    stage.put(seen(0, hand=False, depth=5000))
    qtbot.waitUntil(lambda: "is depth_unit_mm=1 this camera's?" in stage.state)
    stage.live.results.close()
    qtbot.waitUntil(lambda: "Source ended" in stage.state)
    assert "nothing between 150 and 1500 mm (nearest 5 m)" in plain(stage.banner).lower()
    assert "Ended after frame 0" in plain(stage.banner)


def test_the_doubt_of_the_depth_is_kept_where_a_recording_can_be_played_again(stage: Stage, qtbot: QtBot) -> None:
    player = stage.play(1)
    stage.put(seen(0, hand=False, depth=5000))
    qtbot.waitUntil(lambda: "is depth_unit_mm=1 this camera's?" in stage.state)
    player.pause()
    assert player.at_end
    qtbot.waitUntil(lambda: "End of the recording" in stage.state)
    assert "Nothing between 150 and 1500 mm (nearest 5 m): is depth_unit_mm=1 this camera's?" in stage.hint.text()
    assert stage.hint.text().endswith("Space plays it again")
    stage.put(seen(0))  # the user steps to a frame with a hand
    qtbot.waitUntil(lambda: stage.hint.text() == "Space plays it again")


@pytest.mark.parametrize("end", ["no camera", "ended", "error"])
def test_the_key_of_the_panel_is_named_only_while_the_panel_is_hidden(
    open_stage: OpenStage, qtbot: QtBot, end: str
) -> None:
    """It hides a panel that is shown."""
    stage = open_stage(info=None if end == "no camera" else INFO)
    stage.live.trouble = GONE
    if end != "no camera":
        stage.live.results.close(SourceError("camera 7: unplugged.") if end == "error" else None)
    qtbot.waitUntil(lambda: "source in the panel" in plain(stage.banner))
    for shown in (True, False, True):
        assert stage.panel.isVisible() == shown
        assert ("(Tab)" not in plain(stage.banner)) == shown
        stage.press("Tab")


def test_an_error_is_kept_for_the_exit_code(stage: Stage, qtbot: QtBot) -> None:
    error = SourceError("camera 7: unplugged. Plug it in.")
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    stage.live.results.close(error)
    qtbot.waitUntil(lambda: "Stopped by an error" in stage.state)
    assert stage.window.error is error
    assert stage.count(FINGER_COLOURS[0]) == 0
    assert stage.picture._dimmed


@pytest.mark.parametrize("error", [None, SourceError("camera 7: unplugged.")], ids=["ended", "error"])
def test_what_ended_is_not_called_paused(stage: Stage, qtbot: QtBot, error: SourceError | None) -> None:
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    stage.live.results.close(error)
    qtbot.waitUntil(stage.banner.isVisible)
    before = stage.state
    stage.press("Space")
    qtbot.wait(60)
    assert stage.state == before
    assert stage.banner.isVisible()


@pytest.mark.parametrize("key", ["K", "T", "M"])
def test_an_error_leaves_no_hand_whatever_is_switched(stage: Stage, qtbot: QtBot, key: str) -> None:
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    stage.live.results.close(SourceError("camera 7: unplugged."))
    qtbot.waitUntil(stage.banner.isVisible)
    stage.press(key)
    stage.press(key)
    assert stage.count(FINGER_COLOURS[0]) == 0
    assert stage.picture._dimmed


def test_a_camera_that_is_lost_while_the_picture_is_held_is_said(stage: Stage, qtbot: QtBot) -> None:
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    stage.press("Space")
    qtbot.waitUntil(lambda: "Paused" in stage.state)
    stage.live.trouble = GONE
    qtbot.waitUntil(lambda: "Camera lost" in stage.state, timeout=2000)
    stage.live.results.close(SourceError("it came back as another"))
    qtbot.waitUntil(lambda: "Stopped by an error" in stage.state, timeout=2000)


def test_nothing_is_held_before_there_is_a_picture(open_stage: OpenStage, qtbot: QtBot) -> None:
    stage = open_stage(info=None)
    stage.press("Space")
    stage.live.trouble = "auto: nothing is plugged in. Trying again in 1 s (try 1)."
    qtbot.waitUntil(lambda: "No camera" in stage.state)
    stage.live.info, stage.live.trouble = INFO, ""
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    assert stage.panel.pause.text() == "Pause"


def test_a_slow_machine_is_told_what_helps(stage: Stage, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIGURES_S", 0.0)
    for seq in range(0, 60, 2):
        stage.put(seen(seq, skipped=1 if seq else 0))
        qtbot.wait(20)
    stage.put(seen(60))
    qtbot.waitUntil(lambda: "too slow for this camera" in stage.state)
    assert "Right hand" in stage.state
    assert "of its frames skipped" in stage.state
    assert "--model fast" in stage.hint.text()
    assert stage.count(FINGER_COLOURS[0]) > ENOUGH


# Another source


def test_another_source_begins_anew(stage: Stage, qtbot: QtBot) -> None:
    stage.put(seen(41))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    stage.press("Space")
    assert stage.panel.pause.text() == "Go on"
    stage.panel.source_chosen.emit(CameraConfig(kind="synthetic"))
    assert stage.live.switched == [CameraConfig(kind="synthetic")]
    qtbot.waitUntil(lambda: "Opening the rendered hand" in stage.state)
    assert stage.banner.isVisible()
    assert "half a minute the first time" in plain(stage.banner)
    assert stage.count(FINGER_COLOURS[0]) == 0
    qtbot.waitUntil(lambda: stage.panel.pause.text() == "Pause")
    stage.live.info = replace(INFO, model="synthetic camera", link="rendered")
    qtbot.waitUntil(lambda: "Waiting for frames" in stage.state)
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    assert not stage.banner.isVisible()
    assert stage.window.config.camera.kind == "synthetic"


@pytest.mark.parametrize("error", [None, SourceError("camera 7: unplugged.")], ids=["ended", "error"])
def test_after_the_end_another_source_can_be_chosen(stage: Stage, qtbot: QtBot, error: SourceError | None) -> None:
    stage.live.results.close(error)
    qtbot.waitUntil(stage.banner.isVisible)
    stage.panel.source_chosen.emit(CameraConfig(kind="synthetic"))
    stage.live.info = INFO
    stage.put(seen(0))
    qtbot.waitUntil(lambda: "Right hand" in stage.state)
    assert stage.window.error is None


def test_a_source_that_does_not_stop_is_said_for_good(stage: Stage, qtbot: QtBot) -> None:
    stage.live.refusal = SourceError("thread capture did not end in time. Close the window and start again.")
    stage.panel.source_chosen.emit(CameraConfig(kind="synthetic"))
    qtbot.wait(100)
    assert "Stopped by an error" in stage.state
    assert "thread capture did not end in time" in plain(stage.banner)
    assert stage.live.switched == []


def test_the_kind_that_is_opened_is_named(open_stage: OpenStage, qtbot: QtBot) -> None:
    stage = open_stage(info=None, config=AppConfig(CameraConfig(kind="realsense")))
    qtbot.waitUntil(lambda: "Opening the camera (realsense)" in stage.state)
