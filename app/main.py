"""Build the live program, run it, stop it: the only file that knows every part."""

from __future__ import annotations

import argparse
import json
import logging
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Final, get_args

from app.cameras.base import Camera, CameraInfo
from app.cameras.replay import ReplayCamera
from app.cameras.synthetic import SyntheticCamera
from app.config import AppConfig, CameraConfig
from app.latency import FrameLog
from app.pacing import Collector, no_collection, paced
from app.session import JOIN_S, Session
from app.slot import SlotClosedError
from app.viewer.display import missing_display
from app.viewer.overlay import Snapshot, make_folder
from lighthand.backends import WEIGHTS, Backend, open_estimator
from lighthand.command import seconds
from lighthand.config import config_to_dict, load_config
from lighthand.errors import LightHandError
from lighthand.pipeline import Pipeline
from lighthand.segment import SegmentConfig

DEMO_S: Final = 10.0
DEMO_FOLDER: Final = Path("out/live")
_POLL_S: Final = 0.1  # how soon a run sees ^C
_PATIENCE_S: Final = 3.0  # a second ^C within that time is a double key press


class Interrupt:
    """Notes ^C and SIGTERM; a later one, when the user has waited for the end, leaves at once."""

    def __init__(self) -> None:
        """Take both signals over."""
        self.requested = False
        self._first_s = 0.0
        self._before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
        for number in self._before:
            signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.requested and time.perf_counter() > self._first_s + _PATIENCE_S:
            os._exit(130)  # an exception would end in a traceback: Qt calls us
        if not self.requested:
            self._first_s = time.perf_counter()
        self.requested = True

    def restore(self) -> None:
        """Give both signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        arguments: of the command line; None for the process's own.

    Returns:
        0 after a regular end, ^C included; 2 after an error that the user can mend; 130 after ^C during start-up.
    """
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except LightHandError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except KeyboardInterrupt:  # before the first frame; later ^C is a regular end
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("run_live.py", description="Follow a hand in depth images, live.")
    add = parser.add_argument
    add("--camera", choices=("replay", "synthetic"), help="where frames come from (default: synthetic)")
    add("--source", type=Path, metavar="PATH", help="recording: a folder of 16-bit PNGs, or an .npz")
    add("--intrinsics", type=Path, metavar="FILE", help="camera description of the folder: see calibration/README.md")
    add("--pace", choices=("recorded", "lockstep"), help="lockstep: as fast as it goes, no frame lost")
    add("--loop", action="store_true", default=None, help="play the recording again and again")
    add("--headless", action="store_true", help="no window")
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


