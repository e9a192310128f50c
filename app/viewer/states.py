"""What the window says of the run: a sentence for the bar, a banner where there is nothing live to see, a hint."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, Literal

from app.cameras.base import CameraInfo, Kind
from lighthand.errors import WeightsError
from lighthand.segment import SegmentConfig
from lighthand.types import TrackedHand

Tone = Literal["good", "warn", "bad", "muted"]

PANEL: Final = "the panel (Tab)"
"""What a detail calls the panel. Tab shows and hides it, so the banner leaves the key out while it is shown."""

_SLOW: Final = 0.25  # of the frames: with more skipped, the machine is too slow
_ENOUGH: Final = 20  # frames to judge that
_SLOW_S: Final = 3.0  # over which they are counted


@dataclass(frozen=True, slots=True)
class State:
    """What to say.

    Attributes:
        text: one sentence for the bar.
        tone: the colour of its dot, a field of ``theme.Theme``.
        title: head of the banner; "" for no banner.
        detail: the banner's text.
        hint: a line on the picture, where it is free.
    """

    text: str
    tone: Tone
    title: str = ""
    detail: str = ""
    hint: str = ""


def starting(kind: Kind) -> State:
    """The source is being opened."""
    source = {"auto": "the first camera that answers", "replay": "the recording", "synthetic": "the rendered hand"}
    title = f"Opening {source.get(kind, f'the camera ({kind})')}"
    rendered = kind in ("auto", "synthetic")  # auto gives the rendered hand where there is no camera
    first = "; half a minute the first time, when the rendered hand is compiled" if rendered else ""
    return State(title, "muted", title, f"This takes a moment{first}.")


def loading() -> State:
    """The source is open, the network is being loaded."""
    detail = "This takes a second or two; half a minute the first time, when parts of the program are compiled."
    return State("Loading the network", "muted", "Loading the network", detail)


def no_camera(trouble: str) -> State:
    """The device was never there."""
    what, _, _ = trouble.partition(". ")
    _, again, when = trouble.rpartition("Trying again")
    detail = f"{what}. {again}{when}\n\nPlug it in, or choose another source in {PANEL}.\nThe terminal tells more."
    return State("No camera", "warn", "No camera", detail)


def waiting(info: CameraInfo) -> State:
    """The source is open, and nothing came yet."""
    return State("Waiting for frames", "muted", "Waiting for the first frame", f"of {info.model}, {info.serial}")


def lost(trouble: str) -> State:
    """The device gave frames and gives none any more; the text counts the tries."""
    return State("Camera lost", "bad", "Camera lost", trouble)


def silent(seconds: float) -> State:
    """No frame for a while, and nobody says why."""
    return State(f"No new frame for {seconds:.1f} s", "warn")


def late(age_s: float) -> State:
    """What came is too old to be shown as live."""
    return State(f"Result is {age_s:.1f} s old", "warn")


def paused(*, live: bool) -> State:
    """The user holds the picture."""
    return State("Paused: the camera runs on" if live else "Paused", "muted")


def over(doubt: str) -> State:
    """A recording stands at its end.

    Args:
        doubt: what speaks against the depth's unit, if anything.
    """
    again = "Space plays it again"
    hint = f"{doubt[:1].upper()}{doubt[1:]} {again}" if doubt else again
    return State("End of the recording", "muted", hint=hint)


def following(hands: tuple[TrackedHand, ...], slow: str) -> State:
    """Hands are seen."""
    names = ", ".join(f"{hand.side} hand, track {hand.track_id}" for hand in hands)
    return _slowly(names[0].upper() + names[1:], "good", slow)


def no_hand(doubt: str, segment: SegmentConfig, slow: str, *, seconds: float) -> State:
    """No hand is seen.

    Args:
        doubt: what speaks against the depth's unit, if anything.
        segment: where hands are looked for.
        slow: what is said of a slow machine, or "".
        seconds: for how long.
    """
    if doubt:
        return State(doubt[:1].upper() + doubt[1:], "warn")
    near_m, far_m = segment.near_mm / 1e3, segment.far_mm / 1e3
    hint = f"Hold a hand {near_m:g} to {far_m:g} m from the camera, with nothing close around it" if seconds > 2 else ""
    state = _slowly("No hand in view", "muted", slow)
    return State(state.text, state.tone, hint=hint or state.hint)


def _slowly(text: str, tone: Tone, slow: str) -> State:
    if not slow:
        return State(text, tone)
    return State(f"{text} ({slow})", "warn", hint="Try --model fast, or a slower mode")


def ended(seq: int | None, doubt: str) -> State:
    """The source is over.

    Args:
        seq: of the last frame, or None where none came.
        doubt: what speaks against the depth's unit, if anything.
    """
    title = f"Ended after frame {seq}" if seq is not None else "Ended before the first frame"
    detail = f"Choose a source in {PANEL}, or press Q to close."
    return State("Source ended", "muted", title, f"{doubt}\n\n{detail}" if doubt else detail)


def failed(error: BaseException) -> State:
    """The run stopped on an error."""
    if isinstance(error, WeightsError):  # they are those of every source
        return State("Weights cannot be used", "bad", "Weights cannot be used", f"{error}\n\nPress Q to close.")
    title = "Stopped by an error"
    return State(title, "bad", title, f"{error}\n\nChoose another source in {PANEL}, or press Q to close.")


class Pace:
    """Notes how many frames are skipped, and judges the last seconds."""

    def __init__(self) -> None:
        """Begin with nothing noted."""
        self._counts: deque[tuple[float, int, int]] = deque()

    def note(self, now_s: float, skipped: int, frames: int) -> None:
        """Take the counts of the run so far.

        Args:
            now_s: ``perf_counter``.
            skipped: frames that the worker could not take.
            frames: that the source gave.
        """
        self._counts.append((now_s, skipped, frames))
        while self._counts[0][0] < now_s - _SLOW_S:
            self._counts.popleft()

    @property
    def slowness(self) -> str:
        """That too many frames are skipped; "" where few are, or too few came to tell."""
        if not self._counts:
            return ""
        (_, skipped, frames), (_, skipped_now, frames_now) = self._counts[0], self._counts[-1]
        lost, given = skipped_now - skipped, frames_now - frames
        if given < _ENOUGH or lost <= _SLOW * given:
            return ""
        return f"too slow for this camera: {lost / given:.0%} of its frames skipped"
