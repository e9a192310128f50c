"""Record what a run sees and finds, on a thread of its own, without ever holding the run up."""

from __future__ import annotations

import logging
import math
import threading
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from app.cameras.base import CameraInfo
from app.formats import rvl
from app.formats.mcap_write import RecordingWriter, check_absent
from app.formats.recording import Description
from lighthand.errors import SourceError
from lighthand.types import Frame, Result

_LOG: Final = logging.getLogger(__name__)

QUEUE_BYTES: Final = 256 << 20
"""Of the images that wait for the disk at most: 3.7 s of 848x480 at 90 frames a second."""

QUEUE_RESULTS: Final = 1000

STOP_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class RecorderState:
    """What the user should know.

    Attributes:
        path: of the recording, or of the one before; None where there was none.
        active: whether it takes frames.
        saving: whether it takes none any more, and what waits is being written.
        seconds: how long it has.
        frames: written.
        dropped: frames that are not in the file because the disk was too slow.
        size_bytes: of the file so far.
        error: why the recording ended by itself, and what to do; "" where it did not.
    """

    path: Path | None = None
    active: bool = False
    saving: bool = False
    seconds: float = 0.0
    frames: int = 0
    dropped: int = 0
    size_bytes: int = 0
    error: str = ""

    @property
    def nothing(self) -> str:
        """What to say of a recording that has ended, and whose file was removed since no frame came; else ""."""
        ended = self.path is not None and not (self.active or self.saving)
        return "nothing was recorded: no frame came" if ended and not (self.frames or self.error) else ""


@dataclass(frozen=True, slots=True)
class _Gap:
    """Frames that are not in the file, from one number to another, and who lost them."""

    first_seq: int
    last_seq: int
    count: int
    where: str


_Item = Frame | Result | _Gap


def check_target(path: Path) -> None:
    """Refuse a place for a recording before anything is opened for it.

    Raises:
        SourceError: the file is there, or has another suffix.
    """
    if path.suffix != ".mcap":
        raise SourceError(f"{path}: a recording is an .mcap. Name it {path.with_suffix('.mcap')}.")
    check_absent(path)


