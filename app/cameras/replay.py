"""A recording as a camera: an MCAP file, a folder of images, an ``.npz`` or an ``.npy``."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from itertools import chain
from pathlib import Path
from typing import Final

from app.cameras.base import Camera, CameraInfo, EndOfSourceError, NotDueError, Pace
from app.cameras.calibration import find_calibration, load_calibration, unit_doubt
from app.cameras.player import Player, Turn
from app.cameras.sliced import CLOSE_S
from app.formats.arrays import open_npy, open_npz
from app.formats.folder import open_folder
from app.formats.mcap_read import McapRecording
from app.formats.recording import DamagedFrameError, Description, RecordedFrame, Recording
from lighthand.errors import SourceError
from lighthand.types import Frame

_LOG: Final = logging.getLogger(__name__)

CUT_S: Final = 1.0
"""What the camera's times rise by where playback jumps: more than the tracker smooths and predicts over."""

_SHORT_S: Final = 2.0  # a recording shorter than that is over before one has looked
_SELF_DESCRIBING: Final = (".npz", ".mcap")
_FORMATS: Final = "a folder of 16-bit PNGs, an .mcap, .npz, .npy, .bag, .db3, .oni or .mkv"


class ReplayCamera(Camera):
    """Plays a recording with the numbers and the camera's times that it holds."""

    def __init__(
        self, source: Path, intrinsics: Path | None = None, *, pace: Pace = "recorded", loop: bool = False
    ) -> None:
        """Take note of what to play; ``open`` reads.

        Args:
            source: a folder of images, or an ``.mcap``, ``.npz`` or ``.npy``.
            intrinsics: camera description, where none is in the recording or beside it.
            pace: "recorded" plays each frame when it came; "lockstep" when the one before was taken.
            loop: begin again after the last frame; numbers and times go on rising.
        """
        self._source = source
        self._intrinsics = intrinsics
        self.player: Player = Player(loop=loop, paced=pace == "recorded")
        self._info: CameraInfo | None = None
        self._busy = threading.Lock()  # held while a frame is read from the file
        self._recording: Recording | None = None

    def open(self) -> None:
        """Find the frames and their description, and read the first.

        Raises:
            SourceError: no such recording, or it cannot be used.
            ConfigError: the camera description cannot be read.
        """
        self.close()
        recording = self._find()
        about, count = recording.about, recording.count
        camera, unit = about.intrinsics, about.depth_unit_mm
        if doubt := unit_doubt(camera.width, camera.height, unit):
            _LOG.warning("%s: %s", self._source, doubt)
        self._info = CameraInfo(about.model, about.serial, about.firmware, "file", unit, camera, about.fps)
        if self.player.paced and not self.player.loop and count < _SHORT_S * about.fps:
            _LOG.warning(
                "%s: %d frame(s), over in %.2g s: --loop plays them again and again, --pace lockstep shows every one",
                self._source, count, count / about.fps,
            )  # fmt: skip
        self._damaged = 0
        self._last: Frame | None = None
        self._ahead, self._sensor_ahead_s, self._backend_ahead_s = 0, 0.0, 0.0  # of the recording's numbers and times
        with self._busy:
            self._recording = recording
            self.player.start([recording.moment_s(step) for step in range(count)], about.fps)
        try:
            self._load(recording, Turn(0, back=False, cut=False))
        except BaseException:
            self.close()
            raise

    def _find(self) -> Recording:
        """Open what the source is."""
        source, suffix = self._source, self._source.suffix.lower()
        if self._intrinsics and suffix in _SELF_DESCRIBING and source.is_file():
            raise SourceError(f"{source}: an {suffix} holds its own intrinsics. Leave --intrinsics out.")
        if source.is_dir():
            return open_folder(source, self._describe, named=self._intrinsics is not None)
        if source.is_file() and suffix == ".npz":
            return open_npz(source)
        if source.is_file() and suffix == ".npy":
            return open_npy(source, self._describe)
        if source.is_file() and suffix == ".mcap":
            return McapRecording(source)
        what = "" if source.exists() else "no such file or folder"
        raise SourceError(f"{source}: {what or 'no recording that can be played'}. Give --source {_FORMATS}.")

    def _describe(self, place: Path, width: int, height: int) -> Description:
        """Find the description of images of that size that lie there."""
        name = self._source.resolve().name
        if self._intrinsics:
            about, path = load_calibration(self._intrinsics), self._intrinsics
        else:
            about, path, by_size = find_calibration(place, width, height)
            if by_size:
                _LOG.warning(
                    "%s: no camera description beside it; %dx%d is a %s: using %s (unit %g mm)",
                    self._source, width, height, about.model, path, about.depth_unit_mm,
                )  # fmt: skip
        if (about.width, about.height) != (width, height):
            raise SourceError(
                f"{self._source}: {width}x{height}, but {path} says {about.width}x{about.height}. "
                "Use the description of the camera that took it."
            )
        return about.of(name)

    def read(self, timeout_s: float) -> Frame:
        """Give the next frame when it is due; see ``Camera.read``."""
        end_s = time.perf_counter() + timeout_s
        with self._busy:
            recording, player = self._recording, self.player
            if recording is None:
                raise EndOfSourceError(f"{self._source}: not opened, or closed")
            while turn := player.turn(end_s):
                found = self._load(recording, turn)  # before it is due: a camera has its image ready, too
                if found is None:
                    player.skip_rest(turn)
                    continue
                step, raw = found
                arrival_s = player.give(turn, step, end_s)
                if arrival_s is not None:
                    self._last = self._frame(raw, arrival_s, cut=turn.cut)
                    return self._last
                if time.perf_counter() >= end_s:
                    break
            if player.ended:
                raise EndOfSourceError(f"{self._source}: closed, or over after {recording.count} frames")
            raise NotDueError(f"{self._source}: no frame within {timeout_s:g} s: paused, or the next is not due.")

    def _load(self, recording: Recording, turn: Turn) -> tuple[int, RecordedFrame] | None:
        """Read the frame of a turn, or the nearest in its direction that is not damaged; give its step, too."""
        steps: Iterable[int] = range(turn.step, recording.count)
        if turn.back:
            steps = chain(range(turn.step, -1, -1), range(turn.step + 1, recording.count))
        for step in steps:
            try:
                return step, recording.frame(step)
            except DamagedFrameError as error:
                if not self._damaged:
                    _LOG.warning("%s It is left out, and so are others like it.", error)
                self._damaged += 1
        if turn.step == 0:
            raise SourceError(f"{self._source}: no frame can be read. Copy the file again.")
        return None

    def _frame(self, raw: RecordedFrame, arrival_s: float, *, cut: bool) -> Frame:
        """Make the frame; where playback jumped, numbers and times go on rising, and no frame counts as lost."""
        last, info = self._last, self.info
        if cut and last is not None:
            self._ahead = last.seq + 1 - raw.seq
            self._sensor_ahead_s = _ahead_s(last.sensor_s, raw.sensor_s)
            self._backend_ahead_s = _ahead_s(last.backend_s, raw.backend_s)
        sensor_s = None if raw.sensor_s is None else raw.sensor_s + self._sensor_ahead_s
        backend_s = None if raw.backend_s is None else raw.backend_s + self._backend_ahead_s
        return Frame(
            raw.seq + self._ahead, raw.depth, info.depth_unit_mm, info.intrinsics, arrival_s, sensor_s,
            raw.sensor_clock, info.serial, backend_s,
        )  # fmt: skip

    def close(self) -> None:
        """End; see ``Camera.close``."""
        self.player.close()
        if not self._busy.acquire(timeout=CLOSE_S):
            _LOG.warning("%s: the disk does not answer; it is closed as soon as it does", self._source)
            return
        try:
            if self._recording is not None:
                self._recording.close()
            self._recording = None
        finally:
            self._busy.release()

    @property
    def recording(self) -> Recording | None:
        """What is played, while it is open."""
        return self._recording

    @property
    def info(self) -> CameraInfo:
        """See ``Camera.info``."""
        if self._info is None:
            raise SourceError(f"{self._source}: not opened")
        return self._info


def _ahead_s(last_s: float | None, raw_s: float | None) -> float:
    return 0.0 if last_s is None or raw_s is None else last_s + CUT_S - raw_s
