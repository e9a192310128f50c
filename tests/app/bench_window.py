"""What the window costs and whether it is smooth: the whole program, with and without it in turns, on two cores.

Run under Xvfb: ``PYTHONPATH=. xvfb-run -a -s "-screen 0 1280x720x24" python tests/app/bench_window.py --seconds 60``.
The source is the demo at 640x480 before a wall that is noisy, at 30 fps, unless ``--source`` names another recording.
Each run is a process of its own that calls ``app.main.main``; of the window it knows only that it is one of Qt's.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

TICK_MS = 10
SETTLE_S = 3.0  # left out: shaders, caches, the first frames
WALL_MM, NOISE_MM = 1200, 3.0
FRAMES = 300
MARK = "bench: "


def make_scene(target: Path) -> None:
    """Put the demo's hand, twice as large, before a wall, so that there are points enough."""
    from app.cameras.replay import ReplayCamera
    from app.recording.sinks import McapSink
    from lighthand.types import Frame

    noise = np.random.default_rng(0)
    with ReplayCamera(Path("recordings/demo.mcap"), pace="lockstep") as camera:
        small = camera.info.intrinsics
        large = replace(
            small, width=2 * small.width, height=2 * small.height, fx=2 * small.fx, fy=2 * small.fy,
            cx=2 * small.cx + 0.5, cy=2 * small.cy + 0.5,
        )  # fmt: skip
        info = replace(camera.info, intrinsics=large)
        with closing(McapSink(target, info, {"bench": True})) as sink:
            for seq in range(FRAMES):
                depth = camera.read(1.0).depth.repeat(2, axis=0).repeat(2, axis=1)
                wall = np.rint(noise.normal(WALL_MM, NOISE_MM, depth.shape)).astype(np.uint16)
                at_s = seq / info.fps
                full = np.where(depth > 0, depth, wall)
                sink.add(Frame(seq, full, 1.0, large, at_s, at_s, "device", "bench"))
            sink.finish()


class Watch:
    """Ticks in the GUI thread, counts what is painted, measures the process's memory."""

    def __init__(self) -> None:
        from PyQt6 import QtCore, QtWidgets

        self._widgets = QtWidgets
        self.application = QtWidgets.QApplication(sys.argv[:1])
        self.gaps_s: list[float] = []
        self.paints: Counter[str] = Counter()
        self.points: list[int] = []
        self.rss_mb: list[tuple[float, float]] = []
        self._begin_s: float | None = None
        self._last_s = 0.0
        self._ended_s = 0.0
        self._drawn = 0
        watch = self

        class Filter(QtCore.QObject):
            def eventFilter(self, widget: QtCore.QObject | None, event: QtCore.QEvent | None) -> bool:  # noqa: N802
                if event is not None and event.type() == QtCore.QEvent.Type.Paint:
                    watch.paint(widget)
                return False

        self._filter = Filter()
        self.count_points()
        self._timer = QtCore.QTimer()
        self._timer.setTimerType(QtCore.Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._tick)
        self._timer.start(TICK_MS)

    def count_points(self) -> None:
        """Let what is drawn as points in OpenGL be counted."""
        from OpenGL import GL

        draw = GL.glDrawArrays

        def counted(mode: int, first: int, count: int) -> None:
            draw(mode, first, count)
            if mode == GL.GL_POINTS:
                self._drawn += count

        GL.glDrawArrays = counted

    def paint(self, widget: Any) -> None:
        if self.settled:
            self.paints[f"{type(widget).__name__} {widget.width()}x{widget.height()}"] += 1

    @property
    def settled(self) -> bool:
        return self._begin_s is not None and self._last_s > self._begin_s + SETTLE_S

    def _tick(self) -> None:
        now_s = time.perf_counter()
        windows = [widget for widget in self.application.topLevelWidgets() if widget.isVisible()]
        if self._begin_s is None:
            if windows:
                self._begin_s = self._last_s = now_s
                for window in windows:
                    for widget in (window, *window.findChildren(self._widgets.QWidget)):
                        widget.installEventFilter(self._filter)
            return
        if self.settled:
            self.gaps_s.append(now_s - self._last_s)
            if self._drawn:
                self.points.append(self._drawn)
            self._ended_s = now_s
        self._drawn = 0
        self._last_s = now_s
        if not self.rss_mb or now_s > self.rss_mb[-1][0] + 1:
            pages = int(Path("/proc/self/statm").read_text().split()[1])
            self.rss_mb.append((now_s, pages * os.sysconf("SC_PAGE_SIZE") / 1e6))

    def report(self) -> dict[str, Any]:
        self._timer.stop()
        begin_s = (self._begin_s or 0.0) + SETTLE_S
        span_s = self._ended_s - begin_s
        ticks = np.percentile(np.array(self.gaps_s) * 1e3, (50, 95, 99, 100))
        rss = np.array([(at_s, mb) for at_s, mb in self.rss_mb if at_s > begin_s])
        return {
            "redraws": {name: count / span_s for name, count in self.paints.items() if count / span_s > 1},
            "points": int(np.median(self.points)) if self.points else 0,
            "ticks_ms": ticks.tolist(),
            "rss_mb": [float(rss[0, 1]), float(rss[-1, 1])],
            "rss_slope_mb_min": float(np.polyfit(rss[:, 0], rss[:, 1], 1)[0] * 60),
        }


