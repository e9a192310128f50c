"""What a depth picture of a known size shows, and the colours that it should show."""

from __future__ import annotations

import numpy as np
from PyQt6 import QtGui

from app.look import ViewConfig
from app.viewer.colours import depth_table
from app.viewer.picture import DepthView
from app.viewer.scale import SCENE, Span
from app.viewer.theme import THEMES, Colour

DARK, LIGHT = THEMES["dark"], THEMES["light"]
WIDTH, HEIGHT, SCALE, TOP = 640, 600, 10, 60  # of the widget; of 64 x 48 pixels in it
BARE = ViewConfig(box=False, outline=False)


def pixels(view: DepthView) -> np.ndarray:
    image = view.grab().toImage().convertToFormat(QtGui.QImage.Format.Format_RGB32)
    memory = image.constBits()
    assert memory is not None
    raw = np.frombuffer(memory.asstring(image.sizeInBytes()), np.uint8)
    return raw.reshape(image.height(), image.width(), 4)[:, :, 2::-1].astype(int)


def colour_of(depth_mm: int, span: Span = SCENE, theme: str = "dark") -> Colour:
    value = int(depth_table(1.0, span, THEMES["light" if theme == "light" else "dark"])[depth_mm])
    return value >> 16 & 255, value >> 8 & 255, value & 255
