"""The interface of every source of depth frames."""

from __future__ import annotations

import math
import threading
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Literal, Self

import numpy as np

from app.cameras.player import Player
from app.formats.recording import UNITS
from lighthand.errors import SourceError
from lighthand.types import Frame, Intrinsics

Pace = Literal["recorded", "lockstep"]
Kind = Literal["auto", "realsense", "openni", "kinect", "azure", "replay", "synthetic"]
Filter = Literal["threshold", "spatial", "temporal", "holes"]

_ENOUGH: Final = 0.01  # of an image's pixels: fewer measurements may all be noise
_NEAR_M, _FAR_M = 0.15, 1.5  # where hands are: a scene whose nearest part lies there has the right unit
_SPECK: Final = 0.0005  # of an image's pixels: fewer in range are no hand


class DeviceLostError(SourceError):
    """The device is gone or its driver gave up; after ``close``, ``open`` may find it again by its serial number."""


class MissingSdkError(SourceError):
    """What drives such cameras is not installed; the text names the command that installs it."""


class NoFrameError(SourceError):
    """No frame came in time; another read may succeed. The text leaves the device's name to who tells it."""


class NotDueError(NoFrameError):
    """No frame is due in that time: the recording is paused, or its frames are far apart. Nothing is wrong."""


class EndOfSourceError(SourceError):
    """The recording is over or the source was closed; no read will succeed."""


@dataclass(frozen=True, slots=True)
class CameraInfo:
    """What a started source says of itself.

    Attributes:
        model: what the user calls it.
        serial: serial number, or the name of the recording.
        firmware: version, or "" where there is none.
        link: how frames reach us: "USB 3.2", "file", "rendered".
        depth_unit_mm: millimetres a count.
        intrinsics: of each depth image.
        fps: frames a second that the source promises.
    """

    model: str
    serial: str
    firmware: str
    link: str
    depth_unit_mm: float
    intrinsics: Intrinsics
    fps: float

    @property
    def live(self) -> bool:
        """Whether frames come from a device that may fall silent, be unplugged and come back."""
        return self.link not in ("file", "rendered")


@dataclass(frozen=True, slots=True, order=True)
class Mode:
    """A way in which a device streams depth; a list of them is sorted by size, then by rate.

    Attributes:
        width: pixels.
        height: pixels.
        fps: frames a second.
    """

    width: int
    height: int
    fps: int

    def __str__(self) -> str:
        """Give it as ``--list`` prints it: 848x480@90."""
        return f"{self.width}x{self.height}@{self.fps}"


@dataclass(frozen=True, slots=True)
class Device:
    """A device that is plugged in and not opened.

    Attributes:
        kind: what ``--camera`` takes: "realsense", "openni", "azure".
        model: its name.
        serial: serial number, or the address where it has none; "" where it cannot be asked.
        link: how it is connected: "USB 3.2", "" where that is unknown.
        modes: in which it streams depth; none means that it cannot be opened now, and the note says why.
        note: what the user should know, such as a slow link; "" for nothing.
    """

    kind: str
    model: str
    serial: str
    link: str
    modes: tuple[Mode, ...]
    note: str = ""


