"""The depth picture and the 3D view side by side: one result in both, a lost hand that fades, banner and hint."""

from __future__ import annotations

from typing import Final

from PyQt6 import QtCore, QtGui, QtWidgets

from app.look import ViewConfig
from app.viewer.banner import Banner, Hint
from app.viewer.picture import DepthView
from app.viewer.space import SpaceView
from app.viewer.theme import Theme
from lighthand.types import Result, TrackedHand

FADE_S: Final = 0.3
"""How long a hand that is lost can still be seen."""


class Views(QtWidgets.QWidget):
    """Shows results; ``tick`` is called often, with or without a new one."""

    painted = QtCore.pyqtSignal()
    """What was shown stands on the screen."""

    def __init__(self, theme: Theme) -> None:
        """Lay out the two views.

        Args:
            theme: the colours.
        """
        super().__init__()
        self.picture = DepthView(theme)
        self.space = SpaceView()
        own_window(self.space)  # else Qt puts the whole window together by OpenGL: twice the time without a GPU
        (self.space if self.space.available else self.picture).painted.connect(self.painted)
        splitter = QtWidgets.QSplitter()
        splitter.setChildrenCollapsible(False)
        for view in (self.picture, self.space):
            splitter.addWidget(view)
        splitter.setHandleWidth(5)  # a thinner one would lie on the 3D view and tear a hole into it
        splitter.setSizes([1000, 1000])
        splitter.splitterMoved.connect(self.place)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)
        self.banner = Banner(self)
        own_window(self.banner)
        self.hint = Hint(self.picture)
        self._later = QtCore.QTimer(self)  # the two views in two events: each holds the window's thread half as long
        self._later.setSingleShot(True)
        self._later.timeout.connect(self._show_in_space)
        self.clear()

    def clear(self) -> None:
        """Forget what was shown, so that it does not fade into another source's picture."""
        self._later.stop()
        self._result: Result | None = None
        self._hands: tuple[TrackedHand, ...] = ()
        self._seen_s = 0.0
        self._dropped = False

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self.picture.set_theme(theme)
        self.space.set_theme(theme)

    def set_look(self, look: ViewConfig) -> None:
        """Show other parts."""
        self.picture.set_look(look)
        self.space.set_look(look)
        self.banner.set_panel(look.panel)

    def show_result(self, result: Result, now_s: float) -> None:
        """Put a result on the screen; hands that it lacks fade.

        Args:
            result: a new one.
            now_s: ``perf_counter``.
        """
        self._result, self._dropped = result, False
        self.picture.set_dimmed(False)
        self.picture.show_frame(result.frame, result.hands)
        if result.hands:
            self.picture.show_hands(result.hands, 1.0)
            self._hands, self._seen_s = result.hands, now_s
        self._later.start(0)
        self.tick(now_s)

    def _show_in_space(self) -> None:
        assert self._result is not None
        self.space.show_frame(self._result.frame, self._result.hands)
        if self._result.hands:
            self.space.show_hands(self._result.hands, 1.0)

    def tick(self, now_s: float) -> None:
        """Let a hand that was lost fade."""
        lost = self._result is not None and not self._result.hands
        if lost and self._hands:
            opacity = max(0.0, 1 - (now_s - self._seen_s) / FADE_S)
            self._hands = self._hands if opacity else ()
            self.picture.show_hands(self._hands, opacity)
            self.space.show_hands(self._hands, opacity)

    def drop_hands(self) -> None:
        """Take the hands off and dim the picture: what is seen is not live."""
        if self._dropped:
            return
        self._later.stop()
        self._hands, self._dropped = (), True
        if self._result:
            self.space.show_frame(self._result.frame, ())  # no hand's points are bright any more
        for view in (self.picture, self.space):
            view.show_hands((), 0.0)
        self.picture.set_dimmed(True)

    @property
    def dropped(self) -> bool:
        """Whether hands were taken off since the last result."""
        return self._dropped

    def reset(self) -> None:
        """Show both views as at the start."""
        self.picture.reset()
        self.space.reset()

    def image(self) -> QtGui.QImage:
        """Give both views as one picture."""
        picture = self.grab().toImage()  # Qt leaves out what OpenGL drew
        if self.space.available:
            with QtGui.QPainter(picture) as painter:
                painter.drawImage(self.space.mapTo(self, self.space.rect().topLeft()), self.space.image())
                if self.banner.isVisible():  # it may lie on both views
                    painter.translate(self.banner.pos())
                    self.banner.render(painter)
        return picture

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Keep banner and hint in their places."""
        super().resizeEvent(event)
        self.place()

    def place(self) -> None:
        """Take banner and hint to their places, after a size changed."""
        self.banner.place()
        self.hint.place()


def own_window(widget: QtWidgets.QWidget) -> None:
    """Give a widget a window of the system's; what is to lie on the 3D view needs one, too.

    Args:
        widget: not shown yet.
    """
    widget.setAttribute(QtCore.Qt.WidgetAttribute.WA_DontCreateNativeAncestors)
    widget.setAttribute(QtCore.Qt.WidgetAttribute.WA_NativeWindow)
