from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighthand.geometry import distort_one, lens_of, project, unproject
from lighthand.types import Intrinsics
from tests.lighthand.scenes import AZURE_LENS, WIDE

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


@given(camera=cameras, point=points)
def test_unproject_undoes_project(camera, point):
    assert np.allclose(unproject(project(point, camera), camera), point, rtol=1e-4, atol=0.05)


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


KINECT2 = Intrinsics(512, 424, 365.456, 365.456, 254.878, 205.395, (0.0905474, -0.26819, 0.0, 0.0, 0.0950862))
NARROW = Intrinsics(640, 576, 503.93, 503.98, 332.06, 325.88, AZURE_LENS)
TANGENTIAL = Intrinsics(640, 480, 500.0, 510.0, 322.0, 238.0, (-0.1, 0.05, 0.004, -0.003))
LENSES = pytest.mark.parametrize(
    "camera", [KINECT2, NARROW, WIDE, TANGENTIAL], ids=["kinect2", "narrow", "wide", "tangential"]
)


@LENSES
@given(across=st.floats(0, 1), down=st.floats(0, 1), z=st.floats(60, 5000))
def test_a_lens_is_undone_within_a_hundredth_of_a_pixel(camera, across, down, z):
    uvz = np.array([across * (camera.width - 1), down * (camera.height - 1), z])
    assert np.abs(project(unproject(uvz, camera), camera)[:2] - uvz[:2]).max() < 0.01


@LENSES
def test_a_lens_is_that_of_opencv(camera):
    rng = np.random.default_rng(0)
    angle, tangent = rng.uniform(0, 2 * np.pi, 500), rng.uniform(0, 1.7 if camera is WIDE else 0.9, 500)
    points = np.stack([tangent * np.cos(angle), tangent * np.sin(angle), np.ones(500)], axis=1) * 700
    matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1]])
    theirs = cv2.projectPoints(points, np.zeros(3), np.zeros(3), matrix, np.array(camera.distortion))[0][:, 0]
    assert np.abs(project(points, camera)[:, :2] - theirs).max() < 1e-3
    lens = lens_of(camera.distortion)
    one = [distort_one(x, y, lens) for x, y, _ in points[:20] / 700]
    assert np.abs(np.array(one) * (camera.fx, camera.fy) + (camera.cx, camera.cy) - theirs[:20]).max() < 1e-3


def test_without_coefficients_the_lens_changes_no_bit():
    points = np.random.default_rng(1).uniform((-300, -300, 100), (300, 300, 2000), (1000, 3))
    camera = Intrinsics(640, 480, 475.07, 476.3, 313.7, 242.8)
    u = (points[:, 0] / points[:, 2] * camera.fx + camera.cx).astype(np.float32)
    assert project(points, camera)[:, 0].tobytes() == u.tobytes()
    x = ((points[:, 0] - camera.cx) / camera.fx * points[:, 2]).astype(np.float32)
    assert unproject(points, camera)[:, 0].tobytes() == x.tobytes()
    assert [distort_one(x, y, lens_of(())) for x, y in points[:9, :2]] == [(x, y) for x, y in points[:9, :2]]


def test_a_polynomial_that_folds_back_goes_on_outwards():
    camera = Intrinsics(640, 480, 500.0, 500.0, 320.0, 240.0, (-0.3, 0.0, 0.0, 0.0))  # turns back at a tangent of 1.05
    tangents = np.linspace(0.1, 6, 200)
    u = project(np.stack([tangents, 0 * tangents, np.ones(200)], axis=1) * 500, camera)[:, 0]
    assert (np.diff(u) > 0).all()
    back = unproject(np.stack([u, np.full(200, 240.0), np.full(200, 500.0)], axis=1), camera)[:, 0] / 500
    assert back == pytest.approx(tangents, rel=1e-3)
    assert np.isfinite(unproject([9e4, -9e4, 500.0], camera)).all()
