"""How a command line ends where who reads it has read enough."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = """
import sys
from lighthand.command import exit_status
sys.exit(exit_status(lambda: print("line\\n" * {count})))
"""


@pytest.mark.parametrize("count", [10, 100_000], ids=["what waits for the end", "more than a pipe holds"])
def test_a_reader_that_has_enough_is_no_error(count: int) -> None:
    code = CODE.format(count=count)
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 1


def test_who_reads_all_gets_all() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CODE.format(count=9)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("line\n" * 9 + "\n", "")
