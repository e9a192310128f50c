"""A log on disk, read back: the times and drops, not the joints."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

import numpy as np

from app.latency.columns import COLUMNS, HEAD, ROW, SOURCE, STAMPS, Rows, is_live, is_lockstep, row_of
from app.latency.table import Counts
from lighthand.errors import DataError

_NEEDED: Final = COLUMNS[: COLUMNS.index("track_id") + 1]
_CHUNK: Final = 4096  # rows that stand as Python objects at most: an hour at 90 a second has 324,000
_HINT: Final = "Give what run_live.py --log FILE wrote."


@dataclass(frozen=True, slots=True)
class Log:
    """What a log says of time.

    Attributes:
        rows: of type ROW, at least one.
        sources: a name a source, in the order of ``rows["source"]``.
        cut: its last row was not written to its end, and is left out.
        lockstep: frames waited for the worker, so that their ages say nothing of a live run.
    """

    rows: Rows
    sources: tuple[str, ...]
    cut: bool
    lockstep: bool

    @property
    def windowed(self) -> bool:
        """Whether a window drew any frame."""
        return bool(np.isfinite(self.rows["drawn_s"]).any())

    @property
    def counts(self) -> Counts:
        """What became of the frames."""
        hand, lost, skipped = (int(self.rows[name].sum()) for name in ("hand", "lost", "skipped"))
        undrawn = int(np.isnan(self.rows["drawn_s"]).sum()) if self.windowed else None
        return Counts(self.rows.size, hand, lost, skipped, undrawn)


def read_log(path: Path) -> Log:
    """Read a log.

    Raises:
        DataError: it is missing or no log of ours, is older than what the figures need, is damaged, or holds no frame.
    """
    try:
        with path.open(encoding="utf-8") as file:
            return _read(path, file)
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file. {_HINT}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is no log of LightHand. Give what run_live.py wrote with --log.") from error
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error}). {_HINT}") from error


def _read(path: Path, file: TextIO) -> Log:
    head = file.readline()
    if not head.startswith(HEAD):
        raise DataError(f"{path}: is no log of LightHand. {_HINT}")
    about = _about(path, head.removeprefix(HEAD))
    sources, live, lockstep = [_name(about)], is_live(about), is_lockstep(about)
    columns = file.readline().rstrip("\n").split(",")
    if missing := [name for name in _NEEDED if name not in columns]:
        raise DataError(f"{path}: an older log or a part of one: has no column {missing[0]}. Record again with --log.")
    places = [columns.index(name) for name in _NEEDED]
    parts, chunk = [np.empty(0, ROW)], []
    cut = False
    for number, line in enumerate(file, start=3):
        if cut := not line.endswith("\n"):
            break
        if line.startswith(SOURCE):
            about = _about(path, line.removeprefix(SOURCE))
            sources.append(_name(about))
            live = is_live(about)
            continue
        cells = line.split(",")
        try:
            chunk.append(_row(len(sources) - 1, live, [cells[place] for place in places]))
        except (IndexError, ValueError) as error:
            raise DataError(f"{path}: line {number} is damaged ({error}). Record again with --log.") from error
        if len(chunk) == _CHUNK:
            parts.append(np.array(chunk, ROW))
            chunk = []
    rows = np.concatenate([*parts, np.array(chunk, ROW)])
    if not rows.size:
        raise DataError(f"{path}: holds no frame. Let run_live.py --log FILE run until a frame has come.")
    return Log(rows, tuple(sources), cut, lockstep)


def _about(path: Path, text: str) -> Mapping[str, Any]:
    try:
        about = json.loads(text)
    except ValueError as error:
        raise DataError(f"{path}: the line that tells the source is damaged ({error}). Record again.") from error
    return about if isinstance(about, dict) else {}


def _name(about: Mapping[str, Any]) -> str:
    source = about.get("source")
    if not isinstance(source, dict):
        return "an unknown source"
    return ", ".join(str(source[key]) for key in ("model", "serial") if source.get(key))


def _row(source: int, live: bool, cells: Sequence[str]) -> tuple[object, ...]:
    """Make a row of type ROW of the columns that are needed."""
    _, lost, skipped, sensor, clock, backend, arrival, *stamps, track_id = cells
    outside_s = (_number(sensor), _number(backend), _number(arrival))
    stamps_s = [_number(stamp) for stamp in stamps[: len(STAMPS)]]
    return row_of(source, live, (int(lost), int(skipped)), track_id != "", clock, outside_s, stamps_s)


def _number(text: str) -> float:
    return float(text) if text else math.nan
