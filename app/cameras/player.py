"""Playback of a recording: the window asks, the camera's ``read`` obeys."""

from __future__ import annotations

import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

PAUSE_S: Final = 0.5
"""A longer pause in a recording is cut to this when it is played."""

SLOWEST: Final = 0.1
FASTEST: Final = 4.0

_SAME_S: Final = 1e-6  # moments that differ by rounding


@dataclass(frozen=True, slots=True)
class Position:
    """Where in a recording the frame is that was given last; the first frame before any was.

    Attributes:
        step: its place, from 0.
        count: frames in the recording.
        moment_s: when it came, since the first one.
        length_s: when the last one came.
    """

    step: int
    count: int
    moment_s: float
    length_s: float


@dataclass(frozen=True, slots=True)
class Turn:
    """The frame that is to be read next.

    Attributes:
        step: its place in the recording.
        back: where it cannot be read, the one before it is meant, not the one after it.
        cut: it does not follow the frame given last.
    """

    step: int
    back: bool
    cut: bool


class Player:
    """Plays, pauses, steps and seeks; any thread may ask, one thread reads.

    Attributes:
        loop: begin again after the last frame.
        hold: pause after the last frame, from where one can seek back; else the recording is over there. Without an
            effect in lock step, where nobody waits for a recording to go on.
    """

    def __init__(self, *, loop: bool = False, paced: bool = True) -> None:
        """Begin playing at the recorded pace.

        Args:
            loop: see above.
            paced: frames come at their moments; else as soon as they are asked for (lock step), at any speed.
        """
        self.loop = loop
        self.hold = False
        self.paced = paced
        self._changed = threading.Condition()
        self._moments_s: Sequence[float] = (0.0,)
        self._period_s = 0.0
        self._paused, self._closed = False, True
        self._speed = 1.0
        self._shown, self._next = -1, 0
        self._asked = self._back = False  # the next frame is due now; see Turn.back
        self._beat_s = self._gap_s = 0.0  # when a frame was due last, and how long after it the next is at speed 1

    @property
    def paused(self) -> bool:
        """Whether frames come only when they are asked for."""
        return self._paused

    @property
    def pending(self) -> bool:
        """Whether a frame was asked for and not given yet."""
        return self._asked

    @property
    def speed(self) -> float:
        """Times the recorded pace, ``SLOWEST`` to ``FASTEST``."""
        return self._speed

    @speed.setter
    def speed(self, speed: float) -> None:
        if not SLOWEST <= speed <= FASTEST:
            raise ValueError(f"speed {speed:g}: expected {SLOWEST:g} to {FASTEST:g}. Choose one between.")
        with self._changed:
            self._speed = speed
            self._changed.notify_all()

    @property
    def position(self) -> Position:
        """Where the frame is that was given last."""
        with self._changed:
            shown, moments_s = max(self._shown, 0), self._moments_s
            return Position(shown, len(moments_s), moments_s[shown], moments_s[-1])

    @property
    def at_end(self) -> bool:
        """Whether no frame follows the one given last."""
        return self._next >= len(self._moments_s) and not self.loop

    @property
    def ended(self) -> bool:
        """Whether no frame will come, whatever is asked: closed, or over and not held."""
        return self._closed or (self.at_end and not (self.hold and self.paced))

    def pause(self) -> None:
        """Stay at the frame given last."""
        with self._changed:
            self._paused = True
            self._changed.notify_all()

    def play(self) -> None:
        """Go on; from the first frame where the last was given."""
        with self._changed:
            if self.at_end:
                self._ask(0)
            self._paused, self._beat_s = False, time.perf_counter()
            self._changed.notify_all()

    def step(self, count: int) -> None:
        """Pause, and give the frame that lies so many after the one given last (before it where negative)."""
        with self._changed:
            self._paused = True
            here = self._here()
            step = self._clamp(here + count)
            if step != here:
                self._ask(step, back=count < 0)
            self._changed.notify_all()

    def seek(self, step: int) -> None:
        """Give this frame now, and go on from there unless paused."""
        with self._changed:
            self._ask(self._clamp(step))

    def jump(self, seconds: float) -> None:
        """Give the frame so many seconds of the recording after the one given last (before it where negative)."""
        with self._changed:
            moments_s = self._moments_s
            target_s = moments_s[max(self._here(), 0)] + seconds
            after = bisect_left(moments_s, target_s - _SAME_S)
            before = bisect_right(moments_s, target_s + _SAME_S) - 1
            self._ask(self._clamp(after if seconds > 0 else before))

    def _here(self) -> int:
        return self._next if self._asked else self._shown

    def _clamp(self, step: int) -> int:
        return min(max(step, 0), len(self._moments_s) - 1)

    def _ask(self, step: int, *, back: bool = False) -> None:
        self._next, self._asked, self._back = step, True, back
        self._changed.notify_all()

    def start(self, moments_s: Sequence[float], fps: float) -> None:
        """Begin at the first frame; called by the camera, as all below.

        Args:
            moments_s: when each frame came, since the first one; rising, at least one.
            fps: frames a second: from the last frame to the first of the next round.
        """
        with self._changed:
            self._moments_s, self._period_s = moments_s, 1 / fps
            self._shown, self._next = -1, 0
            self._asked = self._closed = False
            self._beat_s, self._gap_s = time.perf_counter(), 0.0

    def close(self) -> None:
        """Wake who waits; no frame will come until the next ``start``."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def turn(self, end_s: float) -> Turn | None:
        """Say which frame is to be read next; while paused, wait until one is asked for.

        Args:
            end_s: until when to wait, on ``perf_counter``.

        Returns:
            The frame, or None where none was asked for in time, or none will come: see ``ended``.
        """
        with self._changed:
            while not self.ended:
                if self._next >= len(self._moments_s):
                    self._next, self._paused = (0, self._paused) if self.loop else (self._next, True)
                if self._asked or not self._paused:
                    return Turn(self._next, self._back and self._asked, self._next != self._shown + 1)
                if not self._changed.wait(max(end_s - time.perf_counter(), 0.0)):
                    return None
            return None

    def give(self, turn: Turn, at: int, end_s: float) -> float | None:
        """Wait until a frame that was read is due; frames that come late do not come in a burst.

        Args:
            turn: what was to be read.
            at: the place of what was read: another where that was damaged.
            end_s: until when to wait, on ``perf_counter``.

        Returns:
            Now, if the frame is given with that; None where it is not due by then or another is to be read.
        """
        with self._changed:
            while not self._closed and self._next == turn.step and (self._asked or not self._paused):
                now_s = time.perf_counter()
                waits = self.paced and not self._asked
                due_s = self._beat_s + self._gap_s / self._speed if waits else now_s
                if due_s <= now_s:
                    self._gap_s = self._gap_after(at)
                    self._beat_s = max(due_s, now_s - self._gap_s / self._speed)
                    self._shown, self._next, self._asked = at, at + 1, False
                    return now_s
                if now_s >= end_s:
                    return None
                self._changed.wait(min(due_s, end_s) - now_s)
            return None

    def _gap_after(self, step: int) -> float:
        """Give the time to the next frame at the recorded pace; a long pause is cut."""
        moments_s, period_s = self._moments_s, self._period_s
        if step + 1 == len(moments_s):
            return period_s
        return min(moments_s[step + 1] - moments_s[step], max(PAUSE_S, period_s))

    def skip_rest(self, turn: Turn) -> None:
        """Go to the end: nothing from this frame on can be read."""
        with self._changed:
            if self._next == turn.step:
                self._next, self._asked = len(self._moments_s), False