def child(words: list[str], *, window: bool) -> None:
    """Run the program in this process."""
    import cv2  # noqa: F401 - sets what is taken back here, before there is an application

    os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    from app.main import main

    watch = Watch() if window else None
    code = main([*words, *([] if window else ["--headless"])])
    sys.stdout.write(MARK + json.dumps({"code": code, **(watch.report() if watch else {})}) + "\n")


def rates(log: Path) -> dict[str, float]:
    """Read what the log says of frames: of those after the first seconds."""
    with log.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    start_s = float(rows[0]["tracked_s"]) + SETTLE_S
    rows = [row for row in rows if float(row["tracked_s"]) > start_s]
    span_s = float(rows[-1]["tracked_s"]) - float(rows[0]["tracked_s"])
    hands = sum(bool(row["side"]) for row in rows)
    skipped = sum(int(row["skipped"]) for row in rows)
    lost = sum(int(row["lost"]) for row in rows)
    ages = np.array([float(row["tracked_s"]) - float(row["arrival_s"]) for row in rows]) * 1e3
    return {
        "poses": (hands - 1) / span_s,
        "skipped": skipped / (len(rows) + skipped + lost),
        "undrawn": sum(not row["drawn_s"] for row in rows) / len(rows),
        "pose_ms": float(np.median(ages)),
        "pose_p95_ms": float(np.percentile(ages, 95)),
    }


def run(source: Path, seconds: float, *, window: bool, show: bool) -> dict[str, Any]:
    """Run the program once, in a process of its own, with settings of its own."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.csv"
        words = [sys.executable, __file__, "--child", "window" if window else "none", "--source", str(source)]
        words += ["--seconds", str(seconds + SETTLE_S), "--log", str(log)]
        environment = {**os.environ, "LIBGL_ALWAYS_SOFTWARE": "1", "XDG_CONFIG_HOME": folder}
        ended = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
        if ended.returncode or MARK not in ended.stdout:
            raise SystemExit(f"the program ended with {ended.returncode}:\n{ended.stdout}\n{ended.stderr}")
        text, _, facts = ended.stdout.partition(MARK)
        if show:
            print(text)  # noqa: T201
        return {**json.loads(facts), **rates(log)}


def tell(facts: dict[str, Any]) -> None:
    redraws = ", ".join(f"{name}: {rate:.1f}" for name, rate in sorted(facts["redraws"].items(), key=lambda it: -it[1]))
    p50, p95, p99, most = facts["ticks_ms"]
    first, last = facts["rss_mb"]
    print(  # noqa: T201
        f"  redraws/s   {redraws}\n"
        f"  points      {facts['points']}\n"
        f"  {TICK_MS} ms tick  p50 {p50:.1f}, p95 {p95:.1f}, p99 {p99:.1f}, most {most:.1f} ms\n"
        f"  memory      {first:.0f} -> {last:.0f} MB, {facts['rss_slope_mb_min']:+.2f} MB a minute\n"
        f"  undrawn     {facts['undrawn']:.1%} of the frames processed"
    )


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--pairs", type=int, default=2)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--child", choices=("window", "none"))
    options = parser.parse_args(arguments)
    if options.child:
        words = ["--source", str(options.source), "--loop", "--seconds", str(options.seconds)]
        child([*words, "--log", str(options.log)], window=options.child == "window")
        return
    with tempfile.TemporaryDirectory() as folder:
        source = options.source or Path(folder) / "scene.mcap"
        if options.source is None:
            make_scene(source)
        print(f"load before: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; more than 0.5 spoils it")  # noqa: T201
        ratios = []
        for pair in range(options.pairs):
            seen = {}
            for window in (True, False) if pair % 2 == 0 else (False, True):
                facts = seen[window] = run(source, options.seconds, window=window, show=window)
                print(  # noqa: T201
                    f"pair {pair + 1}, {'window' if window else 'none'}: {facts['poses']:.2f} poses/s, "
                    f"{facts['skipped']:.1%} skipped by the worker, arrival to pose {facts['pose_ms']:.1f} ms "
                    f"(p95 {facts['pose_p95_ms']:.1f})",
                    flush=True,
                )
                if window:
                    tell(facts)
            ratios.append(seen[True]["poses"] / seen[False]["poses"])
        print("pose rate with the window / without:", ", ".join(f"{ratio:.1%}" for ratio in ratios))  # noqa: T201


if __name__ == "__main__":
    main()
