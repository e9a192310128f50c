from __future__ import annotations

import numpy as np
import pytest

from lighthand.limbtree import tree_cuts
from lighthand.surface import TICKS, flood, link_pixels

PITCH = 2 / 225


@pytest.mark.parametrize("z_mm", [300, 400, 600, 800, 1000, 1200, 1350, 1450])
def test_a_bar_is_as_wide_far_away_as_near(z_mm: int) -> None:
    # From about 900 mm on a row of the grid is wider than the step between two cuts.
    columns = round(60 / (PITCH * z_mm))
    z = np.zeros((120, columns + 2), np.float32)
    z[20:, 1:-1] = z_mm
    links = link_pixels(z, PITCH)
    distance, order = np.full(z.size, -1, np.int32), np.empty(z.size, np.int32)
    root = (z.size - z.shape[1] + np.flatnonzero(z[-1])).astype(np.int32)
    filled = flood(z, links, PITCH, root, distance, order, 0)
    cuts = tree_cuts(z, links, PITCH, 1.0, 2.0, 60.0, distance, order[:filled], 8 * TICKS, 3000.0, 30000.0)
    assert len(cuts) > 10
    assert cuts[:, 3].mean() == pytest.approx(
        columns * PITCH * z_mm, rel=0.08
    )  # distances are rounded up to a tick a row
    assert cuts[:, 4].max() < 1.3 * columns * PITCH * z_mm
