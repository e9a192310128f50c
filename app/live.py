"""What runs behind every face of the program: a source, a pipeline, and what of them changes while they run."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from app.cameras.base import Camera, CameraInfo
from app.cameras.player import Player
from app.compiled import compile_ahead
from app.config import AppConfig, CameraConfig
from app.latency import FrameLog
from app.recording.recorder import Recorder
from app.session import Session
from app.slot import Slot
from app.sources import open_camera
from app.worker import Process
from lighthand.backends import open_estimator
from lighthand.config import config_to_dict
from lighthand.errors import SourceError
from lighthand.pipeline import Pipeline
from lighthand.segment import SegmentConfig
from lighthand.track import TrackConfig
from lighthand.types import Result

RECORDINGS: Final = Path("recordings")
"""Where recordings go that the user starts in the window."""


class Live:
    """Starts, changes and stops one session after the other; the network is loaded once."""

    def __init__(
        self,
        config: AppConfig,
        log: FrameLog,
        recorder: Recorder,
        *,
        patient: bool,
        record_to: Path | None = None,
        rest: Callable[[Result], object] = lambda result: None,
    ) -> None:
        """Build, start nothing.

        Args:
            config: the settings at the start.
            log: takes every result.
            recorder: takes every frame and result.
            patient: wait for a device where there is none, and at the end of a recording for what the user does next.
            record_to: record from the first frame on.
            rest: given each result on the worker thread, when it can be taken.
        """
        self.config = config
        self.recorder = recorder
        self._log = log
        self._patient = patient
        self._record_to = record_to
        self._rest = rest
        self._pipeline: Pipeline | None = None
        self._stopped = threading.Event()
        self._session = self._make()

    def start(self) -> None:
        """Start the threads."""
        self._stopped.clear()
        self._session.start()

    def stop(self) -> tuple[str, ...]:
        """End the threads from any state; safe twice.

        Returns:
            The names of those that did not end in time.
        """
        self._stopped.set()
        return self._session.stop()

    def switch(self, camera: CameraConfig) -> None:
        """Stop what plays, and play something else.

        Raises:
            SourceError: what plays does not stop in time; nothing is played any more.
        """
        if hung := self.stop():
            raise SourceError(f"thread {' and '.join(hung)} did not end in time. Close the window and start again.")
        self.recorder.end()
        self.config = replace(self.config, camera=camera)
        self._session = self._make()
        self.start()

    def configure(self, segment: SegmentConfig, track: TrackConfig) -> None:
        """Take other settings from the next frame on."""
        self.config = replace(self.config, segment=segment, track=track)
        if self._pipeline is not None:
            self._pipeline.configure(self.config.pipeline)

    def record(self) -> None:
        """Begin a recording under the time of day, or end the one that runs.

        Raises:
            SourceError: it cannot begin: no camera is open, or the file cannot be made.
        """
        if self.recorder.state.active:
            self.recorder.end()
            return
        if self.info is None or not self.running:
            raise SourceError("there is nothing to record: no source is open.")
        self._record(RECORDINGS / f"hand-{time.strftime('%Y%m%d-%H%M%S')}.mcap", self.info)

    @property
    def results(self) -> Slot[Result]:
        """Where the results of the source come, until ``switch``."""
        return self._session.results

    @property
    def info(self) -> CameraInfo | None:
        """Of the source, once it is open."""
        return self._session.info

    @property
    def player(self) -> Player | None:
        """What controls the playing of a recording."""
        return self._session.player

    @property
    def loading(self) -> bool:
        """Whether the network is not ready yet."""
        return self._pipeline is None

    @property
    def trouble(self) -> str:
        """Why no frame comes, for the user; "" while frames come."""
        return self._session.trouble

    @property
    def running(self) -> tuple[str, ...]:
        """The names of the threads that run."""
        return self._session.running

    def _make(self) -> Session:
        """Build a session of the settings' source."""
        camera = self.config.camera
        lockstep = camera.pace == "lockstep"
        return Session(
            partial(open_camera, camera),
            self._process,
            self._log,
            self.config.segment,
            lockstep=lockstep,
            patient=self._patient and camera.is_device,
            opened=self._opened,
            record=partial(self.recorder.frame, wait=lockstep),
            rest=self._share,
        )

    def _process(self) -> Process:
        """Load the network, the first time, and forget the source before; on the worker thread."""
        if self._pipeline is None:
            compile_ahead("pipeline", self._stopped)
            pipeline = Pipeline(open_estimator(self.config.network), self.config.pipeline)
            pipeline.warm_up()
            self._pipeline = pipeline
            gc.freeze()  # what was loaded stays: a collection need not look at it
        self._pipeline.configure(self.config.pipeline)  # it may have changed while it was loaded
        self._pipeline.reset()
        return self._pipeline.process

    def _opened(self, camera: Camera) -> None:
        """Note which source it is, before its first frame; on the capture thread."""
        if camera.player:
            camera.player.hold = self._patient
        self._log.restart({"source": _about(camera.info)})
        if self._record_to is not None:
            path, self._record_to = self._record_to, None
            self._record(path, camera.info)

    def _record(self, path: Path, info: CameraInfo) -> None:
        self.recorder.start(path, info, {"source": _about(info), "config": config_to_dict(self.config)})

    def _share(self, result: Result) -> None:
        self.recorder.result(result)
        self._rest(result)


def _about(info: CameraInfo) -> dict[str, object]:
    return {
        "model": info.model,
        "serial": info.serial,
        "depth_unit_mm": info.depth_unit_mm,
        "fps": info.fps,
        "live": info.live,
    }
