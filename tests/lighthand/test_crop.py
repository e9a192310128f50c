from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lighthand.crop import BACKGROUND, PATCH, camera_to_crop, crop_hand, crop_to_camera, region_box
from lighthand.errors import SourceError
from lighthand.geometry import project
from lighthand.types import Frame, HandRegion, Intrinsics
from tests.lighthand.scenes import CAMERA, WIDE, flat_hand, hand_balls, render

CUBE_MM = 240.0


def region_at(x, y, z, cube_mm=CUBE_MM) -> HandRegion:
    return HandRegion(np.array([x, y, z], np.float32), cube_mm)


def frame_of(depth, unit_mm=1.0, camera=CAMERA) -> Frame:
    return Frame(0, np.ascontiguousarray(depth, np.uint16), unit_mm, camera, 0.0)


def wall(depth=500, unit_mm=1.0) -> Frame:
    return frame_of(np.full((CAMERA.height, CAMERA.width), depth), unit_mm)


centres = st.tuples(st.floats(-200, 200), st.floats(-150, 150), st.floats(100, 1500))
mirrors = st.booleans()


@given(centre=centres, mirrored=mirrors, seed=st.integers(0, 99))
def test_crop_to_camera_undoes_camera_to_crop(centre, mirrored, seed):
    crop = crop_hand(wall(), region_at(*centre), mirrored=mirrored)
    joints = np.asarray(centre) + np.random.default_rng(seed).uniform(-45, 45, (21, 3))
    uvz = camera_to_crop(crop, joints)
    assert np.abs(crop_to_camera(crop, uvz) - joints).max() < 0.02
    assert np.abs(camera_to_crop(crop, crop_to_camera(crop, uvz)) - uvz).max() < 1e-4


@given(centre=centres)
def test_mirror_twice_is_the_same(centre):
    frame = render(hand_balls(flat_hand() + [0, 40, 500]))
    plain, mirrored = (crop_hand(frame, region_at(*centre), mirrored=m) for m in (False, True))
    assert (mirrored.patch[:, ::-1] == plain.patch).all()
    assert plain.box_px == mirrored.box_px
    uvz = np.random.default_rng(0).uniform(-1, 1, (21, 3))
    flipped = uvz * [-1, 1, 1]
    assert np.abs(crop_to_camera(mirrored, flipped) - crop_to_camera(plain, uvz)).max() < 1e-3


@given(shift=st.integers(-40, 40), rise=st.integers(-30, 30))
def test_shifted_image_gives_the_same_patch(shift, rise):
    # At 450 mm one pixel is 2 mm: a whole number of pixels moves the cube by a whole number of pixels.
    frame = render(hand_balls(flat_hand() + [0, 40, 450]))
    moved = frame_of(np.roll(frame.depth, (rise, shift), axis=(0, 1)))
    a = crop_hand(frame, region_at(0, 0, 450))
    b = crop_hand(moved, region_at(2.0 * shift, 2.0 * rise, 450))
    assert (a.patch == b.patch).mean() > 0.98


def test_corners_and_middle():
    region = region_at(30.0, -20.0, 600.0)
    crop = crop_hand(wall(600), region)
    left, top, right, bottom = region_box(region, CAMERA)
    corner = project(crop_to_camera(crop, [-1.0, -1.0, 0.0]), CAMERA)
    assert corner == pytest.approx([left, top, 600], abs=1e-3)
    corner = project(crop_to_camera(crop, [1.0, 1.0, 0.0]), CAMERA)
    assert corner == pytest.approx([right, bottom, 600], abs=1e-3)
    assert crop_to_camera(crop, [0.0, 0.0, 0.0]) == pytest.approx(region.centre_mm, abs=1e-3)
    assert crop_to_camera(crop, [0.0, 0.0, 1.0])[2] == pytest.approx(720)
    assert right - left == pytest.approx(CUBE_MM / 600 * CAMERA.fx)


@pytest.mark.parametrize(
    ("depth_mm", "value"),
    [(500, 0.0), (440, -0.5), (560, 0.5), (380, -1.0), (621, BACKGROUND), (379, BACKGROUND), (0, BACKGROUND)],
)
def test_depth_is_in_half_cubes_and_the_rest_is_background(depth_mm, value):
    patch = crop_hand(wall(depth_mm), region_at(0, 0, 500)).patch
    assert patch.shape == (PATCH, PATCH)
    assert patch.dtype == np.float32
    assert patch == pytest.approx(value, abs=1e-6)


def test_units_give_the_same_patch():
    a = crop_hand(wall(450), region_at(0, 0, 500)).patch
    for unit in (0.25, 0.125):
        assert (crop_hand(wall(int(450 / unit), unit), region_at(0, 0, 500)).patch == a).all()


def test_each_side_of_the_patch_shows_that_side_of_the_image():
    depth = np.full((CAMERA.height, CAMERA.width), 500)
    depth[:, :160] = 440
    depth[:120] += 30
    patch = crop_hand(frame_of(depth), region_at(0, 0, 500)).patch
    assert patch[0, 0] == pytest.approx(-0.25)
    assert patch[0, -1] == pytest.approx(0.25)
    assert patch[-1, 0] == pytest.approx(-0.5)
    assert patch[-1, -1] == pytest.approx(0.0)


def test_what_is_out_of_the_image_is_background():
    patch = crop_hand(wall(500), region_at(-350.0, 0.0, 500.0)).patch
    assert (patch[:, :20] == BACKGROUND).all()
    assert (patch[60:68, -20:] == 0).all()
    assert (crop_hand(wall(500), region_at(5000.0, 0.0, 500.0)).patch == BACKGROUND).all()


@pytest.mark.parametrize("z", [0.0, -300.0, 49.0])
def test_region_behind_the_camera(z):
    with pytest.raises(SourceError, match="at least 50 mm"):
        crop_hand(wall(), region_at(0.0, 0.0, z))


def test_small_images_and_small_hands():
    camera = Intrinsics(12, 9, 10.0, 10.0, 5.5, 4.0)
    patch = crop_hand(frame_of(np.full((9, 12), 900), camera=camera), region_at(0, 0, 900)).patch
    assert (patch == 0).all(), "a pixel of the image fills many of the patch"


@given(x=st.floats(-400, 400), y=st.floats(-400, 400), z=st.floats(350, 900), seed=st.integers(0, 99))
def test_behind_a_lens_a_crop_is_undone_and_holds_its_cube(x, y, z, seed):
    frame = frame_of(np.full((WIDE.height, WIDE.width), round(z)), camera=WIDE)
    crop = crop_hand(frame, region_at(x, y, z))
    joints = np.array([x, y, z]) + np.random.default_rng(seed).uniform(-45, 45, (21, 3))
    uvz = camera_to_crop(crop, joints)
    assert np.abs(crop_to_camera(crop, uvz) - joints).max() < 0.05
    assert np.abs(uvz).max() < 1
    left, top, right, bottom = crop.box_px
    u, v = project([x, y, z], WIDE)[:2]
    assert left < u < right
    assert top < v < bottom
