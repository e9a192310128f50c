"""How the library's command lines end."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable

from lighthand.errors import LightHandError


def exit_status(work: Callable[[], object]) -> int:
    """Do the work of a command line; where it fails, say why in a line on stderr.

    Args:
        work: what the command line asks for.

    Returns:
        0, or 2 after an error that the user can mend: one of ours or of the file system.
    """
    try:
        work()
    except (LightHandError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def seconds(text: str) -> float:
    """Read a time from a command line, as a type of argparse.

    Raises:
        argparse.ArgumentTypeError: it is no number above 0, or not finite.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise argparse.ArgumentTypeError(f"{text!r}, expected a number of seconds above 0")
    return value


def size(text: str) -> tuple[int, int]:
    """Read the size of an image from a command line, such as 848x480, as a type of argparse.

    Raises:
        argparse.ArgumentTypeError: it is not two numbers, 16 to 4096 each.
    """
    width, _, height = text.partition("x")
    if not (width.isdecimal() and height.isdecimal()) or not all(16 <= int(edge) <= 4096 for edge in (width, height)):
        raise argparse.ArgumentTypeError(f"{text!r}, expected such as 640x480, 16 to 4096 each")
    return int(width), int(height)
