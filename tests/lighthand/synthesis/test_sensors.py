"""Each fault of a sensor, measured on planes and steps."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lighthand.synthesis.sensors import KINDS, Sensor, SensorModel, draw_sensor

CLEAN = Sensor(
    kind="tof", noise=0.0, lateral_px=0.0, baseline_mm=0.0, fatten_px=0, flying=0.0, flying_mm=60.0, dropout=0.0,
    smooth=0, unit_mm=1.0, disparity_steps=8,
)  # fmt: skip
FOCAL = 400.0


@pytest.fixture(scope="module")
def model() -> SensorModel:
    return SensorModel()


def plane(z: float = 500.0, size: int = 100) -> np.ndarray:
    return np.full((size, size), z, np.float32)


def step(near: float = 400.0, far: float = 800.0, size: int = 100) -> np.ndarray:
    depth = plane(far, size)
    depth[:, size // 3 : 2 * size // 3] = near
    return depth


def apply(model: SensorModel, depth: np.ndarray, sensor: Sensor, seed: int = 0) -> np.ndarray:
    return model.apply(depth, FOCAL, sensor, np.random.default_rng(seed))


def test_a_perfect_time_of_flight_camera_measures_what_is_there(model: SensorModel) -> None:
    depth = step()
    depth[:10] = np.inf
    measured = apply(model, depth, CLEAN)
    assert (measured[:9] == 0).all()
    assert np.array_equal(measured[10:, :33], depth[10:, :33])


def test_the_same_seed_gives_the_same_image(model: SensorModel) -> None:
    sensor = replace(CLEAN, noise=1.0, lateral_px=0.5, fatten_px=1, flying=0.5, dropout=0.05, smooth=1)
    assert np.array_equal(apply(model, step(), sensor, 1), apply(model, step(), sensor, 1))
    assert not np.array_equal(apply(model, step(), sensor, 1), apply(model, step(), sensor, 2))


@pytest.mark.parametrize(("z", "sigma"), [(500.0, 1.6), (1000.0, 3.2)])
def test_time_of_flight_noise_falls_with_the_root_of_the_amplitude(model: SensorModel, z: float, sigma: float) -> None:
    measured = apply(model, plane(z), replace(CLEAN, noise=1.0, unit_mm=0.01))
    assert measured.std() == pytest.approx(sigma, rel=0.05)
    assert measured.mean() == pytest.approx(z, abs=0.2)


def test_structured_light_noise_is_nguyens(model: SensorModel) -> None:
    measured = apply(model, plane(1000.0), replace(CLEAN, kind="structured", noise=1.0, baseline_mm=75.0, unit_mm=0.01))
    step_mm = 1000.0**2 / (FOCAL * 75) / 8
    expected = np.hypot(1.2 + 1.9 * 0.6**2, step_mm / np.sqrt(12))
    assert measured[measured > 0].std() == pytest.approx(expected, rel=0.1)


def test_disparity_steps(model: SensorModel) -> None:
    ramp = np.tile(np.linspace(500, 520, 400, dtype=np.float32), (20, 1))
    for kind, steps in (("structured", 8), ("stereo", 32)):
        measured = apply(model, ramp, replace(CLEAN, kind=kind, baseline_mm=75.0, unit_mm=0.001, disparity_steps=steps))
        disparity = FOCAL * 75 / measured[measured > 0] * steps
        assert np.abs(disparity - np.round(disparity)).max() < 0.02


@pytest.mark.parametrize("side", [75.0, -75.0])
def test_shadows_have_the_width_of_the_disparity_step_on_the_projectors_side(model: SensorModel, side: float) -> None:
    measured = apply(model, step(), replace(CLEAN, kind="structured", baseline_mm=side))
    width = FOCAL * 75 * (1 / 400 - 1 / 800)
    beside = measured[50, 66:] if side > 0 else measured[50, :33]
    other = measured[50, :33] if side > 0 else measured[50, 66:]
    assert (beside == 0).sum() == pytest.approx(min(width, beside.size), abs=2)
    assert (other == 0).sum() <= 1


def test_stereo_noise_is_correlated_and_structured_light_noise_is_not(model: SensorModel) -> None:
    neighbours = {}
    for kind, steps in (("stereo", 32), ("structured", 8)):
        sensor = replace(CLEAN, kind=kind, noise=1.0, baseline_mm=50.0, unit_mm=0.001, disparity_steps=steps)
        residual = apply(model, plane(), sensor)[5:-5, 25:-5] - 500
        neighbours[kind] = np.corrcoef(residual[:, 1:].ravel(), residual[:, :-1].ravel())[0, 1]
    assert neighbours["stereo"] > 0.6
    assert abs(neighbours["structured"]) < 0.1


def test_fattening_grows_the_foreground_only(model: SensorModel) -> None:
    measured = apply(model, step(), replace(CLEAN, fatten_px=2))
    assert (measured[50] == 400).sum() == (step()[50] == 400).sum() + 4


def test_flying_pixels_lie_behind_the_near_surface_and_within_their_reach(model: SensorModel) -> None:
    measured = apply(model, step(), replace(CLEAN, flying=0.8, flying_mm=60.0))
    between = (measured > 401) & (measured <= 460)
    assert not ((measured > 461) & (measured < 799)).any()
    columns = np.flatnonzero(between.any(axis=0))
    assert set(columns) == {32, 33, 65, 66}
    assert 0.3 < between[:, columns].mean() < 0.9


def test_dropout_takes_edges_first(model: SensorModel) -> None:
    measured = apply(model, step(), replace(CLEAN, dropout=0.1))
    assert (measured[:, 65] == 0).mean() == pytest.approx(0.4, abs=0.17)
    assert (measured[:, 5:25] == 0).mean() == pytest.approx(0.02, abs=0.01)


def test_smoothing_lowers_noise_and_keeps_edges(model: SensorModel) -> None:
    rough = apply(model, step(), replace(CLEAN, noise=1.0, unit_mm=0.01))
    smooth = apply(model, step(), replace(CLEAN, noise=1.0, unit_mm=0.01, smooth=1))
    assert smooth[:, :30].std() < 0.5 * rough[:, :30].std()
    assert np.abs(smooth[:, 34:65] - 400).max() < 5


def test_values_are_multiples_of_the_unit(model: SensorModel) -> None:
    measured = apply(model, plane(501.3), replace(CLEAN, noise=1.0, unit_mm=0.7))
    counts = measured / 0.7
    assert np.abs(counts - np.round(counts)).max() < 1e-3


def test_drawn_sensors_cover_all_kinds() -> None:
    rng = np.random.default_rng(0)
    drawn = [draw_sensor(rng) for _ in range(200)]
    assert {s.kind for s in drawn} == set(KINDS)
    assert all(s.noise >= 0 and s.unit_mm > 0 and 0 <= s.dropout < 0.2 for s in drawn)
