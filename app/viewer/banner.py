"""What lies on the views: the banner where nothing is live, the hint below, the word at the top."""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from itertools import product
from typing import Final

from PyQt6 import QtCore, QtGui, QtWidgets

from app.viewer.legend import legend_place
from app.viewer.states import PANEL

_WIDTH: Final = 600
_TEXT_PX: Final = range(16, 11, -1)  # the largest that has room; smaller could not be read
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
        for size_px, left in product(_TEXT_PX, (colours, 0) if self._low else (0,)):  # free of the colours, if it can
            width = min(_WIDTH, max(room.width() - left - 2 * _MARGIN, 200))
            needed = self._write(width, size_px)
            if needed <= room.height():
                break
        else:
            words = self._shown.split(" ")
            cut = bisect_left(range(len(words)), True, key=lambda n: self._write(width, size_px, n) <= room.height())
            needed = self._write(width, size_px, cut)
        height = min(max(needed, 1), room.height())
        below = room.height() - height
        top = max(below - _MARGIN, 0) if self._low else below // 2
        x = max((room.width() - width) // 2, left + _MARGIN if left else 0)
        self.setGeometry(x, top, width, height)  # at once: what it leaves is seen
        room.update()

    @property
    def _shown(self) -> str:
        """The detail; with the key of the panel, if the panel is hidden."""
        return self._detail.replace(PANEL, PANEL.partition(" (")[0]) if self._panel else self._detail

    def _write(self, width: int, size_px: int, cut: int = 0) -> int:
        """Put the text into lines of a banner of that width.

        Args:
            width: pixels.
            size_px: of the detail's font.
            cut: words to leave out of the detail's middle: what happened is at its head, what to do at its end.

        Returns:
            The height that it needs, pixels.
        """
        words = self._shown.split(" ")
        head = (len(words) - cut) // 2
        words[head : head + cut] = ["…"] * (cut > 0)
        font = self.font()
        font.setPixelSize(size_px)
        margins = self.contentsMargins()
        detail = unbroken(" ".join(words), QtGui.QFontMetrics(font), width - margins.left() - margins.right())
        lines = html.escape(detail).replace("\n", "<br>")
        title = f"<p style='font-size:{size_px + 4}px; font-weight:600'>{html.escape(self._title)}</p>"
        self.setText(f"{title}<div style='font-size:{size_px}px'>{lines}</div>")
        return self.heightForWidth(width)


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
