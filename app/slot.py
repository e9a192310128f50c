"""The one hand-over between threads: a place for one value, the newest."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


class SlotClosedError(Exception):
    """Nothing newer will come; ``__cause__`` is the error that ended the source, or None."""


@dataclass(frozen=True, slots=True)
class Taken(Generic[T]):
    """A value out of a slot.

    Attributes:
        value: what was put.
        number: its number at the slot, from 1, rising.
        skipped: values between the one asked after and this one, which nobody will take.
    """

    value: T
    number: int
    skipped: int


class Slot(Generic[T]):
    """Holds the newest value for one taker; any thread may put, take or close."""

    def __init__(self) -> None:
        """Start empty and open."""
        self._changed = threading.Condition()
        self._value: T | None = None
        self._number = 0
        self._taken = 0
        self._closed = False
        self._error: BaseException | None = None

    def put(self, value: T, *, wait: bool = False) -> bool:
        """Replace the value.

        Args:
            value: the newest.
            wait: first wait until the value before was taken, so that none is lost (lock step).

        Returns:
            Whether the slot was open and has the value.
        """
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: self._closed or self._taken == self._number)
            if self._closed:
                return False
            self._value = value
            self._number += 1
            self._changed.notify_all()
            return True

    def take(self, after: int, timeout_s: float | None = None) -> Taken[T] | None:
        """Give the newest value, once there is one newer than number ``after``.

        Args:
            after: number of the last value taken; 0 at first.
            timeout_s: how long to wait; 0 only looks, None waits for ever.

        Returns:
            The value, or None where none came in time.

        Raises:
            SlotClosedError: the slot is closed and holds nothing newer; its cause is the source's error.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._number > after, timeout_s)
            if self._number > after:
                assert self._value is not None
                self._taken = self._number
                self._changed.notify_all()
                return Taken(self._value, self._number, self._number - after - 1)
            if self._closed:
                raise SlotClosedError from self._error
            return None

    def close(self, error: BaseException | None = None) -> None:
        """End the slot and wake all who wait; the first call's error is the one that counts.

        The last value can still be taken.

        Args:
            error: why, or None at a regular end.
        """
        with self._changed:
            if not self._closed:
                self._closed, self._error = True, error
            self._changed.notify_all()
