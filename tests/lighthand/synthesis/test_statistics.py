from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from lighthand.synthesis import statistics
from lighthand.synthesis.hand import ANGLES, HandModel
from lighthand.synthesis.statistics import PIXEL_MM, Mask
from lighthand.types import FloatArray

SIZE = 128
ALL = np.ones((SIZE, SIZE), np.bool_)


def disc(radius: float, u: int = 64, v: int = 64) -> Mask:
    y, x = np.mgrid[:SIZE, :SIZE]
    return np.asarray(np.hypot(x - u, y - v) <= radius)


def bar(width: int, length: int = 80) -> Mask:
    mask = np.zeros((SIZE, SIZE), np.bool_)
    mask[20 : 20 + length, 60 : 60 + width] = True
    return mask


def patch_of(mask: Mask, value: float = 0.0) -> FloatArray:
    return np.where(mask, np.float32(value), np.float32(1))


def plane(slope_x: float = 0.0, slope_y: float = 0.0) -> FloatArray:
    """Give depth in mm that rises by the slopes a millimetre."""
    y, x = np.mgrid[:SIZE, :SIZE] * PIXEL_MM
    return (slope_x * (x - 120) + slope_y * (y - 120)).astype(np.float32)


@pytest.mark.parametrize("sigma_mm", [0.3, 1.5])
@pytest.mark.parametrize("slopes", [(0.0, 0.0), (0.3, -0.2)])
def test_white_noise_on_a_plane_has_its_sigma_in_each_band(sigma_mm: float, slopes: tuple[float, float]) -> None:
    noise = np.random.default_rng(1).normal(0, sigma_mm, (SIZE, SIZE)).astype(np.float32)
    expected = [sigma_mm * math.sqrt(1 / a**2 - 1 / b**2) for a, b in ((1, 3), (3, 5), (5, 9))]
    assert statistics.roughness_mm(plane(*slopes) + noise, ALL) == pytest.approx(expected, rel=0.06)


def test_a_plane_without_noise_is_smooth_and_a_steep_one_is_left_out() -> None:
    assert statistics.roughness_mm(plane(0.4), ALL) == pytest.approx([0, 0, 0], abs=1e-4)
    assert np.isnan(statistics.roughness_mm(plane(0.6), ALL)).all()


def test_a_step_is_no_roughness() -> None:
    z = plane()
    z[:, 64:] += 40
    assert statistics.roughness_mm(z, ALL) == pytest.approx([0, 0, 0], abs=1e-4)


def test_what_is_outside_the_mask_is_no_roughness() -> None:
    z = np.where(disc(30), plane(), np.float32(100))
    assert statistics.roughness_mm(z, disc(30)) == pytest.approx([0, 0, 0], abs=1e-4)


@pytest.mark.parametrize("slopes", [(0.0, 0.0), (0.3, -0.2)])
def test_white_noise_has_its_variance_at_every_frequency(slopes: tuple[float, float]) -> None:
    noise = np.random.default_rng(1).normal(0, 1.5, (SIZE, SIZE)).astype(np.float32)
    first, *others = statistics.spectrum_mm2(plane(*slopes) + noise, ALL) / 1.5**2
    assert first == pytest.approx(0.88, abs=0.1)
    assert others == pytest.approx([1] * 6, abs=0.1)


@pytest.mark.parametrize("turned", [False, True])
def test_a_wave_has_its_power_at_its_frequency(turned: bool) -> None:
    u = np.broadcast_to(np.arange(SIZE), (SIZE, SIZE))
    wave = np.sin(2 * np.pi * (u.T if turned else u) / 4).astype(np.float32)
    power = statistics.spectrum_mm2(plane(0.2) + wave, ALL)
    assert statistics.FREQUENCIES[power.argmax()] == 1 / 4
    assert power[[0, 4, 5, 6]].max() < 0.01 * power.max()  # its neighbours have what the fading spreads


def test_the_spectrum_is_of_surfaces_that_face_the_camera_and_not_of_steps_or_rims() -> None:
    smooth = pytest.approx([0] * 7, abs=1e-6)
    assert statistics.spectrum_mm2(plane(0.4), ALL) == smooth
    assert np.isnan(statistics.spectrum_mm2(plane(0.6), ALL)).all()
    step = plane()
    step[:, 60:] += 40
    assert statistics.spectrum_mm2(step, ALL) == smooth
    rim = disc(40) & ~disc(38)
    assert statistics.spectrum_mm2(np.where(rim, np.float32(20), plane()), disc(40)) == smooth
    assert np.isnan(statistics.spectrum_mm2(plane(), bar(19))).all()  # too narrow for a block


def test_lost_pixels_are_holes() -> None:
    mask = disc(30)
    area = mask.sum()
    assert statistics.hole_share(mask) == pytest.approx(0, abs=0.005)
    before = statistics.hole_share(mask)
    for u, v in ((55, 60), (64, 64), (70, 75)):
        mask[v, u] = False  # closed
    mask[50:56, 60:66] = False  # 36 pixels, filled
    assert statistics.hole_share(mask) - before == pytest.approx(39 / area, rel=0.02)


