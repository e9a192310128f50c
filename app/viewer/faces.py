"""What every other face of the program than its own window is: drawn at once, from the main thread."""

from __future__ import annotations

from typing import Protocol

from app.cameras.base import CameraInfo
from app.worker import AGE_LIMIT_S
from lighthand.types import Result, TrackedHand


class Viewer(Protocol):
    """Shows results, each before its call returns; one thread makes all calls."""

    def show(self, result: Result) -> bool:
        """Show the newest result; one that is too old to be live without its hands.

        Returns:
            False once the user has closed it.
        """

    def poll(self) -> bool:
        """Stay alive while no result comes, some 30 times a second; hands that are no longer live disappear.

        Returns:
            False once the user has closed it.
        """

    def close(self) -> None:
        """Take it off the screen. Safe twice."""


def stale_after_s(info: CameraInfo) -> float:
    """Give the age up to which a result of this camera that was live is shown while none follows it."""
    return max(AGE_LIMIT_S, 3 / info.fps)


def live_hands(result: Result, now_s: float, limit_s: float = AGE_LIMIT_S) -> tuple[TrackedHand, ...]:
    """Give the hands of a result that is younger than the limit, else none."""
    return result.hands if now_s - result.stamps.arrival_s <= limit_s else ()
