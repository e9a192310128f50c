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
from importlib import import_module
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final

from app.cameras.base import CameraInfo
from app.latency import FrameLog
from app.live import Live
from app.options import make_parser, resolve
from app.pacing import Collector, no_collection, paced
from app.recording.recorder import Recorder, check_target
from app.saved import load_saved, save_settings
from app.slot import SlotClosedError
from app.sources import list_devices
from app.viewer.display import missing_display
from app.viewer.faces import Viewer
from app.viewer.overlay import Snapshot, make_folder
from lighthand.config import config_to_dict
from lighthand.errors import LightHandError, SourceError

DEMO_S: Final = 10.0
DEMO_FOLDER: Final = Path("out/live")
_SLOW_S: Final = 3.0  # of starting: that it may last is said
_START_S: Final = 60.0  # that a first result may take, before the seconds of a run are counted
_POLL_S: Final = 0.1  # how soon a run sees ^C
_FACE_POLL_S: Final = 0.015  # how long a face waits for a result before it looks at its keys and mouse
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
    viewer, seconds, folder = options.viewer, options.seconds, options.snapshot
    if options.headless:
        viewer = "none"
    missing: str | None = None
    if viewer in ("qt", "open3d") and (missing := missing_display()):
        viewer, seconds, folder = "none", seconds or DEMO_S, folder or DEMO_FOLDER
    config = resolve(options, load_saved() if viewer == "qt" else None)
    if missing:
        sys.stderr.write(f"no display{missing}: running without a window for {seconds:g} s\n")
    with ExitStack() as stack:
        for line in stack.enter_context(paced(config.pacing)):  # first: it reaches only threads that start after it
            sys.stderr.write(f"pacing: {line}\n")
        if folder:
            make_folder(folder)
        if options.record:
            check_target(options.record)
        if viewer == "qt":
            import_module("app.viewer.window")  # takes a second, in which frames would wait
        log = FrameLog(options.log, drawn=viewer in ("qt", "open3d"), about={"config": config_to_dict(config)})
        stack.enter_context(log)
        recorder = Recorder()
        stack.callback(recorder.end)
        stack.enter_context(no_collection())
        collector = Collector()
        live = Live(
            config,
            log,
            recorder,
            patient=viewer == "qt",
            record_to=options.record,
            rest=lambda _: collector() if viewer == "none" else None,
        )
        snapshot = Snapshot(folder) if folder and viewer != "qt" else None
        interrupt = Interrupt()
        saved: list[Path] = []

        def run() -> None:
            live.start()
            if viewer == "qt":
                picture = folder / "window.png" if folder else None
                ended = _show(live, log, seconds, interrupt, picture, collector)
                saved.extend([picture] if picture else [])
            else:
                ended = _watch(live, log, viewer, snapshot, seconds, interrupt, collector)
            if ended is not None:
                raise ended

        def report() -> None:
            lines = [log.summary()]
            lines += [
                tape.nothing
                or f"recorded {tape.frames} frames, {tape.dropped} dropped, {tape.size_bytes / 1e6:.1f} MB: {tape.path}"
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

        error = _first_error(run, live.stop, recorder.stop, log.close, report, save, name_saved, check_recordings)
        if hung := (*live.running, *recorder.running):
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


def _watch(
    live: Live,
    log: FrameLog,
    viewer: str,
    snapshot: Snapshot | None,
    seconds: float | None,
    interrupt: Interrupt,
    collector: Collector,
) -> BaseException | None:
    """Take results until the end, for a face that is not Qt's or for none; give the error that ended the source."""
    now_s = time.perf_counter()
    end_s, slow_s = (now_s + seconds + _START_S if seconds else math.inf), now_s + _SLOW_S
    number = 0
    face: Viewer | None = None
    with ExitStack() as stack:
        while not interrupt.requested and time.perf_counter() < end_s:
            try:
                taken = live.results.take(number, _FACE_POLL_S if face else _POLL_S)
            except SlotClosedError as closed:
                return closed.__cause__
            if taken is None:
                starting = live.loading or live.info is None
                if not number and starting and time.perf_counter() > slow_s:
                    slow_s = math.inf
                    sys.stderr.write("the first start compiles some parts, which takes half a minute\n")
                if face and not face.poll():
                    return None
                continue
            first, number = not number, taken.number
            info = live.info
            assert info is not None
            if snapshot:
                snapshot.add(taken.value, info.fps)
            if viewer != "none":
                if face is None:
                    face = _open_face(viewer, info)
                    stack.callback(face.close)
                if not face.show(taken.value):
                    return None
                if viewer == "open3d":  # Rerun draws in a process of its own
                    log.drawn(taken.value.frame.seq, time.perf_counter())
                collector()
            if first and seconds:  # with the window open: opening it may take longer than they last
                end_s = time.perf_counter() + seconds
    return None


def _open_face(viewer: str, info: CameraInfo) -> Viewer:
    if viewer == "open3d":
        from app.viewer.open3d_window import Open3DWindow

        return Open3DWindow(info)
    from app.viewer.rerun_stream import RerunStream

    return RerunStream(info)


def _show(
    live: Live,
    log: FrameLog,
    seconds: float | None,
    interrupt: Interrupt,
    picture: Path | None,
    collector: Collector,
) -> BaseException | None:
    """Open the window, wait until it is closed, keep its settings; give the error that ended the source."""
    from PyQt6 import QtCore, QtWidgets

    from app.viewer.window import HandWindow

    application = QtWidgets.QApplication.instance() or QtWidgets.QApplication(sys.argv[:1])
    before = live.config
    window = HandWindow(live, log)
    window.show()
    end_s = time.perf_counter() + seconds if seconds else math.inf

    def check() -> None:
        collector()
        if interrupt.requested or time.perf_counter() >= end_s:
            QtWidgets.QApplication.closeAllWindows()  # a dialog, too

    def fail(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        window.fail(error)

    timer = QtCore.QTimer(window)
    timer.timeout.connect(check)
    timer.start(round(_POLL_S * 1e3))
    hook, sys.excepthook = sys.excepthook, fail  # what Qt calls has no caller who could catch it
    try:
        application.exec()
    finally:
        sys.excepthook = hook
    timer.stop()
    save_settings(window.config, before)
    if picture and window.error is None:
        window.save_picture(picture)
    error = window.error
    window.deleteLater()  # now: what OpenGL holds must not outlive Qt
    QtCore.QCoreApplication.sendPostedEvents(window, QtCore.QEvent.Type.DeferredDelete.value)
    return error


def _leave(hung: tuple[str, ...], error: BaseException | None) -> None:
    """Say which thread does not end, and leave without it: Python would wait for it for ever."""
    if error is not None:
        sys.stderr.write(f"error: {error}\n")
    sys.stderr.write(f"error: thread {' and '.join(hung)} did not end in time; leaving without it\n")
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(3)