def _config(options: argparse.Namespace) -> AppConfig:
    """Resolve the settings: defaults, file, --set, and the options that stand for a setting."""
    flags = {
        f"camera.{key}": value
        for key, value in (
            ("kind", options.camera),
            ("source", options.source),
            ("intrinsics", options.intrinsics),
            ("pace", options.pace),
            ("loop", options.loop),
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
    return load_config(AppConfig, options.config, [*options.set, *overrides])


def _camera(config: CameraConfig) -> Camera:
    if config.kind == "synthetic":
        return SyntheticCamera(config.seed, pace=config.pace)
    assert config.source is not None
    return ReplayCamera(config.source, config.intrinsics, pace=config.pace, loop=config.loop)


def _run(options: argparse.Namespace) -> int:
    """Build everything, run until the end, stop everything."""
    config = _config(options)
    headless, seconds, folder = options.headless, options.seconds, options.snapshot
    if not headless and (missing := missing_display()):
        headless, seconds, folder = True, seconds or DEMO_S, folder or DEMO_FOLDER
        sys.stderr.write(f"no display{missing}: running without a window for {seconds:g} s\n")
    with ExitStack() as stack:
        for line in stack.enter_context(paced(config.pacing)):  # first: it reaches only threads that start after it
            sys.stderr.write(f"pacing: {line}\n")
        camera = stack.enter_context(_camera(config.camera))
        info = camera.info
        if folder:
            make_folder(folder)
        estimator = open_estimator(config.network)
        pipeline = Pipeline(estimator, config.pipeline)
        pipeline.warm_up()
        if not headless:
            import_module("app.viewer.window")  # takes a second, in which frames would wait
        snapshot = Snapshot(folder, info.fps) if folder and headless else None
        log = FrameLog(options.log, drawn=not headless, about=_about(info, config))
        stack.enter_context(log)
        stack.enter_context(no_collection())
        collector = Collector()
        session = Session(
            camera,
            pipeline.process,
            log,
            config.segment,
            lockstep=config.camera.pace == "lockstep",
            rest=collector if headless else lambda: None,
        )
        interrupt = Interrupt()
        saved: list[Path] = []

        def run() -> None:
            session.start()
            if headless:
                ended = _watch(session, snapshot, seconds, interrupt)
            else:
                picture = folder / "window.png" if folder else None
                ended = _show(session, info, log, config.segment, seconds, interrupt, picture, collector)
                saved.extend([picture] if picture else [])
            if ended is not None:
                raise ended

        def report() -> None:
            lines = [log.summary()]
            if config.camera.pace == "lockstep":
                lines.append("(lock step: a frame waits for the worker, so its age says nothing of a live run)")
            sys.stdout.write("\n".join(lines) + "\n")

        def save() -> None:
            saved.extend([options.log] if options.log else [])
            saved.extend(snapshot.close() if snapshot else ())

        def name_saved() -> None:
            sys.stdout.write("".join(f"saved {path.resolve()}\n" for path in saved))

        error = _first_error(run, session.stop, log.close, report, save, name_saved)
        if session.running:
            _leave(session.running, error)
    interrupt.restore()
    if isinstance(error, LightHandError | KeyboardInterrupt):
        raise error
    if error is not None:
        raise RuntimeError("the program stopped on an error of its own: please report it") from error
    return 0


def _first_error(*steps: Callable[[], object]) -> BaseException | None:
    """Take every step, whatever the others do; give the first error."""
    first: BaseException | None = None
    for step in steps:
        try:
            step()
        except BaseException as error:  # noqa: BLE001 - given to the caller, who raises it
            first = first or error
    return first


def _about(info: CameraInfo, config: AppConfig) -> dict[str, object]:
    source = {"model": info.model, "serial": info.serial, "depth_unit_mm": info.depth_unit_mm, "fps": info.fps}
    return {"source": source, "config": config_to_dict(config)}


def _watch(
    session: Session, snapshot: Snapshot | None, seconds: float | None, interrupt: Interrupt
) -> BaseException | None:
    """Take results without a window until the end; give the error that ended the source."""
    end_s = time.perf_counter() + seconds if seconds else math.inf
    number = 0
    while not interrupt.requested and time.perf_counter() < end_s:
        try:
            taken = session.results.take(number, _POLL_S)
        except SlotClosedError as closed:
            return closed.__cause__
        if taken is not None:
            number = taken.number
            if snapshot:
                snapshot.add(taken.value)
    return None


def _show(
    session: Session,
    info: CameraInfo,
    log: FrameLog,
    segment: SegmentConfig,
    seconds: float | None,
    interrupt: Interrupt,
    picture: Path | None,
    collector: Collector,
) -> BaseException | None:
    """Open the window, wait until it is closed, save how it looked; give the error that ended the source."""
    from PyQt6 import QtCore, QtWidgets

    from app.viewer.window import HandWindow

    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    window = HandWindow(session.results, info, log, segment)
    window.show()
    end_s = time.perf_counter() + seconds if seconds else math.inf

    def check() -> None:
        collector()
        if interrupt.requested or time.perf_counter() >= end_s:
            window.close()

    timer = QtCore.QTimer(window)
    timer.timeout.connect(check)
    timer.start(round(_POLL_S * 1e3))
    application.exec()
    timer.stop()
    if picture:
        window.save_picture(picture)
    return window.error


def _leave(hung: tuple[str, ...], error: BaseException | None) -> None:
    """Say which thread does not end, and leave without it: Python would wait for it for ever."""
    if error is not None:
        sys.stderr.write(f"error: {error}\n")
    sys.stderr.write(f"error: thread {' and '.join(hung)} did not end within {JOIN_S:g} s; leaving without it\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(3)
