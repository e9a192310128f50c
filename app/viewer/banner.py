"""What lies on the views: the banner where nothing is live, the hint below, the word at the top."""

from __future__ import annotations

import html
import re
from typing import Final

from PyQt6 import QtCore, QtGui, QtWidgets

from app.viewer.legend import legend_place
from app.viewer.states import PANEL

_WIDTH: Final = 600
_MARGIN: Final = 16
_FOOT: Final = 44  # below a hint: room for what is under the cursor
_COMMAND: Final = re.compile(
    r"`[^`\n]+`"  # `sudo modprobe -r gspca_kinect`
    r"|(?:\S*python -m|pip|sudo) .+?(?=[.;,]?(?: \(|\n|$)|[.;,] )"  # pip install openni, then a sentence's end
    r"|--[\w-]+ \w+"  # --camera synthetic
)
_BREAK: Final = re.compile(r"(?<=[^\w\s\u2060])(?=[^\s\u2060])")  # where Qt may break a word that is not joined


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
        self._title = self._detail = ""
        self._low = self._panel = False

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
        self._title, self._detail, self._low = title, detail, low
        self.place()
        self.show()
        self.raise_()

    def set_panel(self, shown: bool) -> None:
        """Know whether the panel is shown: a text that sends the user there names the key that shows it, if not."""
        self._panel = shown
        self.place()

    def place(self) -> None:
        """Take the place again, after the parent's size changed."""
        room = self.parentWidget()
        assert room is not None
        self.ensurePolished()  # its height is that of its style, before it was ever shown
        colours = round(legend_place(room.height()).right())
        for left in (colours, 0) if self._low else (0,):  # free of the colours, unless the text would be cut
            width = min(_WIDTH, max(room.width() - left - 2 * _MARGIN, 200))
            self._write(width)
            needed = self.heightForWidth(width)
            if needed <= room.height():
                break
        height = min(max(needed, 1), room.height())
        below = room.height() - height
        top = max(below - _MARGIN, 0) if self._low else below // 2
        x = max((room.width() - width) // 2, left + _MARGIN if left else 0)
        self.setGeometry(x, top, width, height)  # at once: what it leaves is seen
        room.update()

    def _write(self, width: int) -> None:
        """Put the text into lines of a banner of that width."""
        margins = self.contentsMargins()
        detail = self._detail.replace(PANEL, PANEL.partition(" (")[0]) if self._panel else self._detail
        detail = unbroken(detail, self.fontMetrics(), width - margins.left() - margins.right())
        lines = html.escape(detail).replace("\n", "<br>")
        self.setText(f"<p style='font-size:20px; font-weight:600'>{html.escape(self._title)}</p>{lines}")


def unbroken(text: str, metrics: QtGui.QFontMetrics, room: int) -> str:
    """Keep commands, and the words of longer ones, from being broken.

    Args:
        text: with commands in it.
        metrics: of its font.
        room: width of a line, pixels.

    Returns:
        The text with no place for a break within what has room on a line.
    """

    def join(found: re.Match[str]) -> str:
        whole = found.group()
        if metrics.horizontalAdvance(whole) <= room:
            return _BREAK.sub("\N{WORD JOINER}", whole).replace(" ", "\N{NO-BREAK SPACE}")
        return whole if " " not in whole else re.sub(r"\S+", join, whole)

    return re.sub(r"\S+", join, _COMMAND.sub(join, text))


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
        left = round(legend_place(parent.height()).right())  # the hint lies beside the colours
        room = parent.width() - left
        self.ensurePolished()
        width = max(min(self.fontMetrics().horizontalAdvance(self.text()) + 50, room - 2 * _MARGIN), 1)
        height = max(self.heightForWidth(width), 1)
        self.setGeometry(left + (room - width) // 2, parent.height() - height - _FOOT, width, height)
