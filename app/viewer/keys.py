"""Every key of the window: what it does, the name of the action that it asks for, and the card that lists them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import Final

from PyQt6 import QtCore, QtGui, QtWidgets

_SIGNS: Final = {"Left": "←", "Right": "→"}
_CLOSING: Final = (QtCore.Qt.Key.Key_Escape, QtCore.Qt.Key.Key_Question, QtCore.Qt.Key.Key_F1)
_LEFT_GROUPS: Final = 3  # of the help's left column: about half of the keys
_LEAST_GAP: Final = 12


@dataclass(frozen=True, slots=True)
class Key:
    """One action and the keys that ask for it.

    Attributes:
        sequences: as ``QKeySequence`` reads them; the help and the tooltips name the first.
        group: of the help.
        text: what it does, as the help says it.
        action: its name. Those that switch a bool of ``app.look.ViewConfig`` have the name of that field.
    """

    sequences: tuple[str, ...]
    group: str
    text: str
    action: str

    @property
    def label(self) -> str:
        """Give the first sequence as the user reads it: "Shift + ←"."""
        return " + ".join(_SIGNS.get(part, part) for part in self.sequences[0].split("+"))


KEYS: Final = (
    Key(("R",), "Record", "start or end a recording", "record"),
    Key(("S",), "Record", "save a snapshot", "snapshot"),
    Key(("Space",), "Play", "pause or go on", "pause"),
    Key((".",), "Play", "one frame forward", "step forward"),
    Key((",",), "Play", "one frame back", "step back"),
    Key(("Shift+Right",), "Play", "one second forward", "jump forward"),
    Key(("Shift+Left",), "Play", "one second back", "jump back"),
    Key(("]",), "Play", "faster", "faster"),
    Key(("[",), "Play", "slower", "slower"),
    Key(("Shift+L",), "Play", "play again and again", "loop"),
    Key(("1",), "3D view", "from the front", "front"),
    Key(("2",), "3D view", "from the top", "top"),
    Key(("3",), "3D view", "from the side", "side"),
    Key(("4",), "3D view", "from above the right", "orbit"),
    Key(("0",), "3D view", "both views as they began", "reset"),
    Key(("H",), "3D view", "follow the hand", "follow"),
    Key(("K",), "Show", "skeleton: bones and joints", "skeleton"),
    Key(("B",), "Show", "box: what the network saw", "box"),
    Key(("O",), "Show", "outline of the hand", "outline"),
    Key(("C",), "Show", "cloud: the scene's points", "cloud"),
    Key(("F",), "Show", "frustum: the camera's view", "frustum"),
    Key(("G",), "Show", "grid: the floor", "grid"),
    Key(("M",), "Show", "colours: scene or hand", "scale"),
    Key(("L",), "Window", "time line of the latency", "timeline"),
    Key(("Tab",), "Window", "the controls", "panel"),
    Key(("T",), "Window", "dark or light", "theme"),
    Key(("F11",), "Window", "full screen", "full screen"),
    Key(("?", "F1"), "Window", "this help", "help"),
    Key(("Esc",), "Window", "close the help, else quit", "escape"),
    Key(("Q",), "Window", "quit", "quit"),
)

BY_ACTION: Final = {key.action: key for key in KEYS}


def hint(text: str, action: str) -> str:
    """Write a tooltip that names the key of its control: "Bones and joints (K)"."""
    return f"{text} ({BY_ACTION[action].label})"


class HelpCard(QtWidgets.QWidget):
    """Lies over the window and lists its keys; a click, ? or Esc hides it."""

    def __init__(self, parent: QtWidgets.QWidget) -> None:
        """Begin hidden.

        Args:
            parent: the window.
        """
        super().__init__(parent)
        self.setObjectName("veil")
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_StyledBackground)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self._card = QtWidgets.QScrollArea(self)
        self._card.setObjectName("help")
        self._card.setWidgetResizable(True)
        self._card.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._card.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        self._card.setWidget(_table())
        self.hide()

    def place(self, rect: QtCore.QRect) -> None:
        """Cover a part of the window, with the card in its middle; it scrolls where it is higher.

        Args:
            rect: in the window's pixels.
        """
        self.setGeometry(rect)
        table = self._card.widget()
        assert table is not None
        layout = table.layout()
        assert layout is not None
        for text in table.findChildren(QtWidgets.QLabel):
            text.ensurePolished()  # its size is that of its style, before it was ever shown
        layout.invalidate()
        margin = 2 * self._card.frameWidth()
        bar = self._card.verticalScrollBar()
        assert bar is not None
        wanted = table.sizeHint() + QtCore.QSize(margin, margin)
        height = min(wanted.height(), rect.height() - 2 * _LEAST_GAP)
        width = wanted.width() + (bar.sizeHint().width() if height < wanted.height() else 0)
        width = min(width, rect.width() - 2 * _LEAST_GAP)
        self._card.setGeometry((rect.width() - width) // 2, (rect.height() - height) // 2, width, height)
        layout.activate()

    def showEvent(self, event: QtGui.QShowEvent | None) -> None:
        """Lie on top, and take the keys."""
        super().showEvent(event)
        self.raise_()
        self.setFocus()

    def mousePressEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Hide."""
        self.hide()

    def event(self, event: QtCore.QEvent | None) -> bool:
        """Take ? and Esc before the window's shortcuts do."""
        if isinstance(event, QtGui.QKeyEvent) and event.key() in _CLOSING:
            if event.type() == QtCore.QEvent.Type.KeyPress:
                self.hide()
            event.accept()
            return True
        return super().event(event)


def _table() -> QtWidgets.QWidget:
    """Lay the groups out in two columns."""
    table = QtWidgets.QWidget()
    table.setObjectName("sheet")
    columns = QtWidgets.QHBoxLayout(table)
    columns.setContentsMargins(24, 8, 24, 16)
    columns.setSpacing(32)
    groups = [(name, list(keys)) for name, keys in groupby(KEYS, key=lambda key: key.group)]
    for part in (groups[:_LEFT_GROUPS], groups[_LEFT_GROUPS:]):
        grid = QtWidgets.QGridLayout()
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for name, keys in part:
            row = grid.rowCount()
            grid.setRowMinimumHeight(row, 25)
            grid.addWidget(_label(name, "group"), row, 0, 1, 2, QtCore.Qt.AlignmentFlag.AlignBottom)
            for key in keys:
                row = grid.rowCount()
                grid.addWidget(_label(key.label, "key"), row, 0, QtCore.Qt.AlignmentFlag.AlignLeft)
                grid.addWidget(_label(key.text, "does"), row, 1)
        grid.setRowStretch(grid.rowCount(), 1)
        columns.addLayout(grid, 1)
    return table


def _label(text: str, name: str) -> QtWidgets.QLabel:
    label = QtWidgets.QLabel(text)
    label.setObjectName(name)
    return label
