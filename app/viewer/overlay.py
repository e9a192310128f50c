"""The window's picture without a window: drawn with OpenCV, saved as a video and as one contact sheet."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from app.viewer.colours import BACKGROUND, TEXT, Image, depth_image, finger_colour, joints_px, opacity_of
from app.viewer.theme import Colour
from lighthand.crop import region_box
from lighthand.errors import SourceError
from lighthand.skeleton import BONES
from lighthand.types import FloatArray, Result

_SHIFT: Final = 4  # OpenCV draws at 1 / 16 pixel
_MIN_WIDTH: Final = 640
_RADIUS: Final = 4  # of a joint
_EDGE: Final = 0.45  # opacity of the box between its corners
_CORNER: Final = 0.1  # of the box's edge
_BAR: Final = 28
_TILE: Final = 320
_ROOM: Final = 1.3  # what a tile shows around the hand, in edges of its cube
_COLUMNS: Final = 5
_TILES: Final = 20


def draw_result(result: Result) -> tuple[Image, int]:
    """Draw a frame's depth in colour and its hands over it: hidden joints hollow, the less sure the fainter.

    Args:
        result: what to draw.

    Returns:
        (H', W', 3) RGB, at least 640 wide, and its scale: pixels a pixel of the frame.
    """
    image = depth_image(result.frame)
    scale = max(1, math.ceil(_MIN_WIDTH / image.shape[1]))
    image = np.repeat(np.repeat(image, scale, axis=0), scale, axis=1)
    for hand in result.hands:
        _draw_box(image, (np.array(region_box(hand.region, result.frame.intrinsics)) + 0.5) * scale - 0.5)
        points = (joints_px(hand.joints_mm, result.frame.intrinsics) + 0.5) * scale - 0.5
        opacities = [opacity_of(value) for value in hand.pose.confidence.tolist()]
        for width, dark in ((6, True), (2, False)):
            for parent, child in BONES:
                colour = (0, 0, 0) if dark else finger_colour(child)
                _draw_line(image, points[[parent, child]], colour, width, opacities[child])
        for joint, (point, hidden) in enumerate(zip(points, hand.pose.hidden.tolist(), strict=True)):
            _draw_joint(image, point, finger_colour(joint), hidden, opacities[joint])
    return image, scale


def _draw_box(image: Image, edges: npt.NDArray[np.float64]) -> None:
    """Draw the crop's box, its corners marked."""
    left, top, right, bottom = edges
    corners = np.array(((left, top), (right, top), (right, bottom), (left, bottom)), np.float32)
    for corner, after, before in zip(corners, np.roll(corners, -1, 0), np.roll(corners, 1, 0), strict=True):
        _draw_line(image, np.stack((corner, after)), TEXT, 1, _EDGE)
        for end in (after, before):
            _draw_line(image, np.stack((corner, corner + _CORNER * (end - corner))), TEXT, 2, 1.0)


def _draw_line(image: Image, ends: FloatArray, colour: Colour, width: int, opacity: float) -> None:
    """Draw a line, (2, 2) pixels, over the image."""
    corner, under = _around(image, ends, width)
    if under.size:
        over = under.copy()
        first, last = _fixed(ends - corner)
        cv2.line(over, first, last, colour, width, cv2.LINE_AA, _SHIFT)
        cv2.addWeighted(over, opacity, under, 1 - opacity, 0, dst=under)


def _draw_joint(image: Image, point: FloatArray, colour: Colour, hidden: bool, opacity: float) -> None:
    """Draw a dot, or a ring where the joint is hidden, over the image."""
    corner, under = _around(image, point[None], _RADIUS)
    if under.size:
        over = under.copy()
        (centre,) = _fixed(point[None] - corner)
        fill, rim = ((0, 0, 0), colour) if hidden else (colour, (0, 0, 0))
        cv2.circle(over, centre, _RADIUS << _SHIFT, fill, -1, cv2.LINE_AA, _SHIFT)
        cv2.circle(over, centre, _RADIUS << _SHIFT, rim, 2 if hidden else 1, cv2.LINE_AA, _SHIFT)
        cv2.addWeighted(over, opacity, under, 1 - opacity, 0, dst=under)


def _around(image: Image, points: FloatArray, room: int) -> tuple[npt.NDArray[np.int64], Image]:
    """Give the part of the image, and its corner, that holds what is drawn about points; empty outside the image."""
    size = np.array(image.shape[1::-1])
    first = np.clip(np.floor(points.min(axis=0)) - room - 2, 0, size).astype(np.int64)
    last = np.clip(np.ceil(points.max(axis=0)) + room + 3, 0, size).astype(np.int64)
    return first, image[first[1] : last[1], first[0] : last[0]]


def _fixed(points: npt.NDArray[np.floating]) -> list[tuple[int, int]]:
    """Give points as OpenCV draws them between pixels."""
    return [(round(x * (1 << _SHIFT)), round(y * (1 << _SHIFT))) for x, y in points.tolist()]


