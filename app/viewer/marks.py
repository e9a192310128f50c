"""What is drawn over a depth image, in the widget's pixels: a hand's bones, its box, its outline, short texts."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from PyQt6 import QtCore, QtGui

from app.viewer.colours import finger_colour, opacity_of
from app.viewer.theme import Colour, Theme
from lighthand.skeleton import BONES
from lighthand.types import HandPose

_SHADOW: Final = QtGui.QColor(12, 12, 16)  # Qt draws what is not opaque in seven times the time
_SURE: Final = 0.9  # opacity of what counts as opaque
_HOLLOW: Final = QtGui.QColor(0, 0, 0, 180)
_CORNER: Final = 0.1  # of the box's edge
_TEXT_PX: Final = 13
_HALO: Final = [(x, y) for x in (-1.5, 0.0, 1.5) for y in (-1.5, 0.0, 1.5) if x or y]

_ROUND: Final = QtCore.Qt.PenCapStyle.RoundCap


def qcolour(colour: Colour, opacity: float = 1.0) -> QtGui.QColor:
    """Turn RGB into Qt's colour."""
    return QtGui.QColor(*colour, round(255 * opacity))


def _pen(colour: QtGui.QColor, width: float) -> QtGui.QPen:
    return QtGui.QPen(colour, width, QtCore.Qt.PenStyle.SolidLine, _ROUND, QtCore.Qt.PenJoinStyle.RoundJoin)


def draw_skeleton(
    painter: QtGui.QPainter, points: npt.NDArray[np.float32], pose: HandPose, opacity: float, size: float
) -> None:
    """Draw bones over their shadow, then joints, hidden ones hollow; the less sure, the fainter, below ``_SURE``.

    Args:
        painter: of the widget.
        points: (21, 2) in the widget.
        pose: says of each joint how sure it is and whether it is hidden.
        opacity: of the hand, 0 to 1.
        size: a joint's radius; the rest goes with it.
    """
    faint = [opacity * opacity_of(value) for value in pose.confidence.tolist()]
    opacities = [value if value < _SURE else 1.0 for value in faint]
    spots = [QtCore.QPointF(x, y) for x, y in points.tolist()]
    for width in (1.5 * size, 0.75 * size):
        for parent, child in BONES:
            colour = _SHADOW if width > size else qcolour(finger_colour(child))
            painter.setOpacity(opacities[child])
            painter.setPen(_pen(colour, width))
            painter.drawLine(spots[parent], spots[child])
    for joint, (spot, hidden) in enumerate(zip(spots, pose.hidden.tolist(), strict=True)):
        colour = qcolour(finger_colour(joint))
        painter.setOpacity(opacities[joint])
        painter.setPen(_pen(colour, 0.45 * size) if hidden else _pen(_SHADOW, 0.25 * size))
        painter.setBrush(_HOLLOW if hidden else colour)
        painter.drawEllipse(spot, size, size)
    painter.setOpacity(1.0)


def draw_box(painter: QtGui.QPainter, box: QtCore.QRectF, theme: Theme, opacity: float) -> None:
    """Draw a thin rectangle with marked corners."""
    painter.setOpacity(opacity)
    painter.setBrush(QtCore.Qt.BrushStyle.NoBrush)
    painter.setPen(_pen(qcolour(theme.text, 0.45), 1.0))
    painter.drawRect(box)
    painter.setPen(_pen(qcolour(theme.text), 2.5))
    along, down = QtCore.QPointF(_CORNER * box.width(), 0), QtCore.QPointF(0, _CORNER * box.height())
    for corner, right, below in (
        (box.topLeft(), along, down), (box.topRight(), -along, down),
        (box.bottomLeft(), along, -down), (box.bottomRight(), -along, -down),
    ):  # fmt: skip
        painter.drawPolyline(QtGui.QPolygonF([corner + right, corner, corner + below]))
    painter.setOpacity(1.0)


def draw_outline(painter: QtGui.QPainter, line: QtGui.QPainterPath, theme: Theme, opacity: float) -> None:
    """Draw a line and its shadow; the path is in the painter's coordinates, the line one pixel wide in any of them."""
    painter.setOpacity(opacity)
    painter.setBrush(QtCore.Qt.BrushStyle.NoBrush)
    pixel = 1 / painter.transform().m11()
    for colour, shift in (
        (qcolour(theme.panel, 0.6), -pixel),
        (qcolour(theme.panel, 0.6), pixel),
        (qcolour(theme.text), 0),
    ):
        pen = QtGui.QPen(colour, 1.0)  # Qt draws a wider one in twelve times the time
        pen.setCosmetic(True)
        painter.setPen(pen)
        painter.translate(shift, shift)
        painter.drawPath(line)
        painter.translate(-shift, -shift)
    painter.setOpacity(1.0)


def draw_text(painter: QtGui.QPainter, left: float, base: float, text: str, theme: Theme, opacity: float = 1.0) -> None:
    """Write a line that can be read on any ground: with a halo."""
    painter.save()
    font = painter.font()
    font.setPixelSize(_TEXT_PX)
    font.setWeight(QtGui.QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setOpacity(opacity)
    painter.setPen(qcolour(theme.panel))
    for right, down in _HALO:
        painter.drawText(QtCore.QPointF(left + right, base + down), text)
    painter.setPen(qcolour(theme.text))
    painter.drawText(QtCore.QPointF(left, base), text)
    painter.restore()


def draw_card(painter: QtGui.QPainter, place: QtCore.QRectF, theme: Theme, opacity: float = 0.88) -> None:
    """Draw the ground of a text."""
    painter.setPen(QtCore.Qt.PenStyle.NoPen)
    painter.setBrush(qcolour(theme.panel, opacity))
    painter.drawRoundedRect(place, 6, 6)
