"""The window: two views, what tells of the run, and the controls. It owns nothing of the pipeline."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Final

from PyQt6 import QtCore, QtGui, QtWidgets

from app.config import AppConfig, CameraConfig
from app.latency import FrameLog
from app.live import Live
from app.look import ViewConfig, WindowConfig
from app.viewer.actions import bind, look_actions, view_actions
from app.viewer.bar import Bar
from app.viewer.keys import HelpCard
from app.viewer.panel import ControlPanel
from app.viewer.projector import Projector
from app.viewer.tape import Tape
from app.viewer.theme import THEMES, Theme, style_sheet
from app.viewer.timeline import LatencyTimeline
from app.viewer.transport import Transport
from app.viewer.views import Views, own_window
from lighthand.errors import SourceError

POLL_MS: Final = 5
FIGURES_S: Final = 0.25  # between two changes of the text: faster cannot be read
TIMELINE_S: Final = 0.1


class HandWindow(QtWidgets.QWidget):
    """Lets the projector poll from a timer; its controls change what runs through ``Live``."""

    def __init__(self, live: Live, log: FrameLog) -> None:
        """Build the window; it polls from here on.

        Args:
            live: what runs; started and stopped by someone else.
            log: is told when each frame's picture was painted, and knows the drops.
        """
        super().__init__()
        self.look = live.config.view
        self._live = live
        self._figures_due_s = self._timeline_due_s = 0.0
        self._opened = False
        self.setObjectName("page")
        self.setWindowTitle("LightHand")
        self._take_size(live.config.window)
        theme = THEMES[self.look.theme]
        self._views = Views(theme)
        self._transport = Transport(theme)
        self._timeline = LatencyTimeline(theme)
        self._panel = ControlPanel()
        self._bar = Bar(theme, live.config.network)
        self._lay_out()
        self._projector = Projector(live, log, self._views, self._bar, self._timeline)
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
    def error(self) -> BaseException | None:
        """What ended the source, if an error did."""
        return self._projector.error

    def fail(self, error: BaseException) -> None:
        """Close for an error of the program's own."""
        self._projector.fail(error)
        self.close()

    @property
    def config(self) -> AppConfig:
        """The settings as they are now."""
        filled = self.isMaximized() or self.isFullScreen()
        size = self.normalGeometry().size() if filled else self.size()
        window = replace(self._live.config.window, maximised=self.isMaximized())
        if size.isValid() and size != self._size:  # not valid: it filled the screen from the start
            window = replace(window, width=size.width(), height=size.height())
        return replace(self._live.config, view=self.look, window=window)

    def _take_size(self, window: WindowConfig) -> None:
        """Be as large as the last time, where the screen is."""
        size, screen = QtCore.QSize(window.width, window.height), self.screen()
        self.resize(size.boundedTo(screen.availableSize()) if screen else size)
        self._size = self.size()  # one that the screen or the layout cut is not the user's wish
        if window.maximised:
            self.setWindowState(QtCore.Qt.WindowState.WindowMaximized)

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
            self._projector.end(error)
            return
        self._projector.begin()
        self._opened = False
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
        else:
            self._projector.toggle_hold()
        self._panel.set_paused(self._projector.paused)

    def _toggle_recording(self) -> None:
        """Begin a recording, or end the one that runs."""
        self._tape.toggle()
        self._panel.set_recording(self._live.recorder.state.active)

    def _save_snapshot(self) -> None:
        """Save both views as a PNG, and the frame and pose as an NPZ."""
        last = self._projector.last
        shown = replace(last, hands=()) if last and self._views.dropped else last
        self._tape.hide()  # it is no part of the picture
        self._tape.save(self._views.image(), shown)

    def _toggle_full_screen(self) -> None:
        """Fill the screen, or be a window again."""
        self.setWindowState(self.windowState() ^ QtCore.Qt.WindowState.WindowFullScreen)  # maximised stays so

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
        """Show what is new, and renew what tells of the run."""
        now_s = time.perf_counter()
        if self._projector.resting(now_s):
            return
        self._note_source()
        ended = self._projector.ended
        self._projector.poll(now_s)
        if self._projector.ended != ended:
            self._figures_due_s = now_s  # the recording has ended, too
        if now_s >= self._timeline_due_s:
            self._timeline_due_s = now_s + TIMELINE_S
            self._timeline.refresh(now_s)
            self._transport.refresh()
        if now_s >= self._figures_due_s:
            self._figures_due_s = now_s + FIGURES_S
            self._refresh(now_s)

    def _refresh(self, now_s: float) -> None:
        """Renew the figures, and what the controls show."""
        self._tape.refresh()
        self._panel.set_recording(self._live.recorder.state.active)
        self._panel.set_paused(self._projector.paused)
        self._projector.write_figures(now_s)

    def _note_source(self) -> None:
        """Name the source once it is open, and take control of a recording, before its first frame is shown."""
        info = self._live.info
        if info is not None and not self._opened:
            self._opened = True
            self.setWindowTitle(f"LightHand: {info.model}, {info.serial}")
            self._panel.set_source(info, self._live.config.camera)
            self._transport.set_player(self._live.player)

    # What Qt does

    def showEvent(self, event: QtGui.QShowEvent | None) -> None:
        """Know the size that was given."""
        super().showEvent(event)
        if event is not None and not event.spontaneous():  # that is a window that was minimised
            self._size = self.size()

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
