"""The 3D view: the frame's points, the hands' skeletons, the camera and a floor, in camera space."""

from __future__ import annotations

import math
import time
from typing import Final, Literal

from OpenGL import GL
from PyQt6 import QtCore, QtGui, QtWidgets

from app.look import ViewConfig
from app.viewer.space_canvas import FIELD_DEGREES, Canvas, samples
from app.viewer.space_cloud import hand_cloud, scene_cloud
from app.viewer.space_gaze import Aim, Scene, aim_at, glide, scene_of
from app.viewer.space_lines import cubes, frustum, grid
from app.viewer.space_shape import Shape
from app.viewer.space_solid import solid, triangles
from app.viewer.theme import THEMES, Theme
from lighthand.types import Frame, Intrinsics, TrackedHand

Viewpoint = Literal["front", "top", "side", "orbit"]

_DIRECTIONS: Final[dict[Viewpoint, tuple[float, float]]] = {
    "front": (-90, 0), "top": (-90, 90), "side": (0, 0), "orbit": (-62, 18),
}  # fmt: skip
"""Azimuth and elevation of the eye, degrees, as pyqtgraph counts them."""

_POINT: Final = 1.25  # edge of a drawn point against the way to the next, so that surfaces close
_SKIN_MM: Final = 40.0  # of hand that may lie over a skeleton without hiding it
_LONGEST_S: Final = 0.1  # that one step of gliding may stand for

NO_GL: Final = "The 3D view needs OpenGL 2.0, which is not to be had here. Everything else works without it."


