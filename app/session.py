"""One source from its opening to its end: capture thread, worker thread, results."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Final

from app.cameras.base import Camera, CameraInfo
from app.cameras.player import Player
from app.capture import Capture, OpenCamera
from app.latency import FrameLog
from app.slot import Slot
from app.worker import Process, track_frames
from lighthand.segment import SegmentConfig
from lighthand.types import Frame, Result

JOIN_S: Final = 2.0


class Session:
    """Owns the two threads and the two slots."""

    def __init__(
        self,
        open_camera: OpenCamera,
        make_process: Callable[[], Process],
        log: FrameLog,
        segment: SegmentConfig,
        *,
        lockstep: bool,
        patient: bool = False,
        opened: Callable[[Camera], object] = lambda camera: None,
        record: Callable[[Frame], None] = lambda frame: None,
        rest: Callable[[Result], object] = lambda result: None,
    ) -> None:
        """Build, start nothing.

        Args:
            open_camera: gives the camera, on the capture thread.
            make_process: gives ``Pipeline.process``, on the worker thread.
            log: takes every result.
            segment: where hands are looked for.
            lockstep: no frame is skipped at either slot; somebody must take every result.
            patient: wait for a camera where there is none.
            opened: given the camera when it is open, on the capture thread.
            record: given each frame on the capture thread, before anything can skip it.
            rest: given each result on the worker thread, when it can be taken.
        """
        self.results: Slot[Result] = Slot()
        self._ready = threading.Event()

        def prepare() -> Process:
            try:
                return make_process()
            finally:
                self._ready.set()

        def begin(camera: Camera) -> None:
            opened(camera)
            self._ready.wait()  # else the frames until then were lost

        frames: Slot[Frame] = Slot()
        self._capture = Capture(
            open_camera, frames, segment, lockstep=lockstep, patient=patient, opened=begin, record=record
        )
        self._threads = (
            threading.Thread(name="capture", target=self._capture.run),
            threading.Thread(
                name="worker",
                target=track_frames,
                args=(frames, self.results, prepare, log, rest),
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
            The names of threads that did not end within JOIN_S: see ``running``.
        """
        self._ready.set()
        self._capture.stop()
        self.results.close()
        end_s = time.perf_counter() + JOIN_S
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(end_s - time.perf_counter(), 0.0))
        return self.running

    @property
    def info(self) -> CameraInfo | None:
        """Of the camera, once it is open."""
        return self._capture.info

    @property
    def player(self) -> Player | None:
        """What controls the playback of a recording, once it is open."""
        return self._capture.player

    @property
    def trouble(self) -> str:
        """Why no frame comes, for the user; "" while frames come."""
        return self._capture.trouble

    @property
    def running(self) -> tuple[str, ...]:
        """The names of the threads that run."""
        return tuple(thread.name for thread in self._threads if thread.is_alive())
