"""Which part of a picture stands where in its widget: the whole of it, or what the user turned to."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Point = tuple[float, float]

_MOST: Final = 64.0  # widget pixels a pixel of the picture


class Zoom:
    """Maps picture to widget, both in pixels from the upper left corner; pixel k of the picture spans k to k + 1."""

    def __init__(self) -> None:
        """Show the whole of a picture that has one pixel."""
        self._picture: Point = (1.0, 1.0)
        self._widget: Point = (1.0, 1.0)
        self.reset()

    def reset(self) -> None:
        """Show the whole picture, in the middle."""
        self.factor = 1.0
        self._centre = (self._picture[0] / 2, self._picture[1] / 2)

    def show(self, width: int, height: int) -> None:
        """Take the picture's size; another one than before is shown whole."""
        if self._picture != (width, height):
            self._picture = (float(width), float(height))
            self.reset()

    def resize(self, width: int, height: int) -> None:
        """Take the widget's size; its middle goes on showing what it showed."""
        self._widget = (float(max(width, 1)), float(max(height, 1)))

    @property
    def scale(self) -> float:
        """Widget pixels a pixel of the picture."""
        return self.factor * min(self._widget[0] / self._picture[0], self._widget[1] / self._picture[1])

    @property
    def origin(self) -> Point:
        """Where the picture's upper left corner is in the widget."""
        return (
            self._widget[0] / 2 - self._centre[0] * self.scale,
            self._widget[1] / 2 - self._centre[1] * self.scale,
        )

    def magnify(self, times: float, at: Point) -> None:
        """Come closer, and leave what is ``at`` in the widget where it is; never farther than the whole picture."""
        before = self.to_picture(at)
        self.factor = max(1.0, min(self.factor * times, self.factor * _MOST / self.scale))
        now = self.to_picture(at)
        self._turn_to((self._centre[0] + before[0] - now[0], self._centre[1] + before[1] - now[1]))

    def drag(self, right: float, down: float) -> None:
        """Move the picture by widget pixels."""
        self._turn_to((self._centre[0] - right / self.scale, self._centre[1] - down / self.scale))

    def _turn_to(self, centre: Point) -> None:
        """Put a place of the picture into the widget's middle, as far as no room is left empty by that."""
        turned = []
        for want, picture, widget in zip(centre, self._picture, self._widget, strict=True):
            half = min(widget / self.scale, picture) / 2
            turned.append(min(max(want, half), picture - half))
        self._centre = (turned[0], turned[1])

    def to_picture(self, at: Point) -> Point:
        """Give the place in the picture that stands there in the widget."""
        left, top = self.origin
        return (at[0] - left) / self.scale, (at[1] - top) / self.scale

    def to_widget(self, points_px: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Give where (N, 2) pixels of a frame, whose whole numbers are the middles of pixels, are in the widget."""
        return (points_px + 0.5) * np.float32(self.scale) + np.array(self.origin, np.float32)
