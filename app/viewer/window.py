"""The window: the newest result as a picture, and how fresh it is. It reads a slot and owns nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2  # noqa: F401 - before Qt: see below
import numpy as np
from PyQt6 import QtCore, QtGui, QtWidgets

# opencv-python points Qt at its own plugins, with which PyQt6 finds no display.
os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)

import pyqtgraph as pg  # noqa: E402 - looks for Qt when imported

from app.cameras.base import CameraInfo, nothing_between  # noqa: E402
from app.latency import FrameLog, LiveFigures  # noqa: E402
from app.recording.recorder import Recorder  # noqa: E402
from app.slot import Slot, SlotClosedError  # noqa: E402
from app.viewer.bar import Bar  # noqa: E402
from app.viewer.colours import (  # noqa: E402
    BACKGROUND,
    FINGER_COLOURS,
    bones_of_finger,
    depth_image,
    finger_colour,
    joints_px,
)
from app.viewer.tape import Tape  # noqa: E402
from app.worker import AGE_LIMIT_S  # noqa: E402
from lighthand.errors import SourceError  # noqa: E402
from lighthand.segment import SegmentConfig  # noqa: E402
from lighthand.skeleton import JOINTS  # noqa: E402
from lighthand.types import Result, TrackedHand  # noqa: E402

POLL_MS: Final = 15
FIGURES_S: Final = 0.25  # between two changes of the text: faster cannot be read

_LEAST_SIZE: Final = QtCore.QSize(640, 420)

_STYLE: Final = """
QWidget#page { background: rgb(18, 20, 24); }
QLabel { color: rgb(226, 230, 236); font-size: 15px; }
QLabel#state { font-size: 17px; font-weight: 600; }
QLabel#figure { font-size: 20px; font-weight: 600; }
QLabel#caption { color: rgb(150, 158, 170); font-size: 12px; }
QLabel#tape { background: rgba(18, 20, 24, 200); border-radius: 6px; padding: 5px 10px; font-weight: 600; }
QLabel#banner { background: rgba(18, 20, 24, 225); border: 1px solid rgb(70, 76, 86); border-radius: 10px;
                padding: 18px 28px; font-size: 17px; }
