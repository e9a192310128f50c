"""The merge tree of the distance along limbs: where a hand could be cut off, and what is beyond the cut."""

from __future__ import annotations

import numba
import numpy as np
import numpy.typing as npt

from lighthand.surface import NEIGHBOURS, TICKS, Indices, Links
from lighthand.types import FloatArray

Rows = npt.NDArray[np.float64]

_COLUMNS = 12

_OPEN_SIDES = np.array([sum(not bits >> k & 1 for k in (1, 3, 4, 6)) for bits in range(256)], np.int64)
"""How many of the four nearest neighbours a pixel with these link bits is not linked with."""


@numba.njit(cache=True, nogil=True)
def _root(parent: Indices, node: int) -> int:
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@numba.njit(cache=True, nogil=True)
def tree_cuts(
    z: FloatArray,
    links: Links,
    pitch: float,
    aspect: float,
    cx: float,
    cy: float,
    distance: Indices,
    order: Indices,
    level: int,
    area_low: float,
    area_high: float,
) -> Rows:
    """Build the merge tree of the distance from its tips down and list the cuts of a hand's area.

    Args:
        z: (h, w) mm, 0 is invalid.
        links: (h * w,) as from ``surface.link_pixels``.
        pitch: spacing of the grid at 1 mm depth, along the rows.
        aspect: the spacing along the columns over that.
        cx: principal point in the grid, column.
        cy: principal point in the grid, row.
        distance: (h * w,) ticks.
        order: the pixels to use, by rising distance within each surface.
        level: step between two cuts, ticks.
        area_low: least area beyond a cut, mm^2.
        area_high: greatest area beyond a cut, mm^2.

    Returns:
        (n, 12): area mm^2, distance of the cut mm, distance of the tip mm, width at the cut mm (mean of
        three levels), greatest width beyond it mm, outline mm, mean x, y, z of the surface beyond the cut,
        and its mean weighted with the distance from the cut.
    """
    columns = z.shape[1]
    flat = z.reshape(-1)
    parent = np.full(flat.size, -1, np.int32)
    # Of a component, kept at its root: 0-3 sum of area * (1, x, y, z), 4-7 the same times distance,
    # 8 area since the level before, 9-10 area of either level before, 11 outline; 12 tip, 13 greatest width.
    sums = np.zeros((flat.size, 14), np.float64)
    cut_at = np.full(flat.size, -1, np.int64)
    touched = np.empty(flat.size, np.int32)
    out = np.empty((256, _COLUMNS), np.float64)
    found = 0
    position = order.size - 1
    while position >= 0:
        step = distance[order[position]] // level
        touches = 0
        while position >= 0 and distance[order[position]] // level == step:
            index = order[position]
            position -= 1
            y, x = index // columns, index % columns
            here = flat[index]
            reach = distance[index]
            side = pitch * here
            area = side * side * aspect
            mine = sums[index]
            mine[0], mine[1], mine[2], mine[3] = 1.0, (x - cx) * side, (y - cy) * side * aspect, here
            for k in range(4):
                mine[k] *= area
                mine[4 + k] = mine[k] * reach
            mine[8] = area
            mine[12] = reach
            parent[index] = index
            touched[touches] = index
            touches += 1
            mine[11] = side * _OPEN_SIDES[links[index]]
            for direction in range(8):
                if not links[index] >> direction & 1:
                    continue
                dy, dx = NEIGHBOURS[direction]
                other = index + dy * columns + dx
                if parent[other] < 0:
                    continue
                keep, drop = _root(parent, index), _root(parent, other)
                if keep == drop:
                    continue
                if keep > drop:
                    keep, drop = drop, keep
                for k in range(12):
                    sums[keep, k] += sums[drop, k]
                for k in range(12, 14):
                    sums[keep, k] = max(sums[keep, k], sums[drop, k])
                parent[drop] = keep
                if cut_at[keep] < 0 or 0 <= cut_at[drop] < cut_at[keep]:
                    cut_at[keep] = cut_at[drop]
        for i in range(touches):
            root = _root(parent, touched[i])
            if cut_at[root] == step:
                continue
            # Far away a row of the grid is wider than a level: its area is that of the levels it skipped, too.
            levels = cut_at[root] - step if cut_at[root] >= 0 else 1
            cut_at[root] = step
            its = sums[root]
            its[8] /= levels
            if levels > 1:
                its[10] = its[9] if levels == 2 else its[8]
                its[9] = its[8]
            width = (its[8] + its[9] + its[10]) * TICKS / (3 * level)
            its[13] = max(its[13], width)
            if area_low <= its[0] <= area_high:
                if found == out.shape[0]:
                    out = np.concatenate((out, np.empty_like(out)))
                row = out[found]
                found += 1
                cut = step * level
                row[0], row[1], row[2] = its[0], cut / TICKS, its[12] / TICKS
                row[3], row[4], row[5] = width, its[13], its[11]
                weight = its[4] - cut * its[0]
                for k in range(3):
                    row[6 + k] = its[1 + k] / its[0]
                    row[9 + k] = (its[5 + k] - cut * its[1 + k]) / weight if weight > 0 else row[6 + k]
            its[10] = its[9]
            its[9] = its[8]
            its[8] = 0
    return out[:found]
