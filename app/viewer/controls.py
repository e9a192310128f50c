"""Small controls that the panel is made of; none of them takes the wheel from what scrolls."""

from __future__ import annotations

from collections.abc import Mapping

from PyQt6 import QtCore, QtGui, QtWidgets

_BY_TAB = QtCore.Qt.FocusPolicy.TabFocus  # a click leaves the keys to the window


class Choice(QtWidgets.QWidget):
    """A few buttons of which one is chosen."""

    chosen = QtCore.pyqtSignal(str)

    def __init__(self, options: Mapping[str, str], hint: str) -> None:
        """Lay them out in a row.

        Args:
            options: the value of each, and what stands on it.
            hint: what the choice is about.
        """
        super().__init__()
        self._buttons: dict[str, QtWidgets.QPushButton] = {}
        row = QtWidgets.QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        group = QtWidgets.QButtonGroup(self)
        for value, text in options.items():
            button = self._buttons[value] = push_button(text, hint)
            button.setCheckable(True)
            button.clicked.connect(lambda _, value=value: self.chosen.emit(value))
            group.addButton(button)
            row.addWidget(button, 1)

    def set_value(self, value: str) -> None:
        """Show which is chosen."""
        self._buttons[value].setChecked(True)


class Millimetres(QtWidgets.QSpinBox):
    """A distance; letters typed into it go to the window's keys."""

    def __init__(self, hint: str) -> None:
        """Begin at 0.

        Args:
            hint: what it is.
        """
        super().__init__()
        self.setSuffix(" mm")
        self.setSingleStep(50)
        self.setKeyboardTracking(False)  # half a number is none
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.StrongFocus)
        self.setMinimumWidth(1)  # two of them share a row
        self.setToolTip(hint)

    def event(self, event: QtCore.QEvent | None) -> bool:
        """Claim no key but digits and those that edit."""
        if isinstance(event, QtGui.QKeyEvent) and event.type() == QtCore.QEvent.Type.ShortcutOverride:
            text = event.text()
            if text.isprintable() and text and not text.isdigit():
                event.ignore()
                return False
        return super().event(event)

    def wheelEvent(self, event: QtGui.QWheelEvent | None) -> None:
        """Leave the wheel to what scrolls."""
        if event is not None:
            event.ignore()


class Steps(QtWidgets.QSlider):
    """A slider of a few steps."""

    def __init__(self, count: int, hint: str) -> None:
        """Begin at the first step.

        Args:
            count: of steps.
            hint: what it is.
        """
        super().__init__(QtCore.Qt.Orientation.Horizontal)
        self.setRange(0, count - 1)
        self.setPageStep(1)
        self.setFocusPolicy(_BY_TAB)
        self.setToolTip(hint)

    def wheelEvent(self, event: QtGui.QWheelEvent | None) -> None:
        """Leave the wheel to what scrolls."""
        if event is not None:
            event.ignore()


def push_button(text: str, hint: str) -> QtWidgets.QPushButton:
    """Make a button that is as narrow as its row asks for."""
    button = QtWidgets.QPushButton(text)
    button.setToolTip(hint)
    button.setFocusPolicy(_BY_TAB)
    button.setMinimumWidth(1)
    return button


def check_box(text: str, hint: str) -> QtWidgets.QCheckBox:
    """Make a switch."""
    box = QtWidgets.QCheckBox(text)
    box.setToolTip(hint)
    box.setFocusPolicy(_BY_TAB)
    return box


def label(text: str, name: str) -> QtWidgets.QLabel:
    """Write a text in one of the style sheet's kinds."""
    made = QtWidgets.QLabel(text)
    made.setObjectName(name)
    return made
