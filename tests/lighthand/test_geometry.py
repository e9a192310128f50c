from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lighthand.geometry import project, unproject
from lighthand.types import Intrinsics

cameras = st.builds(
    Intrinsics,
    width=st.integers(16, 2000),
    height=st.integers(16, 2000),
    fx=st.floats(100, 1500),
    fy=st.floats(100, 1500),
    cx=st.floats(-50, 2000),
    cy=st.floats(-50, 2000),
)
points = st.tuples(st.floats(-1000, 1000), st.floats(-1000, 1000), st.floats(60, 5000))


@settings(deadline=None)
@given(camera=cameras, point=points)
def test_unproject_undoes_project(camera, point):
    assert np.allclose(unproject(project(point, camera), camera), point, rtol=1e-4, atol=0.05)


@settings(deadline=None)
@given(camera=cameras, point=points)
def test_project_undoes_unproject(camera, point):
    assert np.allclose(project(unproject(point, camera), camera), point, rtol=1e-4, atol=0.05)


@pytest.mark.parametrize(
    ("point", "pixel"),
    [
        ((0, 0, 500), (160, 120, 500)),
        ((100, 0, 500), (200, 120, 500)),
        ((0, 100, 500), (160, 170, 500)),
        ((100, 0, 1000), (180, 120, 1000)),
    ],
)
def test_x_is_right_and_y_is_down(point, pixel):
    assert project(point, Intrinsics(320, 240, 200, 250, 160, 120)) == pytest.approx(pixel)


def test_shapes_are_kept():
    camera = Intrinsics(320, 240, 200, 200, 160, 120)
    many = np.ones((4, 21, 3))
    assert project(many, camera).shape == unproject(many, camera).shape == (4, 21, 3)
    assert project(many, camera).dtype == unproject(many, camera).dtype == np.float32
