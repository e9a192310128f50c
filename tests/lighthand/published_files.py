"""Small-valued files of the public format: whole test sets whose errors are known by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lighthand.datasets.benchmarks import Benchmark


def uvd(benchmark: Benchmark) -> np.ndarray:
    """Every joint of every frame on the camera's axis, 400 mm away: (N, J, 3)."""
    camera = benchmark.camera
    return np.tile((camera.cx, camera.cy, 400.0), (benchmark.frames, len(benchmark.joints), 1))


def write(path: Path, values: np.ndarray) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, values.reshape(len(values), -1), "%.3f")
    return path


def write_truth(root: Path, benchmark: Benchmark) -> Path:
    return write(root / benchmark.name / f"{benchmark.name}_test_groundtruth_label.txt", uvd(benchmark))
