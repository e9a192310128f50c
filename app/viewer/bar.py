"""The bar at the foot of the window: what is seen, the fingers' colours, and how fresh it is."""

from __future__ import annotations

import html
import math
from typing import Final

from PyQt6 import QtCore, QtGui, QtWidgets

from app.latency import FrameLog, LiveFigures
from app.viewer.colours import FINGER_COLOURS
from app.viewer.controls import label
from app.viewer.states import State
from app.viewer.theme import Theme, css
from lighthand.backends import Backend, NetworkSource
from lighthand.skeleton import FINGERS

_MARGIN: Final = 18
_GAP: Final = 14
_BACKENDS: Final[dict[Backend, str]] = {"onnxruntime": "ONNX Runtime", "openvino": "OpenVINO", "torch": "PyTorch"}


class Bar(QtWidgets.QWidget):
    """Names the state and shows the figures; each figure has a fixed width, so that nothing jumps."""

    def __init__(self, theme: Theme, network: NetworkSource) -> None:
        """Lay it out, with no figure yet.

        Args:
            theme: the colours.
            network: which network, and what runs it.
        """
        super().__init__()
        self._theme = theme
        self._shown = State("", "muted")
        self.state = label("", "state")
        self.state.setTextFormat(QtCore.Qt.TextFormat.RichText)
        self.state.setWordWrap(True)
        left = QtWidgets.QVBoxLayout()
        left.setSpacing(4)
        left.addWidget(self.state)
        self._legend = QtWidgets.QLabel()
        left.addWidget(self._legend)
        figures = self._row = QtWidgets.QHBoxLayout()
        figures.setSpacing(20)
        self.rate = _add_figure(figures, "poses of frames a second", 175)
        self.age = _add_figure(figures, "age when drawn", 160)
        self.drops = _add_figure(figures, "frames skipped", 130)
        backend = _add_figure(figures, f"{network.weights.stem}, {network.precision}, {network.device}", 172)
        backend.setText(_BACKENDS[network.backend])
        figures.addStretch(1)
        self._layout = QtWidgets.QHBoxLayout(self)
        self._layout.setContentsMargins(_MARGIN, 8, _MARGIN, 10)
        self._layout.setSpacing(_GAP)
        self._layout.addLayout(left, 1)
        self._layout.addLayout(figures)
        self.setMinimumWidth(figures.sizeHint().width() + 2 * _MARGIN)  # of two lines; else one is the least
        self.set_theme(theme)

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        names = zip(FINGERS, FINGER_COLOURS, strict=True)
        self._legend.setText(
            "&nbsp;&nbsp; ".join(f"<span style='color:{css(colour)}'>■</span> {name}" for name, colour in names)
        )
        self.say(self._shown)

    def say(self, state: State) -> None:
        """Show the state's sentence."""
        self._shown = state
        dot = css(getattr(self._theme, state.tone))
        self.state.setText(f"<span style='color:{dot}'>●</span>&nbsp; {html.escape(state.text)}")

    def write(self, figures: LiveFigures, log: FrameLog, now_s: float) -> None:
        """Show the figures of the last two seconds, and the drops since the start."""
        poses, frames = figures.rates(now_s)
        median_ms, p95_ms = figures.age_ms(now_s)
        self.rate.setText(f"{poses:.1f} {self._small(f'of {frames:.1f}')}")
        self.age.setText("–" if math.isnan(median_ms) else f"{median_ms:.0f} ms {self._small(f'p95 {p95_ms:.0f} ms')}")
        self.drops.setText(f"{log.lost + log.skipped} {self._small(f'of {log.total}')}")
        self.drops.setToolTip(
            f"{log.lost} lost at the source, {log.skipped} while the tracker was busy; "
            f"{log.undrawn} more have a pose but were not drawn, since a newer one was there"
        )

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Take two lines where one has no room."""
        super().resizeEvent(event)
        ways = QtWidgets.QBoxLayout.Direction
        needed = self._legend.sizeHint().width() + self._row.sizeHint().width() + 2 * _MARGIN + _GAP
        self._layout.setDirection(ways.LeftToRight if self.width() >= needed else ways.TopToBottom)

    def _small(self, text: str) -> str:
        return f"<span style='font-size:13px; font-weight:400; color:{css(self._theme.muted)}'>{text}</span>"


def _add_figure(row: QtWidgets.QHBoxLayout, caption: str, width: int) -> QtWidgets.QLabel:
    """Add a figure with its caption below."""
    column = QtWidgets.QVBoxLayout()
    column.setSpacing(2)
    figure = label("–", "figure")
    for each in (figure, label(caption, "caption")):
        each.setFixedWidth(width)
        column.addWidget(each)
    column.addStretch(1)
    row.addLayout(column)
    return figure
