"""Whether a window can be opened: Qt ends the process where it cannot, so another process tries first."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Final

_TIMEOUT_S: Final = 15.0
_TRY: Final = "import sys; from PyQt6.QtGui import QGuiApplication; QGuiApplication(sys.argv)"


def missing_display() -> str | None:
    """Say why no window can be opened.

    Returns:
        What to put behind "no display"; None where a window can be opened.
    """
    names = ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY")
    given = ", ".join(f"{name}={os.environ[name]}" for name in names if os.environ.get(name))
    if not given:
        return " (DISPLAY is not set)" if sys.platform.startswith("linux") else None
    # opencv-python points Qt at its own plugins, with which PyQt6 finds no display.
    environment = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM_PLUGIN_PATH"}
    try:
        tried = subprocess.run(
            [sys.executable, "-c", _TRY], env=environment, capture_output=True, text=True, timeout=_TIMEOUT_S
        )
    except subprocess.TimeoutExpired:
        return f" at {given} (no answer within {_TIMEOUT_S:g} s)"
    if tried.returncode == 0:
        return None
    words = tried.stderr.strip().splitlines()
    return f" at {given} ({words[0] if words else f'Qt ended with {tried.returncode}'})"
