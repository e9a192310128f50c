"""The z-buffer against geometry that can be computed by hand; the views' rotations."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighthand.synthesis.render import SPHERE_TRIANGLES, body, rasterise, tube
from lighthand.synthesis.views import MAX_BOX_PX, MIN_BOX_PX, draw_view, look


def draw(vertices: np.ndarray, triangles: np.ndarray, size: int = 64, focal: float = 100.0) -> np.ndarray:
    depth = np.full((size, size), np.inf, np.float32)
    middle = (size - 1) / 2
    rasterise(vertices.astype(np.float32), triangles.astype(np.int32), focal, focal, middle, middle, depth)
    return depth


def test_a_plane_that_leans_has_the_depth_of_its_equation() -> None:
    # z = 400 + x: pixel u sees x = z (u - c) / f, so z = 400 / (1 - (u - c) / f).
    corners = np.array([[-300, -300, 100], [300, -300, 700], [300, 300, 700], [-300, 300, 100]])
    depth = draw(corners, np.array([[0, 1, 2], [0, 2, 3]]))
    u = np.arange(64)
    expected = 400 / (1 - (u - 31.5) / 100)
    assert np.allclose(depth, expected[None, :], rtol=1e-4)


def test_the_nearer_surface_wins_whatever_the_order() -> None:
    near = body((0, 0, 300), np.eye(3) * 20)
    far = body((0, 0, 400), np.eye(3) * 60)
    both = np.concatenate([near, far])
    shifted = SPHERE_TRIANGLES + len(near)
    for triangles in ([SPHERE_TRIANGLES, shifted], [shifted, SPHERE_TRIANGLES]):
        depth = draw(both, np.concatenate(triangles))
        assert depth[32, 32] == pytest.approx(280, abs=1)
        assert depth[32, 44] == pytest.approx(360.3, abs=2)  # (z u / f)^2 + (z - 400)^2 = 60^2, u = 12.5
        assert np.isinf(depth[0, 0])


def test_triangles_at_the_lens_are_not_drawn() -> None:
    corners = np.array([[-50, -50, -10], [50, -50, 300], [0, 50, 300]])
    assert np.isinf(draw(corners, np.array([[0, 1, 2]]))).all()


@given(st.floats(-3, 3), st.floats(-1.3, 1.3), st.floats(-3, 3))
def test_look_is_a_rotation(in_plane: float, tilt: float, roll: float) -> None:
    rotation = look(in_plane, tilt, roll)
    assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(rotation) == pytest.approx(1)


@pytest.mark.parametrize(
    ("angles", "axis", "camera"),
    [
        ((0, 0, 0), (1, 0, 0), (0, -1, 0)),  # fingers up
        ((0, 0, 0), (0, 0, 1), (0, 0, -1)),  # back of the hand to the camera
        ((0, 0, np.pi), (0, 0, 1), (0, 0, 1)),  # palm to the camera
        ((np.pi / 2, 0, 0), (1, 0, 0), (1, 0, 0)),  # clockwise: fingers to the right
        ((0, 1.0, 0), (1, 0, 0), (0, -np.cos(1.0), np.sin(1.0))),  # fingers away
        ((0, 0, np.pi), (0, 1, 0), (1, 0, 0)),  # right palm to the camera, fingers up: thumb to the right
    ],
)
def test_look_by_hand(angles: tuple[float, float, float], axis: tuple[int, ...], camera: tuple[float, ...]) -> None:
    assert np.allclose(look(*angles) @ axis, camera, atol=1e-9)


def test_views_keep_the_crop_in_the_useful_resolution() -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        view = draw_view(rng, 240.0)
        box = 240.0 / view.centre_mm[2] * view.focal_px
        assert MIN_BOX_PX - 1e-6 <= box <= MAX_BOX_PX + 1e-6
        assert view.rotation[2, 0] < np.sin(1.2)  # the forearm does not point straight at the camera


def test_a_tube_reaches_from_end_to_end() -> None:
    vertices = tube(np.array([0, 0, 300.0]), np.array([0, 100.0, 300]), 10)
    assert vertices[:, 1].min() == pytest.approx(-10, abs=0.1)
    assert vertices[:, 1].max() == pytest.approx(110, abs=0.1)
    assert np.abs(vertices[:, 0]).max() == pytest.approx(10, abs=0.2)
