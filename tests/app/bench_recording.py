"""Measure the recorder beside the real pipeline: ``PYTHONPATH=. python tests/app/bench_recording.py --source DIR``.

``DIR`` is played from memory at its rate, as a camera would give it, while the shipped network tracks; make it with
``python -m lighthand.synthesis.record --out DIR --size 848x480 --fps 90 --seconds 3``. Then the same again without the
recorder, and once in a process that is killed amid it.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from app.cameras.base import Camera, CameraInfo, EndOfSourceError, Metronome
from app.cameras.replay import ReplayCamera
from app.formats.mcap_write import RecordingWriter
from app.latency import FrameLog
from app.recording.recorder import Recorder
from app.session import Session
from lighthand.backends import NetworkSource, open_estimator
from lighthand.pipeline import Pipeline, PipelineConfig
from lighthand.types import Frame
from tests.app.scripted import ready


class MemoryCamera(Camera):
    """Gives frames out of memory, over and over, each as a copy."""

    def __init__(self, source: Path) -> None:
        self._seq = 0
        with ReplayCamera(source, pace="lockstep") as camera:
            self._info = camera.info
            self._frames: list[Frame] = []
            while True:
                try:
                    self._frames.append(camera.read(1.0))
                except EndOfSourceError:
                    break

    def open(self) -> None:
        self._metronome = Metronome(self._info.fps, "recorded")

    def read(self, timeout_s: float) -> Frame:
        frame = self._frames[self._seq % len(self._frames)]
        depth = frame.depth.copy()
        arrival_s = self._metronome.wait(timeout_s)
        frame = replace(frame, seq=self._seq, depth=depth, arrival_s=arrival_s, sensor_s=self._seq / self._info.fps)
        self._seq += 1
        return frame

    def close(self) -> None:
        self._metronome.close()

    @property
    def info(self) -> CameraInfo:
        return self._info


class TimedRecorder(Recorder):
    """Knows what its thread has used of a core."""

    cpu_s = 0.0

    def _run(self, writer: RecordingWriter) -> None:
        super()._run(writer)
        self.cpu_s = time.thread_time()


def run(source: Path, seconds: float, target: Path | None, *, told: bool = False) -> None:
    recorder = TimedRecorder()
    pipeline = Pipeline(open_estimator(NetworkSource()), PipelineConfig())
    pipeline.warm_up()
    camera = MemoryCamera(source)
    log = FrameLog(None, drawn=False, about={})
    with camera:
        session = Session(
            ready(camera),
            lambda: pipeline.process,
            log,
            PipelineConfig().segment,
            lockstep=False,
            record=recorder.frame,
            rest=recorder.result,
        )
        if target:
            recorder.start(target, camera.info, {"bench": True})
        session.start()
        end_s = time.perf_counter() + seconds
        while time.perf_counter() < end_s:
            time.sleep(0.05)
            if told:
                print(recorder.state.frames, flush=True)  # noqa: T201
        hung = session.stop()
        recorder.stop()
    log.close()
    state = recorder.state
    print(log.summary(), *hung, sep="\n")  # noqa: T201
    if target:
        print(  # noqa: T201
            f"recorder: {state.frames} frames in {state.seconds:.1f} s, {state.dropped} dropped, "
            f"{state.size_bytes / 1e6:.0f} MB ({state.size_bytes / max(state.frames, 1) / 1e3:.0f} kB a frame), "
            f"{recorder.cpu_s / state.seconds:.1%} of a core {state.error}"
        )


def kill(source: Path, target: Path, seconds: float) -> None:
    words = [sys.executable, __file__, "--source", str(source), "--out", str(target), "--child"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        written = int(child.stdout.readline())
        end_s = time.perf_counter() + seconds
        while time.perf_counter() < end_s:
            written = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
    begin_s = time.perf_counter()
    with ReplayCamera(target, pace="lockstep") as camera:
        open_s = time.perf_counter() - begin_s
        seqs = []
        while True:
            try:
                seqs.append(camera.read(1.0).seq)
            except EndOfSourceError:
                break
    whole = bool(np.array_equal(seqs, np.arange(len(seqs))))
    print(  # noqa: T201
        f"killed after {written} or more frames: {len(seqs)} read back, without a gap: {whole}; "
        f"opened in {open_s:.2f} s"
    )


def main(arguments: list[str] | None = None) -> None:
    logging.basicConfig(format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("/tmp/bench.mcap"))  # noqa: S108
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--child", action="store_true")
    options = parser.parse_args(arguments)
    options.out.unlink(missing_ok=True)
    if options.child:
        run(options.source, options.seconds, options.out, told=True)
        return
    for target in (options.out, None):
        print(f"--- {'recording' if target else 'not recording'}")  # noqa: T201
        run(options.source, options.seconds, target)
    options.out.unlink()
    kill(options.source, options.out, 10.0)
    options.out.unlink()


if __name__ == "__main__":
    main()
