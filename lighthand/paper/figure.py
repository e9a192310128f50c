"""The paper's Figure 2: input, baseline, ours and truth of some frames, a row each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from lighthand.crop import CUBE_MM, camera_to_crop, crop_hand, crop_to_camera, region_box
from lighthand.datasets import icvl
from lighthand.datasets.benchmarks import BENCHMARKS, read_joints, read_truth
from lighthand.datasets.catalogue import DATA_SETS
from lighthand.datasets.record import DepthRecord
from lighthand.drawing import TILE_PX, Colour, Image, draw_skeleton, label, patch_image, patch_points, sheet
from lighthand.estimator import Estimator
from lighthand.geometry import project
from lighthand.metrics import joint_errors
from lighthand.network import HandNet
from lighthand.recorded import predict
from lighthand.synthesis.sample import validation_set
from lighthand.types import FloatArray, Frame, HandRegion

ROWS: Final = 3
HEAD_PX: Final = 26
"""Height of the line of text above the rows."""

BASELINE: Final = "ArXiv_ICVL_TriHorn_Net.txt"
ICVL_FRAMES: Final = (399, 798, 1197)
"""Numbers in the test set, a quarter of it apart: not chosen by their looks."""

_FIRST_SEQUENCE: Final = 702
"""Frames of the first of ICVL's two test sequences."""

