"""What the program says of time: a row a frame in a CSV, a table at the end, live figures on the picture."""

from __future__ import annotations

import csv
import io
import json
import math
import threading
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import astuple, replace
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from lighthand.errors import SourceError
from lighthand.skeleton import JOINT_NAMES
from lighthand.types import Result, Stamps

STAMPS: Final = ("arrival_s", "taken_s", "segmented_s", "estimated_s", "tracked_s", "drawn_s")

COLUMNS: Final = (
    "seq", "lost", "skipped", "sensor_s", *STAMPS, "track_id", "side", "side_probability", "presence", "score",
    *(f"{joint}_{axis}_mm" for joint in JOINT_NAMES for axis in "xyz"),
    *(f"{joint}_confidence" for joint in JOINT_NAMES), *(f"{joint}_hidden" for joint in JOINT_NAMES),
)  # fmt: skip
"""``lost``: frames missing at the source just before this one; ``skipped``: frames that came while the tracker was
busy and were passed over. ``drawn_s`` is empty where no window drew the frame, the hand's columns where there was
none."""

STAGES: Final = (
    ("wait for the worker", "arrival_s", "taken_s"),
    ("segment or predict", "taken_s", "segmented_s"),
    ("estimate", "segmented_s", "estimated_s"),
    ("track", "estimated_s", "tracked_s"),
    ("arrival to pose", "arrival_s", "tracked_s"),
    ("pose to picture", "tracked_s", "drawn_s"),
    ("age at drawing", "arrival_s", "drawn_s"),
)

_HEAD: Final = "# lighthand"  # how every log begins
_KEPT: Final = 36_000  # frames the summary looks back on: 20 minutes at 30 fps
_UNDRAWN: Final = 64  # rows that wait for their drawing at most


