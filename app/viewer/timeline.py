"""The latency of the last seconds, by stage: always in view, so that a stutter is seen when it is felt."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt
from PyQt6 import QtCore, QtGui, QtWidgets

from app.latency import STAGES, STAMPS
from app.viewer.theme import Colour, Theme
from lighthand.types import Stamps

SPAN_S: Final = 10.0

STAGE_COLOURS: Final[tuple[Colour, ...]] = (
    (128, 136, 150), (16, 148, 138), (92, 104, 228), (208, 78, 138), (178, 122, 70),
)  # fmt: skip
"""RGB, in the order of STAGES: to be told apart on dark and on light, and from the fingers' colours."""

_NAMES: Final = ("wait", "find", "network", "track", "picture")
_KEPT: Final = 2048  # results: 10 s of 200 a second
_MOST_S: Final = 0.1  # that one drawing stands for at most
_HOLD: Final = 1.5  # of the usual time between two pictures: a longer one is left blank before the next
_STEPS: Final = (1, 1.5, 2, 3, 4, 6, 8, 10)  # tops of the axis, in each decade
_LEAST_TOP_MS: Final = 10.0
_ROOM: Final = 1.15  # above the 95th percentile
_FALL: Final = 1.3  # the top falls where as much again would fit below the lower one

_HEIGHT_PX: Final = 96
_HEAD_PX: Final = 22
_FOOT_PX: Final = 15
_LEFT_PX: Final = 58
_RIGHT_PX: Final = 14
_SWATCH_PX: Final = 9
_LEAST_PX: Final = 510
_CAPPED: Final = len(STAGES) + 1  # index of the colour at the top of a bar that goes beyond the axis

_TIP: Final = (
    "From a frame's arrival to its picture, over the last 10 s:\n"
    "wait: until the worker took it\nfind: the hand looked for, or its place predicted\n"
    "network: the crop cut, the joints estimated\ntrack: smoothed, its side voted\n"
    "picture: until it stood on the screen\nA bar with a red top goes beyond the axis. Figures: medians; all: with the "
    "longest."
)


