"""A recording as a camera: a folder of 16-bit PNGs, or an ``.npz``."""

from __future__ import annotations

import logging
import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from app.cameras.base import Camera, CameraInfo, EndOfSourceError, Metronome, Pace
from app.cameras.calibration import Calibration, find_calibration, load_calibration, unit_doubt
from lighthand.errors import SourceError
from lighthand.types import DepthArray, Frame

_LOG: Final = logging.getLogger(__name__)
_PNG_HEAD: Final = b"\x89PNG\r\n\x1a\n"

_SHORT_S: Final = 2.0  # a recording shorter than that is over before one has looked

Loader = Callable[[int], DepthArray]


class ReplayCamera(Camera):
    """Plays a recording; frame k carries the sensor time k / fps, so that two runs see the same times."""

    def __init__(
        self, source: Path, intrinsics: Path | None = None, *, pace: Pace = "recorded", loop: bool = False
    ) -> None:
        """Take note of what to play; ``open`` reads.

        Args:
            source: a folder of 16-bit PNGs, or an ``.npz``.
            intrinsics: camera description of a folder, if it is neither in nor beside it.
            pace: see ``base.Metronome``.
            loop: begin again after the last frame.
        """
        self._source = source
        self._intrinsics = intrinsics
        self._pace = pace
        self._loop = loop
        self._seq = 0
        self._info: CameraInfo | None = None
        self._metronome: Metronome | None = None

    def open(self) -> None:
        """Find the frames and their description, and read the first.

        Raises:
            SourceError: no such recording, or it cannot be used.
            ConfigError: the camera description cannot be read.
        """
        if self._source.is_dir():
            self._load, count, about = _open_folder(self._source, self._intrinsics)
        elif self._source.suffix == ".npz" and self._source.is_file():
            if self._intrinsics:
                raise SourceError(f"{self._source}: an .npz holds its own intrinsics. Leave --intrinsics out.")
            self._load, count, about = _open_npz(self._source)
        else:
            what = "neither a folder nor an .npz" if self._source.exists() else "no such file or folder"
            raise SourceError(f"{self._source}: {what}. Give --source a folder of 16-bit PNGs or an .npz.")
        self._invalid_from = about.invalid_from
        unit, camera = about.depth_unit_mm, about.intrinsics
        if doubt := unit_doubt(camera.width, camera.height, unit):
            _LOG.warning("%s: %s", self._source, doubt)
        name = self._source.resolve().name
        self._info = CameraInfo(about.model, name, "", "file", unit, camera, about.fps)
        self._count = count
        if self._pace == "recorded" and not self._loop and count < _SHORT_S * about.fps:
            _LOG.warning(
                "%s: %d frame(s), over in %.2g s: --loop plays them again and again, --pace lockstep shows every one",
                self._source, count, count / about.fps,
            )  # fmt: skip
        self._depth(0)
        self._seq = 0
        self._metronome = Metronome(about.fps, self._pace)

    def read(self, timeout_s: float) -> Frame:
        """Give the next frame when it is due; see ``Camera.read``."""
        if self._metronome is None:
            raise EndOfSourceError(f"{self._source}: not opened")
        if self._seq >= self._count and not self._loop:
            raise EndOfSourceError(f"{self._source}: the recording is over after {self._count} frames")
        info, seq = self.info, self._seq
        depth = self._depth(seq)  # before it is due: a camera has its image ready, too
        arrival_s = self._metronome.wait(timeout_s)
        self._seq += 1
        return Frame(seq, depth, info.depth_unit_mm, info.intrinsics, arrival_s, seq / info.fps, "device", info.serial)

    def _depth(self, seq: int) -> DepthArray:
        """Read the image of one frame, checked."""
        depth = self._load(seq % self._count)
        if self._invalid_from < 65536:
            depth = np.where(depth >= self._invalid_from, np.uint16(0), depth)
        return depth

    def close(self) -> None:
        """End; see ``Camera.close``."""
        if self._metronome is not None:
            self._metronome.close()

    @property
    def info(self) -> CameraInfo:
        """See ``Camera.info``."""
        if self._info is None:
            raise SourceError(f"{self._source}: not opened")
        return self._info


