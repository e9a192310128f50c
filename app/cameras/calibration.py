"""Camera descriptions: a small YAML that says what the numbers of a recording mean.

One of ``camera.yaml`` in the folder of images, ``<folder>.yaml`` beside it, or a file given with
``--intrinsics``. Ready ones are in ``calibration/``, whose README lists the keys.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.formats.recording import Description, check_lens
from lighthand.config import load_config
from lighthand.errors import SourceError
from lighthand.types import Intrinsics

FOLDER: Final = Path(__file__).resolve().parents[2] / "calibration"


@dataclass(frozen=True, slots=True)
class Calibration:
    """How to read the images of one camera.

    Attributes:
        width: of the images, pixels.
        height: of the images, pixels.
        fx: focal length along x, pixels.
        fy: focal length along y, pixels.
        cx: principal point, pixels; (0, 0) is the centre of the top left pixel.
        cy: principal point, pixels.
        depth_unit_mm: millimetres a count.
        fps: frames a second of the recording.
        model: the camera's name.
        invalid_from: counts from here on are no measurement, beside 0.
        size_tells: no other common depth camera gives images of this size, so the size alone may choose
            this description.
        distortion: of the lens, as in ``lighthand.types.Intrinsics``.
    """

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    depth_unit_mm: float
    fps: float = 30.0
    model: str = "depth camera"
    invalid_from: int = 65536
    size_tells: bool = False
    distortion: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Check the values.

        Raises:
            SourceError: one is out of its range, or no lens is like that.
        """
        self.of("")
        check_lens(self.intrinsics)

    @property
    def intrinsics(self) -> Intrinsics:
        """The pinhole camera."""
        return Intrinsics(self.width, self.height, self.fx, self.fy, self.cx, self.cy, self.distortion)

    def of(self, name: str) -> Description:
        """Describe the recording of that name."""
        return Description(self.model, name, self.depth_unit_mm, self.intrinsics, self.fps, self.invalid_from)


def load_calibration(path: Path) -> Calibration:
    """Read a camera description.

    Raises:
        ConfigError: the file cannot be read as YAML, or a key is unknown, missing or of the wrong type.
        SourceError: there is no such file, or a value is out of its range.
    """
    if not path.is_file():
        raise SourceError(f"{path}: no such file. Give a camera description, such as one of {_short(FOLDER)}.")
    try:
        return load_config(Calibration, path)
    except SourceError as error:
        raise SourceError(f"{path}: {error}") from error


def find_calibration(folder: Path, width: int, height: int) -> tuple[Calibration, Path, bool]:
    """Find the description of a folder of images for which none was named.

    Args:
        folder: the images' folder.
        width: of the images, pixels.
        height: of the images, pixels.

    Returns:
        The description, its file, and whether it was chosen by the size of the images alone.

    Raises:
        SourceError: none belongs to the folder, and the size does not tell the camera.
        ConfigError: the one that belongs to the folder cannot be read.
    """
    for path in (folder / "camera.yaml", folder.parent / f"{folder.name}.yaml"):
        if path.is_file():
            return load_calibration(path), path, False
    ready = {path: load_calibration(path) for path in sorted(FOLDER.glob("*.yaml"))}
    same = {path: ours for path, ours in ready.items() if (ours.width, ours.height) == (width, height)}
    if len(same) == 1 and all(ours.size_tells for ours in same.values()):
        path, ours = next(iter(same.items()))
        return ours, path, True
    choices = same or ready
    reason = (
        f"{width}x{height} images come from many cameras, in different units" if same else f"none is {width}x{height}"
    )
    listed = "; ".join(
        f"--intrinsics {_short(path)} ({ours.model}, {ours.width}x{ours.height}, {ours.depth_unit_mm:g} mm)"
        for path, ours in choices.items()
    )
    raise SourceError(
        f"{folder}: no camera.yaml in it and no {folder.name}.yaml beside it that says the unit and the intrinsics. "
        f"{reason[0].upper()}{reason[1:]}. Write one, or, if it is one of these cameras, choose: {listed}."
    )


def unit_doubt(width: int, height: int, depth_unit_mm: float) -> str:
    """Say so where the size of the images tells the camera, and its unit is another than the one given."""
    for path in sorted(FOLDER.glob("*.yaml")):
        ours = load_calibration(path)
        if ours.size_tells and (ours.width, ours.height) == (width, height) and ours.depth_unit_mm != depth_unit_mm:
            return (
                f"depth_unit_mm is {depth_unit_mm:g}, but {width}x{height} is a {ours.model}, "
                f"which has {ours.depth_unit_mm:g}: see {_short(path)}"
            )
    return ""


def _short(path: Path) -> Path:
    """Name a file as the user would type it."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
