"""Recordings of librealsense: ``.bag`` and ``.db3``, every frame once and in order."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from app.cameras.base import EndOfSourceError, Filter, Pace
from app.cameras.player import PAUSE_S
from app.cameras.realsense_devices import text_of
from app.cameras.realsense_frames import FrameMaker, describe
from lighthand.errors import SourceError
from lighthand.types import Frame

_AGAIN: Final = "Copy or record it again (realsense-viewer writes such files), with the depth stream on."
_LOG: Final = logging.getLogger(__name__)
_STEP_S: Final = 0.05  # at the end of a file, one wait's length passes before it is seen
_SETTLE_S: Final = 0.05
_STUCK_S: Final = 5.0  # a file that neither gives a frame nor ends is damaged


class FileStream:
    """A recording that plays.

    The SDK's own pace would drop the frames that are taken late: it gives them as we ask, and we wait by their stamps.
    """

    def __init__(
        self,
        sdk: Any,
        path: Path,
        filters: Sequence[Filter],
        closed: threading.Event,
        *,
        pace: Pace,
        loop: bool,
    ) -> None:
        """Start the recording.

        Args:
            sdk: librealsense.
            path: of the recording.
            filters: which run on each frame, in this order.
            closed: ends a wait.
            pace: "recorded" gives each frame when its stamp says, "lockstep" at once.
            loop: begin again after the last frame.

        Raises:
            SourceError: no such file, or it holds no depth that can be read.
        """
        if not path.is_file():
            raise SourceError(f"{path}: no such file. Give --source a .bag or .db3 that librealsense recorded.")
        self._sdk = sdk
        self._path = path
        self._closed = closed
        self._pace = pace
        self._loop = loop
        self._next: Frame | None = None
        self._stamp_s: float | None = None
        self._due_s = self._heard_s = time.perf_counter()
        self._start()
        device = self._profile.get_device()
        stream = self._profile.get_stream(sdk.stream.depth)
        try:
            serial = text_of(sdk, device, "serial_number") or path.resolve().name
            info = describe(sdk, device, device.first_depth_sensor(), stream, "file", serial)
        except RuntimeError as error:
            self.stop()
            raise SourceError(f"{path}: does not say its unit or lens ({error}). {_AGAIN}") from error
        except SourceError as error:
            self.stop()
            raise SourceError(f"{path}: {error}") from error
        self.info = info
        self._maker = FrameMaker(sdk, info, filters)

    def _start(self) -> None:
        """Play from the first frame."""
        config = self._sdk.config()
        self._context: Any = self._sdk.context()
        self._pipeline: Any = self._sdk.pipeline(self._context)
        try:
            config.enable_device_from_file(str(self._path), False)
            config.enable_stream(self._sdk.stream.depth)
            # before the start: each later moment loses frames
            config.resolve(self._sdk.pipeline_wrapper(self._pipeline)).get_device().as_playback().set_real_time(False)
            self._profile: Any = self._pipeline.start(config)
        except RuntimeError as error:
            why = "no depth stream in it" if "Couldn't resolve" in str(error) else str(error).rpartition("Reason: ")[2]
            raise SourceError(f"{self._path}: cannot be played ({why}). {_AGAIN}") from error
        self._playback: Any = self._profile.get_device().as_playback()
        self._given, self._over, self._position_s = False, False, 0.0

    def wait(self, timeout_s: float) -> Frame | None:
        """See ``DepthStream.wait``."""
        if self._next is None:
            self._next = self._pull(min(timeout_s, _STEP_S))
        if self._next is None:
            return None
        left_s = self._due_s - time.perf_counter()
        if self._closed.wait(min(max(left_s, 0.0), timeout_s)) or left_s > timeout_s:
            return None
        now_s = time.perf_counter()
        self._due_s = max(self._due_s, now_s - 1 / self.info.fps)  # late frames do not come in a burst
        frame, self._next = replace(self._next, arrival_s=now_s), None
        return frame

    def _pull(self, timeout_s: float) -> Frame | None:
        """Read the next frame out of the file, and find when it is due."""
        try:
            frame = self._depth_frame(timeout_s)
            if frame is None and self._playback.current_status() == self._sdk.playback_status.stopped:
                frame = self._depth_frame(_STEP_S)  # it may have come just before the end
                if frame is None:
                    self._end()
                    return None
        except RuntimeError as error:
            raise SourceError(f"{self._path}: playing failed ({error}). {_AGAIN}") from error
        now_s = time.perf_counter()
        if frame is None:
            if now_s - self._heard_s > _STUCK_S:
                raise SourceError(f"{self._path}: neither a frame nor the end for {_STUCK_S:g} s. {_AGAIN}")
            return None
        self._heard_s, self._given = now_s, True
        self._position_s = max(self._position_s, self._playback.get_position() / 1e9)  # 0 at the end
        made = self._maker.make(frame, now_s)
        self._schedule(made.sensor_s)
        return made

    def _depth_frame(self, timeout_s: float) -> Any:
        """Ask the SDK; None where nothing came."""
        came, frames = self._pipeline.try_wait_for_frames(max(int(timeout_s * 1e3), 1))
        return frames.get_depth_frame() if came else None

    def _end(self) -> None:
        """Begin again, or say that the recording is over."""
        self._over = True
        if not self._given:
            raise SourceError(f"{self._path}: no depth frame in it. {_AGAIN}")
        missing_s = self._playback.get_duration().total_seconds() - self._position_s
        if missing_s > PAUSE_S:
            _LOG.warning(
                "%s: no more depth, %.1f s before the end of the file: it may be damaged there", self._path, missing_s
            )
        if not self._loop:
            raise EndOfSourceError(f"{self._path}: the recording is over")
        self.stop()
        self._start()

    def _schedule(self, stamp_s: float | None) -> None:
        """Find when the frame of that stamp is due: as long after the one before as it was recorded."""
        if self._pace == "lockstep" or stamp_s is None:
            return
        before_s, self._stamp_s = self._stamp_s, stamp_s
        if before_s is None:
            self._due_s = time.perf_counter()
            return
        step_s = stamp_s - before_s
        if step_s < 0:  # from the last frame to the first, or the device began again
            step_s = 1 / self.info.fps
        self._due_s += min(step_s, PAUSE_S)

    def silence(self, timeout_s: float) -> str:
        """See ``DepthStream.silence``."""
        return f"no frame within {timeout_s:g} s: the next is not due"

    def stop(self) -> None:
        """See ``DepthStream.stop``."""
        with suppress(RuntimeError):
            self._pipeline.stop()
        # The SDK's reader may still work when ``stop`` returns, and freeing what it uses ends the process: of 4 runs
        # that closed a file 300 times in the middle all crashed; with this pause 1 of 3; with the order of release
        # below, too, none in 2 runs of 250. At the file's end it was seen once, on a busy machine, without the pause.
        time.sleep(_SETTLE_S)
        self._playback = self._profile = None  # what reads before what is read into
        self._pipeline = None
        self._context = None
