"""A rendered hand as a camera: the demo that needs neither a camera nor a file."""

from __future__ import annotations

import threading
from typing import Final

from app.cameras.base import Camera, CameraInfo, EndOfSourceError, Metronome, Pace
from app.compiled import compile_ahead
from lighthand.errors import SourceError
from lighthand.synthesis.scene import HandAnimator
from lighthand.types import Frame

FPS: Final = 30.0


class SyntheticCamera(Camera):
    """A person before a depth camera who moves one hand; frame k shows the moment k / FPS."""

    def __init__(self, seed: int = 0, *, pace: Pace = "recorded") -> None:
        """Take note of what to show; ``open`` builds the scene.

        Args:
            seed: of the hand, its motion and the noise.
            pace: see ``base.Metronome``.
        """
        self._seed = seed
        self._pace = pace
        self._seq = 0
        self._animator: HandAnimator | None = None
        self._metronome: Metronome | None = None
        self._closed = threading.Event()

    def open(self) -> None:
        """Build the scene and draw its first frame, for which the renderer is compiled."""
        compile_ahead("renderer", self._closed)
        self._animator = HandAnimator(self._seed)
        self._animator.render(0.0)
        self._seq = 0
        self._metronome = Metronome(FPS, self._pace)

    def read(self, timeout_s: float) -> Frame:
        """Draw the next frame; see ``Camera.read``."""
        if self._animator is None or self._metronome is None:
            raise EndOfSourceError("synthetic camera: not opened")
        time_s = self._seq / FPS
        depth, _ = self._animator.render(time_s)
        arrival_s = self._metronome.wait(timeout_s)
        info = self.info
        frame = Frame(self._seq, depth, info.depth_unit_mm, info.intrinsics, arrival_s, time_s, "device", info.serial)
        self._seq += 1
        return frame

    def close(self) -> None:
        """End; see ``Camera.close``."""
        self._closed.set()
        if self._metronome is not None:
            self._metronome.close()

    @property
    def info(self) -> CameraInfo:
        """See ``Camera.info``."""
        if self._animator is None:
            raise SourceError("synthetic camera: not opened")
        return CameraInfo("synthetic camera", f"seed {self._seed}", "", "rendered", 1.0, self._animator.camera, FPS)
