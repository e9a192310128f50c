"""The surfaces in a depth image: which pixels connect, and how far it is along them.

Shortest paths with integer lengths by buckets: R. B. Dial, "Algorithm 360", CACM 12 (1969).
"""

from __future__ import annotations

import math

import numba
import numpy as np
import numpy.typing as npt

from lighthand.types import DepthArray, FloatArray

Indices = npt.NDArray[np.int32]
Links = npt.NDArray[np.uint8]

TICKS = 4
"""Units of distance in a millimetre."""

NEIGHBOURS = ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1))
"""(row, column) steps; neighbour 7 - k is opposite to neighbour k."""

_UP, _LEFT, _RIGHT, _DOWN = 1, 3, 4, 6

_NOISE_MM = 4.0
_SLOPE = 3.7  # tangent of 75 degrees: a surface more slanted than that is taken for two
_BUCKETS = 2048  # more than the longest step between two neighbours, in ticks


@numba.njit(cache=True, nogil=True)
def reduce_depth(depth: DepthArray, unit_mm: float, stride: int, near_mm: float, far_mm: float) -> FloatArray:
    """Take from each block of ``stride`` pixels its valid pixel nearest to the middle.

    Args:
        depth: (H, W), counts.
        unit_mm: millimetres a count.
        stride: edge of a block.
        near_mm: least depth that is valid.
        far_mm: greatest depth that is valid.

    Returns:
        (H // stride, W // stride) float32 mm, 0 where no pixel is valid.
    """
    rows, columns = depth.shape[0] // stride, depth.shape[1] // stride
    out = np.zeros((rows, columns), np.float32)
    middle = stride // 2
    for y in range(rows):
        for x in range(columns):
            best = 1 << 30
            for j in range(stride):
                for i in range(stride):
                    away = (j - middle) ** 2 + (i - middle) ** 2
                    if away < best:
                        z_mm = depth[y * stride + j, x * stride + i] * unit_mm
                        if near_mm <= z_mm <= far_mm:
                            best = away
                            out[y, x] = z_mm
    return out


@numba.njit(cache=True, nogil=True)
def link_pixels(z: FloatArray, pitch: float) -> Links:
    """Say which neighbours lie on one surface.

    Args:
        z: (h, w) mm, 0 is invalid.
        pitch: spacing of the grid at 1 mm depth.

    Returns:
        (h * w,) uint8: bit k is set where the pixel is linked with its neighbour NEIGHBOURS[k].
    """
    rows, columns = z.shape
    out = np.zeros(rows * columns, np.uint8)
    for y in range(rows):
        for x in range(columns):
            here = z[y, x]
            if here == 0:
                continue
            for k in range(4, 8):
                dy, dx = NEIGHBOURS[k]
                if y + dy >= rows or not 0 <= x + dx < columns:
                    continue
                there = z[y + dy, x + dx]
                if there > 0 and abs(here - there) <= _NOISE_MM + _SLOPE * pitch * min(here, there):
                    out[y * columns + x] |= 1 << k
                    out[(y + dy) * columns + x + dx] |= 1 << (7 - k)
    return out


def inner_pixels(z: FloatArray, links: Links) -> npt.NDArray[np.uint8]:
    """Mark the pixels whose four neighbours lie on the same surface; the image's border is no edge.

    Args:
        z: (h, w) mm, 0 is invalid.
        links: (h * w,) as from ``link_pixels``.

    Returns:
        (h, w) uint8, 0 or 1.
    """
    grid = links.reshape(z.shape)
    inner = z > 0
    inner[1:] &= grid[1:] & (1 << _UP) != 0
    inner[:-1] &= grid[:-1] & (1 << _DOWN) != 0
    inner[:, 1:] &= grid[:, 1:] & (1 << _LEFT) != 0
    inner[:, :-1] &= grid[:, :-1] & (1 << _RIGHT) != 0
    return inner.view(np.uint8)


