"""The whole window over a stand-in for ``Live`` that a test drives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
from PyQt6 import QtCore, QtGui, QtTest, QtWidgets

from app.cameras.base import CameraInfo
from app.cameras.player import Player
from app.config import AppConfig, CameraConfig
from app.latency import FrameLog
from app.live import Live
from app.recording.recorder import Recorder
from app.slot import Slot
from app.viewer.window import HandWindow
from lighthand.errors import SourceError
from lighthand.segment import SegmentConfig
from lighthand.track import TrackConfig
from lighthand.types import Result
from tests.app.scripted import ScriptedCamera, frame, hand_at, result

INFO = ScriptedCamera([]).info
NEAR_MM = 250.0
ENOUGH = 30  # pixels of a finger's own colour, at least
_ALIKE = 16  # levels that colours differ by where they are the same but for smooth edges


def seen(seq: int, *, hand: bool = True, depth: int = 600, skipped: int = 0) -> Result:
    """A result with a hand so near that its joints are large, and so sure that each finger has its very colour."""
    made = replace(result(frame(seq, depth=depth), hand=hand), skipped=skipped)
    near = hand_at(NEAR_MM)
    sure = replace(near, pose=replace(near.pose, confidence=np.ones(21, np.float32)))
    return replace(made, hands=(sure,) if hand else ())


class Play:
    """Stands in for ``Live``: has what the test gives it, and notes what it is asked for."""

    def __init__(self, folder: Path, config: AppConfig, info: CameraInfo | None) -> None:
        self.config = config
        self.results: Slot[Result] = Slot()
        self.info = info
        self.trouble = ""
        self.player: Player | None = None
        self.loading = False
        self.recorder = Recorder()
        self.running: tuple[str, ...] = ("capture", "worker")
        self.switched: list[CameraConfig] = []
        self.refusal: SourceError | None = None
        self.folder = folder
        self._recordings = 0

    def switch(self, camera: CameraConfig) -> None:
        self.results.close()
        if self.refusal:
            raise self.refusal
        self.recorder.end()
        self.switched.append(camera)
        self.config = replace(self.config, camera=camera)
        self.results = Slot()
        self.info, self.player, self.trouble = None, None, ""

    def configure(self, segment: SegmentConfig, track: TrackConfig) -> None:
        self.config = replace(self.config, segment=segment, track=track)

    def record(self) -> None:
        if self.recorder.state.active:
            self.recorder.end()
            return
        if self.info is None or not self.running:
            raise SourceError("there is nothing to record: no source is open.")
        self._recordings += 1
        self.recorder.start(self.folder / f"{self._recordings}.mcap", self.info, {})


class Stage:
    """A window, what it shows, and what a user can do to it."""

    def __init__(
        self, folder: Path, *, config: AppConfig | None = None, info: CameraInfo | None = INFO, fps: float = 30.0
    ) -> None:
        self.live = Play(folder, config or AppConfig(), replace(info, fps=fps) if info else None)
        self.log = FrameLog(None, drawn=True, about={})
        self.window = HandWindow(cast(Live, self.live), self.log)
        self.picture = self.window._views.picture
        self.bar = self.window._bar
        self.banner = self.window._views.banner
        self.hint = self.window._views.hint
        self.tape = self.window._tape
        self.panel = self.window._panel

    def put(self, shown: Result) -> None:
        self.log.add(shown)
        self.live.results.put(shown)

    def play(self, count: int = 60) -> Player:
        """Be a recording, of which the first frame was given."""
        player = Player()
        player.hold = True
        player.start([step / 30 for step in range(count)], 30.0)
        self.live.player = player
        self.window._opened = False  # so that it looks for the player
        self.advance(player)
        return player

    def advance(self, player: Player) -> int:
        """Give the frame that is next, as the camera does, and its place."""
        turn = player.turn(0.0)
        assert turn is not None
        player.give(turn, turn.step, float("inf"))
        self.put(seen(turn.step))
        return turn.step

    def press(self, sequence: str, target: QtWidgets.QWidget | None = None) -> None:
        combination = QtGui.QKeySequence(sequence)[0]
        target = target or QtWidgets.QApplication.focusWidget() or self.window
        QtTest.QTest.keyClick(target, combination.key(), combination.keyboardModifiers())

    def button(self, text: str) -> QtWidgets.QAbstractButton:
        return button(self.panel, text)

    def pixels(self) -> np.ndarray:
        """The depth picture as it stands: (H, W, 3) RGB."""
        image = self.picture.grab().toImage().convertToFormat(QtGui.QImage.Format.Format_RGB888)
        memory = image.constBits()
        assert memory is not None
        memory.setsize(image.sizeInBytes())
        lines = np.frombuffer(bytes(memory), np.uint8).reshape(image.height(), image.bytesPerLine())
        return lines[:, : image.width() * 3].reshape(image.height(), image.width(), 3)

    def count(self, colour: Sequence[int]) -> int:
        return int((np.abs(self.pixels().astype(int) - tuple(colour)) < _ALIKE).all(axis=2).sum())

    @property
    def state(self) -> str:
        return plain(self.bar.state)

    def close(self) -> None:
        self.window.close()
        self.live.recorder.stop()
        self.log.close()


def button(parent: QtWidgets.QWidget, text: str) -> QtWidgets.QAbstractButton:
    (found,) = [each for each in parent.findChildren(QtWidgets.QAbstractButton) if each.text() == text]
    return found


def plain(label: QtWidgets.QLabel) -> str:
    """What can be read on a label."""
    document = QtGui.QTextDocument()
    document.setHtml(label.text())
    return document.toPlainText().replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "").strip()


def place(widget: QtWidgets.QWidget, within: QtWidgets.QWidget) -> QtCore.QRect:
    """Where a widget lies."""
    return QtCore.QRect(widget.mapTo(within, QtCore.QPoint(0, 0)), widget.size())
