"""The capture thread's work: open a camera, frames into the newest-frame slot; a lost device is opened again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from app.cameras.base import (
    Camera,
    CameraInfo,
    DeviceLostError,
    EndOfSourceError,
    MissingSdkError,
    NoFrameError,
    NotDueError,
    check_plausible,
    check_same_stream,
    nothing_between,
)
from app.cameras.player import Player
from app.slot import Slot
from lighthand.errors import SourceError
from lighthand.segment import SegmentConfig
from lighthand.types import Frame

READ_TIMEOUT_S: Final = 1.0  # or three frames of a slow source
SILENCES: Final = 4  # reads in a row without a frame, after which a device counts as lost
BACK_OFF_S: Final = (1.0, 2.0, 4.0, 8.0, 10.0)  # before each try to open it again; the last one for ever

OpenCamera = Callable[[Callable[[Camera], object]], Camera]
"""Opens a camera; is given what to tell of it before it is opened: see ``sources.open_camera``."""

_LOG: Final = logging.getLogger(__name__)


class Capture:
    """Reads a camera on one thread; ``trouble`` says to all others why no frame comes."""

    def __init__(
        self,
        open_camera: OpenCamera,
        frames: Slot[Frame],
        segment: SegmentConfig,
        *,
        lockstep: bool,
        patient: bool = False,
        opened: Callable[[Camera], object] = lambda camera: None,
        record: Callable[[Frame], None] = lambda frame: None,
    ) -> None:
        """Take note of the parts.

        Args:
            open_camera: gives the camera, open; called on the capture thread.
            frames: where the worker takes frames.
            segment: where hands are looked for.
            lockstep: wait until the worker took the frame before.
            patient: where no camera can be opened, try again, as after a loss, until there is one.
            opened: is given the camera when it is open, before its first frame is read.
            record: is given every frame before the slot is.
        """
        self.trouble = self._told = ""
        self.info: CameraInfo | None = None
        """Of the camera, once it is open."""
        self.player: Player | None = None
        """Of the camera, once it is open."""
        self._open_camera = open_camera
        self._patient = patient
        self._opened = opened
        self._camera: Camera | None = None
        self._frames = frames
        self._segment = segment
        self._lockstep = lockstep
        self._record = record
        self._stop = threading.Event()
        self._seq = -1
        self._judged = self._warned = False

    def stop(self) -> None:
        """End ``run`` soon, in whatever state; from any thread."""
        self._stop.set()
        if camera := self._camera:
            camera.close()
        self._frames.close()

    def run(self) -> None:
        """Open, and read until the source ends, fails or is stopped; then close it, and the slot with its error.

        A device that is lost, or silent for ``SILENCES`` reads, is closed and opened again, less and less often, until
        it is back or the run is stopped.
        """
        try:
            camera = self._begin()
            self.player, self.info = camera.player, camera.info  # who sees the second has the first
            info = camera.info
            self._opened(camera)
            while not self._stop.is_set():
                try:
                    self._stream(camera, info)
                except DeviceLostError as error:
                    self._reopen(camera, info, error)
            self._frames.close()
        except EndOfSourceError:
            self._frames.close()
        except BaseException as error:  # noqa: BLE001 - handed to the taker, who raises it
            self._frames.close(error)
        finally:
            if self._camera:
                self._camera.close()

    def _begin(self) -> Camera:
        """Open the camera.

        Raises:
            EndOfSourceError: stopped meanwhile.
            SourceError: it cannot be opened, and nobody waits for it.
        """
        tries = 0
        while True:
            try:
                camera = self._open_camera(self._note)
            except (EndOfSourceError, MissingSdkError):
                raise
            except SourceError as error:
                if not self._patient:
                    raise
                tries += 1
                self._pause(error, tries)
                continue
            self._check_running()  # the stop came while it opened: its close may have come too early
            self.trouble = ""
            return camera

    def _note(self, camera: Camera) -> None:
        """Know the camera before it is opened, so that ``stop`` can close it."""
        self._camera = camera
        self._check_running()

    def _check_running(self) -> None:
        if self._stop.is_set():
            raise EndOfSourceError("stopped")

    def _pause(self, error: SourceError, tries: int) -> None:
        """Say why, and wait before the next try.

        Raises:
            EndOfSourceError: stopped meanwhile.
        """
        pause_s = BACK_OFF_S[min(tries, len(BACK_OFF_S)) - 1]
        again = f"Trying again in {pause_s:g} s (try {tries})."
        self.trouble = f"{error} {again}"
        _LOG.warning("%s", f"Still so. {again}" if str(error) == self._told else self.trouble)
        self._told = str(error)
        self._stop.wait(pause_s)
        self._check_running()

    def _stream(self, camera: Camera, info: CameraInfo) -> None:
        """Hand frames over until the device is lost or the run is stopped."""
        timeout_s = max(READ_TIMEOUT_S, 3 / info.fps)
        silences = 0
        shift: int | None = None
        while not self._stop.is_set():
            try:
                frame = camera.read(timeout_s)
            except NotDueError:
                continue
            except NoFrameError as error:
                silences += 1
                if silences == 1:
                    self._say(f"{info.model} {info.serial}: {error} Asking again.")
                if silences == SILENCES and info.live:
                    raise DeviceLostError(f"{info.model} {info.serial}: {error}") from error
                continue
            silences, self.trouble = 0, ""
            check_same_stream(frame, info)
            self._judge(frame, info)
            if shift is None:  # a device that came back may count from zero
                shift = max(self._seq + 1 - frame.seq, 0)
            frame = replace(frame, seq=frame.seq + shift) if shift else frame
            self._seq = frame.seq
            self._record(frame)
            if not self._frames.put(frame, wait=self._lockstep):
                self._stop.set()

    def _judge(self, frame: Frame, info: CameraInfo) -> None:
        """Refuse an impossible unit; say once where nothing is within reach of hands."""
        self._judged = self._judged or check_plausible(frame)
        if self._warned:
            return
        if text := nothing_between(frame, self._segment.near_mm, self._segment.far_mm):
            _LOG.warning("%s %s, frame %d: %s", info.model, info.serial, frame.seq, text)
            self._warned = True

    def _reopen(self, camera: Camera, info: CameraInfo, error: SourceError) -> None:
        """Try to get the device back until it is there.

        Raises:
            EndOfSourceError: stopped meanwhile.
            SourceError: it came back with another image size, lens or unit.
        """
        tries = 0
        while True:
            camera.close()
            tries += 1
            self._pause(error, tries)
            try:
                camera.open()
            except EndOfSourceError:
                raise
            except SourceError as again:
                error = again
                continue
            self._check_running()
            now = camera.info
            if (now.depth_unit_mm, now.intrinsics) != (info.depth_unit_mm, info.intrinsics):
                raise SourceError(f"{info.model} {info.serial} came back as {now}, it was {info}. Start again.")
            _LOG.warning("%s %s is back", info.model, info.serial)
            return

    def _say(self, text: str) -> None:
        self.trouble = text
        _LOG.warning("%s", text)
