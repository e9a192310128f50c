"""Runs a camera's SDK in a process of its own: its native code may take the process down, and it starts threads."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]

PRELUDE = """
import json, sys, threading, time
from pathlib import Path
import numpy as np
from lighthand.errors import SourceError

def refusal(call):
    try:
        call()
    except SourceError as error:
        return f"{type(error).__name__}: {error}"
"""


def in_a_process(script: str, *args: object) -> Any:
    """Run a script that prints JSON; it fails with the process, also where that crashes at its very end."""
    command = [sys.executable, "-W", "error", "-c", PRELUDE + script, *map(str, args)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"exit {done.returncode}: {done.stderr[-2000:]}"
    return json.loads(done.stdout)