class Recorder:
    """Takes every frame from the capture thread and every result from the worker; may be started again and again.

    A recording that ends before a frame came leaves no file.
    """

    def __init__(self) -> None:
        """Start nothing; compile the codec, for which a first frame could not wait."""
        rvl.encode(np.zeros((1, 1), np.uint16))
        self._changed = threading.Condition()
        self._queue: deque[_Item] = deque()
        self._waiting_bytes = self._waiting_results = 0
        self._seq: int | None = None  # of the last frame that came
        self._gap: _Gap | None = None  # frames just dropped, to be noted before the next
        self._open = self._recording = False  # takes frames; has a thread that writes
        self._done: list[RecorderState] = []
        self._thread: threading.Thread | None = None
        self._path: Path | None = None
        self._begin_s = self._end_s = 0.0
        self._frames = self._dropped = self._results_dropped = self._size_bytes = 0
        self._error = ""

    def start(self, path: Path, info: CameraInfo, about: Mapping[str, object]) -> None:
        """Begin a recording.

        Args:
            path: of the file, an ``.mcap`` that is not there.
            info: of the camera that gives the frames.
            about: goes into it as JSON: the resolved settings.

        Raises:
            SourceError: a recording is running, or the file is there, has another suffix, or cannot be made.
        """
        if self._recording:
            raise SourceError(f"{path}: {self._path} is still being written. Wait until it is saved.")
        check_target(path)
        camera = Description(
            info.model, info.serial, info.depth_unit_mm, info.intrinsics, info.fps, firmware=info.firmware
        )
        writer = RecordingWriter(path, camera, about)
        with self._changed:
            self._queue.clear()
            self._seq = self._gap = None
            self._waiting_bytes = self._waiting_results = 0
            self._frames = self._dropped = self._results_dropped = 0
            self._size_bytes, self._error, self._path = writer.size_bytes, "", path
            self._begin_s, self._zero_ns = time.perf_counter(), time.time_ns() - time.perf_counter_ns()
            self._open = self._recording = True
        self._thread = threading.Thread(name="recorder", target=self._run, args=(writer,))
        self._thread.start()

    def frame(self, frame: Frame, *, wait: bool = False) -> None:
        """Take a frame; nothing where no recording runs.

        Args:
            frame: the next one.
            wait: wait until there is room, so that none is dropped (lock step).
        """
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: not self._open or self._waiting_bytes < QUEUE_BYTES)
            if not self._open:
                return
            before, self._seq = self._seq, frame.seq
            if self._waiting_bytes >= QUEUE_BYTES:
                self._dropped += 1
                gap = self._gap or _Gap(frame.seq, frame.seq, 0, "recorder")
                self._gap = replace(gap, last_seq=frame.seq, count=gap.count + 1)
                return
            if self._gap:
                self._queue.append(self._gap)
                self._gap = None
            if before is not None and frame.seq > before + 1:
                self._queue.append(_Gap(before + 1, frame.seq - 1, frame.seq - before - 1, "source"))
            self._queue.append(frame)
            self._waiting_bytes += frame.depth.nbytes
            self._changed.notify_all()

    def result(self, result: Result) -> None:
        """Take what was found in a frame; nothing where no recording runs. Never waits: a full queue drops it."""
        with self._changed:
            if not self._open:
                return
            if self._waiting_results >= QUEUE_RESULTS:
                self._results_dropped += 1
                return
            self._queue.append(result)
            self._waiting_results += 1
            self._changed.notify_all()

    def end(self) -> None:
        """Take no more frames; what waits is written by the recorder's thread. Safe twice and without a recording."""
        with self._changed:
            if self._open:
                self._open = False
                self._end_s = time.perf_counter()
            self._changed.notify_all()

    def stop(self) -> tuple[str, ...]:
        """End, and wait until all is written, STOP_S at most.

        Returns:
            The name of the thread, if it still writes: see ``running``.
        """
        self.end()
        if self._thread is not None:
            self._thread.join(STOP_S)
        return self.running

    @property
    def running(self) -> tuple[str, ...]:
        """The name of the thread, if it runs."""
        return (self._thread.name,) if self._thread is not None and self._thread.is_alive() else ()

    @property
    def state(self) -> RecorderState:
        """What the user should know of the newest recording, at this moment."""
        with self._changed:
            return self._state()

    @property
    def recordings(self) -> tuple[RecorderState, ...]:
        """All recordings of this run, the newest last."""
        with self._changed:
            return (*self._done, self._state()) if self._recording else tuple(self._done)

    def _state(self) -> RecorderState:
        seconds = (time.perf_counter() if self._open else self._end_s) - self._begin_s
        saving = self._recording and not self._open
        return RecorderState(
            self._path, self._open, saving, seconds, self._frames, self._dropped, self._size_bytes, self._error
        )

    def _run(self, writer: RecordingWriter) -> None:
        """Write until the recording is stopped or fails."""
        try:
            log = _Log(writer, self._zero_ns)
            while (item := self._take()) is not None:
                log.add(item)
                with self._changed:
                    self._frames, self._size_bytes = writer.frames, writer.size_bytes
            if self._gap:
                log.add(self._gap)
            counts = {"frames": writer.frames, **log.totals, "results_dropped": self._results_dropped}
            if writer.frames:
                writer.finish({**counts, "error": ""})
            else:
                writer.discard()
        except BaseException as error:  # noqa: BLE001 - told in the state: the run goes on without the recording
            why = error.strerror if isinstance(error, OSError) else repr(error)
            with suppress(OSError):
                writer.close()
            with self._changed:
                waiting = sum(isinstance(item, Frame) for item in self._queue)
                self._dropped += writer.frames - writer.saved + waiting
                self._frames = writer.saved
                self._error = (
                    f"{writer.path}: the recording ended after {writer.saved} frames: cannot be written ({why}). "
                    "Make room or choose another place; what was written so far can be read."
                )
            _LOG.warning("%s", self._error)
        with self._changed:
            self._size_bytes = writer.size_bytes
            if self._open:
                self._open, self._end_s = False, time.perf_counter()
            self._recording = False
            self._queue.clear()
            self._done.append(self._state())
            self._changed.notify_all()

    def _take(self) -> _Item | None:
        """Give what has waited longest, or None when the recording is stopped and nothing waits."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue or not self._open)
            if not self._queue:
                return None
            item = self._queue.popleft()
            if isinstance(item, Frame):
                self._waiting_bytes -= item.depth.nbytes
                self._changed.notify_all()
            elif isinstance(item, Result):
                self._waiting_results -= 1
            return item


class _Log:
    """Puts the time of writing on everything, and counts."""

    def __init__(self, writer: RecordingWriter, zero_ns: int) -> None:
        self._writer = writer
        self._zero_ns = zero_ns
        self._time_ns = 0
        self.totals = {"results": 0, "skipped_by_worker": 0, "lost_at_source": 0, "dropped_by_recorder": 0}

    def add(self, item: _Item) -> None:
        totals = self.totals
        if isinstance(item, Frame):
            self._time_ns = max(self._ns(item.arrival_s), self._time_ns + 1)  # no two frames at one time
            self._writer.frame(item, self._time_ns)
        elif isinstance(item, Result):
            done_s = item.stamps.tracked_s
            self._writer.result(item, self._ns(item.frame.arrival_s if math.isnan(done_s) else done_s))
            totals["results"] += 1
            totals["skipped_by_worker"] += item.skipped
        else:
            self._writer.drops(item.first_seq, item.last_seq, item.count, item.where, self._time_ns)
            totals["lost_at_source" if item.where == "source" else "dropped_by_recorder"] += item.count

    def _ns(self, time_s: float) -> int:
        return round(time_s * 1e9) + self._zero_ns
