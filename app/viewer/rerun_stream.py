"""Rerun's viewer: depth picture, scene, hands and latency over time. ``pip install -e '.[rerun]'`` brings it."""

from __future__ import annotations

import logging
import os
import sys
import time
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

import numpy as np

from app.cameras.base import CameraInfo, MissingSdkError
from app.latency import STAGES, STAMPS
from app.viewer.colours import finger_colour
from app.viewer.faces import live_hands, stale_after_s
from app.viewer.rerun_process import RerunProcess, find_program
from app.viewer.scale import SCENE
from lighthand.skeleton import BONES, JOINTS
from lighthand.types import Result, TrackedHand

_LOG: Final = logging.getLogger(__name__)

_PATIENCE_S: Final = 2.0  # with the last frames on their way to the viewer
_STAGES: Final = tuple(stage for stage in STAGES if not stage[2].startswith("drawn"))
_COLOURS: Final = [finger_colour(joint) for joint in range(JOINTS)]
_BONE_M: Final = 0.002
_JOINT_M: Final = (0.002, 0.006)  # radii at confidence 0 and 1


class RerunStream:
    """Streams results to Rerun: x right, y down, z forward as everywhere here, but metres.

    The scene is what Rerun makes of the depth image and the pinhole camera; it knows no lens, so towards the edges of
    an image that has one the scene and the hands part.
    """

    def __init__(self, info: CameraInfo) -> None:
        """Start Rerun's viewer, or a server and say how to look at it where there is no screen.

        Args:
            info: of the open camera.

        Raises:
            MissingSdkError: Rerun is not installed.
            SourceError: its process does not start.
        """
        try:
            import rerun
            import rerun.blueprint
            import rerun_cli
        except ImportError as error:
            raise MissingSdkError(f"Rerun is not installed ({error}). Type: pip install -e '.[rerun]'") from error
        self._program = find_program(Path(rerun_cli.__file__).parent)
        self._rr: Any = rerun
        self._camera = info.intrinsics
        self._stale_s = stale_after_s(info)
        self._begin_s = time.perf_counter()
        self._last: Result | None = None
        self._recording: Any = rerun.RecordingStream("LightHand")
        self._open = True
        self._start(window=not sys.platform.startswith("linux") or _has_screen())

    def show(self, result: Result) -> bool:
        """Send the newest result; one that is too old to be live without its hands.

        Returns:
            False once the user has closed the viewer.

        Raises:
            SourceError: the viewer found no graphics and the server that takes its place does not start.
        """
        if self._alive():
            self._last = result
            self._log(result, live_hands(result, time.perf_counter()))
        return self._open

    def poll(self) -> bool:
        """Look after the viewer while no result comes; hands that are no longer live disappear.

        Returns:
            False once the user has closed the viewer.

        Raises:
            SourceError: as ``show``.
        """
        now_s = time.perf_counter()
        if self._alive() and self._last and self._last.hands and not live_hands(self._last, now_s, self._stale_s):
            self._last = None
            self._recording.set_time("time", duration=now_s - self._begin_s)
            self._log_hands(())
        return self._open

    def close(self) -> None:
        """Send what is left and end the viewer. Safe twice."""
        if self._open:
            self._open = False
            if self._process.code is None:
                self._recording.flush(timeout_sec=_PATIENCE_S)
            self._recording.disconnect()
            self._process.end()

    def _alive(self) -> bool:
        """Say whether someone can look; serve where the viewer has found that it cannot draw."""
        code = self._process.code if self._open else None
        if code is not None and code > 0 and self._process.window:
            _LOG.warning("Rerun's window does not open: %s", self._process.last_words())
            self._process.end()
            self._start(window=False)
        elif code is not None:
            self.close()
        return self._open

    def _start(self, *, window: bool) -> None:
        """Start the process, connect to it and tell it what never changes."""
        self._process = RerunProcess(self._program, window=window)
        if not window:
            _LOG.warning("Rerun: to look at it, type: %s --connect %s", self._program, self._process.url)
        if self._process.code is None:  # else connecting takes 5 s
            self._recording.connect_grpc(self._process.url, default_blueprint=blueprint(self._rr))
            self._describe()

    def _describe(self) -> None:
        """Send the axes, the camera and the names of the curves."""
        rr, log, camera = self._rr, self._recording.log, self._camera
        log("/", rr.ViewCoordinates.RDF, static=True)
        log(
            "camera",
            rr.Pinhole(
                resolution=(camera.width, camera.height),
                focal_length=(camera.fx, camera.fy),
                principal_point=(camera.cx + 0.5, camera.cy + 0.5),  # Rerun counts from the corner of a pixel
                camera_xyz=rr.ViewCoordinates.RDF,
                image_plane_distance=0.1,
            ),
            static=True,
        )
        log("latency", rr.SeriesLines(names=[*(name for name, _, _ in _STAGES), "age when sent"]), static=True)

    def _log(self, result: Result, hands: tuple[TrackedHand, ...]) -> None:
        """Send one result."""
        rr, log, frame, stamps = self._rr, self._recording.log, result.frame, result.stamps
        self._recording.set_time("frame", sequence=frame.seq)
        self._recording.set_time("time", duration=stamps.arrival_s - self._begin_s)
        counts = 1 / frame.depth_unit_mm
        scale = (SCENE.near_mm * counts, SCENE.far_mm * counts)
        log("camera/depth", rr.DepthImage(frame.depth, meter=1000 * counts, colormap="viridis", depth_range=scale))
        self._log_hands(hands)
        at = dict(zip(STAMPS, astuple(stamps), strict=True))
        spent_s = [*(at[end] - at[start] for _, start, end in _STAGES), time.perf_counter() - stamps.arrival_s]
        log("latency", rr.Scalars(np.array(spent_s) * 1e3))

    def _log_hands(self, hands: tuple[TrackedHand, ...]) -> None:
        """Send all joints and all bones; of no hand, none."""
        joints = np.array([hand.joints_mm for hand in hands]).reshape(-1, JOINTS, 3) / 1000
        sure = np.array([hand.pose.confidence for hand in hands]).ravel()
        colours = _COLOURS * len(hands)
        self._recording.log(
            "hands/joints",
            self._rr.Points3D(joints.reshape(-1, 3), colors=colours, radii=np.interp(sure, (0, 1), _JOINT_M)),
        )
        bones = joints[:, np.array(BONES)].reshape(-1, 2, 3)
        colours = [finger_colour(child) for _ in hands for _, child in BONES]
        self._recording.log("hands/bones", self._rr.LineStrips3D(bones, colors=colours, radii=_BONE_M))


def blueprint(rr: Any) -> Any:
    """Arrange the views: the scene left, the depth picture with the hands and the latency right."""
    views = rr.blueprint
    newest = rr.VisibleTimeRange(
        "time", start=rr.TimeRangeBoundary.cursor_relative(seconds=-10), end=rr.TimeRangeBoundary.cursor_relative()
    )
    return views.Blueprint(
        views.Horizontal(
            views.Spatial3DView(origin="/", name="Scene, m"),
            views.Vertical(
                views.Spatial2DView(origin="camera", contents=["camera/**", "hands/**"], name="Depth"),
                views.TimeSeriesView(origin="latency", name="Latency, ms", time_ranges=newest),
                row_shares=[3, 2],
            ),
            column_shares=[3, 2],
        ),
        views.TimePanel(state="collapsed", timeline="time"),
        views.SelectionPanel(state="collapsed"),
        views.BlueprintPanel(state="collapsed"),
    )


def _has_screen() -> bool:
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