class LatencyTimeline(QtWidgets.QWidget):
    """Stacked bars of the results that were drawn; time runs to the right, now is at the right edge."""

    def __init__(self, theme: Theme) -> None:
        """Start empty.

        Args:
            theme: of the window.
        """
        super().__init__()
        self._stamps = np.full((_KEPT, len(STAMPS)), np.nan)
        self._count = 0
        self._now_s = 0.0
        self._ends_ms = np.empty((0, len(STAGES)))
        self._drawn_s = np.empty(0)
        self._figures = [""] * (len(STAGES) + 1)
        self.top_ms = _LEAST_TOP_MS
        self.setFixedHeight(_HEIGHT_PX)
        self.setMinimumWidth(_LEAST_PX)
        self.setToolTip(_TIP)
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        colours = (theme.panel, *STAGE_COLOURS, theme.bad)
        self._table = [QtGui.QColor(*colour).rgb() for colour in colours]
        self.update()

    def add(self, stamps: Stamps) -> None:
        """Take a result that was drawn: all of its stamps are set."""
        self._stamps[self._count % _KEPT] = [getattr(stamps, name) for name in STAMPS]
        self._count += 1

    def clear(self) -> None:
        """Forget all results, as where another source begins."""
        self._stamps[:] = np.nan
        self._count = 0
        self.top_ms = _LEAST_TOP_MS
        self.refresh(self._now_s)

    def refresh(self, now_s: float) -> None:
        """Move on to the time ``now_s`` of ``perf_counter``."""
        self._now_s = now_s
        rows = np.roll(self._stamps, -(self._count % _KEPT), axis=0)
        rows = rows[rows[:, -1] > now_s - SPAN_S]
        self._drawn_s = rows[:, -1]
        self._ends_ms = (rows[:, 1:] - rows[:, :1]) * 1e3
        if rows.size:
            medians = np.median(np.diff(self._ends_ms, axis=1, prepend=0.0), axis=0)
            ages_ms = self._ends_ms[:, -1]
            self._figures = [_ms(value) for value in medians]
            self._figures.append(f"{_ms(float(np.median(ages_ms)))} ms, longest {ages_ms.max():.0f}")
            self._move_top(float(np.percentile(ages_ms, 95)) * _ROOM)
        else:
            self._figures = [""] * (len(STAGES) + 1)
        self.update()

    def _move_top(self, needed_ms: float) -> None:
        """Raise the axis at once, lower it only where there is plenty of room."""
        if needed_ms > self.top_ms:
            self.top_ms = _round_up(needed_ms)
        else:
            self.top_ms = min(self.top_ms, _round_up(needed_ms * _FALL))

    def _draw_bars(self, width: int, height: int) -> npt.NDArray[np.uint8]:
        """Give the bars: (height, width) uint8, indices of the colours.

        A column shows a moment of fixed length, so that the picture moves without a shimmer; the longest of the
        frames within it, else the next one drawn.
        """
        step_s = SPAN_S / width
        columns = np.ceil(self._drawn_s / step_s).astype(int) - math.ceil(self._now_s / step_s) + width - 1
        seen = np.flatnonzero((columns >= 0) & (columns < width))
        order = seen[np.argsort(self._ends_ms[seen, -1])]
        owner = np.full(width, -1)
        owner[columns[order]] = order
        place = np.where(owner >= 0, np.arange(width), 2 * width)
        following = np.minimum.accumulate(place[::-1])[::-1]
        usual_s = min(float(np.median(np.diff(self._drawn_s))), _MOST_S) if self._drawn_s.size > 1 else 0.0
        shown = (following < width) & (following - np.arange(width) <= _HOLD * usual_s / step_s)
        ends_ms = np.zeros((width, len(STAGES)))
        ends_ms[shown] = self._ends_ms[owner[following[shown]]]
        level_ms = (np.arange(height, 0, -1) - 0.5)[:, None] * (self.top_ms / height)
        pixels = np.full((height, width), len(STAGES), np.uint8)
        for end_ms in ends_ms.T[:-1]:  # a level above the end of a stage belongs to a later one
            pixels -= level_ms < end_ms
        pixels[level_ms >= ends_ms[:, -1]] = 0
        pixels[: max(round(height / 20), 2), ends_ms[:, -1] > self.top_ms] = _CAPPED
        return pixels

    def paintEvent(self, event: QtGui.QPaintEvent | None) -> None:
        """Draw the legend, the bars and the axes."""
        painter = QtGui.QPainter(self)
        painter.fillRect(self.rect(), QtGui.QColor(*self._theme.panel))
        font = QtGui.QFont(self.font())
        font.setPixelSize(12)
        painter.setFont(font)
        self._paint_legend(painter)
        area = QtCore.QRectF(self.rect()).adjusted(_LEFT_PX, _HEAD_PX, -_RIGHT_PX, -_FOOT_PX)
        ratio = self.devicePixelRatioF()
        width, height = round(area.width() * ratio), round(area.height() * ratio)
        pixels = self._draw_bars(width, height).tobytes()  # the image does not copy it
        image = QtGui.QImage(pixels, width, height, width, QtGui.QImage.Format.Format_Indexed8)
        image.setColorTable(self._table)
        painter.drawImage(area, image)
        self._paint_axes(painter, area)
        painter.end()

    def _paint_legend(self, painter: QtGui.QPainter) -> None:
        """Name the stages at places that do not move, and their sum where there is room for it.

        They begin above the axis, farther to the left where that leaves too little room.
        """
        metrics = painter.fontMetrics()
        text, muted = (QtGui.QColor(*colour) for colour in (self._theme.text, self._theme.muted))
        baseline = (_HEAD_PX + metrics.capHeight()) // 2 - 1
        figure_px = metrics.horizontalAdvance("000.0")
        stages_px = sum(_SWATCH_PX + 5 + metrics.horizontalAdvance(name) + 6 + figure_px + 12 for name in _NAMES) - 12
        x = min(_LEFT_PX, self.width() - stages_px)
        for name, colour, figure in zip((*_NAMES, "all"), (*STAGE_COLOURS, None), self._figures, strict=True):
            if colour is None and x + metrics.horizontalAdvance(f"{name}  000.0 ms, longest 0000") > self.width():
                return
            if colour is not None:
                painter.fillRect(x, baseline - _SWATCH_PX, _SWATCH_PX, _SWATCH_PX, QtGui.QColor(*colour))
                x += _SWATCH_PX + 5
            painter.setPen(muted)
            painter.drawText(x, baseline, name)
            x += metrics.horizontalAdvance(name) + 6
            painter.setPen(text)
            painter.drawText(x, baseline, figure)
            x += figure_px + 12

    def _paint_axes(self, painter: QtGui.QPainter, area: QtCore.QRectF) -> None:
        """Draw the lines and the labels of milliseconds and seconds."""
        line, muted = (QtGui.QColor(*colour) for colour in (self._theme.line, self._theme.muted))
        font = painter.font()
        font.setPixelSize(11)
        painter.setFont(font)
        right = QtCore.Qt.AlignmentFlag.AlignRight | QtCore.Qt.AlignmentFlag.AlignVCenter
        for share, label in ((0.0, "0"), (0.5, f"{self.top_ms / 2:g}"), (1.0, f"{self.top_ms:g} ms")):
            y = area.bottom() - share * area.height()
            painter.setPen(line)
            painter.drawLine(QtCore.QPointF(area.left(), y), QtCore.QPointF(area.right(), y))
            painter.setPen(muted)
            painter.drawText(QtCore.QRectF(0, y - 8, _LEFT_PX - 6, 16), right, label)
        top = area.bottom() + 1
        for share, label, side in (
            (0.0, f"{SPAN_S:g} s ago", QtCore.Qt.AlignmentFlag.AlignLeft),
            (0.5, f"{SPAN_S / 2:g} s", QtCore.Qt.AlignmentFlag.AlignHCenter),
            (1.0, "now", QtCore.Qt.AlignmentFlag.AlignRight),
        ):
            x = area.left() + share * (area.width() - 80)
            painter.drawText(QtCore.QRectF(x, top, 80, _FOOT_PX - 1), side, label)


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def _round_up(needed_ms: float) -> float:
    """Give the least top of the axis that holds so much."""
    needed_ms = max(needed_ms, _LEAST_TOP_MS)
    decade = 10.0 ** math.floor(math.log10(needed_ms))
    return float(next(step * decade for step in _STEPS if step * decade >= needed_ms - 1e-9))
