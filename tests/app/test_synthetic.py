from __future__ import annotations

import numpy as np
import pytest

from app.cameras.base import EndOfSourceError
from app.cameras.synthetic import FPS, SyntheticCamera


def test_the_same_seed_gives_the_same_moving_hand() -> None:
    runs = []
    for _ in range(2):
        with SyntheticCamera(3, pace="lockstep") as camera:
            runs.append([camera.read(1.0) for _ in range(4)])
    first, second = runs
    for one, two in zip(first, second, strict=True):
        assert np.array_equal(one.depth, two.depth)
    assert [frame.sensor_s for frame in first] == [index / FPS for index in range(4)]
    assert not np.array_equal(first[0].depth, first[3].depth)
    near_mm = first[0].depth[first[0].depth > 0].min() * first[0].depth_unit_mm
    assert 200 < near_mm < 800


def test_ends_when_closed() -> None:
    camera = SyntheticCamera(pace="lockstep")
    camera.close()
    with pytest.raises(EndOfSourceError):
        camera.read(1.0)
    camera.open()
    camera.close()
    with pytest.raises(EndOfSourceError):
        camera.read(1.0)
