"""A stand-in for what runs behind the window, for pictures of states that a real run shows only by accident."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from typing import Final

import numpy as np

from app.cameras.base import CameraInfo, EndOfSourceError
from app.cameras.player import Player
from app.config import AppConfig, CameraConfig
from app.latency import FrameLog
from app.live import Live
from app.recording.recorder import Recorder, RecorderState
from app.sources import open_camera
from lighthand.backends import open_estimator
from lighthand.pipeline import Pipeline
from lighthand.types import DepthArray, Intrinsics, Result

_ROOM: Final = (  # middle x, y and z, half width, height and depth, mm: head, shoulders and body of who sits there
    (40.0, -190.0, 1060.0, 85.0, 120.0, 90.0),
    (40.0, -10.0, 1120.0, 240.0, 110.0, 100.0),
    (40.0, 260.0, 1120.0, 200.0, 330.0, 120.0),
)
_WALL_MM: Final = 1900.0
_AGES_S: Final = (0.0, 0.0002, 0.0005, 0.0019, 0.0021)
"""From a frame's arrival to the stamps of a result that is put on the screen."""


class PosedRecorder(Recorder):
    """Says of itself what it is told."""

    state = RecorderState()


class PosedLive(Live):
    """Says of its source what it is told, and gives results that were made before; it starts nothing."""

    info: CameraInfo | None = None
    player: Player | None = None
    loading = False
    trouble = ""

    def __init__(self, config: AppConfig, log: FrameLog, recorder: PosedRecorder) -> None:
        """Begin without a source.

        Args:
            config: the settings.
            log: takes each result that is shown.
            recorder: what the window shows of a recording.
        """
        super().__init__(config, log, recorder, patient=True)
        self._shown = log
        self._seq = -1

    def show(self, result: Result, *, skipped: int = 0) -> None:
        """Give a result as if it were found at this moment.

        Args:
            result: of any time.
            skipped: frames between it and the one before.
        """
        self._seq += 1 + skipped
        now_s = time.perf_counter()
        frame = replace(result.frame, seq=self._seq, arrival_s=now_s - _AGES_S[-1])
        moments = dict(
            zip(
                ("arrival_s", "taken_s", "segmented_s", "estimated_s", "tracked_s"),
                (frame.arrival_s + age_s for age_s in _AGES_S),
                strict=True,
            )
        )
        shown = replace(result, frame=frame, stamps=replace(result.stamps, **moments), skipped=skipped)
        self._shown.add(shown)
        self.results.put(shown)


def read_results(recording: Path, config: AppConfig, count: int) -> tuple[CameraInfo, list[Result]]:
    """Run the real pipeline over the first frames of a recording, with a person and a wall behind its hand.

    Args:
        recording: of a hand and nothing else.
        config: the settings.
        count: of results.

    Raises:
        LightHandError: the recording or the network cannot be read.
    """
    pipeline = Pipeline(open_estimator(config.network), config.pipeline)
    results: list[Result] = []
    with open_camera(CameraConfig(kind="replay", source=recording, pace="lockstep")) as camera:
        behind = room(camera.info.intrinsics, camera.info.depth_unit_mm)
        while len(results) < count:
            try:
                frame = camera.read(1.0)
            except EndOfSourceError:
                break
            depth = np.where(frame.depth > 0, frame.depth, behind)
            results.append(pipeline.process(replace(frame, depth=depth)))
        return camera.info, results


def room(camera: Intrinsics, unit_mm: float) -> DepthArray:
    """Give the depth image of somebody who sits before a wall."""
    v, u = np.mgrid[0 : camera.height, 0 : camera.width]
    x, y = (u - camera.cx) / camera.fx, (v - camera.cy) / camera.fy
    depth_mm = np.full(u.shape, _WALL_MM)
    for middle_x, middle_y, z, width, height, depth in _ROOM:
        inside = 1 - ((x * z - middle_x) / width) ** 2 - ((y * z - middle_y) / height) ** 2
        depth_mm = np.minimum(depth_mm, np.where(inside > 0, z - depth * np.sqrt(np.maximum(inside, 0)), np.inf))
    image: DepthArray = (depth_mm / unit_mm).round().astype(np.uint16)
    return image


def without_hand(result: Result) -> Result:
    """Give a result of the same room with nobody's hand in it."""
    behind = room(result.frame.intrinsics, result.frame.depth_unit_mm)
    return replace(result, frame=replace(result.frame, depth=behind), hands=())


def paused_player(frames: int, fps: float, step: int) -> Player:
    """Give a player that stands at a frame."""
    player = Player()
    player.start([number / fps for number in range(frames)], fps)
    player.pause()
    player.seek(step)
    turn = player.turn(0.0)
    assert turn is not None
    player.give(turn, step, 0.0)
    return player


def endless(results: Sequence[Result]) -> cycle[Result]:
    """Give the results for ever, there and back, so that the hand does not jump."""
    return cycle([*results, *reversed(results)])
