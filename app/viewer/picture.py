"""The depth image as a widget: distances as colours, the hands over it, and what is under the cursor."""

from __future__ import annotations

from typing import Final

import numpy as np
import pyqtgraph as pg
from PyQt6 import QtCore, QtGui, QtWidgets

from app.look import ViewConfig
from app.viewer.colours import Table, depth_table, joints_px
from app.viewer.legend import draw_legend, legend_fits, legend_place
from app.viewer.marks import draw_box, draw_card, draw_outline, draw_skeleton, draw_text, qcolour
from app.viewer.outline import hand_outline
from app.viewer.scale import SCENE, Span, span_of
from app.viewer.theme import Theme
from app.viewer.zoom import Zoom
from lighthand.crop import region_box
from lighthand.types import Frame, TrackedHand

_DIMMED: Final = 0.45
_LEAST_SIZE: Final = QtCore.QSize(300, 210)  # the longest read-out stands beside the legend
_JOINT: Final = 0.014  # a joint's radius, of the edge of the hand's box
_JOINT_PX: Final = (2.5, 9.0)
_MARGIN: Final = 10
_CARD_HEIGHT: Final = 24
_NOTCH: Final = 1.0015  # a mouse wheel's notch is 120 of them: 20 % nearer


class DepthView(QtWidgets.QWidget):
    """Shows the frame and the hands that it is given; the wheel magnifies, dragging moves, a double click resets."""

    painted = QtCore.pyqtSignal()
    """Emitted when all that was given stands in the window."""

    def __init__(self, theme: Theme, parent: QtWidgets.QWidget | None = None) -> None:
        """Begin without a frame.

        Args:
            theme: the colours.
            parent: as for every widget.
        """
        super().__init__(parent)
        self._theme = theme
        self._look = ViewConfig()
        self._frame: Frame | None = None
        self._pixels: Table = np.empty((0, 0), np.uint32)
        self._image = QtGui.QImage()
        self._hand_span: Span | None = None
        self._dimmed = False
        self._hands: tuple[TrackedHand, ...] = ()
        self._opacity = 1.0
        self._outlines: list[QtGui.QPainterPath] | None = None
        self._zoom = Zoom()
        self._cursor: QtCore.QPointF | None = None
        self._dragged: QtCore.QPointF | None = None
        self.setMinimumSize(_LEAST_SIZE)
        self.setMouseTracking(True)
        self.setAttribute(QtCore.Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QtWidgets.QSizePolicy.Policy.Expanding, QtWidgets.QSizePolicy.Policy.Expanding)

    def show_frame(self, frame: Frame, hands: tuple[TrackedHand, ...]) -> None:
        """Show a depth image in place of the last one; one of another size is shown whole.

        Args:
            frame: the image.
            hands: seen in it: what the colours are spread over if they are to be. ``show_hands`` draws them.
        """
        if self._frame is None or self._frame.intrinsics != frame.intrinsics:
            self._hand_span = None
        if self._pixels.shape != frame.depth.shape:
            height, width = frame.depth.shape
            self._image = QtGui.QImage(width, height, QtGui.QImage.Format.Format_RGB32)
            memory = self._image.bits()
            assert memory is not None
            self._pixels = np.asarray(memory.asarray(4 * width * height)).view(np.uint32).reshape(height, width)
            self._zoom.show(width, height)
        self._hand_span = span_of(hands, self._hand_span)
        self._frame = frame
        self._outlines = None
        self._colour()

    def show_hands(self, hands: tuple[TrackedHand, ...], opacity: float = 1.0) -> None:
        """Draw hands over the last frame in place of those drawn before; none where ``opacity``, 0 to 1, is 0."""
        if hands is not self._hands:
            self._outlines = None
        self._hands, self._opacity = hands, opacity
        self.update()

    def set_look(self, look: ViewConfig) -> None:
        """Take the settings: scale, skeleton, box and outline."""
        self._look = look
        self._colour()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours."""
        self._theme = theme
        self._colour()

    def set_dimmed(self, dimmed: bool) -> None:
        """Fade the depth image, since it is not live, or show it in full."""
        if dimmed != self._dimmed:
            self._dimmed = dimmed
            self.update()

    def reset(self) -> None:
        """Show the whole picture again."""
        self._zoom.reset()
        self.update()

    @property
    def span(self) -> Span:
        """The distances that the colours are spread over."""
        return self._hand_span if self._look.scale == "hand" and self._hand_span else SCENE

    def _colour(self) -> None:
        """Turn the frame's counts into colours, in the image's own memory."""
        if self._frame is not None:
            table = depth_table(self._frame.depth_unit_mm, self.span, self._theme)
            np.take(table, self._frame.depth, out=self._pixels, mode="clip")
        self.update()

    def readout(self) -> str:
        """Say which pixel is under the cursor and how far away it is; "" where there is none."""
        if self._frame is None or self._cursor is None:
            return ""
        left, top = self._zoom.to_picture((self._cursor.x(), self._cursor.y()))
        camera = self._frame.intrinsics
        if not (0 <= left < camera.width and 0 <= top < camera.height):
            return ""
        count, unit_mm = int(self._frame.depth[int(top), int(left)]), self._frame.depth_unit_mm
        distance = f"{count * unit_mm:.{0 if unit_mm >= 1 else 1}f} mm" if count else "not measured"
        return f"{int(left)}, {int(top)}    {distance}"

    def joints_at(self, hand: TrackedHand) -> np.ndarray:
        """Give where a hand's joints are drawn: (21, 2) in the widget."""
        assert self._frame is not None
        return self._zoom.to_widget(joints_px(hand.joints_mm, self._frame.intrinsics))

    def paintEvent(self, event: QtGui.QPaintEvent | None) -> None:
        """Draw all, then say so."""
        painter = QtGui.QPainter(self)
        painter.fillRect(self.rect(), qcolour(self._theme.page))
        if self._frame is not None:
            self._paint(painter, self._frame)
        painter.end()
        self.painted.emit()

    def _paint(self, painter: QtGui.QPainter, frame: Frame) -> None:
        scale, (left, top) = self._zoom.scale, self._zoom.origin
        painter.setOpacity(_DIMMED if self._dimmed else 1.0)
        painter.drawImage(
            QtCore.QRectF(left, top, scale * frame.intrinsics.width, scale * frame.intrinsics.height), self._image
        )
        painter.setOpacity(1.0)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        if self._opacity > 0:
            if self._look.outline and self._hands:
                self._paint_outlines(painter, frame)
            for hand in self._hands:
                self._paint_hand(painter, frame, hand)
        if legend_fits(self.width(), self.height()):
            draw_legend(painter, legend_place(self.height()), self.span, self._theme)
        self._paint_readout(painter)

    def _paint_outlines(self, painter: QtGui.QPainter, frame: Frame) -> None:
        if self._outlines is None:
            lines = [hand_outline(frame, hand.region) + np.float32(0.5) for hand in self._hands]
            self._outlines = [pg.arrayToQPath(line[:, 0], line[:, 1], connect="finite") for line in lines]
        painter.save()
        painter.translate(*self._zoom.origin)
        painter.scale(self._zoom.scale, self._zoom.scale)
        for line in self._outlines:
            draw_outline(painter, line, self._theme, self._opacity)
        painter.restore()

    def _paint_hand(self, painter: QtGui.QPainter, frame: Frame, hand: TrackedHand) -> None:
        corners = np.array(region_box(hand.region, frame.intrinsics), np.float32).reshape(2, 2)
        (left, top), (right, bottom) = self._zoom.to_widget(corners).tolist()
        if self._look.box:
            box = QtCore.QRectF(left, top, right - left, bottom - top)
            draw_box(painter, box, self._theme, self._opacity)
        if self._look.skeleton:
            least, most = _JOINT_PX
            size = min(max(_JOINT * (right - left), least), most)
            draw_skeleton(painter, self.joints_at(hand), hand.pose, self._opacity, size)
        if self._look.box or self._look.skeleton:
            base = min(max(top - 7, 20), self.height() - 8)
            text = f"{hand.side}, track {hand.track_id}"
            draw_text(painter, max(left, 8), base, text, self._theme, self._opacity)

    def _paint_readout(self, painter: QtGui.QPainter) -> None:
        text = self.readout()
        if not text:
            return
        font = painter.font()
        font.setPixelSize(12)
        painter.setFont(font)
        width = QtGui.QFontMetricsF(font).horizontalAdvance(text) + 2 * _MARGIN
        left = legend_place(self.height()).right() + _MARGIN
        card = QtCore.QRectF(left, self.height() - _CARD_HEIGHT - _MARGIN, width, _CARD_HEIGHT)
        draw_card(painter, card, self._theme)
        painter.setPen(qcolour(self._theme.text))
        painter.drawText(card, QtCore.Qt.AlignmentFlag.AlignCenter, text)

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Keep what is in the middle there."""
        super().resizeEvent(event)
        self._zoom.resize(self.width(), self.height())

    def wheelEvent(self, event: QtGui.QWheelEvent | None) -> None:
        """Magnify what is under the cursor."""
        if event is not None:
            at = event.position()
            self._zoom.magnify(_NOTCH ** event.angleDelta().y(), (at.x(), at.y()))
            self.update()

    def mousePressEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Begin to drag."""
        if event is not None and event.button() == QtCore.Qt.MouseButton.LeftButton:
            self._dragged = event.position()

    def mouseMoveEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Drag, and note what is under the cursor."""
        if event is not None:
            self._cursor = event.position()
            if self._dragged is not None:
                way = self._cursor - self._dragged
                self._zoom.drag(way.x(), way.y())
                self._dragged = self._cursor
            self.update()

    def mouseReleaseEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Let go."""
        self._dragged = None

    def mouseDoubleClickEvent(self, event: QtGui.QMouseEvent | None) -> None:
        """Show the whole picture again."""
        self.reset()

    def leaveEvent(self, event: QtCore.QEvent | None) -> None:
        """Forget the cursor."""
        self._cursor = None
        self.update()
