"""The colours of depth with their distances, at the edge of the picture."""

from __future__ import annotations

from typing import Final

from PyQt6 import QtCore, QtGui

from app.viewer.colours import ramp
from app.viewer.marks import draw_card, qcolour
from app.viewer.scale import Span, level, ticks_mm
from app.viewer.theme import Theme

_WIDTH: Final = 80
_BAR: Final = 9
_MARGIN: Final = 10
_TEXT_PX: Final = 11
_OPACITY: Final = 0.6  # a hand may be behind it
_LEAST: Final = 110  # a bar must be that long for five distances
_MOST: Final = 150
_ROOM: Final = (400, 300)  # a picture must be that large for it: it would hide a hand in a smaller one


def legend_place(height: int) -> QtCore.QRectF:
    """Give where the legend is in a widget of that size: low at the left."""
    tall = min(max(height * 0.3, _LEAST), _MOST) + 2 * _MARGIN
    return QtCore.QRectF(_MARGIN, height - tall - _MARGIN, _WIDTH, tall)


def legend_fits(width: int, height: int) -> bool:
    """Tell whether a widget of that size has room for a legend."""
    return width >= _ROOM[0] and height >= _ROOM[1]


def bar_place(card: QtCore.QRectF) -> QtCore.QRectF:
    """Give where the colours are in the legend: the far end above, the near one below."""
    return card.adjusted(_MARGIN, _MARGIN, _MARGIN + _BAR - _WIDTH, -_MARGIN)


def tick_text(distance_mm: int, span: Span) -> str:
    """Write a distance: metres of a scene, millimetres of a hand."""
    return f"{distance_mm} mm" if span.even else f"{distance_mm / 1000:g} m"


def draw_legend(painter: QtGui.QPainter, card: QtCore.QRectF, span: Span, theme: Theme) -> None:
    """Draw the bar of colours and its distances into the place that ``legend_place`` gives."""
    draw_card(painter, card, theme, _OPACITY)
    bar = bar_place(card)
    colours = ramp(theme)
    image = QtGui.QImage(colours.tobytes(), 1, len(colours), 3, QtGui.QImage.Format.Format_RGB888)
    painter.drawImage(bar, image)
    font = painter.font()
    font.setPixelSize(_TEXT_PX)
    painter.setFont(font)
    painter.setPen(qcolour(theme.text))
    for distance_mm in ticks_mm(span):
        y = bar.top() + float(level(distance_mm, span)) * bar.height()
        painter.drawLine(QtCore.QPointF(bar.right(), y), QtCore.QPointF(bar.right() + 4, y))
        place = QtCore.QRectF(bar.right() + 7, y - 8, card.right() - bar.right() - 7, 16)
        painter.drawText(place, QtCore.Qt.AlignmentFlag.AlignVCenter, tick_text(distance_mm, span))
