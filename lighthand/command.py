"""How the library's command lines end."""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable

from lighthand.errors import LightHandError


def exit_status(work: Callable[[], object]) -> int:
    """Do the work of a command line; where it fails, say why in a line on stderr.

    Args:
        work: what the command line asks for.

    Returns:
        0, or 2 after an error that the user can mend: one of ours, of the file system, or too little memory; 1, and
        nothing is said, where who reads our output has read enough, such as ``head``.
    """
    try:
        work()
        sys.stdout.flush()
    except BrokenPipeError:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, sys.stdout.fileno())  # where Python's own flush at exit writes what is left
        os.close(devnull)
        return 1
    except (LightHandError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except MemoryError as error:
        sys.stderr.write(f"not enough memory ({error}). Ask for less: smaller batches or sizes, fewer samples.\n")
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


def size(text: str, *, least: int = 16, most: int = 4096, such: str = "640x480") -> tuple[int, int]:
    """Read a size from a command line, of an image where nothing else is said, as a type of argparse.

    Args:
        text: what was typed.
        least: width and height.
        most: width and height.
        such: an example for the error.

    Raises:
        argparse.ArgumentTypeError: it is not two numbers from ``least`` to ``most``.
    """
    width, _, height = text.partition("x")
    if not all(edge.isdecimal() and least <= int(edge) <= most for edge in (width, height)):
        raise argparse.ArgumentTypeError(f"{text!r}, expected such as {such}, {least} to {most} each")
    return int(width), int(height)
