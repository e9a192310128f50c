"""What the drivers share whose SDK must not be closed while a call waits in it."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from abc import abstractmethod
from typing import Final

from app.cameras.base import Camera, CameraInfo, EndOfSourceError, Metronome, NoFrameError
from lighthand.errors import SourceError
from lighthand.types import Frame

_LOG: Final = logging.getLogger(__name__)
_SLICE_S: Final = 0.05  # a waiting read looks this often whether it was closed

CLOSE_S: Final = 1.0
"""How long ``close`` waits for a thread that is inside the SDK, before it leaves the closing to that thread."""


class SlicedCamera(Camera):
    """Waits in short slices, each under a lock that ``close`` takes, too: it comes at most a slice late.

    Where a call of the SDK keeps the lock longer, its thread closes as soon as the call returns.
    """

    def __init__(self, name: str) -> None:
        """Take note of the name.

        Args:
            name: what errors call the camera before it was opened.
        """
        self._name = name
        self._closed = threading.Event()
        self._native = threading.Lock()
        self._cleanup: contextlib.ExitStack | None = None  # where it is open
        self._metronome: Metronome | None = None
        self._info: CameraInfo | None = None

    @abstractmethod
    def _start(self, cleanup: contextlib.ExitStack) -> tuple[CameraInfo, Metronome | None]:
        """Start the source.

        Args:
            cleanup: takes what ends each step; it runs at once where a later step fails.

        Returns:
            What the source says of itself, and the beat of a recording.
        """

    @abstractmethod
    def _take(self, info: CameraInfo, wait_s: float) -> Frame | None:
        """Give a frame that comes within the time, else None; errors as in ``Camera.read``."""

    def open(self) -> None:
        """Start the source; see the driver's ``_start``.

        Raises:
            EndOfSourceError: it was closed while it started.
            SourceError: it cannot be started.
        """
        self.close()
        with self._native, contextlib.ExitStack() as cleanup:
            self._closed.clear()
            info, metronome = self._start(cleanup)
            if self._closed.is_set():
                raise EndOfSourceError(f"{self._name}: closed while it started")
            self._info, self._metronome = info, metronome
            self._cleanup = cleanup.pop_all()

    def read(self, timeout_s: float) -> Frame:
        """Give the next frame; see ``Camera.read``."""
        end_s = time.perf_counter() + timeout_s
        if self._metronome:
            self._metronome.wait(timeout_s)
        while True:
            with self._native:
                if self._closed.is_set() or self._cleanup is None:
                    raise EndOfSourceError(f"{self._name}: not open")
                info = self.info
                try:
                    frame = self._take(info, min(max(end_s - time.perf_counter(), 0.001), _SLICE_S))
                finally:
                    if self._closed.is_set():
                        self._release()
            if frame is not None:
                return frame
            if time.perf_counter() >= end_s:
                raise NoFrameError(_silence(info, timeout_s))

    def close(self) -> None:
        """Stop the source and wake a waiting read; see ``Camera.close``."""
        self._closed.set()
        if metronome := self._metronome:
            metronome.close()
        if not self._native.acquire(timeout=CLOSE_S):
            _LOG.warning("%s: a call of its SDK does not return; it is closed as soon as that does", self._name)
            return
        try:
            self._release()
        finally:
            self._native.release()

    def _release(self) -> None:
        """End what was started; by whoever holds the lock."""
        cleanup, self._cleanup = self._cleanup, None
        if cleanup:
            try:
                cleanup.close()
            except Exception as error:  # noqa: BLE001 - a driver's last words must not stop the program's end
                _LOG.warning("%s: closing: %s", self._name, error)

    @property
    def info(self) -> CameraInfo:
        """See ``Camera.info``."""
        if self._info is None:
            raise SourceError(f"{self._name}: not opened")
        return self._info


def _silence(info: CameraInfo, timeout_s: float) -> str:
    if not info.live:
        return f"no frame within {timeout_s:g} s: the player has given none. Copy the recording to a faster disk."
    lens = info.intrinsics
    return (
        f"no frame within {timeout_s:g} s (asked {lens.width}x{lens.height}@{info.fps:g}). Use another USB port, "
        "without a hub, and the camera's own power supply."
    )
