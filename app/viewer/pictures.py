"""Renew the pictures of the window: ``python -m app.viewer.pictures --out docs``, on a screen or under Xvfb."""

from __future__ import annotations

import argparse
import io
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from PIL import Image
from PyQt6 import QtCore, QtGui, QtWidgets

from app.config import AppConfig, CameraConfig
from app.latency import FrameLog
from app.live import Live
from app.look import ViewConfig
from app.recording.recorder import Recorder, RecorderState
from app.viewer.display import missing_display
from app.viewer.keys import HelpCard
from app.viewer.posed import PosedLive, PosedRecorder, endless, paused_player, read_results, without_hand
from app.viewer.window import HandWindow
from lighthand.backends import open_estimator
from lighthand.errors import LightHandError, SourceError, WeightsError
from lighthand.types import Result

DEMO: Final = Path(__file__).resolve().parents[2] / "recordings" / "demo.mcap"
SIZE: Final = (1280, 720)
STATE_SIZE: Final = (960, 540)

_FULL_S: Final = 12.0  # after which the time line is full
_MOTION_S, _MOTION_HZ, _MOTION_WIDTH = 5.0, 12.0, 960
_SETTLED_S: Final = 0.5
_FRAME_S: Final = 1 / 30
_LONGEST_S: Final = 60.0
_DARK, _LIGHT, _MOVING = 208, 310, 210  # frames of the demo from which on the hand is well seen, or well moves
_NEAR: Final = 6  # frames
_UNPLUGGED: Final = "Intel RealSense D435 0420: no frame for 1.0 s (asked 60 fps, USB 3.2)."
_MISSING: Final = "RealSense: no depth camera found. Check the cable and use a USB 3 port."


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures.

    Returns:
        0; 2 after an error that the user can mend.
    """
    parser = argparse.ArgumentParser("app.viewer.pictures", description="Renew the pictures of the window in docs/.")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="where window.png and its like go")
    options = parser.parse_args(arguments)
    if missing := missing_display():
        sys.stderr.write(f"error: no display{missing}: pictures need one, such as that of xvfb-run\n")
        return 2
    application = QtWidgets.QApplication(sys.argv[:1])
    try:
        (options.out / "states").mkdir(parents=True, exist_ok=True)
        take_states(options.out / "states", ViewConfig(timeline=False, panel=False), STATE_SIZE)
        take_window(options.out, SIZE)
    except LightHandError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    finally:
        application.processEvents()
    return 0


def take_window(folder: Path, size: tuple[int, int]) -> None:
    """Play the demo in the real program; save it dark, light and moving."""
    config = AppConfig(camera=CameraConfig(kind="replay", source=DEMO, loop=True))
    with FrameLog(None, drawn=True, about={}) as log:
        live = Live(config, log, Recorder(), patient=True)
        live.start()
        try:
            with _window(live, log, size) as window:
                _until(lambda: log.poses > 0)
                begin_s = time.perf_counter()
                _until(lambda: time.perf_counter() > begin_s + _FULL_S and _at(live, _DARK))
                _save(window, folder / "window.png")
                window.set_look(replace(window.look, theme="light"))
                _until(lambda: _at(live, _LIGHT))
                _save(window, folder / "window-light.png")
                window.set_look(replace(window.look, theme="dark"))
                _until(lambda: _at(live, _MOVING))
                pictures, shown_ms = _watch(window)
        finally:
            live.stop()
    first, *rest = pictures
    path = folder / "window.webp"
    first.save(path, save_all=True, append_images=rest, duration=shown_ms, loop=0, quality=50, method=4)


def _at(live: Live, step: int) -> bool:
    """Say whether the recording is there, or a little later."""
    return live.player is not None and 0 <= live.player.position.step - step < _NEAR


@dataclass(frozen=True, slots=True)
class Scene:
    """One state, as far as a picture needs it: what runs, and what it has to show."""

    window: HandWindow
    live: PosedLive
    recorder: PosedRecorder
    results: Iterator[Result]

    def play(self, seconds: float, *, hands: bool = True, skipped: int = 0) -> None:
        """Give results as a camera would, some of them skipped."""
        end_s = time.perf_counter() + seconds
        while time.perf_counter() < end_s:
            result = next(self.results)
            self.live.show(result if hands else without_hand(result), skipped=skipped)
            _wait(_FRAME_S * (1 + skipped))

    def fade(self) -> None:
        """Lose the hand, and stop half-way to its disappearance."""
        self.play(0.5)
        self.live.show(without_hand(next(self.results)))
        _wait(0.12)


def _opening(scene: Scene) -> None:
    scene.live.info = None
    _wait(_SETTLED_S)


def _waiting(scene: Scene) -> None:
    _wait(_SETTLED_S)


def _no_camera(scene: Scene) -> None:
    scene.live.info = None
    scene.live.trouble = f"{_MISSING} Trying again in 4 s (try 3)."
    _wait(_SETTLED_S)


def _loading(scene: Scene) -> None:
    scene.live.loading = True
    _wait(_SETTLED_S)


def _lost(scene: Scene) -> None:
    scene.play(1.0)
    scene.live.trouble = f"{_UNPLUGGED} Trying again in 4 s (try 3)."
    _wait(_SETTLED_S)


def _recording(scene: Scene) -> None:
    scene.recorder.state = RecorderState(Path("recordings/hand.mcap"), True, False, 83.4, 5004, 0, 61_000_000)
    scene.play(1.5)


def _weights(scene: Scene) -> None:
    network = replace(scene.live.config.network, weights=Path("weights/mine.safetensors"))
    try:
        open_estimator(network)
    except WeightsError as error:
        scene.live.results.close(error)
    _wait(_SETTLED_S)


def _paused(scene: Scene) -> None:
    scene.play(1.0)


def _ended(scene: Scene) -> None:
    scene.play(1.0)
    scene.live.results.close()
    _wait(_SETTLED_S)


def _help(scene: Scene) -> None:
    scene.play(1.0)
    card = scene.window.findChild(HelpCard)
    assert card is not None
    card.show()
    card.place(scene.window.rect())
    scene.play(0.2)


STATES: Final[dict[str, Callable[[Scene], object]]] = {
    "opening": _opening,
    "no-camera": _no_camera,
    "loading": _loading,
    "waiting": _waiting,
    "following": lambda scene: scene.play(1.5),
    "no-hand": lambda scene: scene.play(2.6, hands=False),
    "hand-lost": Scene.fade,
    "camera-lost": _lost,
    "recording": _recording,
    "slow": lambda scene: scene.play(2.5, skipped=1),
    "weights": _weights,
    "paused": _paused,
    "ended": _ended,
    "help": _help,
}


def take_states(folder: Path, look: ViewConfig, size: tuple[int, int]) -> None:
    """Save a picture of every state, each in a window of its own."""
    config = AppConfig(camera=CameraConfig(kind="realsense"), view=look)
    info, results = read_results(DEMO, config, 90)
    camera = replace(info, model="Intel RealSense D435", serial="0420", link="USB 3.2")
    for name, pose in STATES.items():
        with FrameLog(None, drawn=True, about={}) as log:
            recorder = PosedRecorder()
            live = PosedLive(config, log, recorder)
            live.info = camera
            live.player = paused_player(600, 30.0, 250) if name == "paused" else None
            with _window(live, log, size) as window:
                pose(Scene(window, live, recorder, endless(results[30:])))
                _save(window, folder / f"{name}.png")


@contextmanager
def _window(live: Live, log: FrameLog, size: tuple[int, int]) -> Iterator[HandWindow]:
    """Open a window and see that it is closed."""
    window = HandWindow(live, log)
    window.resize(*size)
    window.show()
    try:
        _until(lambda: (handle := window.windowHandle()) is not None and handle.isExposed())
        yield window
    finally:
        window.close()
        window.deleteLater()
        _wait(0.05)


def _wait(seconds: float) -> None:
    """Let Qt work."""
    loop = QtCore.QEventLoop()
    QtCore.QTimer.singleShot(round(seconds * 1e3), loop.quit)
    loop.exec()


def _until(done: Callable[[], bool]) -> None:
    """Let Qt work until something is so."""
    end_s = time.perf_counter() + _LONGEST_S
    while not done():
        if time.perf_counter() > end_s:
            raise SourceError(f"the window shows nothing after {_LONGEST_S:g} s. Take the pictures on a quiet machine.")
        _wait(0.02)


def _seen(window: HandWindow) -> Image.Image:
    """Give the window as it stands on the screen, what OpenGL drew included."""
    screen = window.screen()
    assert screen is not None
    buffer = QtCore.QBuffer()
    buffer.open(QtCore.QBuffer.OpenModeFlag.WriteOnly)
    pixels: QtGui.QPixmap = screen.grabWindow(window.winId())
    if pixels.isNull() or not pixels.save(buffer, "BMP"):
        raise SourceError("the screen gives no picture of the window. Take the pictures under xvfb-run.")
    return Image.open(io.BytesIO(bytes(buffer.data().data()))).convert("RGB")


def _save(window: HandWindow, path: Path) -> None:
    """Save the window as a small PNG."""
    picture = _seen(window).quantize(256, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    picture.save(path, optimize=True)


def _watch(window: HandWindow) -> tuple[list[Image.Image], list[int]]:
    """Give some seconds of the window: pictures, and for how many milliseconds each was on the screen."""
    pictures: list[Image.Image] = []
    begin_s = time.perf_counter()
    moments_s = [begin_s]
    while moments_s[-1] < begin_s + _MOTION_S:
        pictures.append(_seen(window))
        _wait(max(begin_s + len(pictures) / _MOTION_HZ - time.perf_counter(), 0.0))
        moments_s.append(time.perf_counter())
    shown_ms = [round(1e3 * (after - before)) for before, after in zip(moments_s, moments_s[1:], strict=False)]
    size = (_MOTION_WIDTH, _MOTION_WIDTH * window.height() // window.width())
    return [picture.resize(size, Image.Resampling.LANCZOS) for picture in pictures], shown_ms


if __name__ == "__main__":
    sys.exit(main())