"""


class _Picture(pg.GraphicsView):  # type: ignore[misc]
    """Tells when it has really been painted."""

    painted = QtCore.pyqtSignal()

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:
        """Paint, then say so."""
        super().paintEvent(event)
        self.painted.emit()


class HandWindow(QtWidgets.QWidget):
    """Shows the newest result; polls the slot from a timer and updates its items in place."""

    def __init__(
        self,
        results: Slot[Result],
        info: CameraInfo,
        log: FrameLog,
        segment: SegmentConfig,
        recorder: Recorder,
        trouble: Callable[[], str] = lambda: "",
    ) -> None:
        """Build the window; ``show`` starts nothing but the picture.

        Args:
            results: where the worker puts results.
            info: of the open camera.
            log: is told when each frame's picture was painted, and knows the drops.
            segment: where hands are looked for.
            recorder: R starts and stops it.
            trouble: says why no frame comes; "" while frames come.
        """
        super().__init__()
        self.error: BaseException | None = None
        self._results = results
        self._info = info
        self._log = log
        self._segment = segment
        self._recorder = recorder
        self._trouble = trouble
        self._stale_s = max(AGE_LIMIT_S, 3 / info.fps)
        self._number = 0
        self._last: Result | None = None
        self._unpainted: Result | None = None
        self._shown_s = 0.0
        self._figures = LiveFigures()
        self._figures_due_s = 0.0
        self._ended = False
        self.setObjectName("page")
        self.setWindowTitle(f"LightHand: {info.model}, {info.serial}")
        self.setStyleSheet(_STYLE)
        self.resize(1280, 720)
        self._build()
        self._bar.say("Waiting for frames", "#9aa2ae")
        self._show_banner(f"Waiting for the first frame of\n{info.model}, {info.serial}")
        self._timer = QtCore.QTimer(self)
        self._timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._poll)
        self._timer.start(POLL_MS)

    def _build(self) -> None:
        """Lay out the picture and the bar below it."""
        self._view = _Picture(self, useOpenGL=False, background=BACKGROUND)
        self._view.painted.connect(self._note_painted)
        self._box = pg.ViewBox(enableMouse=False, enableMenu=False, invertY=True, lockAspect=True)
        self._view.setCentralItem(self._box)
        camera = self._info.intrinsics
        self._box.setRange(QtCore.QRectF(0, 0, camera.width, camera.height), padding=0)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._box.addItem(self._image)
        self._shadow = pg.PlotCurveItem(pen=pg.mkPen((0, 0, 0, 170), width=7), connect="pairs")
        self._box.addItem(self._shadow)
        self._bones = [pg.PlotCurveItem(pen=pg.mkPen(colour, width=3), connect="pairs") for colour in FINGER_COLOURS]
        for curve in self._bones:
            self._box.addItem(curve)
        self._brushes = [pg.mkBrush(finger_colour(joint)) for joint in range(JOINTS)]
        self._pens = [pg.mkPen(finger_colour(joint), width=2) for joint in range(JOINTS)]
        self._rim, self._hollow = pg.mkPen((0, 0, 0), width=1), pg.mkBrush(0, 0, 0, 120)
        self._joints = pg.ScatterPlotItem(size=9)
        self._box.addItem(self._joints)
        self._banner = QtWidgets.QLabel(self._view)
        self._banner.setObjectName("banner")
        self._banner.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self._banner.setWordWrap(True)
        self._banner.hide()

        self._tape = Tape(self._view, self._recorder, self._info)

        self._bar = Bar()
        page = QtWidgets.QVBoxLayout(self)
        page.setContentsMargins(0, 0, 0, 0)
        page.setSpacing(0)
        page.addWidget(self._view, 1)
        page.addWidget(self._bar)
        self.setMinimumSize(_LEAST_SIZE)  # else the bar on one line sets it
        for key in ("Q", "Esc"):
            QtGui.QShortcut(QtGui.QKeySequence(key), self, self.close)
        QtGui.QShortcut(QtGui.QKeySequence("R"), self, self._tape.toggle)

    def _poll(self) -> None:
        """Look for a newer result and show it; say so when nothing comes."""
        now_s = time.perf_counter()
        if not self._ended:
            try:
                taken = self._results.take(self._number, 0)
            except SlotClosedError as closed:
                self._end(closed.__cause__)
            else:
                if taken is not None:
                    self._number = taken.number
                    self._draw(taken.value, now_s)
                    self._shown_s = now_s
                elif self._last is not None and now_s - self._shown_s > self._stale_s:
                    self._bar.say(f"No new frame for {now_s - self._shown_s:.1f} s", "#ffb454")
                    self._fade()
                if taken is None and (trouble := self._trouble()):
                    self._show_banner(trouble)
        if now_s >= self._figures_due_s:
            self._figures_due_s = now_s + FIGURES_S
            self._tape.refresh()
            if not self._ended:
                self._bar.write(self._figures, self._log, now_s)

    def _draw(self, result: Result, now_s: float) -> None:
        """Put a new result on the screen; one that is too old to be live without its hands."""
        age_s = now_s - result.stamps.arrival_s
        stale = age_s > self._stale_s
        if stale:
            result = replace(result, hands=())
        self._last = self._unpainted = result
        self._banner.hide()
        self._view.setEnabled(True)
        self._image.setOpacity(1.0)
        self._image.setImage(depth_image(result.frame), autoLevels=False, levels=(0, 255))
        self._draw_hands(result.hands)
        if stale:
            self._bar.say(f"Result is {age_s:.1f} s old", "#ffb454")
            self._fade()
        elif result.hands:
            names = ", ".join(f"{hand.side} hand, track {hand.track_id}" for hand in result.hands)
            self._bar.say(names[0].upper() + names[1:], "#6fdc8c")
        elif doubt := self._doubt(result):
            self._bar.say(doubt, "#ffb454")
        else:
            self._bar.say("No hand in view", "#9aa2ae")

    def _doubt(self, result: Result) -> str:
        """Say that nothing is where hands are looked for, if so."""
        text = nothing_between(result.frame, self._segment.near_mm, self._segment.far_mm)
        return text[:1].upper() + text[1:]

    def _draw_hands(self, hands: tuple[TrackedHand, ...]) -> None:
        """Move the bones and joints, hidden ones hollow; none where there is no hand."""
        points = [joints_px(hand.joints_mm, self._info.intrinsics) + 0.5 for hand in hands]
        every = []
        for finger, curve in enumerate(self._bones):
            ends = np.array(bones_of_finger(finger)).ravel()
            line = np.concatenate([joints[ends] for joints in points]) if points else np.empty((0, 2), np.float32)
            curve.setData(line[:, 0], line[:, 1])
            curve.setOpacity(1.0)
            every.append(line)
        shadow = np.concatenate(every)
        self._shadow.setData(shadow[:, 0], shadow[:, 1])
        dots = np.concatenate(points) if points else np.empty((0, 2), np.float32)
        hidden = [bool(joint) for hand in hands for joint in hand.pose.hidden]
        brushes = [self._hollow if joint else self._brushes[k % JOINTS] for k, joint in enumerate(hidden)]
        pens = [self._pens[k % JOINTS] if joint else self._rim for k, joint in enumerate(hidden)]
        self._joints.setData(dots[:, 0], dots[:, 1], brush=brushes, pen=pens)

    def _fade(self) -> None:
        """Take the pose off and dim the picture: what is seen is not live."""
        self._draw_hands(())
        self._image.setOpacity(0.45)

    def _end(self, error: BaseException | None) -> None:
        """Say that nothing more will come."""
        self._ended = True
        self.error = error
        self._recorder.end()
        self._bar.write(self._figures, self._log, time.perf_counter())
        if error is None:  # the last pose stays to be looked at
            frames = f"after frame {self._last.frame.seq}" if self._last else "before the first frame"
            again = "; --loop plays it again" if self._info.link == "file" else ""
            doubt = "" if self._last is None or self._last.hands else self._doubt(self._last)
            self._bar.say("Source ended", "#9aa2ae")
            self._show_banner(f"Ended {frames}{again}. Q closes." + (f"\n\n{doubt}" if doubt else ""))
        else:
            self._fade()
            self._bar.say("Stopped by an error", "#ff6b6b")
            self._show_banner(f"{error}\n\nPress Q to close.")

    def _note_painted(self) -> None:
        """Stamp the newest result, once, when it stands on the screen."""
        if self._unpainted is None:
            return
        result, self._unpainted = self._unpainted, None
        drawn_s = time.perf_counter()
        self._log.drawn(result.frame.seq, drawn_s)
        self._figures.drawn(result.stamps, drawn_s, poses=self._log.poses, total=self._log.total)

    def _show_banner(self, text: str) -> None:
        self._banner.setText(text)
        self._banner.show()
        self._place_banner()

    def _place_banner(self) -> None:
        self._banner.setFixedWidth(min(640, max(self._view.width() - 40, 200)))
        self._banner.adjustSize()
        size = self._banner.size()
        room = self._view.height() - size.height()  # below the middle, so that it leaves the last picture's hand free
        self._banner.move((self._view.width() - size.width()) // 2, round(room * (0.9 if self._last else 0.5)))

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Keep the banner in its place."""
        super().resizeEvent(event)
        self._place_banner()

    def showEvent(self, event: QtGui.QShowEvent | None) -> None:
        """Place the banner once the size is known."""
        super().showEvent(event)
        self._place_banner()

    def save_picture(self, path: Path) -> None:
        """Save the window as it stands, as a PNG.

        Raises:
            SourceError: the file cannot be written.
        """
        if not self.grab().save(str(path)):
            raise SourceError(f"{path}: the picture of the window cannot be written. Choose another --snapshot folder.")

    def closeEvent(self, event: QtGui.QCloseEvent | None) -> None:
        """Stop polling."""
        self._timer.stop()
        super().closeEvent(event)
