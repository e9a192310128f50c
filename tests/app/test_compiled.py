"""What a first start compiles, in a cache of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from app import compiled
from app.cameras.base import EndOfSourceError

TIMED = """
import threading, time
from app.compiled import compile_ahead
from tests.app.test_compiled import warm_up
start_s = time.perf_counter()
compile_ahead("pipeline", threading.Event())
compiled_s = time.perf_counter()
warm_up()
print(compiled_s - start_s, time.perf_counter() - compiled_s)
"""


def warm_up() -> None:
    compiled.Pipeline(compiled._Blank(), compiled.PipelineConfig()).warm_up()


def test_the_child_compiles_all_that_the_pipeline_needs(tmp_path: Path) -> None:
    times = []
    for _ in range(2):
        out = subprocess.run(
            [sys.executable, "-c", TIMED],
            env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
            capture_output=True,
            text=True,
            check=True,
        )
        times.append([float(word) for word in out.stdout.split()])
    (first_s, warm_s), (again_s, _) = times
    assert again_s < 0.1 * first_s, "nothing is to be compiled again"
    assert warm_s < 0.5 * first_s, "all of it was compiled by the child"


@pytest.mark.parametrize("part", ["pipeline", "renderer"])
def test_it_is_compiled_anew_where_a_source_changed(
    part: compiled.Part, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    started: list[list[str]] = []
    start = subprocess.Popen

    def note(words: list[str], **more: object) -> subprocess.Popen[bytes]:
        started.append(words)
        return start([sys.executable, "-c", ""])

    monkeypatch.setattr(compiled.subprocess, "Popen", note)
    compiled.compile_ahead(part, threading.Event())
    assert started == []
    monkeypatch.setattr(compiled, "_marker", lambda part: tmp_path / part)
    compiled.compile_ahead(part, threading.Event())
    (tmp_path / part).write_text("of other sources")
    compiled.compile_ahead(part, threading.Event())
    assert [words[-1] for words in started] == [part, part]


def test_a_child_that_fails_is_told_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(compiled, "_marker", lambda part: tmp_path / part)
    monkeypatch.setattr(compiled.sys, "executable", "/bin/false")
    compiled.compile_ahead("pipeline", threading.Event())
    assert "failed (1)" in caplog.text


def test_without_a_compiler_nothing_is_compiled() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import threading, app.compiled as c; c.compile_ahead('pipeline', threading.Event())"],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_another_thread_ends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(compiled, "_marker", lambda part: tmp_path / part)
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    children: list[subprocess.Popen[bytes]] = []
    start = subprocess.Popen

    def note(*words: Any, **more: Any) -> subprocess.Popen[bytes]:
        children.append(start(*words, **more))
        return children[-1]

    monkeypatch.setattr(compiled.subprocess, "Popen", note)
    stop = threading.Event()
    timer = threading.Timer(0.3, stop.set)
    timer.start()
    with pytest.raises(EndOfSourceError):
        compiled.compile_ahead("renderer", stop)
    timer.join()
    assert [child.returncode for child in children] == [-signal.SIGKILL]
