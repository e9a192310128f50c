from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

LEAKS = """
import threading
from PyQt6.QtCore import QTimer

stop = threading.Event()
keep = []

def test_thread():
    threading.Thread(target=stop.wait, args=(5,), name="forgotten", daemon=True).start()

def test_timer(qapp):
    timer = QTimer()
    timer.setObjectName("ticker")
    timer.start(1000)
    keep.append(timer)

def test_clean(qapp):
    stop.set()
    timer = QTimer()
    timer.start(1000)
    timer.stop()
    thread = threading.Thread(target=str)
    thread.start()
    thread.join()
"""


def test_a_leaked_thread_or_timer_fails_its_test(pytester: pytest.Pytester) -> None:
    pytester.makeconftest((Path(__file__).parent / "conftest.py").read_text())
    pytester.makepyfile(test_leaks=LEAKS)
    result = pytester.runpytest_subprocess("-p", "no:dash")
    result.assert_outcomes(passed=3, errors=2)
    result.stdout.fnmatch_lines(
        [
            "*the test left running: thread 'forgotten', started at *test_leaks.py:8*",
            "*the test left running: timer 'ticker', started at *test_leaks.py:13*",
        ]
    )
