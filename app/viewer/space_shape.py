"""Points, lines and solids as OpenGL draws them: one vertex format and one program for all of them."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt
from OpenGL import GL
from PyQt6.QtOpenGL import QOpenGLBuffer, QOpenGLShader, QOpenGLShaderProgram

from lighthand.errors import SourceError

VERTEX: Final = np.dtype([("position", np.float32, 3), ("normal", np.int8, 4), ("colour", np.uint8, 4)])
"""Position in camera space, mm. Normal of length 127, or 0 for what has no shade; its fourth number is 127 where the
solid looks hollow. Colour RGBA."""

Vertices = npt.NDArray[np.void]
Indices = npt.NDArray[np.uint32]

_FIELDS: Final = (
    ("position", GL.GL_FLOAT, 0, 3),
    ("normal", GL.GL_BYTE, 12, 4),
    ("colour", GL.GL_UNSIGNED_BYTE, 16, 4),
)

_VERTEX_SHADER: Final = """
attribute highp vec3 position;
attribute mediump vec4 normal;
attribute mediump vec4 colour;
uniform highp mat4 view;
uniform highp mat4 projection;
uniform highp float scale;
uniform highp float spread;
uniform highp float nearer;
varying mediump vec4 v_normal;
varying mediump vec4 v_colour;
const highp float degree = 0.0175;  // the widest that a point is seen: as much on a small screen as on a large one
void main() {
    highp vec4 eye = view * vec4(position, 1.0);
    highp vec4 moved = projection * (eye + vec4(0.0, 0.0, min(nearer, -0.5 * eye.z), 0.0));
    gl_Position = projection * eye;
    gl_PointSize = max(scale * min(spread * position.z / gl_Position.w, degree), 1.5);
    gl_Position.z = nearer > 0.0 ? moved.z / moved.w * gl_Position.w : gl_Position.z;
    v_normal = vec4((view * vec4(normal.xyz, 0.0)).xyz, normal.w);
    v_colour = colour;
}
"""

_FRAGMENT_SHADER: Final = """
uniform mediump vec3 core;
varying mediump vec4 v_normal;
varying mediump vec4 v_colour;
void main() {
    mediump vec3 shown = v_colour.rgb;
    mediump float size = length(v_normal.xyz);
    if (size > 0.1) {
        mediump vec3 facing = v_normal.xyz / size;
        mediump float lamp = max(dot(facing, vec3(-0.35, 0.53, 0.77)), 0.0);
        mediump vec3 shaded = shown * (0.6 + 0.45 * lamp) + vec3(0.25 * pow(lamp, 24.0));
        mediump vec3 hollow = mix(shown, core, smoothstep(0.66, 0.78, facing.z));
        shown = mix(shaded, hollow, v_normal.w);
    }
    gl_FragColor = vec4(shown, v_colour.a);
}
"""


def make_program() -> QOpenGLShaderProgram:
    """Compile the program; the context is current.

    Raises:
        SourceError: the driver does not take it.
    """
    program = QOpenGLShaderProgram()
    for kind, text in (
        (QOpenGLShader.ShaderTypeBit.Vertex, _VERTEX_SHADER),
        (QOpenGLShader.ShaderTypeBit.Fragment, _FRAGMENT_SHADER),
    ):
        program.addShaderFromSourceCode(kind, text)
    for location, (name, *_) in enumerate(_FIELDS):
        program.bindAttributeLocation(name, location)
    if not program.link():
        raise SourceError(
            f"OpenGL: the driver does not take the 3D view's program ({program.log().strip()}). Update the graphics "
            "driver, or set LIBGL_ALWAYS_SOFTWARE=1."
        )
    return program


class Shape:
    """What one call draws. Its vertices are replaced in place and reach the card when it is drawn next."""

    def __init__(self, mode: int, *, width_px: float = 1.0, spread: float = 0.0, nearer_mm: float = 0.0) -> None:
        """Make it empty.

        Args:
            mode: GL_POINTS, GL_LINES or GL_TRIANGLES.
            width_px: of a line.
            spread: edge of a point a millimetre from the camera, mm.
            nearer_mm: how much nearer to the eye it counts as than it is, when one thing hides another.
        """
        self.visible = True
        self.spread = spread
        self.count = 0
        self._mode = mode
        self._width_px = width_px
        self._nearer_mm = nearer_mm
        self._vertices: Vertices | None = None
        self._indices: Indices | None = None
        self.forget()

    def set(self, vertices: Vertices, indices: Indices | None = None) -> None:
        """Replace what is drawn.

        Args:
            vertices: (n,) of dtype VERTEX.
            indices: (m,) numbers of vertices, where one is used more than once; None leaves those set before.
        """
        self._vertices = vertices
        if indices is not None:
            self._indices = indices
        self._fresh = True
        self.count = len(vertices)

    def forget(self) -> None:
        """Begin with new buffers: the context is another one."""
        self._buffer = QOpenGLBuffer(QOpenGLBuffer.Type.VertexBuffer)
        self._index_buffer = QOpenGLBuffer(QOpenGLBuffer.Type.IndexBuffer)
        self._uploaded: Indices | None = None
        self._fresh = self._vertices is not None

    def draw(self, program: QOpenGLShaderProgram, pixel: float) -> None:
        """Draw it with the program, which is bound.

        Args:
            program: of ``make_program``.
            pixel: pixels of the screen a pixel of Qt.
        """
        if not (self.visible and self.count and self._vertices is not None):
            return
        _bind(self._buffer, self._vertices if self._fresh else None)
        self._fresh = False
        for location, (_, kind, offset, numbers) in enumerate(_FIELDS):
            program.enableAttributeArray(location)
            program.setAttributeBuffer(location, kind, offset, numbers, VERTEX.itemsize)
        program.setUniformValue("spread", self.spread)
        program.setUniformValue("nearer", self._nearer_mm)
        if self._mode == GL.GL_LINES:
            GL.glLineWidth(self._width_px * pixel)
        if self._indices is None:
            GL.glDrawArrays(self._mode, 0, self.count)
        else:
            _bind(self._index_buffer, self._indices if self._uploaded is not self._indices else None)
            self._uploaded = self._indices
            GL.glDrawElements(self._mode, len(self._indices), GL.GL_UNSIGNED_INT, None)
            self._index_buffer.release()
        self._buffer.release()


def _bind(buffer: QOpenGLBuffer, array: npt.NDArray[Any] | None) -> None:
    """Bind a buffer, after an array was put into it where one is given; a buffer only grows."""
    if not buffer.isCreated():
        buffer.create()
        buffer.setUsagePattern(QOpenGLBuffer.UsagePattern.DynamicDraw)
    buffer.bind()
    if array is not None:
        if buffer.size() < array.nbytes:
            buffer.allocate(array.nbytes)
        buffer.write(0, array, array.nbytes)  # type: ignore[arg-type] # takes whatever has a buffer
