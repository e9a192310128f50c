"""The bar below the picture: what is seen, the fingers' colours, and how fresh it is."""

from __future__ import annotations

import math
from typing import Final

from PyQt6 import QtCore, QtGui, QtWidgets

from app.latency import FrameLog, LiveFigures
from app.viewer.colours import FINGER_COLOURS, WRIST_COLOUR
from lighthand.skeleton import FINGERS

_MARGIN: Final = 18
_GAP: Final = 14


class Bar(QtWidgets.QWidget):
    """Names the state and shows the figures; each figure has a fixed width, so that nothing jumps."""

    def __init__(self) -> None:
        """Lay it out, with no figure yet."""
        super().__init__()
        self.state = _label("", "state")
        self.state.setTextFormat(QtCore.Qt.TextFormat.RichText)
        self.state.setWordWrap(True)
        left = QtWidgets.QVBoxLayout()
        left.setSpacing(4)
        left.addWidget(self.state)
        self._legend = QtWidgets.QLabel(_legend())
        left.addWidget(self._legend)
        figures = self._row = QtWidgets.QHBoxLayout()
        figures.setSpacing(20)
        self.rate = _add_figure(figures, "poses of frames a second", 160)
        self.age = _add_figure(figures, "age when drawn", 190)
        self.drops = _add_figure(figures, "frames since the start", 200)
        figures.addStretch(1)
        self._layout = QtWidgets.QHBoxLayout(self)
        self._layout.setContentsMargins(_MARGIN, 10, _MARGIN, 12)
        self._layout.setSpacing(_GAP)
        self._layout.addLayout(left, 1)
        self._layout.addLayout(figures)
        self.setMinimumWidth(1)  # else one line is the least it takes

    def say(self, text: str, colour: str) -> None:
        """Show the state.

        Args:
            text: one sentence.
            colour: of its dot, such as "#6fdc8c".
        """
        self.state.setText(f"<span style='color:{colour}'>●</span>&nbsp; {text}")

    def write(self, figures: LiveFigures, log: FrameLog, now_s: float) -> None:
        """Show the figures of the last two seconds, and the drops since the start."""
        poses, frames = figures.rates(now_s)
        median_ms, p95_ms = figures.age_ms(now_s)
        self.rate.setText(f"{poses:.1f} {_small(f'of {frames:.1f}')}")
        self.age.setText("–" if math.isnan(median_ms) else f"{median_ms:.0f} ms {_small(f'95 % &lt; {p95_ms:.0f} ms')}")
        skipped = log.lost + log.skipped + log.undrawn
        self.drops.setText(f"{skipped} {_small(f'skipped of {log.total}')}")
        self.drops.setToolTip(
            f"{log.lost} lost at the source, {log.skipped} while the tracker was busy, "
            f"{log.undrawn} while the window was busy"
        )

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Take two lines where one has no room."""
        super().resizeEvent(event)
        ways = QtWidgets.QBoxLayout.Direction
        needed = self._legend.sizeHint().width() + self._row.sizeHint().width() + 2 * _MARGIN + _GAP
        self._layout.setDirection(ways.LeftToRight if self.width() >= needed else ways.TopToBottom)


def _add_figure(row: QtWidgets.QHBoxLayout, caption: str, width: int) -> QtWidgets.QLabel:
    """Add a figure with its caption below."""
    column = QtWidgets.QVBoxLayout()
    column.setSpacing(2)
    figure = _label("–", "figure")
    for label in (figure, _label(caption, "caption")):
        label.setFixedWidth(width)
        column.addWidget(label)
    column.addStretch(1)
    row.addLayout(column)
    return figure


def _label(text: str, style: str) -> QtWidgets.QLabel:
    label = QtWidgets.QLabel(text)
    label.setObjectName(style)
    return label


def _small(text: str) -> str:
    return f"<span style='font-size:13px; font-weight:400; color:#969eaa'>{text}</span>"


def _legend() -> str:
    """Name the fingers in their colours."""
    names = [("wrist", WRIST_COLOUR), *zip(FINGERS, FINGER_COLOURS, strict=True)]
    return "&nbsp;&nbsp; ".join(f"<span style='color:rgb{colour}'>■</span> {name}" for name, colour in names)
