"""A recording as a camera: an MCAP file, a folder of images, an ``.npz`` or an ``.npy``."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from pathlib import Path
from typing import Final

from app.cameras.base import Camera, CameraInfo, EndOfSourceError, Metronome, Pace
from app.cameras.calibration import find_calibration, load_calibration, unit_doubt
from app.formats.arrays import open_npy, open_npz
from app.formats.folder import open_folder
from app.formats.mcap_read import McapRecording
from app.formats.recording import DamagedFrameError, Description, RecordedFrame, Recording
from lighthand.errors import SourceError
from lighthand.types import Frame

_LOG: Final = logging.getLogger(__name__)

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
        self._pace = pace
        self._loop = loop
        self._info: CameraInfo | None = None
        self._busy = threading.Lock()  # held while a frame is read from the file
        self._recording: Recording | None = None
        self._metronome: Metronome | None = None

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
        if self._pace == "recorded" and not self._loop and count < _SHORT_S * about.fps:
            _LOG.warning(
                "%s: %d frame(s), over in %.2g s: --loop plays them again and again, --pace lockstep shows every one",
                self._source, count, count / about.fps,
            )  # fmt: skip
        self._step = self._damaged = 0
        self._round = self._ahead = 0  # what is added to the numbers in this round, and to the times:
        self._sensor_ahead_s = self._backend_ahead_s = 0.0
        self._shown: RecordedFrame | None = None
        with self._busy:
            self._recording = recording
            self._metronome = Metronome(about.fps, self._pace)
        try:
            _, self._first = self._load(recording, 0)
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
        with self._busy:
            recording, metronome = self._recording, self._metronome
            if recording is None or metronome is None:
                raise EndOfSourceError(f"{self._source}: not opened, or closed")
            step, raw = self._load(recording, self._step)  # before it is due: a camera has its image ready, too
            at = (step + 1) % recording.count
            gap_s = recording.moment_s(at) - recording.moment_s(at - 1) if at else 1 / self.info.fps
            arrival_s = metronome.wait(timeout_s, gap_s)
            shown = self._shown = self._in_round(recording, step, raw)
            self._step = step + 1
        info = self.info
        return Frame(
            shown.seq, shown.depth, info.depth_unit_mm, info.intrinsics, arrival_s, shown.sensor_s, shown.sensor_clock,
            info.serial, shown.backend_s,
        )  # fmt: skip

    def _load(self, recording: Recording, step: int) -> tuple[int, RecordedFrame]:
        """Read the frame of a step, or the first after it that is not damaged; give its step, too."""
        for at in range(step, step + recording.count):
            if at >= recording.count and not self._loop:
                raise EndOfSourceError(f"{self._source}: the recording is over after {recording.count} frames")
            try:
                return at, recording.frame(at % recording.count)
            except DamagedFrameError as error:
                if not self._damaged:
                    _LOG.warning("%s It is left out, and so are others like it.", error)
                self._damaged += 1
        raise SourceError(f"{self._source}: no frame can be read. Copy the file again.")

    def _in_round(self, recording: Recording, step: int, raw: RecordedFrame) -> RecordedFrame:
        """Let numbers and times go on where the round before ended."""
        rounds = step // recording.count
        if not rounds:
            return raw
        last, first = self._shown, self._first
        assert last is not None
        if rounds > self._round:
            beat_s = 1 / recording.about.fps
            self._round, self._ahead = rounds, last.seq + 1 - first.seq
            self._sensor_ahead_s = (last.sensor_s or 0.0) + beat_s - (first.sensor_s or 0.0)
            self._backend_ahead_s = (last.backend_s or 0.0) + beat_s - (first.backend_s or 0.0)
        sensor_s = None if raw.sensor_s is None else raw.sensor_s + self._sensor_ahead_s
        backend_s = None if raw.backend_s is None else raw.backend_s + self._backend_ahead_s
        return replace(raw, seq=raw.seq + self._ahead, sensor_s=sensor_s, backend_s=backend_s)

    def close(self) -> None:
        """End; see ``Camera.close``."""
        if self._metronome is not None:
            self._metronome.close()
        with self._busy:
            if self._recording is not None:
                self._recording.close()
            self._recording = None

    @property
    def info(self) -> CameraInfo:
        """See ``Camera.info``."""
        if self._info is None:
            raise SourceError(f"{self._source}: not opened")
        return self._info
