"""Where converted frames go: a folder of PNGs, an ``.npz``, an MCAP file, a video."""

from __future__ import annotations

import json
import shutil
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np
import numpy.typing as npt
import yaml

from app.cameras.base import CameraInfo
from app.formats.mcap_write import RecordingWriter
from app.formats.recording import Description
from lighthand.errors import SourceError
from lighthand.types import Frame


@contextmanager
def staged(target: Path) -> Iterator[Path]:
    """Give a path beside the target that becomes the target if all goes well, and goes away if not.

    Raises:
        SourceError: the target is there.
    """
    if target.exists():
        raise SourceError(f"{target}: is there already. Choose another name, or remove it.")
    part = target.with_name(f".{target.name}.part")
    _remove(part)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.rename(target)
    finally:
        _remove(part)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


class Sink(ABC):
    """Takes the frames of one camera."""

    @abstractmethod
    def add(self, frame: Frame) -> None:
        """Write the next frame.

        Raises:
            OSError: it cannot be written.
        """

    @abstractmethod
    def finish(self) -> None:
        """Write the end.

        Raises:
            OSError: it cannot be written.
        """

    def close(self) -> None:  # noqa: B027 - a folder has nothing to close
        """Let all files go; safe twice."""


class PngSink(Sink):
    """16-bit PNGs and a ``camera.yaml``; of the times the frame rate alone is kept."""

    def __init__(self, path: Path, info: CameraInfo) -> None:
        """Make the folder."""
        self._path = path
        self._info = info
        self._count = 0
        path.mkdir()

    def add(self, frame: Frame) -> None:
        """See ``Sink.add``."""
        png = cv2.imencode(".png", frame.depth)[1]
        (self._path / f"{self._count:06d}.png").write_bytes(png.tobytes())
        self._count += 1

    def finish(self) -> None:
        """See ``Sink.finish``."""
        text = yaml.safe_dump(_description(self._info), sort_keys=False)
        (self._path / "camera.yaml").write_text(text, encoding="utf-8")


class NpzSink(Sink):
    """One ``.npz``; its frames wait on the disk, since their number stands before them."""

    def __init__(self, path: Path, info: CameraInfo) -> None:
        """Begin."""
        self._path = path
        self._info = info
        self._seqs: list[int] = []
        self._sensor_s: list[float] = []
        self._clocks: list[str] = []
        self._raw = path.with_name(path.name + ".raw")
        self._file = self._raw.open("wb")

    def add(self, frame: Frame) -> None:
        """See ``Sink.add``."""
        self._file.write(frame.depth.astype("<u2", copy=False).tobytes())
        self._seqs.append(frame.seq)
        self._sensor_s.append(np.nan if frame.sensor_s is None else frame.sensor_s)
        self._clocks.append(frame.sensor_clock)

    def finish(self, **more: npt.NDArray[np.generic]) -> None:
        """See ``Sink.finish``; ``more`` are further arrays."""
        self._file.close()
        camera = self._info.intrinsics
        arrays = {
            "intrinsics": np.array((camera.fx, camera.fy, camera.cx, camera.cy)),
            "distortion": np.array(camera.distortion),
            "depth_unit_mm": np.array(self._info.depth_unit_mm),
            "fps": np.array(self._info.fps),
            "seq": np.array(self._seqs),
            "sensor_s": np.array(self._sensor_s),
            "sensor_clock": np.array(self._clocks),
            **more,
        }
        shape = (len(self._seqs), camera.height, camera.width)
        with zipfile.ZipFile(self._path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            with archive.open("depth.npy", "w", force_zip64=True) as out, self._raw.open("rb") as raw:
                np.lib.format.write_array_header_1_0(out, {"descr": "<u2", "fortran_order": False, "shape": shape})
                shutil.copyfileobj(raw, out, 1 << 20)
            for name, array in arrays.items():
                with archive.open(f"{name}.npy", "w", force_zip64=True) as out:
                    np.lib.format.write_array(out, array, allow_pickle=False)

    def close(self) -> None:
        """See ``Sink.close``."""
        self._file.close()
        self._raw.unlink(missing_ok=True)


class McapSink(Sink):
    """A recording as the recorder makes it, but with the camera's times as times of arrival."""

    def __init__(self, path: Path, info: CameraInfo, about: dict[str, object], *, raw: bool = False) -> None:
        """Begin; see ``RecordingWriter``."""
        camera = Description(
            info.model, info.serial, info.depth_unit_mm, info.intrinsics, info.fps, firmware=info.firmware
        )
        self.writer = RecordingWriter(path, camera, about, raw=raw)
        self._fps = info.fps
        self.time_ns = 0

    def add(self, frame: Frame) -> None:
        """See ``Sink.add``."""
        stamp_s = frame.sensor_s if frame.backend_s is None else frame.backend_s
        time_ns = round(1e9 * (self.writer.frames / self._fps if stamp_s is None else stamp_s))
        self.time_ns = max(time_ns, self.time_ns + 1)
        self.writer.frame(replace(frame, arrival_s=self.time_ns / 1e9), self.time_ns)

    def finish(self) -> None:
        """See ``Sink.finish``."""
        self.writer.finish({"frames": self.writer.frames, "error": ""})

    def close(self) -> None:
        """See ``Sink.close``."""
        self.writer.close()


class VideoSink(Sink):
    """FFV1, 16-bit grey, without loss, in Matroska; the camera in its metadata."""

    _TICK: Final = Fraction(1, 1000)

    def __init__(self, path: Path, info: CameraInfo) -> None:
        """Begin."""
        self._container = av.open(str(path), "w", format="matroska")
        self._container.metadata["camera"] = json.dumps(_description(info))
        self._stream = self._container.add_stream("ffv1", rate=Fraction(info.fps).limit_denominator(1000))
        self._stream.width, self._stream.height = info.intrinsics.width, info.intrinsics.height
        self._stream.pix_fmt = "gray16le"
        self._stream.time_base = self._TICK
        self._period_s = 1 / info.fps
        self._first_s: float | None = None
        self._count = 0
        self._at = -1

    def add(self, frame: Frame) -> None:
        """See ``Sink.add``."""
        stamp_s = self._count * self._period_s if frame.sensor_s is None else frame.sensor_s
        self._first_s = stamp_s if self._first_s is None else self._first_s
        picture = av.VideoFrame.from_ndarray(frame.depth, format="gray16le")
        self._at = picture.pts = max(round((stamp_s - self._first_s) / self._TICK), self._at + 1)
        picture.time_base = self._TICK
        self._container.mux(self._stream.encode(picture))
        self._count += 1

    def finish(self) -> None:
        """See ``Sink.finish``."""
        self._container.mux(self._stream.encode(None))
        self._container.close()

    def close(self) -> None:
        """See ``Sink.close``."""
        self._container.close()


def _description(info: CameraInfo) -> dict[str, object]:
    """Give what ``camera.yaml`` says."""
    camera = info.intrinsics
    lens = {"distortion": list(camera.distortion)} if camera.distortion else {}
    return {
        **{name: getattr(camera, name) for name in ("width", "height", "fx", "fy", "cx", "cy")},
        **lens,
        **{"depth_unit_mm": info.depth_unit_mm, "fps": float(info.fps), "model": info.model},
    }
