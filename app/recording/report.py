"""What ``info`` says of a recording."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from app.cameras.base import Camera, CameraInfo
from app.cameras.catalogue import open_recording
from app.formats.mcap_read import McapRecording
from app.formats.schemas import DROPS, HANDS, TRUTH
from app.recording.convert import frames_of, mcap_of

Row = tuple[str, str]


@dataclass(slots=True)
class _Seen:
    """What a reading of all frames came upon."""

    frames: int = 0
    lost: int = 0
    gaps: int = 0
    first_s: float | None = None
    last_s: float | None = None
    measured: list[float] = field(default_factory=list)


def report(source: Path, intrinsics: Path | None = None) -> str:
    """Read a recording from end to end and tell what is in it.

    Args:
        source: what ``open_recording`` plays.
        intrinsics: camera description of a recording that carries none.

    Returns:
        A table.

    Raises:
        SourceError: it cannot be read.
    """
    with open_recording(source, intrinsics, pace="lockstep", loop=False) as camera:
        rows = [("recording", str(source)), *_camera_rows(camera.info)]
        seen = _read(camera)
        rows += _frame_rows(seen)
        if recording := mcap_of(camera):
            rows += _mcap_rows(recording, seen)
    size = sum(path.stat().st_size for path in (source.rglob("*") if source.is_dir() else [source]) if path.is_file())
    rows.append(("on disk", f"{size / 1e6:.2f} MB, {size / max(seen.frames, 1) / 1e3:.1f} kB a frame"))
    width = max(len(name) for name, _ in rows)
    indent = "\n" + " " * (width + 2)
    return "\n".join(f"{name:<{width}}  {text.rstrip().replace(chr(10), indent)}" for name, text in rows)


def _camera_rows(info: CameraInfo) -> list[Row]:
    camera = info.intrinsics
    rows = [
        ("camera", info.model + (f", firmware {info.firmware}" if info.firmware else "")),
        ("serial", info.serial),
        ("image", f"{camera.width}x{camera.height}"),
        ("lens", f"fx {camera.fx:g}, fy {camera.fy:g}, cx {camera.cx:g}, cy {camera.cy:g}"),
        ("unit", f"{info.depth_unit_mm:g} mm a count"),
        ("rate", f"{info.fps:g} frames a second promised"),
    ]
    if camera.distortion:
        rows.insert(4, ("distortion", ", ".join(f"{value:g}" for value in camera.distortion)))
    return rows


def _read(camera: Camera) -> _Seen:
    seen = _Seen()
    before: int | None = None
    for frame in frames_of(camera):
        seen.frames += 1
        seen.measured.append(float((frame.depth > 0).mean()))
        if before is not None and frame.seq > before + 1:
            seen.gaps += 1
            seen.lost += frame.seq - before - 1
        before = frame.seq
        if frame.sensor_s is not None:
            seen.first_s = frame.sensor_s if seen.first_s is None else seen.first_s
            seen.last_s = frame.sensor_s
    return seen


def _frame_rows(seen: _Seen) -> list[Row]:
    rows = [("frames", str(seen.frames))]
    if seen.first_s is not None and seen.last_s is not None and seen.last_s > seen.first_s:
        span_s = seen.last_s - seen.first_s
        rows.append(("duration", f"{span_s:.2f} s by the camera's clock: {(seen.frames - 1) / span_s:.2f} a second"))
    rows.append(("gaps", f"{seen.gaps}, {seen.lost} frames in them" if seen.gaps else "none"))
    rows.append(("measured", f"{sum(seen.measured) / max(seen.frames, 1):.0%} of the pixels"))
    return rows


def _mcap_rows(recording: McapRecording, seen: _Seen) -> list[Row]:
    drops = {"source": 0, "recorder": 0}
    for _, message in recording.messages(DROPS):
        drops[message.where] = drops.get(message.where, 0) + message.count
    rows = [("dropped", f"{drops['source']} before the program had them, {drops['recorder']} by the recorder")]
    if seen.frames < recording.count:
        rows.append(("damaged", f"{recording.count - seen.frames} frames cannot be read and are left out"))
    for topic, name in ((HANDS, "hands"), (TRUTH, "true hands")):
        found = [bool(message.hands) for _, message in recording.messages(topic)]
        if found:
            rows.append((name, f"in {sum(found)} of {len(found)} results ({sum(found) / len(found):.1%})"))
    rows.append(("recorded by", f"LightHand {recording.metadata.get('version', 'of an unknown version')}"))
    if error := recording.end.get("error", "" if recording.end else "no end was written"):
        rows.append(("error", error))
    about = json.loads(recording.metadata.get("about", "{}"))
    rows += [(name, yaml.safe_dump(value, sort_keys=False).removesuffix("...\n")) for name, value in about.items()]
    return rows
