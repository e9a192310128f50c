"""A camera from pictures of a printed ChArUco board: intrinsics, lens, and the unit of its depth.

Method: Z. Zhang, "A Flexible New Technique for Camera Calibration", PAMI 2000, as OpenCV has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from lighthand.errors import ConfigError, DataError
from lighthand.geometry import unproject
from lighthand.types import DepthArray, Intrinsics

Grey = npt.NDArray[np.uint8]
Doubles = npt.NDArray[np.float64]

KNOWN_UNITS_MM: Final = (0.1, 0.125, 0.25, 1.0)
"""Of the cameras in ``calibration``."""

DICTIONARIES: Final = tuple(f"{edge}X{edge}_{count}" for edge in (4, 5, 6, 7) for count in (50, 100, 250, 1000))

_VIEWS = 8  # fewer cannot tell the lens from the poses
_CORNERS = 8  # of a board, at least
_TILT_DEGREES = 25.0  # between two of the boards, at least: with parallel boards, focal length and distance are one
_UNSURE = 0.01  # of the focal length: its standard deviation at most
_PIXELS_PER_MM = 12
_CELLS = 8  # a side, of the grid in which the covered part of the image is counted
_LEAST_DEPTH = 50  # pixels with depth on a board, at least


@dataclass(frozen=True, slots=True)
class Board:
    """A printed board.

    Attributes:
        columns: squares along its width.
        rows: squares along its height.
        square_mm: edge of a square.
        marker_mm: edge of a marker inside of a white square.
        dictionary: of the markers, one of ``DICTIONARIES``.
    """

    columns: int = 7
    rows: int = 5
    square_mm: float = 30.0
    marker_mm: float = 22.0
    dictionary: str = "5X5_100"

    def __post_init__(self) -> None:
        """Refuse a board that cannot be printed.

        Raises:
            ConfigError: too few squares, a marker that is no smaller than a square, or too few markers.
        """
        if min(self.columns, self.rows) < 3:
            raise ConfigError(f"a board of {self.columns}x{self.rows} squares: expected 3x3 at least, such as 7x5.")
        if not 0 < self.marker_mm < self.square_mm:
            raise ConfigError(
                f"markers of {self.marker_mm:g} mm in squares of {self.square_mm:g} mm: expected smaller markers, "
                "such as --square-mm 30 --marker-mm 22. Measure the printed board."
            )
        if self.dictionary not in DICTIONARIES:
            raise ConfigError(f"no dictionary {self.dictionary!r}, expected one of {', '.join(DICTIONARIES)}.")
        if self.columns * self.rows // 2 > int(self.dictionary.partition("_")[2]):
            raise ConfigError(f"{self.columns}x{self.rows} squares need more markers than {self.dictionary} has.")

    @property
    def pattern(self) -> cv2.aruco.CharucoBoard:
        """The board as OpenCV takes it."""
        markers = cv2.aruco.getPredefinedDictionary(getattr(cv2.aruco, f"DICT_{self.dictionary}"))
        return cv2.aruco.CharucoBoard((self.columns, self.rows), self.square_mm, self.marker_mm, markers)

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the picture, its white rim of half a square included."""
        return (self.columns + 1) * self.square_mm, (self.rows + 1) * self.square_mm

    def draw(self) -> tuple[Grey, int]:
        """Draw it for the printer: the picture and its pixels a metre."""
        rim = round(self.square_mm / 2 * _PIXELS_PER_MM)
        width, height = (round(edge * _PIXELS_PER_MM) for edge in self.size_mm)
        return np.asarray(self.pattern.generateImage((width, height), marginSize=rim), np.uint8), _PIXELS_PER_MM * 1000


@dataclass(frozen=True, slots=True)
class View:
    """A board as one picture shows it: its corners on the board, (n, 3) mm, and in the picture, (n, 2) pixels."""

    name: str
    board_mm: npt.NDArray[np.float32]
    shown_px: npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MeasuredCamera:
    """What a set of views says of their camera.

    Attributes:
        intrinsics: with the lens.
        rms_px: of the distances between the corners seen and those that the camera would see.
        deviation: standard deviation of the focal length, of itself.
        covered: part of the image in which corners were seen, 0 to 1.
        planes: of each view by its name, the board's plane: (4,) n and d with n.x = d, camera space, mm.
        views: those that were used.
    """

    intrinsics: Intrinsics
    rms_px: float
    deviation: float
    covered: float
    planes: Mapping[str, Doubles]
    views: tuple[View, ...]


@dataclass(frozen=True, slots=True)
class DepthScale:
    """Millimetres a count as the boards tell: the median of the views, and the greatest distance of one from it."""

    unit_mm: float
    spread_mm: float
    views: int

    @property
    def known_mm(self) -> float | None:
        """The unit of a common camera, where this is one within 1 %."""
        return next((unit for unit in KNOWN_UNITS_MM if abs(self.unit_mm / unit - 1) < 0.01), None)


