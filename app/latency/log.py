"""The log of a run: a row a frame in a CSV, a table at the end."""

from __future__ import annotations

import csv
import io
import json
import math
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from app.latency.columns import COLUMNS, HEAD, ROW, SOURCE, STAMPS, is_live, is_lockstep, row_of
from app.latency.table import Counts, table
from lighthand.errors import SourceError
from lighthand.skeleton import JOINT_NAMES
from lighthand.types import Frame, Result

_KEPT: Final = 36_000  # frames the summary looks back on: 20 minutes at 30 fps
_UNDRAWN: Final = 64  # rows that wait for their drawing at most


@dataclass(slots=True)
class _Row:
    """A result that waits for its drawing; ``about`` is of its source, where it is the first of a new one."""

    result: Result
    lost: int
    arrival_unix_s: float
    about: Mapping[str, object] | None
    drawn_s: float = math.nan


class FrameLog:
    """Takes every result from the worker and the moment of its drawing from the window.

    A row is written when its frame was drawn, or when a newer one was, for then it never will be. The worker does
    all writing but the last rows, so neither the window nor a queue can lose one.

    Attributes:
        frames: that were processed.
        poses: of these with a hand.
        lost: that the source gave and that never came.
        skipped: that came while the tracker was busy.
        undrawn: processed and never drawn, of the rows written.
        total: all that the source gave.
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
        self._waiting: deque[_Row] = deque()
        self._next: Mapping[str, object] | None = None
        self._kept = np.empty(_KEPT, ROW)
        self._written = self._source = 0
        self._live, self._lockstep = is_live(about), is_lockstep(about)
        self._seq: int | None = None
        self.frames = self.poses = self.lost = self.skipped = self.undrawn = self.total = 0
        self._file: io.TextIOWrapper | None = None
        if path is not None:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                _check_ours(path)
                self._file = path.open("w", encoding="utf-8", newline="", buffering=1)  # a kill loses no row
                self._writer = csv.writer(self._file, lineterminator="\n")
                self._file.write(f"{HEAD} {json.dumps(about)}\n")
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

    def restart(self, about: Mapping[str, object]) -> None:
        """Begin a new source with the next result; from any thread, never waits.

        The next result's number says nothing of frames lost before it. A line tells the source before its row.

        Args:
            about: as for the whole log.
        """
        with self._lock:
            self._next = about

    def add(self, result: Result) -> None:
        """Take the next result; called by the worker alone, before the window can see the result.

        Raises:
            SourceError: a row cannot be written.
        """
        with self._lock:
            about, self._next = self._next, None
        before = self._seq if about is None else None
        lost = 0 if before is None else max(result.frame.seq - before - 1 - result.skipped, 0)
        self._seq = result.frame.seq
        self.frames += 1
        self.poses += bool(result.hands)
        self.lost += lost
        self.skipped += result.skipped
        self.total += 1 + lost + result.skipped
        row = _Row(result, lost, _arrival_unix_s(result.frame), about)
        with self._lock:
            done = max((place for place, other in enumerate(self._waiting, 1) if other.drawn_s >= 0), default=0)
            if about is not None:
                done = len(self._waiting)
            self._waiting.append(row)
            done = max(done, len(self._waiting) - (_UNDRAWN if self._drawn else 0))
            ready = [self._waiting.popleft() for _ in range(done)]
        for row in ready:
            self._write(row)

    def drawn(self, seq: int, drawn_s: float) -> None:
        """Take the moment at which a frame's picture stood on the screen; never waits for the disk."""
        with self._lock:
            for row in reversed(self._waiting):
                if row.result.frame.seq == seq:
                    row.drawn_s = drawn_s
                    return

    def close(self) -> None:
        """Write what waits and close the file; after the worker has ended. Safe twice.

        Raises:
            SourceError: the last rows cannot be written; the summary knows them all the same.
        """
        with self._lock:
            ready = list(self._waiting)
            self._waiting.clear()
        failed: SourceError | None = None
        for row in ready:
            try:
                self._write(row)
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

    def _write(self, row: _Row) -> None:
        """Keep the times of one frame and write its row, and before it that of its source where it is a new one."""
        if row.about is not None:
            self._source += 1
            self._live = is_live(row.about)
        result, frame = row.result, row.result.frame
        stamps_s = [getattr(result.stamps, name) for name in STAMPS[:-1]] + [row.drawn_s]
        outside_s = (_or_nan(frame.sensor_s), _or_nan(frame.backend_s), row.arrival_unix_s)
        self._kept[self._written % _KEPT] = row_of(
            self._source,
            self._live,
            (row.lost, result.skipped),
            bool(result.hands),
            frame.sensor_clock,
            outside_s,
            stamps_s,
        )
        self._written += 1
        self.undrawn += self._drawn and math.isnan(row.drawn_s)
        if self._file is None:
            return
        sensor, backend, arrival = map(_seconds, outside_s)
        cells = [frame.seq, row.lost, result.skipped, sensor, frame.sensor_clock, backend, arrival]
        try:
            if row.about is not None:
                self._file.write(f"{SOURCE} {json.dumps(row.about)}\n")
            self._writer.writerow([*cells, *map(_seconds, stamps_s), *_hand_cells(result)])
        except OSError as error:
            raise self._give_up(self._file.name, error) from error

    def summary(self) -> str:
        """Give the table of the whole run: after ``close``."""
        if not self._written:
            return "no frame was processed"
        place = self._written % _KEPT if self._written > _KEPT else 0
        rows = np.roll(self._kept[: self._written], -place)
        undrawn = self.undrawn if self._drawn else None
        counts = Counts(self.frames, self.poses, self.lost, self.skipped, undrawn)
        return table(rows, counts, lockstep=self._lockstep)


def _check_ours(path: Path) -> None:
    """Refuse to write over a file that is not a log of ours."""
    if not path.is_file():
        return
    with path.open("rb") as file:
        first = file.read(len(HEAD))
    if first not in (b"", HEAD.encode()):
        raise SourceError(f"{path}: is there and is no log of LightHand. Choose another place for --log.")


def _arrival_unix_s(frame: Frame) -> float:
    """Give a frame's arrival on the system's clock where it bears another stamp of that clock, else NaN."""
    if frame.backend_s is None and frame.sensor_clock != "system":
        return math.nan
    return frame.arrival_s + time.time() - time.perf_counter()


def _hand_cells(result: Result) -> list[object]:
    if not result.hands:
        return [""] * (5 + 5 * len(JOINT_NAMES))
    first, pose = result.hands[0], result.hands[0].pose
    cells: list[object] = [first.track_id, first.side]
    cells += [f"{value:.4f}" for value in (pose.side_probability, pose.presence, pose.score)]
    cells += [f"{value:.3f}" for value in first.joints_mm.ravel().tolist()]
    cells += [f"{value:.3f}" for value in pose.confidence.tolist()]
    cells += pose.hidden.astype(int).tolist()
    return cells


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value


def _seconds(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.6f}"
