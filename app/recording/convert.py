"""From one form of recording to another: ``convert`` for replay, ``export`` for other programs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np
from tqdm import tqdm

from app.cameras.base import Camera, EndOfSourceError
from app.cameras.catalogue import open_recording
from app.cameras.replay import ReplayCamera
from app.formats.mcap_read import McapRecording
from app.formats.messages import result_of
from app.formats.schemas import HANDS, TRUTH
from app.latency import FrameLog
from app.recording.sinks import McapSink, NpzSink, PngSink, Sink, VideoSink, staged
from lighthand.errors import SourceError
from lighthand.skeleton import JOINTS
from lighthand.types import Frame, Intrinsics, Result

_TIMEOUT_S: Final = 10.0


def frames_of(camera: Camera) -> Iterator[Frame]:
    """Give every frame of an open lock-step camera, with a bar that shows how it goes.

    Raises:
        SourceError: a frame cannot be read.
    """
    with tqdm(unit="frame", mininterval=0.5, disable=None) as bar:
        while True:
            try:
                frame = camera.read(_TIMEOUT_S)
            except EndOfSourceError:
                return
            yield frame
            bar.update()


def mcap_of(camera: Camera) -> McapRecording | None:
    """Give the ``.mcap`` that an open camera plays: opened once more, one that is being written would hold more."""
    recording = camera.recording if isinstance(camera, ReplayCamera) else None
    return recording if isinstance(recording, McapRecording) else None


def convert(source: Path, target: Path, intrinsics: Path | None = None) -> int:
    """Write the frames of any recording as an ``.mcap``, an ``.npz`` or a folder of PNGs.

    Args:
        source: what ``open_recording`` plays.
        target: chosen by its suffix; a folder has none.
        intrinsics: camera description of a recording that carries none.

    Returns:
        How many frames were written.

    Raises:
        SourceError: the source cannot be read, or the target is there or of no such form.
        OSError: the target cannot be written.
    """
    if source.suffix == target.suffix == ".mcap":
        raise SourceError(f"{source}: is an .mcap already, and a conversion would lose its hands. Copy the file.")
    with _camera(source, intrinsics) as camera, staged(target) as part:
        info = camera.info
        sink: Sink
        match target.suffix:
            case ".mcap":
                sink = McapSink(part, info, {"converted_from": str(source)})
            case ".npz":
                sink = NpzSink(part, info)
            case "":
                sink = PngSink(part, info)
            case suffix:
                raise SourceError(f"{target}: {suffix} cannot be written. Name an .mcap, an .npz or a folder.")
        return _pour(camera, sink)


def export(source: Path, target: Path, intrinsics: Path | None = None) -> int:
    """Write a recording for other programs.

    Args:
        source: what ``open_recording`` plays; for a ``.csv`` or ``.npz`` an ``.mcap``, which alone holds hands.
        target: ``.mcap`` for raw images and drawn hands (Foxglove), ``.mkv`` for a lossless video, ``.csv`` for joints
            and stamps, ``.npz`` for joints and depth.
        intrinsics: camera description of a recording that carries none.

    Returns:
        How many frames were written; of a ``.csv``, rows.

    Raises:
        SourceError: the source cannot be read or holds no hands, or the target is there or of no such form.
        OSError: the target cannot be written.
    """
    if target.suffix not in (".mcap", ".mkv", ".csv", ".npz"):
        raise SourceError(f"{target}: cannot be exported to. Name an .mcap, .mkv, .csv or .npz.")
    if target.suffix in (".csv", ".npz") and source.suffix != ".mcap":
        raise SourceError(f"{source}: holds no hands, which a {target.suffix} is for. Only an .mcap does.")
    if target.suffix == ".csv":
        return _export_csv(source, target)
    with _camera(source, intrinsics) as camera, staged(target) as part:
        info = camera.info
        if target.suffix == ".mkv":
            return _pour(camera, VideoSink(part, info))
        recording = mcap_of(camera)
        results = {topic: _read_results(recording, topic) for topic in (HANDS, TRUTH)} if recording else {}
        if target.suffix == ".npz":
            return _export_npz(camera, NpzSink(part, info), results.get(HANDS) or results.get(TRUTH, {}))
        return _export_raw(camera, McapSink(part, info, {"exported_from": str(source)}, raw=True), results)


def _camera(source: Path, intrinsics: Path | None) -> Camera:
    return open_recording(source, intrinsics, pace="lockstep", loop=False)


def _pour(camera: Camera, sink: Sink) -> int:
    count = 0
    with closing(sink):
        for frame in frames_of(camera):
            sink.add(frame)
            count += 1
        sink.finish()
    return count


def _export_raw(camera: Camera, sink: McapSink, results: dict[str, dict[int, Result]]) -> int:
    with closing(sink):
        for frame in frames_of(camera):
            sink.add(frame)
            for topic, found in results.items():
                if frame.seq in found:
                    sink.writer.result(found[frame.seq], sink.time_ns, topic)
        sink.finish()
        return sink.writer.frames


def _export_npz(camera: Camera, sink: NpzSink, found: dict[int, Result]) -> int:
    joints, confidence, hidden, sides = [], [], [], []
    with closing(sink):
        for frame in frames_of(camera):
            sink.add(frame)
            result = found.get(frame.seq)
            hand = result.hands[0] if result and result.hands else None
            joints.append(hand.joints_mm if hand else np.full((JOINTS, 3), np.nan, np.float32))
            confidence.append(hand.pose.confidence if hand else np.zeros(JOINTS, np.float32))
            hidden.append(hand.pose.hidden if hand else np.zeros(JOINTS, bool))
            sides.append(hand.side if hand else "")
        more = {"joints": joints, "confidence": confidence, "hidden": hidden, "side": sides}
        sink.finish(**{name: np.array(values) for name, values in more.items()})
    return len(joints)


def _export_csv(source: Path, target: Path) -> int:
    """Write the log that ``run_live.py --log`` would have written."""
    with closing(McapRecording(source)) as recording, staged(target) as part:
        found = _read_results(recording, HANDS) or _read_results(recording, TRUTH)
        if not found:
            raise SourceError(f"{source}: holds frames, but no hands: nothing was tracked while it was recorded.")
        with FrameLog(part, drawn=False, about=json.loads(recording.metadata["about"])) as log:
            for result in tqdm(found.values(), unit="frame", disable=None):
                log.add(result)
    return len(found)


_NO_IMAGE: Final = Intrinsics(1, 1, 1.0, 1.0, 0.0, 0.0)


def _read_results(recording: McapRecording, topic: str) -> dict[int, Result]:
    """Give the results by the numbers of their frames, whose images are left out."""
    stamps = recording.stamps()
    found = {}
    for _, message in recording.messages(topic):
        sensor_s = stamps.get(message.seq)
        image = np.zeros((1, 1), np.uint16)
        frame = Frame(message.seq, image, 1.0, _NO_IMAGE, message.arrival_s, sensor_s)
        found[message.seq] = result_of(message, frame)
    return found
