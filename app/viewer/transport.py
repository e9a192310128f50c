"""The row that plays a recording: it shows a player's state, and asks it; it owns neither."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PyQt6 import QtCore, QtGui, QtWidgets

from app.cameras.player import Player
from app.viewer.theme import Theme, css
from app.viewer.transport_icons import SIDE_PX, Sign, icon

SPEEDS: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)

_HEIGHT: Final = 36
_HANDLE_PX: Final = 14
_AT_ONCE: Final = "In lock step each frame comes when the one before is done, at no speed of its own"


class _Slider(QtWidgets.QSlider):
    """Goes where it is pressed, and follows the mouse from there."""

    def __init__(self) -> None:
        super().__init__(QtCore.Qt.Orientation.Horizontal)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        self.setMinimumWidth(80)

    def mousePressEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Take the handle."""
        if event is not None and event.button() == QtCore.Qt.MouseButton.LeftButton:
            self.setSliderDown(True)
            self._follow(event)

    def mouseMoveEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Bring the handle along."""
        if event is not None and self.isSliderDown():
            self._follow(event)

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Let the handle go."""
        if event is not None and event.button() == QtCore.Qt.MouseButton.LeftButton:
            self.setSliderDown(False)

    def _follow(self, event: QtGui.QMouseEvent) -> None:
        x = round(event.position().x()) - _HANDLE_PX // 2
        way = self.width() - _HANDLE_PX
        self.setSliderPosition(QtWidgets.QStyle.sliderValueFromPosition(self.minimum(), self.maximum(), x, way))


