"""Hands marked by hand in recordings of whole scenes: side, palm and visible fingertips.

The files are lists, one entry an image: ``file`` beside the JSON, ``width height depth_unit_mm fx fy cx cy``,
and ``hands``, each with ``side``, ``palm``, ``wrist`` and ``tips`` (u, v in pixels, z in mm of the surface
there; null where hidden) and ``approx`` (the names of rough points).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from lighthand.datasets.files import RATE_HZ
from lighthand.datasets.record import DepthRecord, read_depth_png
from lighthand.errors import DataError, SourceError
from lighthand.skeleton import FINGERS
from lighthand.types import Frame, Intrinsics, Side

_FILE_NAMES: Final = {"little": "pinky"}

Point = tuple[float, float, float]
"""u and v in pixels, z in mm."""


@dataclass(frozen=True, slots=True)
class HandAnnotation:
    """What a person saw of one hand.

    Attributes:
        side: which hand it is.
        palm: the middle of the palm's surface.
        tips: the visible fingertips by finger, those marked as rough left out.
    """

    side: Side
    palm: Point
    tips: dict[str, Point]


@dataclass(frozen=True, slots=True)
class AnnotatedRecord:
    """One image and its hands."""

    record: DepthRecord
    path: Path
    hands: tuple[HandAnnotation, ...]


def read_annotations(path: Path) -> list[AnnotatedRecord]:
    """Read an annotation file.

    Args:
        path: the JSON file; the images lie relative to its folder.

    Returns:
        The images in the file's order.

    Raises:
        DataError: the file is missing or damaged.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}). Give the folder that holds it as --root."
        ) from error
    except ValueError as error:
        raise DataError(f"{path}: damaged ({error}). Fetch it again.") from error
    if not isinstance(entries, list) or not entries:
        raise DataError(f"{path}: expected a list of at least one image, one entry each.")
    records = []
    for number, entry in enumerate(entries):
        try:
            records.append(_record(path.parent, entry))
        except (KeyError, TypeError, ValueError, SourceError) as error:
            raise DataError(f"{path}, entry {number}: missing or damaged: {error!r}.") from error
    return records


def read_sequence(annotated: AnnotatedRecord) -> list[DepthRecord]:
    """Give every image of the folder in which an annotated one lies, in order, with its camera.

    Args:
        annotated: an image of a recording whose file names are frame numbers.

    Raises:
        DataError: a file name is no number, or the annotated image cannot be read.
    """
    first = annotated.record.load()
    paths: dict[int, Path] = {}
    for path in annotated.path.parent.glob("*.png"):
        try:
            paths[int(path.stem)] = path
        except ValueError as error:
            raise DataError(f"{path}: the name is no frame number. Take the file out of the recording.") from error
    return [
        DepthRecord(_name(path), partial(_load, path, seq, first.depth_unit_mm, first.intrinsics))
        for seq, path in sorted(paths.items())
    ]


def _record(folder: Path, entry: Mapping[str, Any]) -> AnnotatedRecord:
    camera = Intrinsics(*(entry[key] for key in ("width", "height", "fx", "fy", "cx", "cy")))
    path = folder / entry["file"]
    load = partial(_load, path, int(path.stem), float(entry["depth_unit_mm"]), camera)
    hands = tuple(_hand(hand) for hand in entry["hands"])
    side = hands[0].side if len(hands) == 1 else None
    return AnnotatedRecord(DepthRecord(_name(path), load, side=side), path, hands)


def _name(path: Path) -> str:
    return f"{path.parent.name}/{path.stem}"


def _hand(hand: Mapping[str, Any]) -> HandAnnotation:
    if hand["side"] not in ("left", "right"):
        raise ValueError(f"side is {hand['side']!r}, expected left or right")
    names = {finger: _FILE_NAMES.get(finger, finger) for finger in FINGERS}
    if not isinstance(hand["tips"], dict):
        raise ValueError(f"tips are {hand['tips']!r}, expected a point or null by finger")
    unknown = set(hand["tips"]) - set(names.values())
    if unknown:
        raise ValueError(f"unknown fingers {sorted(unknown)}, expected {sorted(names.values())}")
    tips = {
        finger: _point(hand["tips"][name])
        for finger, name in names.items()
        if hand["tips"].get(name) is not None and name not in hand["approx"]
    }
    return HandAnnotation(hand["side"], _point(hand["palm"]), tips)


def _point(values: list[float]) -> Point:
    u, v, z = (float(value) for value in values)
    if not (math.isfinite(u) and math.isfinite(v)):
        raise ValueError(f"pixel {u}, {v} of a point, expected finite numbers")
    if not (math.isfinite(z) and z > 0):
        raise ValueError(f"depth {z} mm of a point, expected a positive number")
    return u, v, z


def _load(path: Path, seq: int, unit_mm: float, camera: Intrinsics) -> Frame:
    return Frame(
        seq=seq,
        depth=read_depth_png(path),
        depth_unit_mm=unit_mm,
        intrinsics=camera,
        arrival_s=seq / RATE_HZ,
        serial=path.parent.name,
    )