_BONES: Final = tuple((joint - 1 if joint % 3 != 1 else 0, joint) for joint in range(1, 16))
_FINGERS: Final = (-1, *((joint - 1) // 3 for joint in range(1, 16)))
"""Of ICVL's 16 joints: the palm, then root, middle and tip of the thumb and the fingers."""


def icvl_figure(root: Path, images: Path | None, ours: Estimator | HandNet, name: str) -> Image:
    """Draw test frames of ICVL; without its images, the columns that are known without them.

    Args:
        root: the folder of the labels and, where they are there, of TriHorn-Net's published predictions, as
            ``read_truth`` takes it.
        images: the data set's ``Testing/Depth``, with ``test_seq_1`` and ``test_seq_2``; None where it is not here.
        ours: an estimator of 21 joints, which are drawn alone; or a network for ``icvl.JOINTS`` and ``icvl.CUBE_MM``,
            whose error is written too: it sees the crops of ``evaluate --data icvl``.
        name: of its weights.

    Returns:
        (HEAD_PX + ROWS * TILE_PX, 4 * TILE_PX, 3).

    Raises:
        DataError: a label or an image is missing or damaged, or a prediction is damaged.
    """
    benchmark = BENCHMARKS["icvl"]
    truth = read_truth(root, benchmark)
    published = root / "icvl" / BASELINE
    baseline = read_joints(published, benchmark) if published.is_file() else None
    tiles = []
    for index in ICVL_FRAMES:
        region = HandRegion(truth[index].mean(axis=0), CUBE_MM)
        first = said = _empty("needs ICVL's images")
        theirs = _empty("no published joints")
        shown = np.zeros_like(first)
        if images is not None:
            frame = _icvl_frame(images, index)
            first = shown = patch_image(crop_hand(frame, region).patch)
            if isinstance(ours, HandNet):
                said = _icvl_tile(shown, region, _ours_16(frame, truth[index], ours), truth[index])
            else:
                said = _ours_21(frame, region, ours)
        if baseline is not None:
            theirs = _icvl_tile(shown, region, baseline[index], truth[index])
        tiles += [first, theirs, said, _icvl_tile(shown, region, truth[index])]
    return _page(("ICVL: input", "TriHorn-Net, published", f"ours: {name}", "truth"), tiles)


def synthetic_figure(baseline: Estimator, ours: Estimator, names: tuple[str, str]) -> Image:
    """Draw the first frames of the synthetic validation set.

    Args:
        baseline: what stands in for the baseline.
        ours: the network.
        names: of the weights of both.

    Returns:
        (HEAD_PX + ROWS * TILE_PX, 4 * TILE_PX, 3).
    """
    batch = validation_set(ROWS)
    true = batch.to_camera(batch.uvz)
    said = [estimator.estimate(batch.patches).uvz for estimator in (baseline, ours)]
    errors = [joint_errors(batch.to_camera(uvz), true) for uvz in said]
    tiles = []
    for row in range(ROWS):
        row_tiles = [patch_image(batch.patches[row]) for _ in range(4)]
        for tile, uvz in zip(row_tiles[1:], (*said, batch.uvz), strict=True):
            draw_skeleton(tile, patch_points(uvz[row]))
        for tile, error in zip(row_tiles[1:3], errors, strict=True):
            _say_error(tile, error[row])
        tiles += row_tiles
    return _page(("synthetic: input", f"stand-in: {names[0]}", f"ours: {names[1]}", "truth"), tiles)


def _page(heads: tuple[str, str, str, str], tiles: Sequence[Image]) -> Image:
    """Put tiles in rows of four under a line of text, white lines between them."""
    head = np.full((HEAD_PX, 4 * TILE_PX, 3), 255, np.uint8)
    for column, text in enumerate(heads):
        _write(head, text, (column * TILE_PX + 6, HEAD_PX - 9), (0, 0, 0))
    rows = sheet(tiles, 4)
    rows[TILE_PX - 1 : -1 : TILE_PX] = 255
    rows[:, TILE_PX - 1 : -1 : TILE_PX] = 255
    return np.concatenate([head, rows])


def _write(image: Image, text: str, at: tuple[int, int], colour: Colour) -> None:
    cv2.putText(image, text, at, cv2.FONT_HERSHEY_SIMPLEX, 0.42, colour, 1, cv2.LINE_AA)


def _say_error(tile: Image, errors_mm: FloatArray) -> None:
    """Write the mean of a frame's errors, (J,), into a black corner."""
    tile[:22, :60] = 0
    label(tile, f"{errors_mm.mean():.1f} mm")


def _icvl_frame(images: Path, index: int) -> Frame:
    """Read a frame of the test set by its number there."""
    second = index >= _FIRST_SEQUENCE
    number = index - _FIRST_SEQUENCE if second else index
    return icvl.read_frame(images / f"test_seq_{2 if second else 1}" / f"image_{number:04d}.png", index)


def _ours_21(frame: Frame, region: HandRegion, estimator: Estimator) -> Image:
    """Draw our estimate, of the crop or of its mirror image, whichever looks more like a right hand."""
    crops = [crop_hand(frame, region, mirrored=mirrored) for mirrored in (False, True)]
    estimate = estimator.estimate(np.stack([crop.patch for crop in crops]))
    best = int(estimate.right.argmax())
    joints = crop_to_camera(crops[best], estimate.uvz[best])
    tile = patch_image(crops[0].patch)
    draw_skeleton(tile, patch_points(camera_to_crop(crops[0], joints)))
    return tile


def _ours_16(frame: Frame, true_mm: FloatArray, net: HandNet) -> FloatArray:
    """Read ICVL's joints, (16, 3), from a frame that is cropped as ``evaluate --data icvl`` crops it."""
    record = DepthRecord("icvl", lambda: frame, true_mm, cube_mm=icvl.CUBE_MM)
    said, _ = predict(net, [record], DATA_SETS["icvl"])
    return np.asarray(said[0])


def _icvl_tile(shown: Image, region: HandRegion, joints_mm: FloatArray, true_mm: FloatArray | None = None) -> Image:
    """Draw ICVL's 16 joints into a copy of a tile that shows a region, with their error where the truth is given."""
    camera = BENCHMARKS["icvl"].camera
    left, top, right, bottom = region_box(region, camera)
    uv = project(joints_mm, camera)[:, :2]
    inside = (uv - (left, top)) / (right - left, bottom - top) * 2 - 1
    tile = shown.copy()
    draw_skeleton(tile, patch_points(inside), bones=_BONES, fingers=_FINGERS)
    if true_mm is not None:
        _say_error(tile, joint_errors(joints_mm, true_mm))
    return tile


def _empty(text: str) -> Image:
    tile = np.full((TILE_PX, TILE_PX, 3), 70, np.uint8)
    width = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, 0.42, 1)[0][0]
    _write(tile, text, ((TILE_PX - width) // 2, TILE_PX // 2), (255, 255, 255))
    return tile