def _open_folder(folder: Path, intrinsics: Path | None) -> tuple[Loader, int, Calibration]:
    """Find the PNGs of a folder and their description."""
    paths = sorted(folder.rglob("*.png"), key=lambda path: _natural(path.relative_to(folder)))
    if not paths:
        raise SourceError(f"{folder}: no PNG in it. Give --source a folder of 16-bit PNGs or an .npz.")
    height, width = _read_png(paths[0]).shape
    if intrinsics:
        about = load_calibration(intrinsics)
        if (about.width, about.height) != (width, height):
            raise SourceError(
                f"{paths[0]}: {width}x{height}, but {intrinsics} is for {about.width}x{about.height}. "
                "Use the description of the camera that took it."
            )
    else:
        about, path, by_size = find_calibration(folder, width, height)
        if (about.width, about.height) != (width, height):
            raise SourceError(
                f"{paths[0]}: {width}x{height}, but {path} says {about.width}x{about.height}. Correct the YAML."
            )
        if by_size:
            _LOG.warning(
                "%s: no camera description beside it; %dx%d is a %s: using %s (unit %g mm)",
                folder, width, height, about.model, path, about.depth_unit_mm,
            )  # fmt: skip

    def load(index: int) -> DepthArray:
        depth = _read_png(paths[index])
        if depth.shape != (height, width):
            raise SourceError(
                f"{paths[index]}: {depth.shape[1]}x{depth.shape[0]}, the recording began with {width}x{height}. "
                "Keep the images of each camera in a folder of their own."
            )
        return depth

    return load, len(paths), about


def _natural(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Sort by the numbers in a name, so that 2.png comes before 10.png."""
    parts = re.findall(r"\d+|\D+", path.as_posix())
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts)


def _read_png(path: Path) -> DepthArray:
    """Read a 16-bit single-channel PNG, checked whole: OpenCV returns half of a truncated one in silence."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise SourceError(f"{path}: cannot be read ({error.strerror}).") from error
    bits, colours = _check_png(path, data)
    if (bits, colours) != (16, 0):
        kind = {0: "grey", 2: "RGB", 3: "palette", 4: "grey with alpha", 6: "RGB with alpha"}.get(colours, "unknown")
        raise SourceError(
            f"{path}: {bits}-bit {kind} PNG, expected 16-bit grey: depth, not a colour image or a preview of depth."
        )
    image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None or image.dtype != np.uint16:
        raise SourceError(f"{path}: damaged PNG, its pixels cannot be unpacked. Copy it again or remove it.")
    return np.asarray(image, np.uint16)


def _check_png(path: Path, data: bytes) -> tuple[int, int]:
    """Walk through the chunks of a PNG; give its bits a sample and its colour type."""
    if not data.startswith(_PNG_HEAD) or data[12:16] != b"IHDR":
        raise SourceError(f"{path}: not a PNG ({len(data)} bytes). Copy it again or remove it.")
    start, kind = len(_PNG_HEAD), b""
    while kind != b"IEND":
        if start + 12 > len(data):
            raise SourceError(f"{path}: truncated PNG, it ends after {len(data)} bytes. Copy it again or remove it.")
        length, kind = struct.unpack_from(">I4s", data, start)
        end = start + 12 + length
        if end > len(data):
            raise SourceError(f"{path}: truncated PNG, {end - len(data)} bytes missing. Copy it again or remove it.")
        if zlib.crc32(data[start + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise SourceError(f"{path}: damaged PNG, wrong checksum at byte {start}. Copy it again or remove it.")
        start = end
    return data[24], data[25]


def _open_npz(path: Path) -> tuple[Loader, int, Calibration]:
    """Read an ``.npz`` whole."""
    try:
        with path.open("rb") as file, zipfile.ZipFile(file), np.load(file, allow_pickle=False) as archive:
            missing = [key for key in ("depth", "intrinsics", "depth_unit_mm") if key not in archive]
            if missing:
                raise SourceError(
                    f"{path}: holds {', '.join(archive.files) or 'nothing'}, but no {', '.join(missing)}. "
                    "See recordings/README.md for the arrays."
                )
            depth, lens = archive["depth"], archive["intrinsics"]
            unit = archive["depth_unit_mm"]
            fps = archive["fps"] if "fps" in archive else np.float64(30)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise SourceError(f"{path}: cannot be read as an .npz ({error}). Copy or write it again.") from error
    if depth.dtype != np.uint16 or depth.ndim != 3 or not depth.size:
        raise SourceError(f"{path}: depth is {depth.dtype} {depth.shape}, expected uint16 (N, H, W), N at least 1.")
    for name, array, size in (("intrinsics", lens, 4), ("depth_unit_mm", unit, 1), ("fps", fps, 1)):
        if array.size != size or array.dtype.kind not in "iuf":
            raise SourceError(f"{path}: {name} is {array.dtype} {array.shape}, expected {size} number(s).")
    fx, fy, cx, cy = (float(value) for value in lens.reshape(4))
    try:
        about = Calibration(
            depth.shape[2], depth.shape[1], fx, fy, cx, cy, float(unit.item()), float(fps.item()), "recording"
        )
    except SourceError as error:
        raise SourceError(f"{path}: {error}") from error
    return lambda index: depth[index].copy(), len(depth), about
