"""What the colours of depth are spread over: the whole scene, or the depth that the hands' cubes take up."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from lighthand.types import TrackedHand

STEP_MM: Final = 5.0  # a hand's span moves in such steps: its colours stay while the hand trembles
_MOST_TICKS: Final = 5


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of distances and how colours are dealt out over it.

    Attributes:
        near_mm: its near end.
        far_mm: its far end.
        even: in even steps of distance, and what lies outside has no colour; else in even steps of 1 / distance, so
            that the near has most of the scale, and what lies outside has the colour of its end.
    """

    near_mm: float
    far_mm: float
    even: bool


SCENE: Final = Span(250.0, 3000.0, even=False)

_SCENE_TICKS_MM: Final = (250, 350, 500, 1000, 3000)


def level(depth_mm: npt.ArrayLike, span: Span) -> npt.NDArray[np.float32]:
    """Give where distances > 0 lie on the scale: 0 at its far end and beyond, 1 at its near end and before it."""
    depth = np.asarray(depth_mm, np.float32)
    if span.even:
        share = (span.far_mm - depth) / (span.far_mm - span.near_mm)
    else:
        share = (1 / depth - 1 / span.far_mm) / (1 / span.near_mm - 1 / span.far_mm)
    share = np.clip(share, 0, 1)
    return np.asarray(share if span.even else share**0.8, np.float32)


def ticks_mm(span: Span) -> tuple[int, ...]:
    """Give up to five round distances of a span, the nearest first."""
    if not span.even:
        return _SCENE_TICKS_MM
    step = 50
    while True:
        first, last = math.ceil(span.near_mm / step), math.floor(span.far_mm / step)
        if last - first < _MOST_TICKS:
            return tuple(step * k for k in range(first, last + 1))
        step *= 2


def span_of(hands: tuple[TrackedHand, ...], held: Span | None) -> Span | None:
    """Give the span from the nearest face of the hands' cubes to the farthest.

    Args:
        hands: of the newest frame.
        held: what was given for the frame before, or None.

    Returns:
        ``held`` while no hand is seen or neither end has moved by more than a step; None where there was never one.
    """
    if not hands:
        return held
    near_mm = min(float(hand.region.centre_mm[2]) - hand.region.cube_mm / 2 for hand in hands)
    far_mm = max(float(hand.region.centre_mm[2]) + hand.region.cube_mm / 2 for hand in hands)
    if held and max(abs(near_mm - held.near_mm), abs(far_mm - held.far_mm)) <= STEP_MM:
        return held
    near_mm, far_mm = (round(end_mm / STEP_MM) * STEP_MM for end_mm in (near_mm, far_mm))
    return Span(near_mm, far_mm, even=True)
