"""The signs on the buttons of the transport, drawn in the window's colours."""

from __future__ import annotations

from typing import Final, Literal

from PyQt6 import QtCore, QtGui

from app.viewer.theme import Colour, Theme

Sign = Literal["play", "pause", "back", "forward", "loop"]

SIDE_PX: Final = 18
_SCALES: Final = (1, 2, 3)  # of screens: at each the edges are sharp
_BARS: Final[dict[Sign, tuple[tuple[float, float, float, float], ...]]] = {
    "play": (),
    "pause": ((4.5, 3.0, 3.0, 12.0), (10.5, 3.0, 3.0, 12.0)),
    "back": ((3.5, 3.5, 2.0, 11.0),),
    "forward": ((12.5, 3.5, 2.0, 11.0),),
    "loop": (),
}
"""Left, top, width and height, of SIDE_PX."""

_TRIANGLES: Final[dict[Sign, tuple[tuple[float, float], ...]]] = {
    "play": ((5.0, 2.5), (15.0, 9.0), (5.0, 15.5)),
    "pause": (),
    "back": ((14.0, 3.5), (6.5, 9.0), (14.0, 14.5)),
    "forward": ((4.0, 3.5), (11.5, 9.0), (4.0, 14.5)),
    "loop": ((12.0, 0.5), (16.5, 4.0), (12.0, 7.5), (6.0, 10.5), (1.5, 14.0), (6.0, 17.5)),
}
"""Corners, three by three, of SIDE_PX."""


def icon(sign: Sign, theme: Theme) -> QtGui.QIcon:
    """Draw a sign: as text, muted where it is disabled, as the page on a button that is down."""
    made = QtGui.QIcon()
    modes, states = QtGui.QIcon.Mode, QtGui.QIcon.State
    for mode, state, colour in (
        (modes.Normal, states.Off, theme.text),
        (modes.Normal, states.On, theme.page),
        (modes.Disabled, states.Off, theme.line),
        (modes.Disabled, states.On, theme.line),
    ):
        for scale in _SCALES:
            made.addPixmap(_picture(sign, colour, scale), mode, state)
    return made


def _picture(sign: Sign, colour: Colour, scale: int) -> QtGui.QPixmap:
    picture = QtGui.QPixmap(SIDE_PX * scale, SIDE_PX * scale)
    picture.setDevicePixelRatio(scale)
    picture.fill(QtCore.Qt.GlobalColor.transparent)
    painter = QtGui.QPainter(picture)
    painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    painter.setBrush(QtGui.QColor(*colour))
    for bar in _BARS[sign]:
        painter.drawRoundedRect(QtCore.QRectF(*bar), 1, 1)
    corners = [QtCore.QPointF(*corner) for corner in _TRIANGLES[sign]]
    for first in range(0, len(corners), 3):
        painter.drawPolygon(QtGui.QPolygonF(corners[first : first + 3]))
    if sign == "loop":
        painter.setBrush(QtCore.Qt.BrushStyle.NoBrush)
        painter.setPen(QtGui.QPen(QtGui.QColor(*colour), 1.8))
        painter.drawPath(_loop())
    painter.end()
    return picture


def _loop() -> QtGui.QPainterPath:
    """Give the two halves of the way round, each of which ends at a triangle."""
    path = QtGui.QPainterPath(QtCore.QPointF(2.5, 9.5))
    path.cubicTo(2.5, 5.0, 4.0, 4.0, 7.0, 4.0)
    path.lineTo(12.0, 4.0)
    path.moveTo(15.5, 8.5)
    path.cubicTo(15.5, 13.0, 14.0, 14.0, 11.0, 14.0)
    path.lineTo(6.0, 14.0)
    return path
