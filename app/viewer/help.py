"""The card that lists every key."""

from __future__ import annotations

import html
from itertools import groupby
from typing import Final

from PyQt6 import QtCore, QtGui, QtWidgets

from app.viewer.keys import KEYS

_MARGIN: Final = 16


class HelpCard(QtWidgets.QScrollArea):
    """Lies over its parent until it is clicked."""

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        """Begin hidden."""
        super().__init__(parent)
        self.setObjectName("help")
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._text = QtWidgets.QLabel(_table())
        self._text.setTextFormat(QtCore.Qt.TextFormat.RichText)
        self._text.setMargin(18)
        self.setWidget(self._text)
        self.hide()

    def place(self, room: QtCore.QRect) -> None:
        """Lie in the middle, as large as the text or as the room allows.

        Args:
            room: of the parent.
        """
        self._text.adjustSize()
        wanted = self._text.size()
        height = min(wanted.height() + 2, room.height() - 2 * _MARGIN)
        bar = self.style().pixelMetric(QtWidgets.QStyle.PixelMetric.PM_ScrollBarExtent) if self.style() else 0  # type: ignore[union-attr]
        width = wanted.width() + 2 + (bar if height < wanted.height() else 0)
        self.resize(min(width, room.width() - 2 * _MARGIN), height)
        self.move(room.center() - self.rect().center())
        self.raise_()

    def mousePressEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Go away."""
        self.hide()


def _table() -> str:
    """Write the groups of keys in two columns of about the same length."""
    groups = [_group(name, [(key.label, key.text) for key in keys]) for name, keys in groupby(KEYS, lambda k: k.group)]
    half = (len(groups) + 1) // 2
    columns = "".join(
        f"<td style='padding-right:26px'><table cellspacing='4'>{''.join(part)}</table></td>"
        for part in (groups[:half], groups[half:])
    )
    return f"<table><tr>{columns}</tr></table>"


def _group(name: str, lines: list[tuple[str, str]]) -> str:
    rows = "".join(
        f"<tr><td style='padding-right:14px'><b>{html.escape(keys)}</b></td><td>{html.escape(text)}</td></tr>"
        for keys, text in lines
    )
    return f"<tr><td colspan='2' style='padding-top:8px'><i>{html.escape(name)}</i></td></tr>{rows}"
