from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from lighthand.drawing import TILE_PX, draw_skeleton, patch_image, patch_points, save_curves, save_image, sheet
from lighthand.errors import DataError
from lighthand.skeleton import TIPS


def hand() -> np.ndarray:
    """A row a finger, the wrist at the left."""
    points = [(10.0, 50.0)] + [(25.0 + 15 * joint, 20.0 + 15 * finger) for finger in range(5) for joint in range(4)]
    return np.array(points, np.float32)


def test_each_bone_is_drawn() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    draw_skeleton(image, hand(), (0, 0, 255))
    for finger in range(5):
        assert image[20 + 15 * finger, 32, 2] > 100  # between the first and second joint
    assert image[..., :2].max() == 0


def test_fingers_differ_in_colour_where_none_is_given() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    draw_skeleton(image, hand())
    assert len({tuple(image[20 + 15 * finger, 70].tolist()) for finger in range(5)}) == 5


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e30])
def test_a_joint_that_cannot_be_drawn_is_left_out(bad: float) -> None:
    points = hand()
    points[TIPS[0]] = bad
    image = np.zeros((100, 100, 3), np.uint8)
    draw_skeleton(image, points)
    assert image[20, 64].max() == 0
    assert image[35, 64].max() > 0


def test_points_fall_on_the_pixels_of_the_patch() -> None:
    patch = np.ones((64, 64), np.float32)
    patch[20, 50] = -1.0
    image = patch_image(patch)
    u, v = (50 + 0.5) / 64 * 2 - 1, (20 + 0.5) / 64 * 2 - 1
    rows, columns = np.nonzero(image[..., 0])
    assert len(rows) == (TILE_PX / 64) ** 2
    np.testing.assert_allclose(patch_points([u, v, 0.0]), (columns.mean(), rows.mean()), atol=1e-4)


def test_near_is_lighter_than_far_and_background_is_black() -> None:
    image = patch_image(np.array([[-1.0, 0.0], [0.99, 1.0]], np.float32))[..., 0]
    assert image[0, 0] > image[0, -1] > image[-1, 0] > image[-1, -1] == 0


def test_a_sheet_keeps_each_tile_and_fills_the_last_row() -> None:
    page = sheet([np.full((4, 5, 3), value, np.uint8) for value in (1, 2, 3)], 2)
    assert page.shape == (8, 10, 3)
    assert [page[0, 0, 0], page[3, 9, 0], page[7, 4, 0], page[7, 5, 0]] == [1, 2, 3, 0]


def test_pictures_are_written(tmp_path: Path) -> None:
    save_image(tmp_path / "new" / "tile.png", np.full((4, 5, 3), (1, 2, 3), np.uint8))
    assert cv2.imread(str(tmp_path / "new" / "tile.png"))[0, 0].tolist() == [1, 2, 3]
    x = np.linspace(0, 80, 81, dtype=np.float32)
    curves = {"a": x / 80, "b": x / 160}
    save_curves(tmp_path / "curve.png", curves, x, "threshold, mm", "frames within")
    image = cv2.imread(str(tmp_path / "curve.png"))
    assert image.shape == (440, 640, 3)
    assert len(np.unique(image.reshape(-1, 3), axis=0)) > 10
    for second, same in ((x, True), (x[::-1], False)):
        save_curves(tmp_path / "own.png", curves, np.stack([x, second]), "threshold, mm", "frames within")
        assert np.array_equal(cv2.imread(str(tmp_path / "own.png")), image) == same


def test_a_picture_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="cannot write"):
        save_image(tmp_path / "file" / "tile.png", np.zeros((1, 1, 3), np.uint8))