class FrameLog:
    """Takes every result from the worker and the moment of its drawing from the window.

    A row is written when its frame was drawn, or when a newer one was, for then it never will be. The worker does
    all writing but the last rows, so neither the window nor a queue can lose one.
    """

    def __init__(self, path: Path | None, *, drawn: bool, about: Mapping[str, object]) -> None:
        """Open the file.

        Args:
            path: the CSV, or None for the summary alone.
            drawn: a window will report what it draws.
            about: written as JSON into the comment on the first line: source, configuration.

        Raises:
            SourceError: the file cannot be written, or it is there and no such log.
        """
        self._drawn = drawn
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Result, int]] = deque()
        self._drawn_s: dict[int, float] = {}
        self._stamps: deque[tuple[float, ...]] = deque(maxlen=_KEPT)
        self._seq: int | None = None
        self.frames = self.with_hand = self.undrawn = 0  # of the rows written
        self.total = self.lost = self.skipped = 0  # of all the source gave
        self._file: io.TextIOWrapper | None = None
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                _check_ours(path)
                self._file = path.open("w", encoding="utf-8", newline="", buffering=1)  # a kill loses no row
                self._writer = csv.writer(self._file, lineterminator="\n")
                self._file.write(f"{_HEAD} {json.dumps(about)}\n")
                self._writer.writerow(COLUMNS)
            except OSError as error:
                raise self._give_up(path, error) from error

    def _give_up(self, path: Path | str, error: OSError) -> SourceError:
        """Leave the file alone from here on, and make the error that says why."""
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()
        return SourceError(f"{path}: the log cannot be written ({error.strerror}). Choose another place for --log.")

    def add(self, result: Result) -> None:
        """Take the next result; called by the worker alone, before the window can see the result."""
        lost = 0 if self._seq is None else max(result.frame.seq - self._seq - 1 - result.skipped, 0)
        self.lost += lost
        self.skipped += result.skipped
        self.total += 1 + lost + result.skipped
        self._seq = result.frame.seq
        with self._lock:
            self._waiting.append((result, lost))
            newest = max(self._drawn_s, default=-1)
            ready = []
            while self._waiting and (
                not self._drawn or self._waiting[0][0].frame.seq <= newest or len(self._waiting) > _UNDRAWN
            ):
                ready.append(self._finish(*self._waiting.popleft()))
            oldest = self._waiting[0][0].frame.seq if self._waiting else math.inf
            self._drawn_s = {seq: drawn_s for seq, drawn_s in self._drawn_s.items() if seq >= oldest}
        for row in ready:
            self._write(*row)

    def drawn(self, seq: int, drawn_s: float) -> None:
        """Take the moment at which a frame's picture stood on the screen; never waits for the disk."""
        with self._lock:
            self._drawn_s[seq] = drawn_s

    def close(self) -> None:
        """Write what waits and close the file; after the worker has ended. Safe twice.

        Raises:
            SourceError: the last rows cannot be written; the summary knows them all the same.
        """
        with self._lock:
            ready = [self._finish(*item) for item in self._waiting]
            self._waiting.clear()
        failed: SourceError | None = None
        for row in ready:
            try:
                self._write(*row)
            except SourceError as error:  # later rows are only counted
                failed = error
        file, self._file = self._file, None
        if file is not None:
            file.close()
        if failed is not None:
            raise failed

    def __enter__(self) -> Self:
        """Give the log."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def _finish(self, result: Result, lost: int) -> tuple[Result, int]:
        """Put the moment of drawing into the stamps."""
        drawn_s = self._drawn_s.pop(result.frame.seq, math.nan)
        return replace(result, stamps=replace(result.stamps, drawn_s=drawn_s)), lost

    def _write(self, result: Result, lost: int) -> None:
        """Count one frame and write its row."""
        self.frames += 1
        self.with_hand += bool(result.hands)
        self.undrawn += self._drawn and math.isnan(result.stamps.drawn_s)
        self._stamps.append(astuple(result.stamps))
        if self._file is None:
            return
        times = [_seconds(result.frame.sensor_s), *(_seconds(getattr(result.stamps, name)) for name in STAMPS)]
        hand: list[object] = [""] * (5 + 5 * len(JOINT_NAMES))
        if result.hands:
            first, pose = result.hands[0], result.hands[0].pose
            hand = [first.track_id, first.side]
            hand += [f"{value:.4f}" for value in (pose.side_probability, pose.presence, pose.score)]
            hand += [f"{value:.3f}" for value in first.joints_mm.ravel().tolist()]
            hand += [f"{value:.3f}" for value in pose.confidence.tolist()] + pose.hidden.astype(int).tolist()
        try:
            self._writer.writerow([result.frame.seq, lost, result.skipped, *times, *hand])
        except OSError as error:
            raise self._give_up(self._file.name, error) from error

    def summary(self) -> str:
        """Give the table of the whole run: after ``close``."""
        if not self.frames:
            return "no frame was processed"
        stamps = {name: np.array([row[i] for row in self._stamps]) for i, name in enumerate(STAMPS)}
        span = float(stamps["tracked_s"][-1] - stamps["tracked_s"][0])
        rate = f", {(len(self._stamps) - 1) / span:.1f} a second" if span > 0 else ""
        lines = [
            f"{self.frames} frames processed{rate}, a hand in {self.with_hand} ({self.with_hand / self.frames:.1%})",
            f"drops: {self.lost} at the source, {self.skipped} before the worker"
            + (f", {self.undrawn} not drawn" if self._drawn else ""),
            f"{'ms':<22}{'median':>9}{'p95':>9}{'p99':>9}",
        ]
        for name, start, end in STAGES:
            spent_ms = (stamps[end] - stamps[start]) * 1e3
            spent_ms = spent_ms[np.isfinite(spent_ms)]
            if spent_ms.size:
                figures = np.percentile(spent_ms, (50, 95, 99))
                lines.append(f"{name:<22}" + "".join(f"{figure:9.2f}" for figure in figures))
        if self.frames > _KEPT:
            lines.append(f"(times and rate: the last {_KEPT} frames)")
        return "\n".join(lines)


def _check_ours(path: Path) -> None:
    """Refuse to write over a file that is not a log of ours."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        first = file.read(len(_HEAD))
    if first not in (b"", _HEAD.encode()):
        raise SourceError(f"{path}: is there and is no log of LightHand. Choose another place for --log.")


def _seconds(value: float | None) -> str:
    return "" if value is None or math.isnan(value) else f"{value:.6f}"


class LiveFigures:
    """What the window shows: new poses a second and their age, over the last two seconds."""

    WINDOW_S: Final = 2.0

    def __init__(self) -> None:
        """Start with nothing seen."""
        self._frames: deque[tuple[float, float, bool, int]] = deque()  # drawn, age, with a hand, given so far

    def drawn(self, stamps: Stamps, drawn_s: float, with_hand: bool, total: int) -> None:
        """Take one new result that was drawn just now; repeated drawings of one result do not count.

        Args:
            stamps: of the result.
            drawn_s: when it stood on the screen.
            with_hand: whether it holds a hand.
            total: frames that the source has given by now, whether or not they were lost on the way.
        """
        self._frames.append((drawn_s, drawn_s - stamps.arrival_s, with_hand, total))

    def rates(self, now_s: float) -> tuple[float, float]:
        """Give new poses a second, (n - 1) / span of those drawn, and the source's frames a second."""
        self._forget(now_s)
        if len(self._frames) < 2:
            return 0.0, 0.0
        (first_s, _, _, first), (last_s, _, _, last) = self._frames[0], self._frames[-1]
        span_s = max(last_s - first_s, 1e-9)
        share = sum(with_hand for _, _, with_hand, _ in self._frames) / len(self._frames)
        return (len(self._frames) - 1) / span_s * share, (last - first) / span_s

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