class SpaceView(QtWidgets.QWidget):
    """Shows frames and hands in camera space; the items are made once and updated in place."""

    painted = QtCore.pyqtSignal()
    """After the window with the 3D view in it was painted."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        """Build the view, or the sentence that says why there is none."""
        super().__init__(parent)
        smooth = samples()
        self.available = smooth is not None
        self._look = ViewConfig()
        self._theme = THEMES[self._look.theme]
        self._frame: Frame | None = None
        self._hands: tuple[TrackedHand, ...] = ()
        self._solid: tuple[tuple[TrackedHand, ...], float] = ((), 0.0)
        self._scene: Scene | None = None
        self._camera: Intrinsics | None = None
        self._aim: Aim | None = None
        self._glided_s = 0.0
        self._grid = Shape(GL.GL_LINES)
        self._frustum = Shape(GL.GL_LINES, width_px=1.5)
        self._scene_points = Shape(GL.GL_POINTS)
        self._hand_points = Shape(GL.GL_POINTS)
        self._boxes = Shape(GL.GL_LINES, width_px=1.5)
        self._skeleton = Shape(GL.GL_TRIANGLES, nearer_mm=_SKIN_MM)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self._canvas: Canvas | None = None
        if smooth is not None:
            self._canvas = Canvas(
                (self._grid, self._frustum, self._scene_points, self._hand_points, self._boxes, self._skeleton),
                smooth,
            )
            self._canvas.frameSwapped.connect(self.painted)
            self._canvas.failed.connect(self._give_up, QtCore.Qt.ConnectionType.QueuedConnection)  # type: ignore[call-arg]
            layout.addWidget(self._canvas)
            self.set_theme(self._theme)
            self.view_from("orbit")
        else:
            self._give_up(NO_GL)

    def _give_up(self, why: str) -> None:
        """Show a sentence in place of the view."""
        self.available = False
        if self._canvas is not None:
            self._canvas.hide()
            self._canvas = None
        sentence = QtWidgets.QLabel(why)
        sentence.setWordWrap(True)
        sentence.setAlignment(QtCore.Qt.AlignmentFlag.AlignCenter)
        sentence.setMargin(24)
        layout = self.layout()
        assert layout is not None
        layout.addWidget(sentence)

    def show_frame(self, frame: Frame, hands: tuple[TrackedHand, ...]) -> None:
        """Show the points of a frame.

        Args:
            frame: the frame.
            hands: whose points are bright, and what the view follows.
        """
        if self._canvas is None:
            return
        self._frame, self._hands = frame, hands
        if frame.intrinsics != self._camera:
            self._camera, self._scene = frame.intrinsics, None
        if self._scene is None:
            self._measure(frame)
        self._follow()
        self._draw_points()
        self._canvas.update()

    def show_hands(self, hands: tuple[TrackedHand, ...], opacity: float) -> None:
        """Show skeletons and crops.

        Args:
            hands: the hands; none takes the last ones off.
            opacity: 0 to 1, of joints that the network is sure of.
        """
        if self._canvas is None:
            return
        self._solid = (hands, opacity)
        shown = hands if opacity > 0 else ()
        self._skeleton.set(solid(shown, opacity), triangles(len(shown)))
        self._boxes.set(cubes(tuple(hand.region for hand in shown), self._theme.accent, 0.5 * opacity))
        self._canvas.update()

    def set_look(self, look: ViewConfig) -> None:
        """Show and hide what the settings say."""
        self._look = look
        self._skeleton.visible, self._boxes.visible = look.skeleton, look.box
        self._scene_points.visible = look.cloud
        self._frustum.visible, self._grid.visible = look.frustum, look.grid
        if self._canvas is not None:
            self._draw_points()
            self._canvas.update()

    def set_theme(self, theme: Theme) -> None:
        """Take other colours."""
        self._theme = theme
        if self._canvas is not None:
            self._canvas.page = theme.page
            self._draw_lines()
            self._draw_points()
            self.show_hands(*self._solid)

    def view_from(self, name: Viewpoint) -> None:
        """Look at the hand, or at the scene where there is none, from a side.

        Args:
            name: "front" as the camera does, "top" from above, "side" from the right, "orbit" from above the right.
        """
        if self._canvas is None:
            return
        self._canvas.opts["azimuth"], self._canvas.opts["elevation"] = _DIRECTIONS[name]
        aim = aim_at(self._hands) or self._aim
        if aim is not None:
            self._aim = aim
            self._canvas.look(aim.centre_mm, aim.radius_mm / math.sin(math.radians(FIELD_DEGREES / 2)))
        self._canvas.update()

    def reset(self) -> None:
        """Go back to the view of the start, and measure the scene anew."""
        self._scene = None
        if self._frame is not None:
            self._measure(self._frame)
        self.view_from("orbit")

    def image(self) -> QtGui.QImage:
        """Give the view as it stands."""
        return self.grab().toImage() if self._canvas is None else self._canvas.grabFramebuffer()

    def _measure(self, frame: Frame) -> None:
        """Find the place of the scene, and put the view, the floor and the camera there."""
        self._scene = scene_of(frame)
        if self._scene is None or self._canvas is None:
            return
        self._aim = aim_at(self._hands) or self._scene.aim
        self._canvas.look(self._aim.centre_mm, self._aim.radius_mm / math.sin(math.radians(FIELD_DEGREES / 2)))
        self._draw_lines()

    def _follow(self) -> None:
        """Glide after the hands; what the user panned and zoomed stays."""
        now_s = time.perf_counter()
        elapsed_s, self._glided_s = min(now_s - self._glided_s, _LONGEST_S), now_s
        target = aim_at(self._hands)
        if not self._look.follow or target is None or self._aim is None or self._canvas is None:
            return
        aim = glide(self._aim, target, elapsed_s)
        self._canvas.move_by(aim.centre_mm - self._aim.centre_mm, aim.radius_mm / self._aim.radius_mm)
        self._aim = aim

    def _draw_lines(self) -> None:
        """Draw what stands still: the floor and the camera."""
        if self._scene is None or self._camera is None:
            return
        aim = self._scene.aim
        self._grid.set(grid(aim.centre_mm, 1.5 * aim.radius_mm, self._scene.floor_mm, self._theme.muted))
        self._frustum.set(frustum(self._camera, self._scene.depth_mm, self._theme.muted))

    def _draw_points(self) -> None:
        """Turn the last frame into points."""
        if self._frame is None:
            return
        regions = tuple(hand.region for hand in self._hands)
        if self._look.cloud:
            scene = scene_cloud(self._frame, regions, self._theme.page)
            self._scene_points.set(scene.vertices)
            self._scene_points.spread = _POINT * scene.spread
        hand = hand_cloud(self._frame, regions)
        self._hand_points.set(hand.vertices)
        self._hand_points.spread = _POINT * hand.spread
