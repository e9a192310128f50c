"""Every control of the transport, with a recording that a thread really reads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PyQt6 import QtCore, QtWidgets
from pytestqt.qtbot import QtBot

from app.cameras.replay import ReplayCamera
from app.viewer.theme import THEMES, style_sheet
from app.viewer.transport import SPEEDS, Transport
from tests.app.playing import Reader, write

COUNT = 60
LEFT = QtCore.Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("transport") / "a.mcap", COUNT)


@pytest.fixture
def reader(recording: Path) -> Iterator[Reader]:
    """Held at its first frame."""
    made = Reader(ReplayCamera(recording))
    made.player.hold = True
    made.player.pause()
    with made:
        made.player.step(1)
        made.wait(lambda: made.steps == [0])
        yield made


@pytest.fixture
def transport(qtbot: QtBot, reader: Reader) -> Transport:
    made = Transport(THEMES["dark"])
    qtbot.addWidget(made)
    made.setStyleSheet(style_sheet(THEMES["dark"]))
    made.resize(640, made.height())
    made.set_player(reader.player)
    qtbot.waitExposed(made)
    return made


def at(transport: Transport, share: float) -> QtCore.QPoint:
    slider = transport.slider
    return QtCore.QPoint(round(7 + share * (slider.width() - 14)), slider.height() // 2)


def test_hidden_where_there_is_nothing_to_play(transport: Transport, reader: Reader) -> None:
    assert transport.isVisible()
    transport.set_player(None)
    assert not transport.isVisible()
    for act in (transport.toggle, transport.faster, transport.slower, transport.toggle_loop, transport.refresh):
        act()
    transport.step(1)
    transport.jump(1.0)
    assert reader.steps == [0]
    assert reader.player.paused


def test_the_button_plays_and_pauses(transport: Transport, reader: Reader) -> None:
    assert transport.play.toolTip() == "Play (Space)"
    transport.play.click()
    assert transport.play.toolTip() == "Pause (Space)"
    reader.wait(lambda: reader.steps[-1] > 2)
    transport.play.click()
    assert reader.player.paused
    assert transport.play.toolTip() == "Play (Space)"


def test_buttons_and_methods_step(transport: Transport, reader: Reader) -> None:
    transport.forward.click()
    reader.wait(lambda: reader.steps == [0, 1])
    transport.back.click()
    reader.wait(lambda: reader.steps == [0, 1, 0])
    transport.step(1)
    transport.step(1)
    reader.wait(lambda: reader.steps[-1] == 2)
    assert reader.player.paused


def test_jumps_by_seconds(transport: Transport, reader: Reader) -> None:
    transport.jump(1.0)
    reader.wait(lambda: reader.steps == [0, 30])
    transport.refresh()
    assert transport.slider.value() == 30
    assert transport.time.text() == "0:01.0 / 0:02.0"
    assert transport.slider.toolTip().startswith("Frame 31 of 60.")
    transport.jump(-1.0)
    reader.wait(lambda: reader.steps == [0, 30, 0])


def test_dragging_shows_frames_as_it_goes_and_stays_paused(qtbot: QtBot, transport: Transport, reader: Reader) -> None:
    slider = transport.slider
    qtbot.mousePress(slider, LEFT, pos=at(transport, 0.5))
    reader.wait(lambda: reader.steps[-1] in (29, 30))
    for share, steps in ((0.25, (14, 15)), (0.75, (44, 45)), (1.0, (59,))):
        qtbot.mouseMove(slider, at(transport, share))
        held = slider.value()
        assert held in steps
        transport.refresh()  # must not fight with the hand
        assert slider.value() == held
        reader.wait(lambda held=held: reader.steps[-1] == held)
    qtbot.mouseRelease(slider, LEFT, pos=at(transport, 1.0))
    assert reader.player.paused
    assert slider.value() == COUNT - 1


def test_a_drag_goes_on_playing_if_it_played(qtbot: QtBot, transport: Transport, reader: Reader) -> None:
    transport.toggle()
    qtbot.mousePress(transport.slider, LEFT, pos=at(transport, 0.5))
    assert reader.player.paused
    transport.refresh()
    assert transport.play.toolTip() == "Pause (Space)"  # the button does not flicker
    reader.wait(lambda: reader.steps[-1] in (29, 30))
    qtbot.mouseRelease(transport.slider, LEFT, pos=at(transport, 0.5))
    assert not reader.player.paused
    reader.wait(lambda: reader.steps[-1] > 32)
    qtbot.mousePress(transport.slider, LEFT, pos=at(transport, 1.0))
    reader.wait(lambda: reader.steps[-1] == COUNT - 1)
    qtbot.mouseRelease(transport.slider, LEFT, pos=at(transport, 1.0))
    assert reader.player.paused  # not from the first frame again
    assert reader.player.at_end


def test_the_handle_does_not_jump_back_while_its_frame_is_fetched(qtbot: QtBot, transport: Transport) -> None:
    player = transport._player
    assert player is not None
    player.close()  # nobody gives the frame
    qtbot.mousePress(transport.slider, LEFT, pos=at(transport, 0.5))
    held = transport.slider.value()
    qtbot.mouseRelease(transport.slider, LEFT, pos=at(transport, 0.5))
    transport.refresh()
    assert player.pending
    assert transport.slider.value() == held > 0


def test_other_buttons_of_the_mouse_leave_the_slider_alone(qtbot: QtBot, transport: Transport, reader: Reader) -> None:
    qtbot.mouseClick(transport.slider, QtCore.Qt.MouseButton.RightButton, pos=at(transport, 0.5))
    assert not transport.slider.isSliderDown()
    assert not reader.player.pending
    assert transport.slider.value() == 0


def test_speed_by_choice_and_by_keys(transport: Transport, reader: Reader) -> None:
    assert transport.speed.currentText() == "1×"
    for index, speed in enumerate(SPEEDS):
        transport.speed.activated.emit(index)
        assert reader.player.speed == speed
    transport.faster()
    assert reader.player.speed == SPEEDS[-1]
    for _ in range(10):
        transport.slower()
    assert reader.player.speed == SPEEDS[0]
    assert transport.speed.currentText() == "0.1×"


def test_a_speed_set_elsewhere_is_shown(transport: Transport, reader: Reader) -> None:
    reader.player.speed, reader.player.loop = 2.0, True
    transport.refresh()
    assert transport.speed.currentText() == "2×"
    assert transport.loop.isChecked()


def test_loop_by_button_and_by_key(transport: Transport, reader: Reader) -> None:
    transport.loop.click()
    assert reader.player.loop
    assert transport.loop.isChecked()
    transport.toggle_loop()
    assert not reader.player.loop
    assert not transport.loop.isChecked()


def test_at_the_end_it_offers_to_play_again(transport: Transport, reader: Reader) -> None:
    reader.player.seek(COUNT - 2)
    transport.toggle()
    reader.wait(lambda: reader.player.at_end and reader.player.paused)
    transport.refresh()
    assert transport.play.toolTip() == "Play (Space)"
    assert transport.slider.value() == COUNT - 1
    transport.toggle()
    reader.wait(lambda: reader.steps[-1] in (0, 1, 2))


def test_in_lock_step_there_is_no_speed(qtbot: QtBot, recording: Path) -> None:
    made = Transport(THEMES["light"])
    qtbot.addWidget(made)
    with ReplayCamera(recording, pace="lockstep") as camera:
        made.set_player(camera.player)
        assert not made.speed.isEnabled()
        assert "lock step" in made.speed.toolTip()
        made.faster()
        assert camera.player.speed == 1.0


def test_no_control_takes_the_keys_of_the_window(transport: Transport) -> None:
    parts = transport.findChildren(QtWidgets.QAbstractButton) + [transport.slider, transport.speed]
    assert len(parts) == 6
    assert all(part.focusPolicy() == QtCore.Qt.FocusPolicy.NoFocus for part in parts)


def test_nothing_moves_as_the_time_runs(transport: Transport, reader: Reader) -> None:
    transport.refresh()
    places = [part.geometry() for part in (transport.slider, transport.time, transport.speed, transport.loop)]
    for step in (11, 31, 59):
        reader.player.seek(step)
        reader.wait(lambda step=step: reader.steps[-1] == step)
        transport.refresh()
        QtWidgets.QApplication.processEvents()
        now = [part.geometry() for part in (transport.slider, transport.time, transport.speed, transport.loop)]
        assert now == places
        assert transport.time.fontMetrics().horizontalAdvance(transport.time.text()) <= transport.time.width()


@pytest.mark.parametrize("name", ["dark", "light"])
def test_signs_are_drawn_in_the_theme(transport: Transport, name: str) -> None:
    theme = THEMES[name]  # type: ignore[index]
    transport.set_theme(theme)
    for button in (transport.play, transport.back, transport.forward, transport.loop):
        image = button.icon().pixmap(18, 18).toImage()
        colours = {
            image.pixelColor(x, y).getRgb()[:3]
            for x in range(18)
            for y in range(18)
            if image.pixelColor(x, y).alpha() == 255
        }
        assert theme.text in colours