def _page(result: Result, image: Image) -> Image:
    """Put a line of text below a picture; even sizes, as video wants."""
    height, width = image.shape[:2]
    page = np.full((height + _BAR + height % 2, width + width % 2, 3), BACKGROUND, np.uint8)
    page[:height, :width] = image
    age_ms = (result.stamps.tracked_s - result.stamps.arrival_s) * 1e3
    _write(page, f"frame {result.frame.seq}   {_state(result)}   arrival to pose {age_ms:.0f} ms", height + 19)
    return page


def _tile(result: Result, image: Image, scale: int) -> Image:
    """Show the first hand and a little around it, or the whole picture where there is none."""
    height, width = image.shape[:2]
    edge, centre = float(max(height, width)), (width / 2, height / 2)
    if result.hands:
        left, top, right, bottom = region_box(result.hands[0].region, result.frame.intrinsics)
        edge, centre = (right - left) * _ROOM * scale, ((left + right + 1) / 2 * scale, (top + bottom + 1) / 2 * scale)
    zoom = _TILE / edge
    move = np.array([[zoom, 0, _TILE / 2 - zoom * centre[0]], [0, zoom, _TILE / 2 - zoom * centre[1]]])
    tile = cv2.warpAffine(image, move, (_TILE, _TILE), flags=cv2.INTER_AREA, borderValue=BACKGROUND).astype(np.uint8)
    tile[-_BAR:] = BACKGROUND
    _write(tile, f"{result.frame.seq}  {_state(result)}", _TILE - 9)
    tile[:, -1:] = tile[-1:] = (70, 76, 86)
    return tile


def _state(result: Result) -> str:
    return ", ".join(f"{hand.side} hand, track {hand.track_id}" for hand in result.hands) or "no hand"


def _write(image: Image, text: str, y: int) -> None:
    cv2.putText(image, text, (8, y), cv2.FONT_HERSHEY_SIMPLEX, 0.48, TEXT, 1, cv2.LINE_AA)


def make_folder(folder: Path) -> None:
    """Make the folder that pictures go to.

    Raises:
        SourceError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SourceError(f"{folder}: the folder cannot be made ({error.strerror}).") from error


class Snapshot:
    """Collects drawn results into ``overlay.mp4`` and ``sheet.png`` in a folder."""

    def __init__(self, folder: Path) -> None:
        """Make the folder.

        Args:
            folder: where to save; older files of the same names are replaced.

        Raises:
            SourceError: the folder cannot be made.
        """
        make_folder(folder)
        self.video_path = folder / "overlay.mp4"
        self.sheet_path = folder / "sheet.png"
        self._video: cv2.VideoWriter | None = None
        self._tiles: list[Image] = []
        self._stride = 1
        self._count = 0
        self._page: Image | None = None  # the last one written, BGR
        self._seq = 0

    def add(self, result: Result, fps: float) -> None:
        """Draw one result; a picture stands in the video for the frames that were skipped after it too.

        Args:
            result: what to draw.
            fps: of the source, so that the video has its pace.

        Raises:
            SourceError: the video cannot be written.
        """
        image, scale = draw_result(result)
        page = _page(result, image)
        if self._video is None:
            size = (page.shape[1], page.shape[0])
            video = cv2.VideoWriter(str(self.video_path), cv2.VideoWriter.fourcc(*"mp4v"), fps, size)
            if not video.isOpened():
                raise SourceError(
                    f"{self.video_path}: OpenCV cannot write this video. Choose another --snapshot folder."
                )
            self._video = video
        if self._page is not None:
            for _ in range(result.frame.seq - self._seq - 1):
                self._video.write(self._page)
        self._seq = result.frame.seq
        self._page = np.ascontiguousarray(page[:, :, ::-1])
        self._video.write(self._page)
        if self._count % self._stride == 0:
            self._tiles.append(_tile(result, image, scale))
            if len(self._tiles) == 2 * _TILES:  # keep every other one: evenly spread, however long the run
                del self._tiles[1::2]
                self._stride *= 2
        self._count += 1

    def close(self) -> tuple[Path, ...]:
        """Finish the files.

        Returns:
            The files that were saved; none where there was no result.

        Raises:
            SourceError: the sheet cannot be written.
        """
        if self._video is None:
            return ()
        self._video.release()
        self._video = None
        chosen = np.linspace(0, len(self._tiles) - 1, min(_TILES, len(self._tiles))).round().astype(int)
        tiles = [self._tiles[index] for index in chosen]
        columns = min(_COLUMNS, len(tiles))
        tiles += [np.full_like(tiles[0], BACKGROUND)] * (-len(tiles) % columns)
        rows = [np.hstack(tiles[start : start + columns]) for start in range(0, len(tiles), columns)]
        if not cv2.imwrite(str(self.sheet_path), np.ascontiguousarray(np.vstack(rows)[:, :, ::-1])):
            raise SourceError(f"{self.sheet_path}: the sheet cannot be written. Choose another --snapshot folder.")
        return self.video_path, self.sheet_path
