"""Build the live program, run it, stop it: the only file that knows every part."""

from __future__ import annotations

import argparse
import logging
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Final

import lighthand
from app.cameras.base import CameraInfo
from app.config import AppConfig
from app.latency import FrameLog
from app.options import make_parser, resolve
from app.pacing import Collector, no_collection, paced
from app.recording.recorder import Recorder
from app.session import Session
from app.slot import SlotClosedError
from app.sources import list_devices, open_camera
from app.viewer.display import missing_display
from app.viewer.overlay import Snapshot, make_folder
from lighthand.backends import open_estimator
from lighthand.config import config_to_dict
from lighthand.errors import LightHandError, SourceError
from lighthand.pipeline import Pipeline
from lighthand.segment import SegmentConfig
from lighthand.types import Result

DEMO_S: Final = 10.0
DEMO_FOLDER: Final = Path("out/live")
_COMPILED: Final = Path(os.environ.get("NUMBA_CACHE_DIR", Path(lighthand.__file__).parent))
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
    options = make_parser().parse_args(arguments)
    try:
        if options.list:
            sys.stdout.write(f"{list_devices()}\n")
            return 0
        return _run(options)
    except LightHandError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except KeyboardInterrupt:  # before the first frame; later ^C is a regular end
        return 130


def _run(options: argparse.Namespace) -> int:
    """Build everything, run until the end, stop everything."""
    config = resolve(options)
    headless, seconds, folder = options.headless, options.seconds, options.snapshot
    missing: str | None = None
    if not headless and (missing := missing_display()):
        headless, seconds, folder = True, seconds or DEMO_S, folder or DEMO_FOLDER
    if not any(_COMPILED.rglob("*.nbi")):  # before the source: the rendered hand compiles its part
        sys.stderr.write("the first start compiles some parts, which takes half a minute\n")
    with ExitStack() as stack:
        for line in stack.enter_context(paced(config.pacing)):  # first: it reaches only threads that start after it
            sys.stderr.write(f"pacing: {line}\n")
        camera = open_camera(config.camera)
        stack.callback(camera.close)
        info = camera.info
        if headless and not options.headless:
            sys.stderr.write(f"no display{missing}: running without a window for {seconds:g} s\n")
        if folder:
            make_folder(folder)
        estimator = open_estimator(config.network)
        pipeline = Pipeline(estimator, config.pipeline)
        pipeline.warm_up()
        if not headless:
            import_module("app.viewer.window")  # takes a second, in which frames would wait
        snapshot = Snapshot(folder, info.fps) if folder and headless else None
        about = _about(info, config)
        log = FrameLog(options.log, drawn=not headless, about=about)
        stack.enter_context(log)
        recorder = Recorder(about)
        stack.callback(recorder.end)
        if options.record:
            recorder.start(options.record, info)
        stack.enter_context(no_collection())
        collector = Collector()
        lockstep = config.camera.pace == "lockstep"

        def rest(result: Result) -> None:
            recorder.result(result)
            if headless:
                collector()

        session = Session(
            camera,
            pipeline.process,
            log,
            config.segment,
            lockstep=lockstep,
            record=partial(recorder.frame, wait=lockstep),
            rest=rest,
        )
        interrupt = Interrupt()
        saved: list[Path] = []

        def run() -> None:
            session.start()
            if headless:
                ended = _watch(session, snapshot, seconds, interrupt)
            else:
                picture = folder / "window.png" if folder else None
                ended = _show(session, info, log, recorder, config.segment, seconds, interrupt, picture, collector)
                saved.extend([picture] if picture else [])
            if ended is not None:
                raise ended

        def report() -> None:
            lines = [log.summary()]
            if lockstep:
                lines.append("(lock step: a frame waits for the worker, so its age says nothing of a live run)")
            lines += [
                f"recorded {tape.frames} frames, {tape.dropped} dropped, {tape.size_bytes / 1e6:.1f} MB: {tape.path}"
                for tape in recorder.recordings
            ]
            sys.stdout.write("\n".join(lines) + "\n")

        def save() -> None:
            saved.extend([options.log] if options.log else [])
            saved.extend(snapshot.close() if snapshot else ())

        def name_saved() -> None:
            sys.stdout.write("".join(f"saved {path.resolve()}\n" for path in saved))

        def check_recordings() -> None:
            if failed := [tape.error for tape in recorder.recordings if tape.error]:
                raise SourceError("; ".join(failed))

        error = _first_error(run, session.stop, recorder.stop, log.close, report, save, name_saved, check_recordings)
        if hung := (*session.running, *recorder.running):
            _leave(hung, error)
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
    source = {
        "model": info.model,
        "serial": info.serial,
        "depth_unit_mm": info.depth_unit_mm,
        "fps": info.fps,
        "live": info.live,
    }
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
    recorder: Recorder,
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
    window = HandWindow(session.results, info, log, segment, recorder, lambda: session.trouble)
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
    sys.stderr.write(f"error: thread {' and '.join(hung)} did not end in time; leaving without it\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(3)
