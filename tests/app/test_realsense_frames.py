from __future__ import annotations

import cv2
import numpy as np
import pyrealsense2 as rs
import pytest

from app.cameras.realsense_frames import Numbering, to_intrinsics


def test_numbers_rise_through_gaps_and_where_a_file_begins_again() -> None:
    numbering = Numbering()
    assert [numbering.next(number) for number in (5, 6, 9, 0, 1, 1, 4)] == [5, 6, 9, 10, 11, 12, 15]


def lens_of(model: object, coefficients: tuple[float, ...]) -> rs.intrinsics:
    """As an SR300's: 640x480 with a wide lens."""
    lens = rs.intrinsics()
    lens.width, lens.height, lens.fx, lens.fy, lens.ppx, lens.ppy = 640, 480, 475.3, 475.3, 309.9, 245.0
    lens.model, lens.coeffs = model, list(coefficients)
    return lens


@pytest.mark.parametrize(
    ("model", "coefficients", "within_px"),
    [
        (rs.distortion.brown_conrady, (0.12, -0.2, 0.002, -0.001, 0.05), 0.02),
        (rs.distortion.inverse_brown_conrady, (0.138, 0.083, 0.0033, 0.0005, -0.029), 0.2),
        (rs.distortion.inverse_brown_conrady, (-0.1, 0.05, -0.002, 0.001, 0.0), 0.1),
    ],
)
def test_the_lens_bends_rays_as_the_sdk_does(model: object, coefficients: tuple[float, ...], within_px: float) -> None:
    lens = lens_of(model, coefficients)
    camera = to_intrinsics(rs, lens, "test")
    matrix = np.array([[camera.fx, 0, camera.cx], [0, camera.fy, camera.cy], [0, 0, 1.0]])
    pixels = np.random.default_rng(0).uniform((0, 0), (639, 479), (200, 2))
    rays = np.array([rs.rs2_deproject_pixel_to_point(lens, pixel, 1.0) for pixel in pixels.tolist()])
    ours, _ = cv2.projectPoints(rays, np.zeros(3), np.zeros(3), matrix, np.array(camera.distortion))
    assert np.abs(ours[:, 0] - pixels).max() < within_px
    assert np.median(np.abs(ours[:, 0] - pixels)) < within_px / 5
    straight = rays[:, :2] * (camera.fx, camera.fy) + (camera.cx, camera.cy)
    assert np.abs(straight - pixels).max() > 3  # there was something to correct


def test_a_lens_that_bends_nothing_has_no_coefficients() -> None:
    for model in (rs.distortion.none, rs.distortion.brown_conrady, rs.distortion.inverse_brown_conrady):
        assert to_intrinsics(rs, lens_of(model, (0.0,) * 5), "test").distortion == ()
