"""Where the 3D view is drawn: camera space turned to OpenGL's, the mouse, and every shape in its order."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import pyqtgraph.opengl as gl
from OpenGL import GL
from PyQt6 import QtCore, QtGui
from PyQt6.QtOpenGL import QOpenGLShaderProgram

from app.viewer.space_lines import axes
from app.viewer.space_shape import Shape, make_program
from app.viewer.theme import Colour
from lighthand.errors import SourceError
from lighthand.types import FloatArray

FIELD_DEGREES: Final = 40.0  # seen along the shorter edge
_SAMPLES: Final = 4  # of a pixel, where a card draws; a processor would take three times as long
NEAREST_MM, FARTHEST_MM = 60.0, 8000.0  # from the eye to what it looks at
_SOFTWARE: Final = (b"llvmpipe", b"softpipe", b"swrast", b"swiftshader")
_AXES_PX: Final = 88

TO_GL: Final = QtGui.QMatrix4x4(1, 0, 0, 0, 0, 0, 1, 0, 0, -1, 0, 0, 0, 0, 0, 1)
"""Camera space (x right, y down, z forward) to pyqtgraph's (x right, y forward, z up)."""


def samples() -> int | None:
    """Ask what OpenGL can do here; a QGuiApplication is there.

    Returns:
        How many samples a pixel may cost; None where nothing can be drawn.
    """
    if QtGui.QGuiApplication.platformName() in ("offscreen", "minimal"):  # widgets draw there, OpenGL does not
        return None
    context = QtGui.QOpenGLContext()
    if not context.create() or context.format().version() < (2, 0):
        return None
    surface = QtGui.QOffscreenSurface()
    surface.setFormat(context.format())
    surface.create()
    found = None
    if context.makeCurrent(surface):
        software = any(name in GL.glGetString(GL.GL_RENDERER).lower() for name in _SOFTWARE)
        found = 0 if software else _SAMPLES
        context.doneCurrent()
    surface.destroy()
    return found


class Canvas(gl.GLViewWidget):  # type: ignore[misc]
    """Draws its shapes; the left button turns, the middle one or Ctrl and the left one move, the wheel zooms."""

    painted = QtCore.pyqtSignal()
    failed = QtCore.pyqtSignal(str)

    def __init__(self, shapes: tuple[Shape, ...], samples: int) -> None:
        """Take what is to be drawn, the farthest first, and how many samples a pixel has."""
        super().__init__()
        self.page: Colour = (0, 0, 0)
        self._shapes = shapes
        self._axes = Shape(GL.GL_LINES, width_px=2.0)
        self._program: QOpenGLShaderProgram | None = None
        form = QtGui.QSurfaceFormat.defaultFormat()
        form.setSamples(samples)
        self.setFormat(form)
        self.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)  # keys are the window's

    def look(self, centre_mm: FloatArray, distance_mm: float) -> None:
        """Look at a place in camera space from a distance; the direction stays."""
        place = TO_GL.map(QtGui.QVector3D(*map(float, centre_mm)))
        self.opts["center"] = place
        self.opts["distance"] = min(max(distance_mm, NEAREST_MM), FARTHEST_MM)

    def move_by(self, shift_mm: FloatArray, zoom: float) -> None:
        """Move what is looked at, in camera space, and the distance by a factor."""
        self.opts["center"] = self.opts["center"] + TO_GL.map(QtGui.QVector3D(*map(float, shift_mm)))
        self.opts["distance"] = min(max(self.opts["distance"] * zoom, NEAREST_MM), FARTHEST_MM)

    def viewMatrix(self) -> QtGui.QMatrix4x4:
        """Give the way from camera space to the eye's."""
        turned: QtGui.QMatrix4x4 = super().viewMatrix() * TO_GL
        return turned

    def matrices(self) -> tuple[QtGui.QMatrix4x4, QtGui.QMatrix4x4]:
        """Give the projection, and the way from camera space to the eye's."""
        region = self.getViewport()
        return self.projectionMatrix(region, region), self.viewMatrix()

    def initializeGL(self) -> None:
        """Take a new context; an exception here would end the process."""
        try:
            self._program = make_program()
        except SourceError as error:
            self._program = None
            self.failed.emit(str(error))
        for shape in (*self._shapes, self._axes):
            shape.forget()

    def paintGL(self) -> None:
        """Draw every shape."""
        program = self._program
        if program is None:
            return
        projection, view = self.matrices()
        GL.glClearColor(*(part / 255 for part in self.page), 1.0)
        GL.glClear(GL.GL_DEPTH_BUFFER_BIT | GL.GL_COLOR_BUFFER_BIT)
        GL.glEnable(GL.GL_DEPTH_TEST)
        GL.glEnable(GL.GL_BLEND)
        GL.glEnable(GL.GL_CULL_FACE)  # else a faint solid's back would shine through its front
        GL.glEnable(GL.GL_PROGRAM_POINT_SIZE)
        GL.glBlendFuncSeparate(GL.GL_SRC_ALPHA, GL.GL_ONE_MINUS_SRC_ALPHA, GL.GL_ONE, GL.GL_ONE_MINUS_SRC_ALPHA)
        program.bind()
        program.setUniformValue("core", *(part / 255 for part in self.page))
        program.setUniformValue("scale", projection.row(1).y() * self.deviceHeight() / 2)
        program.setUniformValue("projection", projection)
        program.setUniformValue("view", view)
        pixel = self.devicePixelRatioF()
        for shape in self._shapes:
            shape.draw(program, pixel)
        self._draw_axes(program, view, pixel)
        program.release()
        self.painted.emit()

    def _draw_axes(self, program: QOpenGLShaderProgram, view: QtGui.QMatrix4x4, pixel: float) -> None:
        """Draw the directions of camera space into the lower left corner."""
        flat = QtGui.QMatrix4x4()
        flat.ortho(-1.5, 1.5, -1.5, 1.5, -2.0, 2.0)
        program.setUniformValue("projection", flat)
        program.setUniformValue("view", QtGui.QMatrix4x4())
        self._axes.set(axes(np.array(view.data()).reshape(4, 4).T[:3, :3]))
        edge = round(_AXES_PX * pixel)
        GL.glDisable(GL.GL_DEPTH_TEST)
        GL.glViewport(0, 0, edge, edge)
        self._axes.draw(program, pixel)
        GL.glViewport(0, 0, self.deviceWidth(), self.deviceHeight())

    def resizeEvent(self, event: QtGui.QResizeEvent | None) -> None:
        """Keep the field along the shorter edge: pyqtgraph's is along the width."""
        super().resizeEvent(event)
        wide = max(1.0, self.width() / max(self.height(), 1))
        self.opts["fov"] = 2 * math.degrees(math.atan(math.tan(math.radians(FIELD_DEGREES / 2)) * wide))

    def wheelEvent(self, event: QtGui.QWheelEvent) -> None:
        """Zoom within bounds."""
        super().wheelEvent(event)
        self.opts["distance"] = min(max(self.opts["distance"], NEAREST_MM), FARTHEST_MM)
