from __future__ import annotations

import math

import pytest

from app.latency import LiveFigures
from lighthand.types import Stamps


def test_live_figures_count_new_results_over_two_seconds() -> None:
    figures = LiveFigures()
    assert figures.rates(0.0) == (0.0, 0.0)
    assert math.isnan(figures.age_ms(0.0)[0])
    for index in range(61):  # 20 drawn of 60 a second, every second pose of a hand
        figures.drawn(Stamps(arrival_s=index / 20 - 0.030), index / 20, poses=3 * index // 2, total=3 * index)
    poses, frames = figures.rates(3.0)
    assert frames == pytest.approx(60)
    assert poses == pytest.approx(30)
    assert figures.age_ms(3.0) == pytest.approx((30, 30))
    assert figures.rates(5.5) == (0.0, 0.0)
