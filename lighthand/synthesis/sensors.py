"""What depth cameras do to a clean depth image: three kinds of sensor as compiled code.

* Structured light: axial and lateral noise after Nguyen, Izadi & Lovell (2012), "Modeling Kinect sensor noise for
  improved 3D reconstruction and tracking", disparity in 1/8 pixel (Kinect v1) or 1/64 (SR300), the projector's
  shadows.
* Active stereo (RealSense D400): sigma_z = z^2 sigma_d / (f b), correlated over the matching window,
  disparity in 1/32 pixel, foreground edges fattened by that window.
* Time of flight (Kinect v2, Senz3D): noise as 1 / sqrt(amplitude), silhouettes whose rim mixes with the background,
  no measurement where little light returns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numba
import numpy as np
import numpy.typing as npt

from lighthand.types import FloatArray

SensorKind = Literal["structured", "stereo", "tof"]
KINDS: Final[tuple[SensorKind, ...]] = ("structured", "stereo", "tof")
_BANK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """One camera on one day: the kind, and how strong each of its faults is.

    Attributes:
        kind: "structured", "stereo" or "tof".
        noise: strength of the axial noise against the published model.
        lateral_px: standard deviation of the lateral jitter.
        baseline_mm: between projector or second camera and camera; its sign is the shadow's side.
        fatten_px: how far the foreground's edges grow.
        flying: share of the pixels of a silhouette's rim that mix with what is behind it.
        flying_mm: how far behind the surface those lie at most.
        dropout: share of the pixels lost at random; grazing and edge pixels are lost first.
        smooth: passes of an edge-keeping 3x3 mean, as cameras' own filters do.
        unit_mm: the step of the depth values.
        disparity_steps: steps a pixel of disparity; 0 where there is none.
    """

    kind: SensorKind
    noise: float
    lateral_px: float
    baseline_mm: float
    fatten_px: int
    flying: float
    flying_mm: float
    dropout: float
    smooth: int
    unit_mm: float
    disparity_steps: int = 0


def draw_sensor(rng: np.random.Generator) -> Sensor:
    """Draw a camera at random; the ranges hold what was measured on real ones (docs/realism.md)."""
    kind = KINDS[rng.choice(3, p=(0.25, 0.3, 0.45))]
    strength = 1.4 * rng.random() ** 1.4
    side = 1.0 if rng.random() < 0.5 else -1.0
    dropout = float(rng.choice((0.0, rng.uniform(0, 0.02), rng.uniform(0, 0.12)), p=(0.4, 0.4, 0.2)))
    if kind == "structured":
        fatten, smooth = int(rng.integers(0, 2)), int(rng.integers(0, 3))
        if rng.random() < 0.5:  # SR305: five times smoother than Kinect v1, fine steps
            noise, lateral, unit, steps = rng.uniform(0.02, 0.4), rng.uniform(0.2, 0.6), 0.125, 64
        else:
            noise, lateral, unit, steps = strength, 0.7 * strength, 1.0, 8
        return Sensor(
            kind=kind, noise=noise, lateral_px=lateral, baseline_mm=side * 75, fatten_px=fatten, flying=0, flying_mm=0,
            dropout=dropout, smooth=smooth, unit_mm=unit, disparity_steps=steps,
        )  # fmt: skip
    if kind == "stereo":
        fatten = int(rng.choice((0, 1, 2, 3), p=(0.2, 0.35, 0.3, 0.15)))
        smooth = int(rng.integers(0, 3))
        return Sensor(
            kind=kind, noise=strength, lateral_px=0.4 * strength, baseline_mm=side * 50, fatten_px=fatten, flying=0.1,
            flying_mm=100, dropout=dropout, smooth=smooth, unit_mm=1.0, disparity_steps=32,
        )  # fmt: skip
    fatten = int(rng.choice((0, 1, 2), p=(0.55, 0.35, 0.1)))
    flying, cap = rng.uniform(0.5, 1.0), float(np.exp(rng.uniform(np.log(35), np.log(140))))
    dropout = float(rng.choice((0.0, rng.uniform(0, 0.01), rng.uniform(0, 0.06)), p=(0.65, 0.25, 0.1)))
    smooth, lateral = int(rng.choice((0, 1, 2), p=(0.1, 0.6, 0.3))), float(rng.choice((0.0, 0.3), p=(0.8, 0.2)))
    noise = rng.uniform(0.3, 0.9) if smooth == 0 else rng.uniform(0.4, 2.8)
    unit = float(rng.choice((1.0, 0.7)))
    return Sensor(
        kind=kind, noise=noise, lateral_px=lateral, baseline_mm=0.0, fatten_px=fatten, flying=flying, flying_mm=cap,
        dropout=dropout, smooth=smooth, unit_mm=unit,
    )  # fmt: skip


class SensorModel:
    """Applies sensors to depth images, with its own bank of random numbers."""

    def __init__(self) -> None:
        """Fill the bank: 2^20 normal and as many uniform numbers, always the same, used from random places."""
        rng = np.random.default_rng(0)
        self._normal = rng.standard_normal(_BANK, dtype=np.float32)
        self._uniform = rng.random(_BANK, dtype=np.float32)

    def apply(self, depth: FloatArray, focal_px: float, sensor: Sensor, rng: np.random.Generator) -> FloatArray:
        """Measure a clean depth image.

        Args:
            depth: (H, W) float32 mm, ``inf`` where there is nothing.
            focal_px: focal length of the image.
            sensor: the camera.
            rng: chooses the places in the bank.

        Returns:
            (H, W) float32 mm, 0 where the camera measures nothing.
        """
        starts = rng.integers(0, _BANK - 1, 6)
        image = depth
        if sensor.fatten_px:
            image = _fatten(image, sensor.fatten_px)
        if sensor.lateral_px > 0 or sensor.flying > 0:
            far = sensor.flying_mm
            image = _edges(image, sensor.lateral_px, sensor.flying, far, self._normal, self._uniform, starts[:3])
        if sensor.kind == "tof":
            out = _time_of_flight(image, focal_px, sensor.noise, self._normal, starts[3])
        else:
            stereo = sensor.kind == "stereo"
            baseline, steps = sensor.baseline_mm, float(sensor.disparity_steps)
            out = _triangulate(image, focal_px, baseline, sensor.noise, stereo, steps, self._normal, starts[3:5])
        for _ in range(sensor.smooth):
            out = _smooth(out)
        if sensor.dropout > 0:
            _drop(out, sensor.dropout, self._uniform, starts[5])
        return np.round(out / np.float32(sensor.unit_mm)) * np.float32(sensor.unit_mm)


@numba.njit(cache=True)
def _fatten(depth: FloatArray, radius: int) -> FloatArray:
    """Grow the foreground: the smallest depth within ``radius`` pixels along each axis in turn."""
    height, width = depth.shape
    rows = np.empty_like(depth)
    for y in range(height):
        for x in range(width):
            best = depth[y, x]
            for k in range(max(x - radius, 0), min(x + radius, width - 1) + 1):
                best = min(best, depth[y, k])
            rows[y, x] = best
    out = np.empty_like(depth)
    vertical = max(radius - 1, 0)
    for y in range(height):
        for x in range(width):
            best = rows[y, x]
            for k in range(max(y - vertical, 0), min(y + vertical, height - 1) + 1):
                best = min(best, rows[k, x])
            out[y, x] = best
    return out


@numba.njit(cache=True)
def _edges(
    depth: FloatArray,
    lateral_px: float,
    flying: float,
    far_mm: float,
    normal: FloatArray,
    uniform: FloatArray,
    starts: npt.NDArray[np.int64],
) -> FloatArray:
    """Jitter pixels sideways; let the rim of a silhouette fly between the near and the far surface.

    A pixel that sees two surfaces measures a mean of both, weighted by the light that comes back from each; most
    comes from the near one.
    """
    height, width = depth.shape
    mask = normal.size - 1
    out = np.empty_like(depth)
    for y in range(height):
        for x in range(width):
            i = y * width + x
            dx = int(np.round(lateral_px * normal[(starts[0] + i) & mask]))
            dy = int(np.round(lateral_px * normal[(starts[1] + i) & mask]))
            z = depth[min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)]
            u = uniform[(starts[2] + i) & mask]
            if u < flying and 0 < x < width - 1 and 0 < y < height - 1:
                low = min(depth[y, x - 1], depth[y, x + 1], depth[y - 1, x], depth[y + 1, x])
                high = max(depth[y, x - 1], depth[y, x + 1], depth[y - 1, x], depth[y + 1, x])
                if high - low > 25.0 and low < 1e6:
                    share = u / flying
                    z = low + share * share * (min(high, low + far_mm) - low)
            out[y, x] = z
    return out


@numba.njit(cache=True)
def _time_of_flight(depth: FloatArray, focal_px: float, noise: float, normal: FloatArray, start: int) -> FloatArray:
    """Add noise of 1.6 mm at 500 mm on a surface that faces the camera, as 1 / sqrt(amplitude) elsewhere."""
    height, width = depth.shape
    mask = normal.size - 1
    out = np.zeros_like(depth)
    for y in range(height):
        for x in range(width):
            z = depth[y, x]
            if not z < 1e6:
                continue
            x1, y1 = min(x + 1, width - 1), min(y + 1, height - 1)
            gx, gy = depth[y, x1] - z, depth[y1, x] - z
            step = z / focal_px
            slope2 = (gx * gx + gy * gy) / (step * step)
            if not slope2 < 400.0:
                slope2 = 400.0
            cosine = 1.0 / np.sqrt(1.0 + slope2)
            amplitude = max(cosine, 0.2) * (500.0 / z) ** 2
            if amplitude < 0.008 * noise:
                continue
            out[y, x] = z + min(1.6 * noise / np.sqrt(amplitude), 25.0) * normal[(start + y * width + x) & mask]
    return out


@numba.njit(cache=True)
def _triangulate(
    depth: FloatArray,
    focal_px: float,
    baseline_mm: float,
    noise: float,
    stereo: bool,
    steps: float,
    normal: FloatArray,
    starts: npt.NDArray[np.int64],
) -> FloatArray:
    """Go through disparity: noise, steps, and shadows where the projector or second camera is blocked."""
    height, width = depth.shape
    mask = normal.size - 1
    out = np.zeros_like(depth)
    fb = focal_px * abs(baseline_mm)
    for y in range(height):
        edge = -1e9  # how far the shadow of what was passed reaches
        for k in range(width):
            x = k if baseline_mm > 0 else width - 1 - k
            z = depth[y, x]
            if not z < 1e6:
                continue
            disparity = fb / z
            reach = k + disparity
            if reach < edge - 1.0:
                continue
            edge = max(edge, reach)
            if stereo:
                # The matching window correlates the noise: a coarse field, interpolated.
                row, column = y / 3.0, x / 3.0
                r0, c0 = int(row), int(column)
                fr, fc = row - r0, column - c0
                i = starts[0] + r0 * 997 + c0
                n = (1 - fr) * ((1 - fc) * normal[i & mask] + fc * normal[(i + 1) & mask]) + fr * (
                    (1 - fc) * normal[(i + 997) & mask] + fc * normal[(i + 998) & mask]
                )
                disparity += noise * 0.09 * n
            else:
                metres = z * 1e-3
                sigma = (1.2 + 1.9 * (metres - 0.4) ** 2) * noise
                disparity += sigma * disparity / z * normal[(starts[1] + y * width + x) & mask]
            disparity = np.round(disparity * steps) / steps
            if disparity > 0:
                out[y, x] = fb / disparity
    return out


@numba.njit(cache=True)
def _smooth(depth: FloatArray) -> FloatArray:
    """Mean over the 3x3 neighbours within 12 mm; fills nothing."""
    height, width = depth.shape
    out = np.zeros_like(depth)
    for y in range(height):
        for x in range(width):
            z = depth[y, x]
            if z == 0.0:
                continue
            total, count = np.float32(0.0), 0
            for j in range(max(y - 1, 0), min(y + 1, height - 1) + 1):
                for i in range(max(x - 1, 0), min(x + 1, width - 1) + 1):
                    other = depth[j, i]
                    if abs(other - z) < 12.0:
                        total += other
                        count += 1
            out[y, x] = total / count
    return out


@numba.njit(cache=True)
def _drop(depth: FloatArray, share: float, uniform: FloatArray, start: int) -> None:
    """Lose pixels: a fifth of ``share`` anywhere, four times ``share`` at steps in depth."""
    height, width = depth.shape
    mask = uniform.size - 1
    for y in range(height):
        for x in range(width):
            z = depth[y, x]
            x1, y1 = min(x + 1, width - 1), min(y + 1, height - 1)
            steep = abs(depth[y, x1] - z) > 15.0 or abs(depth[y1, x] - z) > 15.0
            if uniform[(start + y * width + x) & mask] < (4.0 * share if steep else 0.2 * share):
                depth[y, x] = 0.0
