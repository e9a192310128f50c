"""The command line of ``run_live.py``, and the settings that it makes."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import Final, get_args

from app.cameras.base import Filter, Kind
from app.config import AppConfig
from app.saved import saved_path
from lighthand.backends import WEIGHTS, Backend
from lighthand.command import seconds, size
from lighthand.config import load_config
from lighthand.errors import ConfigError

_LOG: Final = logging.getLogger(__name__)


def make_parser() -> argparse.ArgumentParser:
    """Give the parser of ``run_live.py``."""
    parser = argparse.ArgumentParser("run_live.py", description="Follow a hand in depth images, live.")
    add = parser.add_argument
    add("--camera", choices=get_args(Kind), help="where frames come from (default: auto, the first that answers)")
    add("--list", action="store_true", help="show every device, its modes, and what is missing for each SDK")
    add("--serial", metavar="NUMBER", help="which device, where there are several")
    add("--size", type=size, metavar="WxH", help="of a device's depth images, such as 848x480")
    add("--fps", type=int, metavar="N", help="frames a second of a device")
    add("--filters", nargs="+", choices=get_args(Filter), help="librealsense's own, in this order")
    add("--source", type=Path, metavar="PATH", help="recording: .mcap, .bag, .db3, .oni, .mkv, .npz, .npy, a folder")
    add("--intrinsics", type=Path, metavar="FILE", help="camera description, where a recording has none: calibration/")
    add("--pace", choices=("recorded", "lockstep"), help="lockstep: as fast as it goes, no frame lost")
    add("--loop", action="store_true", default=None, help="play the recording again and again")
    add("--headless", action="store_true", help="no window")
    add("--viewer", choices=("qt", "open3d", "rerun"), default="qt", help="what shows it (rerun: an extra package)")
    add("--model", choices=("hand", "fast"), help="fast: a smaller network for weak machines (default: hand)")
    add("--backend", choices=get_args(Backend), help="what runs the network (default: onnxruntime)")
    add(
        "--low-latency",
        action="store_true",
        default=None,
        help="raise the priority, keep the cores awake, switch threads sooner; says what of it was allowed",
    )
    add("--seconds", type=seconds, metavar="S", help="stop after this time")
    add("--log", type=Path, metavar="FILE", help="CSV with a row a frame: times, joints, drops")
    add("--record", type=Path, metavar="FILE", help="record depth and joints to this .mcap; R in the window does, too")
    add("--snapshot", type=Path, metavar="DIR", help="save window.png there; headless: overlay.mp4, sheet.png")
    add("--config", type=Path, metavar="FILE", help="settings, YAML")
    add(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="one setting, such as track.accept=0.6; options win",
    )
    return parser


def resolve(options: argparse.Namespace, base: AppConfig | None = None) -> AppConfig:
    """Resolve the settings: defaults, what the window kept, file, --set, and the options that stand for a setting.

    Args:
        options: of the command line.
        base: takes the place of the defaults: what the window kept; it gives way where it does not go with the rest.

    Raises:
        ConfigError: a setting is unknown, of the wrong type, out of range, or does not go with another.
    """
    flags = {
        f"camera.{key}": value
        for key, value in (
            ("kind", options.camera),
            ("source", options.source),
            ("intrinsics", options.intrinsics),
            ("pace", options.pace),
            ("loop", options.loop),
            ("serial", options.serial),
            ("width", options.size and options.size[0]),
            ("height", options.size and options.size[1]),
            ("fps", options.fps),
            ("filters", options.filters),
        )
        if value is not None
    }
    if options.model is not None:
        flags["network.weights"] = WEIGHTS.with_stem(options.model)
    if options.backend is not None:
        flags["network.backend"] = options.backend
    if options.low_latency is not None:
        flags["pacing.low_latency"] = options.low_latency
    if options.source is not None and options.camera is None:
        flags["camera.kind"] = "replay"
    overrides = [f"{key}={json.dumps(value, default=str)}" for key, value in flags.items()]
    try:
        return load_config(AppConfig, options.config, [*options.set, *overrides], base)
    except ConfigError as error:
        if base is not None:
            config = resolve(options)  # raises where the fault is not what was kept
            _LOG.warning("%s is ignored, it does not go with what is asked: %s", saved_path(), error)
            return config
        if options.set:
            raise
        text = str(error).removeprefix("--set: ").removeprefix("camera: ")  # the user typed no --set
        raise ConfigError(text) from error
