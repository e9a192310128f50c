"""One run of the program without its face: camera, capture thread, worker thread, results."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final

from app.cameras.base import Camera
from app.capture import capture_frames
from app.latency import FrameLog
from app.slot import Slot
from app.worker import Process, track_frames
from lighthand.segment import SegmentConfig
from lighthand.types import Frame, Result

JOIN_S: Final = 2.0


class Session:
    """Owns the two threads and the two slots; the camera is open before ``start``."""

    def __init__(
        self,
        camera: Camera,
        process: Process,
        log: FrameLog,
        segment: SegmentConfig,
        *,
        lockstep: bool,
        rest: Callable[[], object] = lambda: None,
    ) -> None:
        """Build, start nothing.

        Args:
            camera: an open camera.
            process: ``Pipeline.process``.
            log: takes every result.
            segment: where ``process`` looks for hands.
            lockstep: no frame is skipped at either slot; somebody must take every result.
            rest: called on the worker thread after each frame.
        """
        self.results: Slot[Result] = Slot()
        self._camera = camera
        self._frames: Slot[Frame] = Slot()
        self._stop = threading.Event()
        self._threads = (
            threading.Thread(
                name="capture",
                target=capture_frames,
                args=(camera, self._frames, self._stop, segment),
                kwargs={"lockstep": lockstep},
            ),
            threading.Thread(
                name="worker",
                target=track_frames,
                args=(self._frames, self.results, process, log, rest),
                kwargs={"lockstep": lockstep},
            ),
        )

    def start(self) -> None:
        """Start both threads."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> tuple[str, ...]:
        """End both threads from any state; safe twice.

        Returns:
            The names of threads that did not end within JOIN_S each: see ``running``.
        """
        self._stop.set()
        self._camera.close()
        self._frames.close()
        self.results.close()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(JOIN_S)
        return self.running

    @property
    def running(self) -> tuple[str, ...]:
        """The names of the threads that run."""
        return tuple(thread.name for thread in self._threads if thread.is_alive())