@numba.njit(cache=True, nogil=True)
def flood(
    z: FloatArray, links: Links, pitch: float, sources: Indices, distance: Indices, order: Indices, start: int
) -> int:
    """Measure distances along the surface from ``sources``.

    Args:
        z: (h, w) mm, 0 is invalid.
        links: (h * w,) as from ``link_pixels``.
        pitch: spacing of the grid at 1 mm depth.
        sources: flat indices of pixels at distance 0.
        distance: (h * w,) ticks, -1 where not reached; filled here.
        order: (h * w,) flat indices; the pixels reached are appended by rising distance.
        start: how much of ``order`` is filled.

    Returns:
        How much of ``order`` is filled then.
    """
    columns = z.shape[1]
    flat = z.reshape(-1)
    heads = np.full(_BUCKETS, -1, np.int32)
    nodes = np.empty(1 << 14, np.int32)
    following = np.empty(1 << 14, np.int32)
    used = 0
    waiting = 0
    done = np.zeros(flat.size, np.uint8)
    pending = np.empty(8, np.int64)
    now = 0
    for source in sources:
        distance[source] = 0
    position = 0
    while waiting or position < sources.size:
        slot = now % _BUCKETS
        while heads[slot] >= 0 or position < sources.size:
            if position < sources.size:
                index = sources[position]
                position += 1
            else:
                entry = heads[slot]
                heads[slot] = following[entry]
                waiting -= 1
                index = nodes[entry]
            if done[index] or distance[index] != now:
                continue
            done[index] = 1
            order[start] = index
            start += 1
            here = flat[index]
            changed = 0
            for k in range(8):
                if not links[index] >> k & 1:
                    continue
                dy, dx = NEIGHBOURS[k]
                other = index + dy * columns + dx
                if done[other]:
                    continue
                side = pitch * 0.5 * (here + flat[other])
                rise = here - flat[other]
                step = int(TICKS * math.sqrt((dx * dx + dy * dy) * side * side + rise * rise)) + 1
                reach = now + min(step, _BUCKETS - 1)
                if distance[other] < 0 or reach < distance[other]:
                    distance[other] = reach
                    pending[changed] = other
                    changed += 1
            if used + changed > nodes.size:
                nodes = np.concatenate((nodes, np.empty_like(nodes)))
                following = np.concatenate((following, np.empty_like(following)))
            for i in range(changed):
                bucket = distance[pending[i]] % _BUCKETS
                nodes[used] = pending[i]
                following[used] = heads[bucket]
                heads[bucket] = used
                used += 1
                waiting += 1
        now += 1
    return start


@numba.njit(cache=True, nogil=True)
def flood_islands(
    z: FloatArray,
    links: Links,
    pitch: float,
    aspect: float,
    area_mm2: float,
    first: Indices,
    first_order: Indices,
    start: int,
    second: Indices,
    second_order: Indices,
) -> tuple[int, int]:
    """Measure each surface that ``first`` has not reached from both of its ends.

    Args:
        z: (h, w) mm, 0 is invalid.
        links: (h * w,) as from ``link_pixels``.
        pitch: spacing of the grid at 1 mm depth, along the rows.
        aspect: the spacing along the columns over that.
        area_mm2: least area of a surface that is worth it.
        first: as ``distance`` in ``flood``: goes on, from one end.
        first_order: as ``order`` in ``flood``, for ``first``.
        start: how much of ``first_order`` is filled.
        second: likewise, from the other end; all -1 at the start.
        second_order: as ``order`` in ``flood``, for ``second``.

    Returns:
        How much of either order is filled then.
    """
    flat = z.reshape(-1)
    seen = np.full(flat.size, -1, np.int32)
    scratch = np.empty(flat.size, np.int32)
    stack = np.empty(flat.size, np.int32)
    scratch_distance = np.full(flat.size, -1, np.int32)
    columns = z.shape[1]
    source = np.empty(1, np.int32)
    ends = 0
    for index in range(flat.size):
        if flat[index] == 0 or first[index] >= 0 or seen[index] >= 0:
            continue
        area = 0.0
        waiting = 1
        stack[0] = index
        seen[index] = 0
        while waiting:
            waiting -= 1
            node = stack[waiting]
            area += (pitch * flat[node]) ** 2 * aspect
            for k in range(8):
                if links[node] >> k & 1:
                    dy, dx = NEIGHBOURS[k]
                    other = node + dy * columns + dx
                    if seen[other] < 0:
                        seen[other] = 0
                        stack[waiting] = other
                        waiting += 1
        if area < area_mm2:
            continue
        source[0] = index
        count = flood(z, links, pitch, source, scratch_distance, scratch, 0)
        source[0] = scratch[count - 1]
        start = flood(z, links, pitch, source, first, first_order, start)
        source[0] = first_order[start - 1]
        ends = flood(z, links, pitch, source, second, second_order, ends)
    return start, ends
