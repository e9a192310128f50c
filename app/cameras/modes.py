"""Which of a device's modes is taken."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from app.cameras.base import Mode
from lighthand.errors import SourceError


@dataclass(frozen=True, slots=True)
class Wanted:
    """The mode that the user asked for.

    Attributes:
        width: pixels, or None for any.
        height: pixels, or None for any.
        fps: frames a second, or None for any.
    """

    width: int | None = None
    height: int | None = None
    fps: int | None = None

    def choose(self, name: str, modes: Iterable[Mode], *, more: str = "") -> Mode:
        """Give the first mode that fits.

        Args:
            name: of the device, for errors.
            modes: that the device has, the preferred first.
            more: how the device would have more of them, such as "use a USB 3 port".

        Raises:
            SourceError: none fits; the text lists those there are.
        """
        there = list(dict.fromkeys(modes))
        for mode in there:
            if self.width in (None, mode.width) and self.height in (None, mode.height) and self.fps in (None, mode.fps):
                return mode
        remedy = f"{more}, or " if more else ""
        raise SourceError(
            f"{name}: no depth mode {self}. It has {', '.join(map(str, sorted(there)))}: {remedy}"
            "set camera.width, camera.height and camera.fps to one of these."
        )

    def __str__(self) -> str:
        """Give it like a mode, with "any" for what was not asked."""
        return f"{self.width or 'any'}x{self.height or 'any'}@{self.fps or 'any'}"


ANY: Final = Wanted()
"""The mode that the driver prefers."""