def test_a_ring_of_fingers_is_no_hole() -> None:
    assert statistics.hole_share(disc(30) & ~disc(8)) < 0.01


def test_raggedness_counts_what_noise_does_to_the_outline() -> None:
    smooth = disc(30)
    ragged = smooth.copy()
    rows, columns = np.nonzero(smooth & ~disc(29))
    chosen = np.random.default_rng(2).random(rows.size) < 0.5
    ragged[rows[chosen], columns[chosen]] = False
    before = statistics.raggedness_px(smooth)  # a disc of pixels has corners
    assert before < 0.15
    assert 0.2 < statistics.raggedness_px(ragged) - before < 0.6


def test_specks_are_small_islands_apart_from_the_hand() -> None:
    mask = disc(30)
    mask[5, 5] = mask[5, 20] = mask[6, 21] = True
    mask[100:120, 5:25] = True  # a thing
    assert statistics.specks(patch_of(mask)) == 2
    assert (statistics.largest_island(patch_of(mask)) == disc(30)).all()


def test_an_empty_patch_has_nothing() -> None:
    empty = patch_of(np.zeros((SIZE, SIZE), np.bool_))
    assert not statistics.largest_island(empty).any()
    assert statistics.specks(empty) == 0
    assert statistics.border_share(empty) == 0
    assert math.isnan(statistics.flying_share(statistics.depth_mm(empty), statistics.largest_island(empty)))


def test_the_border_of_a_wall_is_foreground() -> None:
    assert statistics.border_share(patch_of(ALL)) == 1
    assert statistics.border_share(patch_of(bar(20, 108))) == pytest.approx(20 / (4 * SIZE - 4))


def test_a_rim_of_flying_pixels_is_seen() -> None:
    mask = disc(30)
    rim = mask & (cv2.erode(mask.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    z = np.where(rim, np.float32(50), np.float32(10))
    assert statistics.edge_fall_mm(z, mask)[0] == pytest.approx(40, abs=0.1)
    assert statistics.edge_fall_mm(z, mask)[3] == pytest.approx(0, abs=0.1)
    assert 0.4 < statistics.flying_share(z, mask) < 0.7  # one of the two pixels that count
    assert statistics.flying_share(np.where(mask, np.float32(10), np.float32(0)), mask) == 0


@pytest.mark.parametrize("width", [5, 8, 9, 13])
def test_a_bar_has_its_width(width: int) -> None:
    assert statistics.finger_width_mm(bar(width)) == pytest.approx(width * PIXEL_MM, abs=PIXEL_MM)


def test_a_disc_is_wide_and_closed_and_a_cross_is_open() -> None:
    assert math.isnan(statistics.finger_width_mm(disc(30)))
    assert not statistics.is_open(disc(30))
    assert statistics.is_open(bar(8) | bar(8).T)


def angles(mcp_deg: float, pip_deg: float) -> np.ndarray:
    pose = np.zeros(ANGLES)
    for finger in range(4):
        pose[8 + 4 * finger : 10 + 4 * finger] = np.radians([mcp_deg, pip_deg])
    return pose


@pytest.mark.parametrize(("mcp_deg", "pip_deg"), [(0, 0), (60, 10), (-20, 70), (90, 100)])
def test_flexion_follows_the_angles_of_the_hand_model(mcp_deg: float, pip_deg: float) -> None:
    model = HandModel.load()
    shape = np.zeros(len(model.vertex_components))
    joints = np.stack([model.pose(angles(*pair), shape)[1] for pair in ((0.0, 0.0), (mcp_deg, pip_deg))])
    mcp, pip = statistics.flexion_deg(joints)
    assert mcp[1] - mcp[0] == pytest.approx([mcp_deg] * 4, abs=4)  # metacarpals lean a little
    assert pip[1] == pytest.approx([pip_deg] * 4, abs=4)


def test_the_length_of_a_finger_is_that_of_its_phalanges() -> None:
    joints = np.zeros((1, 21, 3), np.float32)
    joints[0, 10:13, 0] = (40, 65, 65)
    joints[0, 12, 1] = 20
    assert statistics.finger_length_mm(joints) == pytest.approx([40 + 25 + 20])


def test_one_bent_finger_is_counted() -> None:
    lengths = np.array([[100, 110, 105, 90]] * 10, np.float64)
    lengths[1, 2] = lengths[3, 0] = 50  # one bent
    lengths[5, :2] = 50  # two bent
    lengths[7] *= (0.5, 0.77, 1, 1)  # one bent, another not straight
    tips = np.zeros((10, 4, 3))
    tips[..., 0] = lengths
    reaches = statistics.reach(tips, np.zeros((10, 3)))
    assert reaches[0] == pytest.approx([1] * 4)
    assert statistics.one_bent_share(reaches) == pytest.approx(0.2)
