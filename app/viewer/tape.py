"""The label on the picture that says what is being recorded."""

from __future__ import annotations

import html
import math
import time
from pathlib import Path
from typing import Final

from PyQt6 import QtCore, QtWidgets

from app.cameras.base import CameraInfo
from app.recording.recorder import Recorder
from lighthand.errors import SourceError

FOLDER: Final = Path("recordings")
SAID_S: Final = 6.0  # so long the last word of a recording stays
_LEFT: Final = 14


class Tape(QtWidgets.QLabel):
    """Starts and stops the recorder, and shows how it goes."""

    def __init__(self, parent: QtWidgets.QWidget, recorder: Recorder, info: CameraInfo) -> None:
        """Begin hidden.

        Args:
            parent: the picture.
            recorder: may be running already.
            info: of the open camera.
        """
        super().__init__(parent)
        self.setObjectName("tape")
        self.setTextFormat(QtCore.Qt.TextFormat.RichText)
        self.setWordWrap(True)
        self.move(_LEFT, 12)
        self.hide()
        self._recorder = recorder
        self._info = info
        self._was_busy = False
        self._until_s = 0.0

    def toggle(self) -> None:
        """End the recording that runs, or begin one."""
        if self._recorder.state.active:
            self._recorder.end()
        else:
            try:
                self._recorder.start(FOLDER / f"hand-{time.strftime('%Y%m%d-%H%M%S')}.mcap", self._info)
            except SourceError as error:
                self._say(str(error), "#ffb454", math.inf)
        self.refresh()

    def refresh(self) -> None:
        """Show the state. That a recording was saved is said for a while, what went wrong until the next one."""
        state = self._recorder.state
        if state.active or state.saving:
            drops = f", {state.dropped} dropped" if state.dropped else ""
            minutes, seconds = divmod(int(state.seconds), 60)
            what = "recording" if state.active else "saving"
            self._say(f"{what} {minutes}:{seconds:02d}, {state.size_bytes / 1e6:.0f} MB{drops}", "#ff6b6b")
        elif self._was_busy and state.error:
            self._say(state.error, "#ffb454", math.inf)
        elif self._was_busy:
            self._say(f"saved {state.path}", "#6fdc8c")
        elif time.perf_counter() > self._until_s:
            self.hide()
        self._was_busy = state.active or state.saving

    def _say(self, text: str, colour: str, seconds: float = SAID_S) -> None:
        self.setText(f"<span style='color:{colour}'>●</span>&nbsp; {html.escape(text)}")
        parent = self.parentWidget()
        room = parent.width() - 2 * _LEFT if parent else 600
        self.setFixedWidth(min(self.fontMetrics().horizontalAdvance(text) + 60, room))
        self.setFixedHeight(self.heightForWidth(self.width()))
        self.show()
        self._until_s = time.perf_counter() + seconds
