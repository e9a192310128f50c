"""The window: the newest result in two views, how fresh it is, and the controls. It owns nothing of the pipeline."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from PyQt6 import QtCore, QtGui, QtWidgets

from app.cameras.base import nothing_between
from app.cameras.player import PAUSE_S
from app.config import AppConfig, CameraConfig
from app.latency import FrameLog, LiveFigures
from app.live import Live
from app.look import ViewConfig
from app.slot import SlotClosedError
from app.viewer import states
from app.viewer.actions import bind, look_actions, view_actions
from app.viewer.bar import Bar
from app.viewer.keys import HelpCard
from app.viewer.panel import ControlPanel
from app.viewer.states import State
from app.viewer.tape import Tape
from app.viewer.theme import THEMES, Theme, style_sheet
from app.viewer.timeline import LatencyTimeline
from app.viewer.transport import Transport
from app.viewer.views import Views, own_window
from app.worker import AGE_LIMIT_S
from lighthand.errors import SourceError
from lighthand.types import Result

POLL_MS: Final = 5
FIGURES_S: Final = 0.25  # between two changes of the text: faster cannot be read
TIMELINE_S: Final = 0.1
SHARE: Final = 0.9
"""Of the time, at most, in which the window draws: the tracker wants the rest of a weak machine."""

_MOST_S: Final = 0.1  # that one drawing counts for
_NEWEST: Final = 0.2  # weight of the newest drawing in the mean of what they cost


class HandWindow(QtWidgets.QWidget):
    """Polls for the newest result from a timer and shows it; its controls change what runs through ``Live``."""

    def __init__(self, live: Live, log: FrameLog) -> None:
        """Build the window; it polls from here on.

        Args:
            live: what runs; started and stopped by someone else.
            log: is told when each frame's picture was painted, and knows the drops.
        """
        super().__init__()
        self.look = live.config.view
        self._live = live
        self._log = log
        self._cost_s = self._rest_until_s = 0.0
        self._begin()
        self.setObjectName("page")
        self.setWindowTitle("LightHand")
        self.resize(1280, 720)
        theme = THEMES[self.look.theme]
        self._views = Views(theme)
        self._transport = Transport(theme)
        self._timeline = LatencyTimeline(theme)
        self._panel = ControlPanel()
        self._bar = Bar(theme, live.config.network)
        self._lay_out()
        self._tape = Tape(self._views.picture, live, theme)
        self._help = HelpCard(self)
        own_window(self._help)
        self._help.hide()
        self._connect()
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.setFocus()  # else the first control takes it, and with it Tab, Space and Esc
        self._set_theme(theme)
        self.set_look(self.look)
        self._panel.set_source(None, live.config.camera)
        self._timer = QtCore.QTimer(self)
        self._timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._poll)
        self._timer.start(POLL_MS)

    @property
    def config(self) -> AppConfig:
        """The settings as they are now."""
        return replace(self._live.config, view=self.look)

    def _begin(self) -> None:
        """Know nothing of the source."""
        self.error: BaseException | None = None
        self._state: State | None = None
        self._figures = LiveFigures()
        self._number = 0
        self._last: Result | None = None
        self._unpainted: Result | None = None
        self._shown_s = 0.0
        self._hand_s = time.perf_counter()  # when a hand was last seen
        self._figures_due_s = self._timeline_due_s = 0.0
        self._ended = self._held = self._opened = False
        self._pace = states.Pace()

    def _lay_out(self) -> None:
        left = QtWidgets.QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self._views, 1)
        left.addWidget(self._transport)
        left.addWidget(self._timeline)
        top = QtWidgets.QHBoxLayout()
        top.setSpacing(0)
        top.addLayout(left, 1)
        top.addWidget(self._panel)
        page = QtWidgets.QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addLayout(top, 1)
        page.addWidget(self._bar)

    def _connect(self) -> None:
        """Join keys and controls to what they do."""
        panel, live = self._panel, self._live
        self._views.painted.connect(self._note_painted)
        panel.source_chosen.connect(self._switch)
        panel.segment_changed.connect(lambda segment: live.configure(segment, live.config.track))
        panel.track_changed.connect(lambda track: live.configure(live.config.segment, track))
        panel.look_changed.connect(self.set_look)
        panel.view_asked.connect(
            lambda name: self._views.reset() if name == "reset" else self._views.space.view_from(name)
        )
        panel.record_toggled.connect(self._toggle_recording)
        panel.snapshot_asked.connect(self._save_snapshot)
        panel.pause_toggled.connect(self._toggle_pause)
        bind(
            self,
            {
                **look_actions(lambda: self.look, self.set_look),
                **view_actions(self._views, self._transport),
                "quit": self.close,
                "escape": self._escape,
                "help": self._toggle_help,
                "full screen": self._toggle_full_screen,
                "pause": self._toggle_pause,
                "record": self._toggle_recording,
                "snapshot": self._save_snapshot,
            },
        )

    # What the user does

    def _switch(self, camera: CameraConfig) -> None:
        """Show another source."""
        self._views.drop_hands()
        self._views.repaint()  # closing the one before may take a moment
        try:
            self._live.switch(camera)
        except SourceError as error:
            self._end(error)
            return
        self._begin()
        self._views.clear()
        self._panel.set_source(None, camera)
        self.setWindowTitle("LightHand")
        self._timeline.clear()
        self._transport.set_player(None)

    def set_look(self, look: ViewConfig) -> None:
        """Show and hide what the settings say, in their colours."""
        if look.theme != self.look.theme:
            self._set_theme(THEMES[look.theme])
        self.look = look
        self._views.set_look(look)
        self._timeline.setVisible(look.timeline)
        self._panel.setVisible(look.panel)
        self._panel.set_config(self.config)

    def _set_theme(self, theme: Theme) -> None:
        self.setStyleSheet(style_sheet(theme))
        for part in (self._views, self._timeline, self._transport, self._bar, self._tape):
            part.set_theme(theme)

    def _toggle_pause(self) -> None:
        """Hold a recording where it is, or a live picture as it is."""
        if self._live.player:
            self._transport.toggle()
        elif self._last and not self._ended:
            self._held = not self._held
        self._panel.set_paused(self._paused)

    @property
    def _paused(self) -> bool:
        player = self._live.player
        return player.paused if player else self._held

    def _toggle_recording(self) -> None:
        """Begin a recording, or end the one that runs."""
        self._tape.toggle()
        self._panel.set_recording(self._live.recorder.state.active)

    def _save_snapshot(self) -> None:
        """Save both views as a PNG, and the frame and pose as an NPZ."""
        last = self._last
        shown = replace(last, hands=()) if last and self._views.dropped else last
        self._tape.hide()  # it is no part of the picture
        self._tape.save(self._views.image(), shown)

    def _toggle_full_screen(self) -> None:
        """Fill the screen, or be a window again."""
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def _toggle_help(self) -> None:
        """Show or hide the keys."""
        self._help.setVisible(not self._help.isVisible())
        self._help.place(self.rect())

    def _escape(self) -> None:
        """Hide the keys, or close."""
        if self._help.isVisible():
            self._help.hide()
        else:
            self.close()

    # What the run does

    def _poll(self) -> None:
        """Look for a newer result and show it; say so when nothing comes."""
        now_s = time.perf_counter()
        if now_s < self._rest_until_s:
            return
        self._note_source()
        if not self._ended:
            try:
                taken = self._live.results.take(self._number, 0)
            except SlotClosedError as closed:
                self._end(closed.__cause__)
            else:
                self._number = taken.number if taken else self._number
                if self._held:
                    trouble = self._live.trouble
                    self._say(states.lost(trouble) if trouble else states.paused(live=True))
                elif taken:
                    self._show(taken.value, now_s)
                else:
                    self._wait(now_s)
        self._views.tick(now_s)
        if now_s >= self._timeline_due_s:
            self._timeline_due_s = now_s + TIMELINE_S
            self._timeline.refresh(now_s)
            self._transport.refresh()
        if now_s >= self._figures_due_s:
            self._figures_due_s = now_s + FIGURES_S
            self._refresh(now_s)

    def _show(self, result: Result, now_s: float) -> None:
        """Put a new result on the screen; one that is too old to be live without its hands."""
        age_s = now_s - result.stamps.arrival_s
        if stale := age_s > AGE_LIMIT_S and self._live.config.camera.pace != "lockstep":
            result = replace(result, hands=())
        if result.hands:
            self._hand_s = now_s
        self._last = self._unpainted = result
        self._shown_s = now_s
        self._rest_until_s = now_s + self._cost_s / SHARE
        self._views.show_result(result, now_s)
        if stale:
            self._views.drop_hands()
            self._say(states.late(age_s))
        elif self._paused:
            self._say(states.paused(live=False))
        elif result.hands:
            self._say(states.following(result.hands, self._pace.slowness))
        else:
            segment = self._live.config.segment
            doubt = nothing_between(result.frame, segment.near_mm, segment.far_mm)
            self._say(states.no_hand(doubt, segment, self._pace.slowness, seconds=now_s - self._hand_s))

    def _wait(self, now_s: float) -> None:
        """Say why nothing new is there, if it is late."""
        live, trouble = self._live, self._live.trouble
        if live.info is None:
            self._say(states.no_camera(trouble) if trouble else states.starting(live.config.camera.kind))
        elif trouble:
            self._views.drop_hands()
            self._say(states.lost(trouble))
        elif self._last is None:
            self._say(states.loading() if live.loading else states.waiting(live.info))
        elif self._paused:
            self._shown_s = now_s
            at_end = live.player is not None and live.player.at_end
            self._say(states.over() if at_end else states.paused(live=False))
        elif now_s - self._shown_s > self._stale_s:
            self._views.drop_hands()
            self._say(states.silent(now_s - self._shown_s))

    @property
    def _stale_s(self) -> float:
        """How long no result may come."""
        info, player = self._live.info, self._live.player
        between_s = 3 / info.fps if info else 0.0
        return max(AGE_LIMIT_S, max(between_s, 2 * PAUSE_S) / player.speed if player else between_s)

    def _end(self, error: BaseException | None) -> None:
        """Say that nothing more will come."""
        self._ended, self._held = True, False
        self.error = error
        self._live.recorder.end()
        self._refresh(time.perf_counter())
        if error is not None:
            self._views.drop_hands()
            self._say(states.failed(error))
            return
        last, segment = self._last, self._live.config.segment  # the last pose stays to be looked at
        doubt = nothing_between(last.frame, segment.near_mm, segment.far_mm) if last and not last.hands else ""
        self._say(states.ended(last.frame.seq if last else None, doubt))

    def _say(self, state: State) -> None:
        """Show a state, if it is another."""
        if state == self._state:
            return
        self._state = state
        self._bar.say(state)
        self._views.banner.say(state.title, state.detail, low=self._last is not None)
        self._views.hint.say(state.hint)

    def _refresh(self, now_s: float) -> None:
        """Renew the figures, and what the controls show."""
        self._tape.refresh()
        self._panel.set_recording(self._live.recorder.state.active)
        self._panel.set_paused(self._paused)
        if self._ended:
            return
        self._bar.write(self._figures, self._log, now_s)
        self._pace.note(now_s, self._log.skipped, self._log.total)

    def _note_source(self) -> None:
        """Name the source once it is open, and take control of a recording, before its first frame is shown."""
        info = self._live.info
        if info is not None and not self._opened:
            self._opened = True
            self.setWindowTitle(f"LightHand: {info.model}, {info.serial}")
            self._panel.set_source(info, self._live.config.camera)
            self._transport.set_player(self._live.player)

    def _note_painted(self) -> None:
        """Stamp the newest result, once, when it stands on the screen."""
        if self._unpainted is None:
            return
        result, self._unpainted = self._unpainted, None
        drawn_s = time.perf_counter()
        self._cost_s += _NEWEST * (min(drawn_s - self._shown_s, _MOST_S) - self._cost_s)
        self._log.drawn(result.frame.seq, drawn_s)
        self._figures.drawn(result.stamps, drawn_s, poses=self._log.poses, total=self._log.total)
        self._timeline.add(replace(result.stamps, drawn_s=drawn_s))

    # What Qt does

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Keep the keys' card in its place."""
        super().resizeEvent(event)
        self._help.place(self.rect())

    def save_picture(self, path: Path) -> None:
        """Save the window as it stands, as a PNG.

        Raises:
            SourceError: the file cannot be written.
        """
        picture = self.grab()
        with QtGui.QPainter(picture) as painter:  # grab leaves out what OpenGL drew
            painter.drawImage(self._views.mapTo(self, QtCore.QPoint(0, 0)), self._views.image())
        if not picture.save(str(path)):
            raise SourceError(f"{path}: the picture of the window cannot be written. Choose another --snapshot folder.")

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:
        """Stop polling."""
        self._timer.stop()
        super().closeEvent(event)
