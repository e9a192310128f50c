"""Clutter: it is drawn, a seed repeats it, and a wall has the depth of its plane."""

from __future__ import annotations

import math

import numpy as np
import pytest

from lighthand.synthesis import clutter
from lighthand.synthesis.clutter import Lens, draw_things, draw_wall

LENS: Lens = (100.0, 100.0, 31.5, 31.5)
CENTRE = np.array([40.0, -20.0, 500.0], np.float32)


def blank() -> np.ndarray:
    return np.full((64, 64), np.inf, np.float32)


def things(seed: int) -> np.ndarray:
    depth = blank()
    draw_things(np.random.default_rng(seed), depth, LENS, CENTRE)
    return depth


def test_things_are_drawn_about_the_place() -> None:
    drawn = [image[np.isfinite(image)] for image in map(things, range(30))]
    assert sum(values.size > 20 for values in drawn) >= 25  # now and then nothing is drawn
    assert 350 < np.median(np.concatenate(drawn)) < 650


def test_a_seed_repeats_its_things() -> None:
    assert np.array_equal(things(1), things(1))
    assert not np.array_equal(things(1), things(2))


def test_two_in_five_scenes_are_one_thing_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []

    def count(*_: object) -> None:
        drawn[-1] += 1

    monkeypatch.setattr(clutter, "rasterise", count)
    rng = np.random.default_rng(0)
    scenes = 500
    for _ in range(scenes):
        drawn.append(0)
        draw_things(rng, blank(), LENS, CENTRE)
    # Those that are meant to be, and of 0 to 4 bodies and 0 to 4 rods two pairs in 25.
    share = 0.35 + 0.5 * 2 / 25
    assert drawn.count(1) / scenes == pytest.approx(share, abs=3 * math.sqrt(share * (1 - share) / scenes))


def test_a_wall_is_a_plane_behind_the_hand_and_hides_nothing_nearer() -> None:
    walls = 0
    for seed in range(20):
        depth = blank()
        depth[:10, :10] = 450.0
        draw_wall(np.random.default_rng(seed), depth, LENS, CENTRE, 600.0)
        assert (depth[:10, :10] == 450).all()
        rows, columns = np.nonzero(np.isfinite(depth) & (depth != 450))
        if not rows.size:
            continue
        walls += 1
        # A plane is a linear function of the pixel in 1 / z; on the ray to the hand it lies behind the hand.
        pixels = np.stack([columns, rows, np.ones_like(rows)], axis=1).astype(float)
        nearness = 1 / depth[rows, columns].astype(float)
        plane = np.linalg.lstsq(pixels, nearness, rcond=None)[0]
        assert np.abs(pixels @ plane / nearness - 1).max() < 1e-4
        at_hand = plane @ [40 / 500 * 100 + 31.5, -20 / 500 * 100 + 31.5, 1]
        assert 600 + 15 <= 1 / at_hand <= 600 + 2500
    assert 10 <= walls < 20
