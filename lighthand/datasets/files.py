"""What several data sets have in common: annotations of lines of numbers, images they name, no times."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from lighthand.errors import DataError

RATE_HZ: Final = 30.0
"""No data set and no annotated recording holds times; frames are stamped at the cameras' nominal rate."""


def read_lines(path: Path, content: str) -> list[tuple[int, str]]:
    """Read the lines of a text file that are not blank.

    Args:
        path: the file.
        content: what it should hold, for the message.

    Returns:
        The number of each line in the file, from 1, and its text.

    Raises:
        DataError: the file is missing, empty, or no text.
    """
    try:
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read ({error}), expected {content}. Check --root.") from error
    lines = [(number, line) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if not lines:
        raise DataError(f"{path}: empty, expected {content}. Fetch the data set again.")
    return lines


def read_counted_lines(path: Path, content: str) -> list[tuple[int, str]]:
    """Read the lines of a text file that are not blank, without the first, which says how many follow.

    Args:
        path: the file.
        content: what it should hold, for the message.

    Returns:
        As ``read_lines``.

    Raises:
        DataError: as ``read_lines``, or the count is another.
    """
    (_, count), *lines = read_lines(path, content)
    if count.strip() != str(len(lines)):
        raise DataError(f"{path}: {len(lines)} frames, its first line says {count.strip()}. Fetch it again.")
    return lines


def triples(words: Sequence[str], count: int, where: str) -> npt.NDArray[np.float64]:
    """Turn words into points.

    Args:
        words: numbers, three a point.
        count: of the points.
        where: file and line, for the message.

    Returns:
        (count, 3).

    Raises:
        DataError: another count of words, a word that is no number, or one that is not finite.
    """
    try:
        points = np.array(words, np.float64).reshape(count, 3)
    except ValueError as error:
        raise DataError(f"{where}: expected {count} x 3 numbers ({error}). Fetch the data set again.") from error
    if not np.isfinite(points).all():
        raise DataError(f"{where}: a number is not finite. Fetch the data set again.")
    return points


def require_depth(points: npt.NDArray[np.float64], where: str) -> None:
    """Refuse points that are not in front of the camera.

    Args:
        points: (J, 3), z last.
        where: file and line or frame, for the message.

    Raises:
        DataError: a z of 0 or less.
    """
    if not (points[:, 2] > 0).all():
        raise DataError(f"{where}: a point without a positive depth. Take it out, or fetch the data set again.")


def require_files(paths: Iterable[Path], named_by: Path) -> None:
    """Refuse images that are missing, before hours of training and not amid them.

    Args:
        paths: the images.
        named_by: the annotation that names them.

    Raises:
        DataError: at least one is not there.
    """
    missing = [path for path in paths if not path.is_file()]
    if missing:
        raise DataError(
            f"{missing[0]}: no such image, and so for {len(missing)} of those that {named_by} names. Unpack the data "
            "set again, or take their lines out."
        )
