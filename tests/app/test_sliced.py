from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from app.cameras import realsense
from app.cameras.base import Camera, CameraInfo, EndOfSourceError, Metronome, NoFrameError
from app.cameras.realsense import RealSenseCamera
from app.cameras.sliced import SlicedCamera
from lighthand.errors import SourceError
from lighthand.types import Frame, Intrinsics

INFO = CameraInfo("Slow", "1", "", "USB 3", 1.0, Intrinsics(64, 48, 50, 50, 31.5, 23.5), 30.0)
FRAME = Frame(1, np.full((48, 64), 500, np.uint16), 1.0, INFO.intrinsics, 0.0, 0.0, "device", "1")


class Sdk:
    """A driver's SDK whose calls may take long, and which must not be asked where nothing is open."""

    def __init__(self) -> None:
        self.handles = 0
        self.entered = threading.Event()
        self.returns = threading.Event()
        self.returns.set()

    def call(self) -> None:
        self.entered.set()
        self.returns.wait(5.0)


class Sliced(SlicedCamera):
    """On the scripted SDK."""

    def __init__(self, sdk: Sdk, info: CameraInfo = INFO) -> None:
        super().__init__("Slow 1")
        self.sdk = sdk
        self.about = info
        self.frames: list[Frame] = [FRAME]
        self.fails = False

    def _start(self, cleanup: contextlib.ExitStack) -> tuple[CameraInfo, Metronome | None]:
        self.sdk.handles += 1
        cleanup.callback(self._end)
        self.sdk.call()
        if self.fails:
            raise SourceError("broken")
        return self.about, None

    def _end(self) -> None:
        self.sdk.handles -= 1

    def _take(self, info: CameraInfo, wait_s: float) -> Frame | None:
        assert self.sdk.handles, "asked a handle that was closed"
        self.sdk.call()
        return self.frames[0] if self.frames else None


class Stream:
    """A RealSense's, on the scripted SDK."""

    info = INFO

    def __init__(self, sdk: Sdk) -> None:
        self.sdk = sdk
        sdk.handles += 1
        sdk.call()

    def wait(self, timeout_s: float) -> Frame:
        assert self.sdk.handles, "asked a handle that was closed"
        self.sdk.call()
        return FRAME

    def silence(self, timeout_s: float) -> str:
        return "silent"

    def stop(self) -> None:
        self.sdk.handles -= 1


@pytest.fixture(params=["sliced", "realsense"])
def slow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Camera, Sdk]]:
    sdk = Sdk()
    monkeypatch.setattr(realsense, "LiveStream", lambda *_: Stream(sdk))
    yield (Sliced(sdk) if request.param == "sliced" else RealSenseCamera()), sdk
    sdk.returns.set()


def outcome(call: Callable[[], Any], into: list[object]) -> threading.Thread:
    """Call on a thread."""

    def run() -> None:
        try:
            into.append(call())
        except SourceError as error:
            into.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_close_does_not_wait_for_an_open_that_hangs_which_then_undoes_itself(slow: tuple[Camera, Sdk]) -> None:
    camera, sdk = slow
    sdk.returns.clear()
    results: list[object] = []
    thread = outcome(camera.open, results)
    assert sdk.entered.wait(5.0)
    camera.close()
    assert not results, "close waited for the driver"
    sdk.returns.set()
    thread.join()
    assert isinstance(results[0], EndOfSourceError)
    assert sdk.handles == 0
    with pytest.raises(EndOfSourceError):
        camera.read(0.1)
    camera.open()
    assert camera.read(1.0) is FRAME
    camera.close()
    assert sdk.handles == 0


def test_close_does_not_wait_for_a_read_that_hangs_which_then_closes(slow: tuple[Camera, Sdk]) -> None:
    camera, sdk = slow
    camera.open()
    sdk.returns.clear()
    sdk.entered.clear()
    results: list[object] = []
    thread = outcome(lambda: camera.read(1.0), results)
    assert sdk.entered.wait(5.0)
    camera.close()
    assert not results, "close waited for the driver"
    sdk.returns.set()
    thread.join()
    assert sdk.handles == 0
    with pytest.raises(EndOfSourceError):
        camera.read(0.1)


def test_a_close_that_comes_while_it_opens_in_time_is_not_forgotten(slow: tuple[Camera, Sdk]) -> None:
    camera, sdk = slow
    sdk.returns.clear()
    results: list[object] = []
    opening = outcome(camera.open, results)
    assert sdk.entered.wait(5.0)
    closing = outcome(camera.close, [])
    threading.Timer(0.1, sdk.returns.set).start()
    opening.join()
    closing.join()
    assert sdk.handles == 0
    with pytest.raises(EndOfSourceError):
        camera.read(0.1)


def test_after_an_open_that_failed_nothing_is_asked() -> None:
    camera = Sliced(Sdk())
    with camera:
        camera.read(1.0)
    camera.fails = True
    with pytest.raises(SourceError, match="broken"):
        camera.open()
    assert camera.sdk.handles == 0
    with pytest.raises(EndOfSourceError):
        camera.read(0.1)


@pytest.mark.parametrize(("link", "advice"), [("USB 3", "USB port"), ("file", "the player has given none")])
def test_silence_of_a_file_is_not_blamed_on_a_port(link: str, advice: str) -> None:
    camera = Sliced(Sdk(), CameraInfo("Slow", "1", "", link, 1.0, INFO.intrinsics, 30.0))
    camera.frames = []
    with camera, pytest.raises(NoFrameError, match="no frame within 0.01 s") as caught:
        camera.read(0.01)
    assert advice in str(caught.value)
    assert ("port" in str(caught.value)) == (link != "file")
