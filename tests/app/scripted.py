"""A camera that follows a script, and results without a network."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable

import numpy as np

from app.cameras.base import Camera, CameraInfo, EndOfSourceError, NoFrameError
from lighthand.types import Frame, HandPose, HandRegion, Intrinsics, Result, Stamps, TrackedHand

SIZE = Intrinsics(width=64, height=48, fx=60.0, fy=60.0, cx=31.5, cy=23.5)
OTHER_SIZE = Intrinsics(width=32, height=24, fx=30.0, fy=30.0, cx=15.5, cy=11.5)


def frame(seq: int, *, depth: int = 600, unit_mm: float = 1.0, camera: Intrinsics = SIZE) -> Frame:
    image = np.full((camera.height, camera.width), depth, np.uint16)
    return Frame(seq, image, unit_mm, camera, time.perf_counter(), seq / 30, "device", "scripted")


def hand_at(z_mm: float = 600.0, track_id: int = 1) -> TrackedHand:
    joints = np.stack([np.linspace(-60, 60, 21), np.linspace(40, -40, 21), np.full(21, z_mm)], axis=1).astype(
        np.float32
    )
    pose = HandPose(joints.copy(), "right", 0.9, 0.95, np.full(21, 0.8, np.float32), np.arange(21) == 3)
    return TrackedHand(track_id, "right", joints, pose, HandRegion(joints.mean(axis=0), 240.0))


def result(source: Frame, *, hand: bool = True) -> Result:
    now_s = time.perf_counter()
    stamps = Stamps(source.arrival_s, now_s, now_s + 0.001, now_s + 0.003, now_s + 0.004)
    return Result(source, (hand_at(),) if hand else (), stamps)


class ScriptedCamera(Camera):
    """Gives the script's frames; raises its errors; ``None`` is a silence until the camera is closed.

    A number is a pause in seconds, a NoFrameError the end of one read's patience. It is open from the start; each
    later ``open`` raises the next of ``openings``, or goes on with the script where that is None or none is left.
    """

    def __init__(
        self,
        script: Iterable[Frame | BaseException | float | None],
        openings: Iterable[BaseException | None] = (),
    ) -> None:
        self._script = iter(script)
        self._openings = iter(openings)
        self._closed = threading.Event()
        self.reads = self.opened = 0

    def open(self) -> None:
        self.opened += 1
        if error := next(self._openings, None):
            raise error
        self._closed.clear()

    def read(self, timeout_s: float) -> Frame:
        self.reads += 1
        for step in self._script:
            if self._closed.is_set():
                break
            if isinstance(step, Frame):
                return step
            if isinstance(step, BaseException):
                raise step
            if step is None:
                self._script = iter([None])
                if not self._closed.wait(timeout_s):
                    raise NoFrameError(f"no frame within {timeout_s:g} s")
                break
            self._closed.wait(step)
        raise EndOfSourceError("the script is over")

    def close(self) -> None:
        self._closed.set()

    @property
    def info(self) -> CameraInfo:
        return CameraInfo("scripted camera", "1", "", "script", 1.0, SIZE, 30.0)


def ready(camera: Camera) -> Callable[[Callable[[Camera], object]], Camera]:
    """Give what a session opens a camera with; it is open already."""

    def open_camera(note: Callable[[Camera], object]) -> Camera:
        note(camera)
        return camera

    return open_camera
