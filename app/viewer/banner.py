"""What lies on the views: the banner where nothing is live, the hint below, the word at the top."""

from __future__ import annotations

import html
from typing import Final

from PyQt6 import QtCore, QtWidgets

from app.viewer.legend import legend_place

_WIDTH: Final = 600
_MARGIN: Final = 16
_FOOT: Final = 44  # below a hint: room for what is under the cursor


class Banner(QtWidgets.QLabel):
    """A head and a text in the middle of its parent; lower where it must leave the last picture free."""

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        """Begin hidden."""
        super().__init__(parent)
        self.setObjectName("banner")
        self.setTextFormat(QtCore.Qt.TextFormat.RichText)
        self.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.hide()
        self._low = False

    def say(self, title: str, detail: str, *, low: bool) -> None:
        """Show a text; hide where there is no title.

        Args:
            title: one line.
            detail: below it, of several lines perhaps.
            low: leave the middle free.
        """
        if not title:
            self.hide()
            return
        lines = html.escape(detail).replace("\n", "<br>")
        self.setText(f"<p style='font-size:20px; font-weight:600'>{html.escape(title)}</p>{lines}")
        self._low = low
        self.place()
        self.show()
        self.raise_()

    def place(self) -> None:
        """Take the place again, after the parent's size changed."""
        room = self.parentWidget()
        assert room is not None
        self.ensurePolished()  # its height is that of its style, before it was ever shown
        width = min(_WIDTH, max(room.width() - 2 * _MARGIN, 200))
        height = min(max(self.heightForWidth(width), 1), room.height())
        below = room.height() - height
        top = max(below - _MARGIN, 0) if self._low else below // 2
        self.setGeometry((room.width() - width) // 2, top, width, height)  # at once: what it leaves is seen
        room.update()


class Hint(QtWidgets.QLabel):
    """One line at the foot of its parent."""

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        """Begin hidden."""
        super().__init__(parent)
        self.setObjectName("card")
        self.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        self.setWordWrap(True)
        self.hide()

    def say(self, text: str) -> None:
        """Show a line; hide for ""."""
        self.setVisible(bool(text))
        if text and text != self.text():
            self.setText(text)
            self.place()

    def place(self) -> None:
        """Take the place again, after the parent's size changed."""
        parent = self.parentWidget()
        assert parent is not None
        room = round(legend_place(parent.width(), parent.height()).left())  # the hint lies beside the colours
        self.ensurePolished()
        width = max(min(self.fontMetrics().horizontalAdvance(self.text()) + 50, room - 2 * _MARGIN), 1)
        height = max(self.heightForWidth(width), 1)
        self.setGeometry((room - width) // 2, parent.height() - height - _FOOT, width, height)
