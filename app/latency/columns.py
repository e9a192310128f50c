"""What a log holds: its columns, the stages between its stamps, and what of a row the figures are made of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from lighthand.skeleton import JOINT_NAMES

HEAD: Final = "# lighthand"
"""How every log begins; the rest of the line is JSON."""

SOURCE: Final = "# source"
"""How the line begins that says from which source the rows below it are; the rest is JSON as in the first line."""

STAMPS: Final = ("arrival_s", "taken_s", "segmented_s", "estimated_s", "tracked_s", "drawn_s")

COLUMNS: Final = (
    "seq", "lost", "skipped", "sensor_s", "sensor_clock", "backend_s", "arrival_unix_s", *STAMPS,
    "track_id", "side", "side_probability", "presence", "score",
    *(f"{joint}_{axis}_mm" for joint in JOINT_NAMES for axis in "xyz"),
    *(f"{joint}_confidence" for joint in JOINT_NAMES), *(f"{joint}_hidden" for joint in JOINT_NAMES),
)  # fmt: skip
"""``lost``: frames missing at the source just before this one; ``skipped``: frames that came while the tracker was
busy and were passed over. ``arrival_unix_s`` is the arrival on the system's clock, written where the frame bears
another stamp of that clock. ``drawn_s`` is empty where no window drew the frame, the hand's columns where there was
none."""

STAGES: Final = (
    ("wait for the worker", "arrival_s", "taken_s"),
    ("find", "taken_s", "segmented_s"),
    ("network", "segmented_s", "estimated_s"),
    ("track", "estimated_s", "tracked_s"),
    ("to the picture", "tracked_s", "drawn_s"),
)
"""What follows what between a frame's arrival and its picture: name, stamp at its start, stamp at its end."""

SUMS: Final = (("arrival to pose", "arrival_s", "tracked_s"), ("age at drawing", "arrival_s", "drawn_s"))
"""Several stages together, as in STAGES."""

Rows = npt.NDArray[np.void]

ROW: Final = np.dtype(
    [
        ("source", np.int32), ("lost", np.int64), ("skipped", np.int64), ("hand", np.bool_),
        ("sensor_age_s", np.float64), ("same_clock", np.bool_), ("driver_age_s", np.float64),
        *((name, np.float64) for name in STAMPS),
    ]
)  # fmt: skip
"""What the figures need of a frame. ``source``: number of its source in the run. ``sensor_age_s``: arrival less the
sensor's stamp; where they are not of the same clock only its changes mean anything. ``driver_age_s``: arrival less the
driver's stamp. NaN is unknown."""


def is_live(about: Mapping[str, Any]) -> bool:
    """Tell whether a source's line is about a device, whose stamps are of this run: a recording's are not."""
    source = about.get("source")
    return isinstance(source, Mapping) and source.get("live") is True


def is_lockstep(about: Mapping[str, Any]) -> bool:
    """Tell whether the settings on a log's first line let frames wait for the worker."""
    config = about.get("config")
    camera = config.get("camera") if isinstance(config, Mapping) else None
    return isinstance(camera, Mapping) and camera.get("pace") == "lockstep"


def row_of(
    source: int,
    live: bool,
    drops: tuple[int, int],
    hand: bool,
    clock: str,
    outside_s: tuple[float, float, float],
    stamps_s: Sequence[float],
) -> tuple[object, ...]:
    """Make a row of type ROW.

    Args:
        source: number of the source in the run.
        live: it is a device.
        drops: lost, skipped.
        hand: the frame has one.
        clock: "device", "system" or "none": that of the sensor's stamp.
        outside_s: the sensor's stamp, the driver's, the arrival on the system's clock; NaN where unknown.
        stamps_s: in the order of STAMPS.
    """
    sensor_s, backend_s, arrival_unix_s = outside_s
    same_clock = clock == "system"
    sensor_age_s = (arrival_unix_s if same_clock else stamps_s[0]) - sensor_s
    driver_age_s = arrival_unix_s - backend_s
    if not live:
        sensor_age_s = driver_age_s = math.nan
    return (source, *drops, hand, sensor_age_s, same_clock, driver_age_s, *stamps_s)
