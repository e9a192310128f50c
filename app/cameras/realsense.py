"""RealSense cameras by librealsense, live and from its recordings.

The depth sensor is driven without the SDK's pipeline: the newest frame waits in a queue of one, a lost device is an
error at once and not a search of 15 seconds, and ``stop`` has nothing to wait for.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from app.cameras.base import (
    Camera,
    CameraInfo,
    DeviceLostError,
    EndOfSourceError,
    Filter,
    NoFrameError,
    Pace,
)
from app.cameras.modes import ANY, Wanted
from app.cameras.realsense_devices import advice as advice
from app.cameras.realsense_devices import (
    choose_mode,
    depth_profiles,
    find_device,
    link_of,
    load_sdk,
    name_of,
    text_of,
    translated,
)
from app.cameras.realsense_devices import devices as devices
from app.cameras.realsense_file import FileStream
from app.cameras.realsense_frames import DepthStream, FrameMaker, describe
from app.cameras.sliced import CLOSE_S
from lighthand.errors import SourceError
from lighthand.types import Frame

_LOG: Final = logging.getLogger(__name__)
_SLICE_S: Final = 0.1  # how long ``close`` may have to wait for a read


class RealSenseCamera(Camera):
    """A RealSense depth camera, or a recording of one that librealsense wrote."""

    def __init__(
        self,
        *,
        serial: str | None = None,
        wanted: Wanted = ANY,
        filters: tuple[Filter, ...] = (),
        pace: Pace = "recorded",
        loop: bool = False,
        source: Path | None = None,
        context: Any = None,
    ) -> None:
        """Take note of what to open.

        Args:
            serial: of the device, or None for the first; the same is opened again.
            wanted: the mode.
            filters: the SDK's own that run on each frame, in this order.
            pace: of a recording: see ``base.Metronome``.
            loop: play a recording again and again.
            source: a recording (.bag, .db3), or None for a device.
            context: the SDK's, which knows the devices, or None for a new one at each ``open``.
        """
        self._serial = serial
        self._wanted = wanted
        self._filters = filters
        self._pace = pace
        self._loop = loop
        self._source = source
        self._context = context
        self._lock = threading.Lock()  # one call of the SDK at a time
        self._closed = threading.Event()
        self._stream: DepthStream | None = None
        self._info: CameraInfo | None = None
        self._lost = ""

    def open(self) -> None:
        """Start the device or the recording.

        Raises:
            MissingSdkError: librealsense is not installed.
            DeviceLostError: no such device, or another program uses it.
            EndOfSourceError: it was closed while it started.
            SourceError: it has no such mode, or its unit or intrinsics cannot be.
        """
        sdk = load_sdk()
        with self._lock:
            self._stop()
            self._closed.clear()
            self._lost = ""
            if self._source is not None:
                self._stream = FileStream(
                    sdk, self._source, self._filters, self._closed, pace=self._pace, loop=self._loop
                )
            else:
                self._stream = LiveStream(sdk, self._context, self._serial, self._wanted, self._filters)
                self._serial = self._stream.info.serial or self._serial
            self._info = self._stream.info
            if self._closed.is_set():
                self._stop()
                raise EndOfSourceError(f"{self._name}: closed while it started")

    def read(self, timeout_s: float) -> Frame:
        """Give the newest frame, or the next of a recording; see ``Camera.read``."""
        end_s = time.perf_counter() + timeout_s
        while True:
            with self._lock:
                if self._lost:
                    raise DeviceLostError(self._lost)
                if self._closed.is_set() or self._stream is None:
                    raise EndOfSourceError(f"{self._name}: closed or not opened")
                stream = self._stream
                try:
                    frame = stream.wait(min(max(end_s - time.perf_counter(), 0.0), _SLICE_S))
                except DeviceLostError as error:
                    self._lost = str(error)
                    self._stop()
                    raise
                finally:
                    if self._closed.is_set():
                        self._stop()
            if frame is not None:
                return frame
            if time.perf_counter() >= end_s and not self._closed.is_set():
                raise NoFrameError(stream.silence(timeout_s))

    def close(self) -> None:
        """Stop; see ``Camera.close``. A thread inside the SDK is waited for ``CLOSE_S``, then stops it itself."""
        self._closed.set()
        if not self._lock.acquire(timeout=CLOSE_S):
            _LOG.warning("%s: a call of its SDK does not return; it is closed as soon as that does", self._name)
            return
        try:
            self._stop()
        finally:
            self._lock.release()

    @property
    def _name(self) -> str:
        return f"RealSense {self._source or self._serial or ''}".rstrip()

    def _stop(self) -> None:
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.stop()

    @property
    def info(self) -> CameraInfo:
        """See ``Camera.info``."""
        if self._info is None:
            raise SourceError("RealSense: not opened")
        return self._info


class LiveStream:
    """The depth sensor of a device that streams."""

    def __init__(
        self,
        sdk: Any,
        context: Any,
        serial: str | None,
        wanted: Wanted,
        filters: Sequence[Filter],
    ) -> None:
        """Find the device and start it.

        Args:
            sdk: librealsense.
            context: the SDK's, which knows the devices, or None for a new one.
            serial: of the device, or None for the first.
            wanted: the mode.
            filters: which run on each frame, in this order.

        Raises:
            SourceError: it cannot be started as wanted.
        """
        self._name = f"RealSense {serial or ''}".strip()
        self._queue = sdk.frame_queue(1)
        self._sensor: Any = None
        try:
            self._context = context or sdk.context()
            self._device = find_device(sdk, self._context, serial)
            self._name, self._link = name_of(sdk, self._device), link_of(sdk, self._device)
            self._sensor, profiles = depth_profiles(sdk, self._device)
            mode = choose_mode(self._name, self._link, wanted, profiles)
            if self._link.startswith("USB 2"):
                _LOG.warning("%s: %s on %s; a USB 3 port and cable give more", self._name, mode, self._link)
            self._sensor.open(profiles[mode])
            self._sensor.start(self._queue)
            self.info = describe(
                sdk, self._device, self._sensor, profiles[mode], self._link or "unknown",
                text_of(sdk, self._device, "serial_number"),
            )  # fmt: skip
            self._maker = FrameMaker(sdk, self.info, filters)
            self._listed = self._is_listed()
        except RuntimeError as error:
            self.stop()
            raise translated(error, self._name) from error
        except SourceError:
            self.stop()
            raise

    def wait(self, timeout_s: float) -> Frame | None:
        """See ``DepthStream.wait``."""
        try:
            came, frame = self._queue.try_wait_for_frame(max(int(timeout_s * 1e3), 1))
            arrival_s = time.perf_counter()
            if came:
                return self._maker.make(frame, arrival_s)
            gone = not self._device.is_connected() or (self._listed and not self._is_listed())
        except RuntimeError as error:
            raise translated(error, self._name) from error
        if gone:
            raise DeviceLostError(f"{self._name}: unplugged. Plug it in again; it is opened by its serial number.")
        return None

    def _is_listed(self) -> bool:
        """Whether the SDK finds the device, which it can tell long before ``is_connected`` does."""
        return bool(self._context.query_devices().contains(self._device))

    def silence(self, timeout_s: float) -> str:
        """See ``DepthStream.silence``."""
        where = "Use a USB 3 port" if self._link.startswith("USB 2") else "Check the cable and the port"
        slower = ", or set camera.fps=30" if self.info.fps > 30 else ""
        return (
            f"no frame for {timeout_s:.1f} s (asked {self.info.fps:g} fps, {self._link or 'unknown link'}). "
            f"{where}{slower}."
        )

    def stop(self) -> None:
        """See ``DepthStream.stop``."""
        if self._sensor is not None:
            for call in (self._sensor.stop, self._sensor.close):
                with suppress(RuntimeError):
                    call()