class Camera(ABC):
    """A source of depth frames: a context manager that is open inside its block.

    A device that was lost is closed and opened again, on the same object and by the same serial number.

    Attributes:
        player: controls the playback of a recording; None where there is nothing to control.
    """

    player: Player | None = None

    @abstractmethod
    def open(self) -> None:
        """Start the source; from here on ``info`` holds.

        Raises:
            SourceError: it cannot be started.
        """

    @abstractmethod
    def read(self, timeout_s: float) -> Frame:
        """Wait for the next frame; the caller owns its arrays.

        Args:
            timeout_s: how long to wait.

        Raises:
            NotDueError: none was due in time.
            NoFrameError: none came in time.
            DeviceLostError: the device is gone.
            EndOfSourceError: none will come: the recording is over or ``close`` was called.
            SourceError: the frame cannot be used or the source failed.
        """

    @abstractmethod
    def close(self) -> None:
        """Stop the source and wake a waiting ``read``; safe twice and from any thread."""

    @property
    @abstractmethod
    def info(self) -> CameraInfo:
        """What the started source says of itself.

        Raises:
            SourceError: the source was not opened.
        """

    def __enter__(self) -> Self:
        """Open."""
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close."""
        self.close()


class Metronome:
    """Says when the next frame of a source without a clock of its own is due."""

    def __init__(self, fps: float, pace: Pace) -> None:
        """Start now.

        Args:
            fps: beats a second at the recorded pace.
            pace: "recorded" waits for each beat; "lockstep" never waits, the taker sets the pace.
        """
        self._period_s = 1 / fps if pace == "recorded" else 0.0
        self._due_s = time.perf_counter()
        self._closed = threading.Event()

    def wait(self, timeout_s: float) -> float:
        """Wait for the next beat; beats that were missed do not come in a burst.

        Args:
            timeout_s: how long to wait.

        Returns:
            The time of the beat on ``perf_counter``.

        Raises:
            NotDueError: it is not due within the timeout.
            EndOfSourceError: the metronome was closed.
        """
        left_s = self._due_s - time.perf_counter()
        if self._closed.wait(min(max(left_s, 0.0), timeout_s)):
            raise EndOfSourceError("the source was closed")
        if left_s > timeout_s:
            raise NotDueError(f"no frame within {timeout_s:g} s: the next is due in {left_s:.1f} s.")
        now_s = time.perf_counter()
        self._due_s = max(self._due_s, now_s - self._period_s) + self._period_s
        return now_s

    def close(self) -> None:
        """Wake whoever waits; from any thread."""
        self._closed.set()


def check_same_stream(frame: Frame, info: CameraInfo) -> None:
    """Refuse a frame whose unit or camera is not the one the source announced.

    Raises:
        SourceError: the unit or the intrinsics changed.
    """
    if frame.depth_unit_mm != info.depth_unit_mm or frame.intrinsics != info.intrinsics:
        raise SourceError(
            f"{info.model} {info.serial}, frame {frame.seq}: unit {frame.depth_unit_mm} mm and {frame.intrinsics}, "
            f"the source began with {info.depth_unit_mm} mm and {info.intrinsics}. Start it again."
        )


def check_plausible(frame: Frame) -> bool:
    """Refuse a frame whose unit cannot be right: no scene for hands is all nearer than 50 mm or beyond 20 m.

    Returns:
        Whether the frame could be judged: at least 1 % of its pixels hold a measurement.

    Raises:
        SourceError: more than half of the measurements lie outside 50 mm to 20 m.
    """
    valid = frame.depth[frame.depth > 0]
    if valid.size < _ENOUGH * frame.depth.size:
        return False
    depth_mm = valid * frame.depth_unit_mm
    near, far = float((depth_mm < 50).mean()), float((depth_mm > 20_000).mean())
    if max(near, far) > 0.5:
        where = "nearer than 50 mm" if near > far else "farther than 20 m"
        raise SourceError(
            f"{frame.serial}, frame {frame.seq}: {max(near, far):.0%} of the measurements are {where} with a unit of "
            f"{frame.depth_unit_mm:g} mm (median count {np.median(valid):.0f}). "
            f"Set depth_unit_mm to the camera's: {UNITS}."
        )
    return True


def nothing_between(frame: Frame, near_mm: float, far_mm: float) -> str:
    """Say that a frame shows nothing where hands are looked for: the likeliest sign of a wrong unit.

    Args:
        frame: what the source gave.
        near_mm: least depth of a hand.
        far_mm: greatest depth of a hand.

    Returns:
        What to tell the user; "" where something is in range, or where too little was measured to judge.
    """
    unit_mm = frame.depth_unit_mm
    nearest, farthest = math.ceil(near_mm / unit_mm), math.floor(far_mm / unit_mm)  # whole counts: compared fast
    in_range = np.count_nonzero((frame.depth >= nearest) & (frame.depth <= farthest))
    if in_range > _SPECK * frame.depth.size:
        return ""
    sample = frame.depth[::4, ::4]  # enough to tell, in a sixteenth of the time
    valid = sample[sample > 0]
    if valid.size < _ENOUGH * sample.size:
        return ""
    nearest_m = np.percentile(valid, 1) * unit_mm / 1e3
    likely = _NEAR_M <= nearest_m <= _FAR_M
    doubt = "is the range too narrow?" if likely else f"is depth_unit_mm={unit_mm:g} this camera's?"
    return f"nothing between {near_mm:g} and {far_mm:g} mm (nearest {nearest_m:.2g} m): {doubt}"
