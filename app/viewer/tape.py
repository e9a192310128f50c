"""The label on the picture that says what is being recorded."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from PyQt6 import QtCore, QtWidgets

from app.cameras.base import CameraInfo
from app.recording.recorder import Recorder
from lighthand.errors import SourceError

FOLDER: Final = Path("recordings")
_SAID_S: Final = 6.0  # so long the last word of a recording stays


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
        self.move(14, 12)
        self.hide()
        self._recorder = recorder
        self._info = info
        self._was_recording = False
        self._until_s = 0.0

    def toggle(self) -> None:
        """End the recording that runs, or begin one."""
        if self._recorder.state.active:
            self._recorder.stop()
        else:
            try:
                self._recorder.start(FOLDER / f"hand-{time.strftime('%Y%m%d-%H%M%S')}.mcap", self._info)
            except SourceError as error:
                self._say(str(error), "#ffb454")
        self.refresh()

    def refresh(self) -> None:
        """Show the state; what was said last goes after some seconds."""
        state = self._recorder.state
        if state.active:
            drops = f", {state.dropped} dropped" if state.dropped else ""
            minutes, seconds = divmod(int(state.seconds), 60)
            self._say(f"recording {minutes}:{seconds:02d}, {state.size_bytes / 1e6:.0f} MB{drops}", "#ff6b6b")
        elif self._was_recording:
            self._say(
                f"{state.error}" if state.error else f"saved {state.path}", "#ffb454" if state.error else "#6fdc8c"
            )
        elif time.perf_counter() > self._until_s:
            self.hide()
        self._was_recording = state.active

    def _say(self, text: str, colour: str) -> None:
        self.setText(f"<span style='color:{colour}'>●</span>&nbsp; {text}")
        self.adjustSize()
        self.show()
        self._until_s = time.perf_counter() + _SAID_S
