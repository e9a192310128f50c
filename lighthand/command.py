"""How the library's command lines end."""

from __future__ import annotations

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
