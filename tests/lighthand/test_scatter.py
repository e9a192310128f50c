from __future__ import annotations

import numpy as np

from lighthand.geometry import unproject
from lighthand.scatter import behind_surface, scatter
from lighthand.types import Frame
from tests.lighthand.annotated import CAMERA


def test_depth_is_measured_at_each_joint_and_known_only_near_the_surface() -> None:
    depth = np.full((48, 64), 250, np.uint16)
    depth[20, 30] = 0
    frame = Frame(0, depth, 2.0, CAMERA, 0.0)
    uvz = [[10, 10, 510], [10, 11, 493], [30, 20, 505], [12, 12, 561], [12, 12, 439], [64, 10, 505], [10, -1, 505]]
    behind = behind_surface(frame, unproject(uvz, CAMERA))
    np.testing.assert_allclose(behind, [10, -7, *[np.nan] * 5], atol=1e-3)


def test_scatter_is_about_the_median_of_each_joint() -> None:
    behind = np.array([[1, 10, np.nan], [2, 30, np.nan], [9, np.nan, np.nan]], np.float32)
    assert sorted(scatter(behind)) == [0, 1, 7, 10, 10]
    assert scatter(behind[:, 2:]).size == 0