def find_board(name: str, image: npt.NDArray[np.generic], board: Board) -> View | None:
    """Find the board in a picture.

    Args:
        name: of the picture.
        image: (H, W) uint8 or uint16, infrared or grey.
        board: what was printed.

    Returns:
        Its corners, or None where fewer than 8 are seen.
    """
    grey = np.asarray(image, np.float64)
    grey = np.clip(grey * (255 / max(float(np.percentile(grey, 99.5)), 1.0)), 0, 255)
    found, ids, _, _ = cv2.aruco.CharucoDetector(board.pattern).detectBoard(grey.astype(np.uint8))
    if ids is None or len(ids) < _CORNERS:
        return None
    corners = np.asarray(board.pattern.getChessboardCorners(), np.float32)[np.asarray(ids).ravel()]
    flat = np.linalg.matrix_rank(corners[:, :2] - corners[0, :2]) < 2  # all in a row
    return None if flat else View(name, corners, np.asarray(found, np.float32).reshape(-1, 2))


def calibrate_camera(views: Sequence[View], width: int, height: int) -> MeasuredCamera:
    """Estimate the camera that saw these views.

    Args:
        views: of one board, from many sides.
        width: of the pictures, pixels.
        height: of the pictures, pixels.

    Raises:
        DataError: too few views, or views too much alike to tell the camera.
    """
    if len(views) < _VIEWS:
        raise DataError(
            f"the board is seen in {len(views)} pictures, expected {_VIEWS} at least and better 15. Record more: the "
            "board whole, lit evenly (the projector covered), sharp, and check --squares, --dictionary against it."
        )
    guess, none = np.eye(3), np.zeros(5)
    boards, shown = [view.board_mm for view in views], [view.shown_px for view in views]
    rms, matrix, lens, turns, places, unsure, _, _ = cv2.calibrateCameraExtended(
        boards, shown, (width, height), guess, none
    )
    normals = np.array([cv2.Rodrigues(turn)[0][:, 2] for turn in turns])
    tilt = np.degrees(np.arccos(np.clip(normals @ normals.T, -1, 1))).max()
    deviation = float(np.asarray(unsure).ravel()[:2].max() / matrix[0, 0])
    if tilt < _TILT_DEGREES or not deviation < _UNSURE:
        raise DataError(
            f"the views are too much alike: boards tilted by at most {tilt:.0f} degrees to each other (expected "
            f"{_TILT_DEGREES:.0f}), focal length known to {deviation:.1%} (expected {_UNSURE:.0%}). Record more with "
            "the board tilted by 20 to 40 degrees to the left, right, up and down, near and far, into every corner."
        )
    planes = {
        view.name: np.array([*normal, float(normal @ np.asarray(place).ravel())])
        for view, normal, place in zip(views, normals, places, strict=True)
    }
    cells = {(int(x / width * _CELLS), int(y / height * _CELLS)) for view in views for x, y in view.shown_px}
    fx, fy, cx, cy = (float(matrix[at]) for at in ((0, 0), (1, 1), (0, 2), (1, 2)))
    camera = Intrinsics(width, height, fx, fy, cx, cy, tuple(float(k) for k in np.asarray(lens).ravel()[:5]))
    return MeasuredCamera(camera, float(rms), deviation, len(cells) / _CELLS**2, planes, tuple(views))


def depth_scale(camera: MeasuredCamera, depths: Mapping[str, DepthArray]) -> DepthScale:
    """Compare measured depth on the boards with where their planes are.

    Args:
        camera: of ``calibrate_camera``; depth and pictures are of the same one.
        depths: by the names of its views, (H, W) uint16 counts.

    Raises:
        DataError: no depth image shows a board.
    """
    ratios = []
    for view in camera.views:
        depth = depths.get(view.name)
        if depth is None:
            continue
        inside = np.zeros(depth.shape, np.uint8)
        hull = cv2.convexHull(np.rint(view.shown_px).astype(np.int32))
        cv2.fillConvexPoly(inside, np.asarray(hull, np.int32), (1,))
        rows, columns = np.nonzero((inside > 0) & (depth > 0))
        if len(rows) < _LEAST_DEPTH:
            continue
        rays = unproject(np.stack([columns, rows, np.ones(len(rows))], axis=-1), camera.intrinsics).astype(np.float64)
        plane = camera.planes[view.name]
        ratios.append(float(np.median(plane[3] / (rays @ plane[:3]) / depth[rows, columns])))
    if not ratios:
        raise DataError(
            "no depth image shows a board with depth on it. Give --depth the folder of depth PNGs with the names of "
            "the pictures; black squares may have no depth, white ones must."
        )
    middle = float(np.median(ratios))
    return DepthScale(middle, float(np.abs(np.array(ratios) - middle).max()), len(ratios))