class Transport(QtWidgets.QWidget):
    """Buttons, a slider over the frames, speed and loop; hidden where there is nothing to play.

    No part of it takes the keyboard: keys are the window's, which calls ``toggle``, ``step``, ``jump``, ``faster``,
    ``slower`` and ``toggle_loop``.
    """

    def __init__(self, theme: Theme) -> None:
        """Lay it out, hidden.

        Args:
            theme: the colours to begin with.
        """
        super().__init__()
        self._player: Player | None = None
        self._resumes = False  # it played when the handle was taken
        self.setObjectName("strip")
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(_HEIGHT)
        self.back = self._button("One frame back (,)", lambda: self.step(-1))
        self.play = self._button("", self.toggle)
        self.forward = self._button("One frame forward (.)", lambda: self.step(1))
        self.slider = _Slider()
        self.slider.sliderPressed.connect(self._take_handle)
        self.slider.sliderMoved.connect(self._scrub)
        self.slider.sliderReleased.connect(self._let_handle_go)
        self.time = QtWidgets.QLabel()
        self.time.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self.speed = QtWidgets.QComboBox()
        self.speed.addItems([f"{speed:g}×" for speed in SPEEDS])
        self.speed.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        self.speed.activated.connect(self._choose_speed)
        self.loop = self._button("Begin again after the last frame (Shift+L)", self.toggle_loop)
        self.loop.setCheckable(True)
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(8, 3, 8, 3)
        row.setSpacing(6)
        for widget in (self.back, self.play, self.forward, self.slider, self.time, self.speed, self.loop):
            row.addWidget(widget, 1 if widget is self.slider else 0)
        self.set_theme(theme)
        self.hide()

    def _button(self, tip: str, act: Callable[[], object]) -> QtWidgets.QToolButton:
        button = QtWidgets.QToolButton()
        button.setToolTip(tip)
        button.setIconSize(QtCore.QSize(SIDE_PX, SIDE_PX))
        button.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        button.clicked.connect(lambda: act())
        return button

    def set_theme(self, theme: Theme) -> None:
        """Draw signs and slider in these colours."""
        self._icons: dict[Sign, QtGui.QIcon] = {
            sign: icon(sign, theme) for sign in ("play", "pause", "back", "forward", "loop")
        }
        self._sign: Sign | None = None
        self.back.setIcon(self._icons["back"])
        self.forward.setIcon(self._icons["forward"])
        self.loop.setIcon(self._icons["loop"])
        half = _HANDLE_PX // 2
        self.slider.setStyleSheet(f"""
QSlider {{ min-height: 24px; background: transparent; }}
QSlider::groove {{ height: 4px; margin: 0 {half}px; border-radius: 2px; background: {css(theme.line)}; }}
QSlider::sub-page {{ height: 4px; margin: 0 {half}px; border-radius: 2px; background: {css(theme.accent)}; }}
QSlider::handle {{ width: {_HANDLE_PX}px; height: {_HANDLE_PX}px; margin: -5px -{half}px; border-radius: {half}px;
                   background: {css(theme.text)}; }}
QSlider::handle:hover, QSlider::handle:pressed {{ background: {css(theme.accent)}; }}
""")
        self.refresh()

    def set_player(self, player: Player | None) -> None:
        """Show the state of this player from now on; None hides the row."""
        self._player = player
        self._resumes = False
        self.slider.setSliderDown(False)
        self.setVisible(player is not None)
        self.refresh()

    def refresh(self) -> None:
        """Show the player's state as it is now; the handle stays where it is held."""
        player = self._player
        if player is None:
            return
        position = player.position
        self.speed.setEnabled(player.paced)
        if not self.slider.isSliderDown() and not player.pending:
            self.slider.setRange(0, max(position.count - 1, 0))
            self.slider.setValue(position.step)
        now, length = _clock(position.moment_s), _clock(position.length_s)
        self.time.setText(f"{now} / {length}")
        self._keep_width(f"{length} / {length}")
        self.slider.setToolTip(
            f"Frame {position.step + 1} of {position.count}. Drag to seek; Shift+Left, Shift+Right: 1 s"
        )
        self.speed.setCurrentIndex(_nearest(player.speed))
        self.speed.setToolTip("Speed ([ slower, ] faster)" if player.paced else _AT_ONCE)
        self.loop.setChecked(player.loop)
        waits = player.paused and not (self.slider.isSliderDown() and self._resumes)
        sign: Sign = "play" if waits else "pause"
        if sign != self._sign:
            self._sign = sign
            self.play.setIcon(self._icons[sign])
            self.play.setToolTip("Play (Space)" if waits else "Pause (Space)")

    def _keep_width(self, longest: str) -> None:
        """Give the time the room of its longest text, so that nothing jumps."""
        text = "".join("8" if sign.isdigit() else sign for sign in longest)
        self.time.setFixedWidth(self.time.fontMetrics().horizontalAdvance(text) + 16)

    def toggle(self) -> None:
        """Play, or pause."""
        if (player := self._player) is not None:
            (player.play if player.paused else player.pause)()
            self.refresh()

    def step(self, count: int) -> None:
        """Pause, and go on or back by so many frames."""
        if (player := self._player) is not None:
            player.step(count)
            self.refresh()

    def jump(self, seconds: float) -> None:
        """Go on or back by so many seconds of the recording."""
        if (player := self._player) is not None:
            player.jump(seconds)
            self.refresh()

    def faster(self) -> None:
        """Take the next higher speed."""
        self._change_speed(1)

    def slower(self) -> None:
        """Take the next lower speed."""
        self._change_speed(-1)

    def toggle_loop(self) -> None:
        """Begin again after the last frame, or not."""
        if (player := self._player) is not None:
            player.loop = not player.loop
            self.refresh()

    def _change_speed(self, by: int) -> None:
        if self._player is not None:
            self._choose_speed(min(max(_nearest(self._player.speed) + by, 0), len(SPEEDS) - 1))

    def _choose_speed(self, index: int) -> None:
        if (player := self._player) is not None and player.paced:
            player.speed = SPEEDS[index]
            self.refresh()

    def _take_handle(self) -> None:
        """Stay where the handle is, as long as it is held."""
        if (player := self._player) is not None:
            self._resumes = not player.paused
            player.pause()

    def _scrub(self, step: int) -> None:
        if (player := self._player) is not None:
            player.seek(step)

    def _let_handle_go(self) -> None:
        """Go on if it played before; at the end there is nothing to go on with."""
        if (player := self._player) is not None:
            if self._resumes and not player.at_end:
                player.play()
            self._resumes = False
            self.refresh()


def _clock(seconds: float) -> str:
    minutes, tenths = divmod(round(seconds * 10), 600)
    return f"{minutes}:{tenths / 10:04.1f}"


def _nearest(speed: float) -> int:
    return min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - speed))
