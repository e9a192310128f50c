from __future__ import annotations

import numpy as np

from lighthand.geometry import unproject
from lighthand.scatter import behind_patch, behind_surface, scatter
from lighthand.types import Frame
from tests.lighthand.annotated import CAMERA


def test_depth_is_measured_at_each_joint_and_known_only_near_the_surface() -> None:
    depth = np.full((48, 64), 250, np.uint16)
    depth[20, 30] = 0
    frame = Frame(0, depth, 2.0, CAMERA, 0.0)
    uvz = [[10, 10, 510], [10, 11, 493], [30, 20, 505], [12, 12, 561], [12, 12, 439], [64, 10, 505], [10, -1, 505]]
    behind = behind_surface(frame, unproject(uvz, CAMERA))
    np.testing.assert_allclose(behind, [10, -7, *[np.nan] * 5], atol=1e-3)


def test_depth_is_measured_in_a_patch_as_in_a_frame() -> None:
    patch = np.full((128, 128), 0.5, np.float32)
    patch[40, 60] = 0.25
    patch[41, 60] = 1.0  # background
    # Column 60 and row 40, 41, 42: from the middle of a pixel, and from almost half a pixel off.
    uv = [[(60.5 + off) / 64 - 1, (row + 0.5 + off) / 64 - 1] for row in (40, 41, 42) for off in (0, 0.49, -0.49)]
    uvz = np.array([[*place, 0.5] for place in uv], np.float32)
    np.testing.assert_allclose(behind_patch(patch, uvz), [30] * 3 + [np.nan] * 3 + [0] * 3, atol=1e-4)
    beside = np.array([[1.01, 0, 0.5], [0, -1.01, 0.5], [0, 0, 1.01], [0, 0, -0.01], [0.99, -0.99, 0.99]], np.float32)
    np.testing.assert_allclose(behind_patch(patch, beside), [*[np.nan] * 4, 0.49 * 120], rtol=1e-5)


def test_scatter_is_about_the_median_of_each_joint() -> None:
    behind = np.array([[1, 10, np.nan], [2, 30, np.nan], [9, np.nan, np.nan]], np.float32)
    assert sorted(scatter(behind)) == [0, 1, 7, 10, 10]
    assert scatter(behind[:, 2:]).size == 0
