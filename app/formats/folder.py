"""A folder with an image a file: 16-bit PNGs, NYU's PNGs, or MSRA's .bin files."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.formats import png
from app.formats.recording import Describe, Description, ImageRow
from lighthand.datasets import msra, nyu
from lighthand.errors import DataError, SourceError
from lighthand.types import DepthArray, Intrinsics


@dataclass(frozen=True, slots=True)
class _Kind:
    """How to find and read the images of a data set, and what it says of its camera, if it does."""

    pattern: str
    read: Callable[[Path], DepthArray]
    model: str = ""
    depth_unit_mm: float = 1.0
    intrinsics: Intrinsics | None = None


def _read_bin(path: Path) -> DepthArray:
    try:
        return msra.read_depth_bin(path)
    except DataError as error:
        raise SourceError(str(error)) from error


_KINDS: Final = (
    _Kind("depth_1_*.png", png.read_nyu, "PrimeSense (NYU)", 1.0, nyu.CAMERA),
    _Kind("*.png", png.read_grey),
    _Kind("*_depth.bin", _read_bin, "Creative Senz3D (MSRA)", msra.UNIT_MM, msra.CAMERA),
)
"""The first of which there are files: NYU keeps colour images beside its depth."""


def open_folder(folder: Path, describe: Describe, *, named: bool = False) -> ImageRow:
    """Find the images of a folder and of those inside it, in natural order.

    Args:
        folder: holds them.
        describe: finds what the numbers mean, where the data set does not say.
        named: the user named a description: it counts whatever the data set says.

    Raises:
        SourceError: there are none, the first cannot be read, or nothing describes them.
        ConfigError: the description cannot be read.
    """
    kind, paths = next(
        ((kind, paths) for kind in _KINDS if (paths := list(folder.rglob(kind.pattern)))), (_KINDS[0], [])
    )
    if not paths:
        raise SourceError(
            f"{folder}: no PNG in it, nor MSRA's *_depth.bin. Give --source a folder of 16-bit PNGs, an .npz, .npy or "
            ".mcap."
        )
    paths.sort(key=lambda path: _natural(path.relative_to(folder)))
    height, width = kind.read(paths[0]).shape
    camera = kind.intrinsics
    if camera and (camera.width, camera.height) == (width, height) and not (named or _described(folder)):
        about = Description(kind.model, folder.resolve().name, kind.depth_unit_mm, camera, 30.0)
    else:
        about = describe(folder, width, height)
    if (about.intrinsics.width, about.intrinsics.height) != (width, height):
        size = f"{about.intrinsics.width}x{about.intrinsics.height}"
        raise SourceError(f"{paths[0]}: {width}x{height}, but its camera's description says {size}. Correct the YAML.")

    def load(index: int) -> DepthArray:
        depth = kind.read(paths[index])
        if depth.shape != (height, width):
            raise SourceError(
                f"{paths[index]}: {depth.shape[1]}x{depth.shape[0]}, the recording began with {width}x{height}. "
                "Keep the images of each camera in a folder of their own."
            )
        return depth

    return ImageRow(about, len(paths), load)


def _described(folder: Path) -> bool:
    return (folder / "camera.yaml").is_file() or (folder.parent / f"{folder.name}.yaml").is_file()


def _natural(path: Path) -> tuple[tuple[int, int, str], ...]:
    """Sort by the numbers in a name, so that 2.png comes before 10.png."""
    parts = re.findall(r"\d+|\D+", path.as_posix())
    return tuple((0, int(part), part) if part.isdecimal() else (1, 0, part) for part in parts)
