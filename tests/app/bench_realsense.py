"""How long a RealSense frame takes through the real driver and the real capture loop, and whether all arrive whole.

``PYTHONPATH=. python tests/app/bench_realsense.py --seconds 60 --fps 90``: the SDK's software device gives
848x480 images; the time is from the call that gives one to the moment the newest-frame slot holds it. With
``--filters spatial`` and so on it tells what each of the SDK's filters costs.
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
import time

import numpy as np
import pyrealsense2 as rs

from app.cameras.base import Mode
from app.cameras.realsense import RealSenseCamera
from app.capture import Capture
from app.pacing import no_collection
from app.slot import Slot, SlotClosedError
from lighthand.segment import SegmentConfig
from lighthand.types import Frame
from tests.app.scripted import ready
from tests.app.software import SoftwareDevice, image

IMAGES = 16


class TimedSlot(Slot[Frame]):
    """Notes when it held each frame."""

    def __init__(self) -> None:
        super().__init__()
        self.put_s: dict[int, tuple[float, float]] = {}  # arrival, here

    def put(self, value: Frame, *, wait: bool = False) -> bool:
        done = super().put(value, wait=wait)
        self.put_s[value.seq] = value.arrival_s, time.perf_counter()
        return done


def take_all(frames: Slot[Frame], images: list[np.ndarray], seen: list[tuple[int, bool]]) -> None:
    """Be the worker: compare every pixel of every frame that can be taken."""
    number = 0
    while True:
        try:
            taken = frames.take(number)
        except SlotClosedError as closed:
            if closed.__cause__ is not None:
                raise closed.__cause__ from None
            return
        assert taken is not None
        number = taken.number
        seq = taken.value.seq
        seen.append((seq, np.array_equal(taken.value.depth, images[seq % IMAGES])))


def send(device: SoftwareDevice, mode: Mode, images: list[np.ndarray], seconds: float) -> list[float]:
    """Give frame after frame, each at its time; one that is late moves those behind it."""
    sent_s, due_s = [], time.perf_counter()
    for number in range(round(seconds * mode.fps)):
        due_s = max(due_s + 1 / mode.fps, time.perf_counter())
        time.sleep(max(due_s - time.perf_counter(), 0.0))
        sent_s.append(device.send(number, images[number % IMAGES], mode=mode, time_ms=1e3 * number / mode.fps))
    return sent_s


def run(mode: Mode, seconds: float, filters: tuple[str, ...]) -> str:
    """Measure once; give the report."""
    context, device = rs.context(), SoftwareDevice(mode)
    device.plug_into(context)
    images = [image(seed, mode) for seed in range(IMAGES)]
    frames, seen = TimedSlot(), []
    with RealSenseCamera(context=context, filters=filters) as camera, no_collection():  # type: ignore[arg-type]
        capture = Capture(ready(camera), frames, SegmentConfig(), lockstep=False)
        threads = [
            threading.Thread(target=capture.run),
            threading.Thread(target=take_all, args=(frames, images, seen)),
        ]
        for thread in threads:
            thread.start()
        cpu_s, start_s = time.process_time(), time.perf_counter()
        sent_s = send(device, mode, images, seconds)
        wall_s, cpu_s = time.perf_counter() - start_s, time.process_time() - cpu_s
        time.sleep(0.2)
        capture.stop()
        for thread in threads:
            thread.join()
    seqs = list(frames.put_s)
    took_ms = (np.array([frames.put_s[seq] for seq in seqs]) - np.array([[sent_s[seq]] for seq in seqs])) * 1e3
    (sdk50, median), (sdk95, p95), (sdk99, p99) = np.percentile(took_ms, (50, 95, 99), axis=0)
    whole = "not compared (filters)" if filters else f"{sum(same for _, same in seen)} whole"
    return (
        f"{mode}, filters {', '.join(filters) or 'none'}: {len(sent_s)} sent in {wall_s:.1f} s "
        f"({len(sent_s) / wall_s:.1f} a second), {len(seqs)} at the slot, "
        f"{'in order' if seqs == sorted(seqs) else 'NOT in order'}, {len(sent_s) - len(seqs)} skipped; "
        f"{len(seen)} taken, {whole}\n"
        f"call of on_video_frame to slot, ms: p50 {median:.2f}, p95 {p95:.2f}, p99 {p99:.2f}, max {took_ms.max():.2f} "
        f"(of these the SDK until our read returned: {sdk50:.2f}, {sdk95:.2f}, {sdk99:.2f}); "
        f"{cpu_s / wall_s:.0%} of a core with sender and comparison; load of the machine {os.getloadavg()[0]:.1f}\n"
    )


def main(arguments: list[str] | None = None) -> None:
    """Measure as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--fps", type=int, default=90)
    parser.add_argument("--filters", nargs="*", default=[], choices=("threshold", "spatial", "temporal", "holes"))
    parser.add_argument("--realtime", action="store_true", help="let no other program interrupt; needs root")
    given = parser.parse_args(arguments)
    if given.realtime:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    sys.stdout.write(run(Mode(848, 480, given.fps), given.seconds, tuple(given.filters)))


if __name__ == "__main__":
    main()
