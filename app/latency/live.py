"""What the window shows of time while it goes on."""

from __future__ import annotations

import math
from collections import deque
from typing import Final

import numpy as np

from lighthand.types import Stamps


class LiveFigures:
    """New poses a second, frames a second and the age at drawing, over the last two seconds."""

    WINDOW_S: Final = 2.0

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._frames: deque[tuple[float, float, int, int]] = deque()  # drawn, age, poses and frames so far

    def drawn(self, stamps: Stamps, drawn_s: float, *, poses: int, total: int) -> None:
        """Take one new result that was drawn just now; repeated drawings of one result do not count.

        Args:
            stamps: of the result.
            drawn_s: when it stood on the screen.
            poses: results with a hand by now, drawn or not: a window need not draw each of 90 a second.
            total: frames that the source has given by now, whether or not they were lost on the way.
        """
        self._frames.append((drawn_s, drawn_s - stamps.arrival_s, poses, total))

    def rates(self, now_s: float) -> tuple[float, float]:
        """Give new poses a second and the source's frames a second, between the first and the last drawing."""
        self._forget(now_s)
        if len(self._frames) < 2:
            return 0.0, 0.0
        (first_s, _, poses, total), (last_s, _, last_poses, last_total) = self._frames[0], self._frames[-1]
        span_s = max(last_s - first_s, 1e-9)
        return (last_poses - poses) / span_s, (last_total - total) / span_s

    def age_ms(self, now_s: float) -> tuple[float, float]:
        """Give the median and the 95th percentile of the age at drawing, NaN where nothing was drawn."""
        self._forget(now_s)
        if not self._frames:
            return math.nan, math.nan
        median, p95 = np.percentile([age_s for _, age_s, _, _ in self._frames], (50, 95)) * 1e3
        return float(median), float(p95)

    def _forget(self, now_s: float) -> None:
        while self._frames and self._frames[0][0] < now_s - self.WINDOW_S:
            self._frames.popleft()
