"""The card on the picture that says what is being recorded and what was saved."""

from __future__ import annotations

import html
import math
import time
from pathlib import Path
from typing import Final

from PyQt6 import QtCore, QtGui, QtWidgets

from app.live import Live
from app.viewer.snapshot import save_snapshot
from app.viewer.states import Tone
from app.viewer.theme import Theme, css
from lighthand.errors import SourceError
from lighthand.types import Result

SNAPSHOTS: Final = Path("snapshots")
SAID_S: Final = 6.0  # so long the last word of a recording stays
SNAPSHOT_S: Final = 2.0  # so long the word of a snapshot stays while a recording runs
_LEFT: Final = 14


class Tape(QtWidgets.QLabel):
    """Starts and stops recordings, saves snapshots, and says how it went."""

    def __init__(self, parent: QtWidgets.QWidget, live: Live, theme: Theme) -> None:
        """Begin hidden.

        Args:
            parent: the picture.
            live: a recording may be running already.
            theme: the colours.
        """
        super().__init__(parent)
        self.setObjectName("card")
        self.setTextFormat(QtCore.Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.move(_LEFT, 12)
        self.hide()
        parent.installEventFilter(self)
        self._text = ""
        self._live = live
        self._theme = theme
        self._was_busy = False
        self._first_s = 0.0  # until then a snapshot's word comes first
        self._until_s = 0.0

    def set_theme(self, theme: Theme) -> None:
        """Take other colours, from the next word on."""
        self._theme = theme

    def toggle(self) -> None:
        """End the recording that runs, or begin one."""
        try:
            self._live.record()
        except SourceError as error:
            self._say(str(error), "warn", math.inf)
        self.refresh()

    def save(self, picture: QtGui.QImage, result: Result | None) -> None:
        """Save a snapshot.

        Args:
            picture: what is seen.
            result: what it shows; None where nothing came yet.
        """
        if result is None:
            self._say("there is no frame to save yet", "warn")
            return
        try:
            saved, data = save_snapshot(SNAPSHOTS, picture, result)
        except SourceError as error:
            self._say(str(error), "warn", math.inf)
        else:
            self._say(f"saved {saved} and {data.name}", "good")
        self._first_s = time.perf_counter() + SNAPSHOT_S

    def refresh(self) -> None:
        """Show the state. That a recording was saved is said for a while, what went wrong until the next one."""
        state = self._live.recorder.state
        busy = state.active or state.saving
        if busy and time.perf_counter() < self._first_s:
            pass
        elif busy:
            drops = f", {state.dropped} dropped" if state.dropped else ""
            minutes, seconds = divmod(int(state.seconds), 60)
            what = "recording" if state.active else "saving"
            self._say(f"{what} {minutes}:{seconds:02d}, {state.size_bytes / 1e6:.1f} MB{drops}", "bad")
        elif self._was_busy and state.error:
            self._say(state.error, "warn", math.inf)
        elif self._was_busy and state.nothing:
            self._say(state.nothing, "warn")
        elif self._was_busy:
            self._say(f"saved {state.path}", "good")
        elif time.perf_counter() > self._until_s:
            self.hide()
        self._was_busy = busy

    def eventFilter(self, watched: QtCore.QObject | None, event: QtCore.QEvent | None) -> bool:
        """Fit into the picture when its size changes."""
        if event is not None and event.type() == QtCore.QEvent.Type.Resize:
            self._fit()
        return super().eventFilter(watched, event)

    def _say(self, text: str, tone: Tone, seconds: float = SAID_S) -> None:
        self.setText(f"<span style='color:{css(getattr(self._theme, tone))}'>●</span>&nbsp; {html.escape(text)}")
        self._text = text
        self._fit()
        self.show()
        self.raise_()
        self._until_s = time.perf_counter() + seconds

    def _fit(self) -> None:
        parent = self.parentWidget()
        assert parent is not None
        room = max(parent.width() - 2 * _LEFT, 1)
        self.setFixedWidth(min(self.fontMetrics().horizontalAdvance(self._text) + 60, room))
        self.setFixedHeight(max(self.heightForWidth(self.width()), 1))
