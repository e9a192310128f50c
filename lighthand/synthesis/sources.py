"""Crops to compare: cut from real recordings, and drawn as for training, with what measured each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from lighthand.crop import CUBE_MM, crop_hand
from lighthand.datasets import icvl, nyu
from lighthand.datasets.annotations import read_annotations
from lighthand.datasets.benchmarks import BENCHMARKS, read_truth
from lighthand.datasets.cvar import read_cvar
from lighthand.errors import DataError
from lighthand.geometry import unproject
from lighthand.segment import SegmentConfig, find_hands
from lighthand.skeleton import FINGERS
from lighthand.synthesis.sample import Batch, SampleGenerator, SynthesisConfig
from lighthand.synthesis.sensors import KINDS, Sensor, SensorModel
from lighthand.types import FloatArray, Frame, HandRegion

CLEAN: Final = "clean"
SYNTHETIC: Final = "synthetic"

_PALM_MM: Final = 60.0
"""Farther from the marked palm, what the segmenter finds is something else."""


@dataclass(frozen=True, slots=True)
class CropSet:
    """Crops of one origin.

    Attributes:
        patches: (N, 128, 128), as ``HandCrop.patch``.
        width_px: (N,) of the crops in the camera's pixels.
        joints_mm: (N, 21, 3), camera space; None where unknown.
    """

    patches: FloatArray
    width_px: FloatArray
    joints_mm: FloatArray | None = None


class _Watched(SensorModel):
    """Sensors that remember what they did last; ``clean`` ones leave the image as it is."""

    def __init__(self, *, clean: bool) -> None:
        super().__init__()
        self._clean = clean
        self.kind, self.focal_px = "", 0.0

    def apply(self, depth: FloatArray, focal_px: float, sensor: Sensor, rng: np.random.Generator) -> FloatArray:
        """Measure a clean depth image, as ``SensorModel.apply``."""
        self.kind, self.focal_px = sensor.kind, focal_px
        measured = super().apply(depth, focal_px, sensor, rng)  # clean or not: what is drawn next depends on it
        return np.where(np.isfinite(depth), depth, np.float32(0)) if self._clean else measured


class _Generator(SampleGenerator):
    """Right hands, with the sensor that measured each."""

    def __init__(self, *, clean: bool) -> None:
        super().__init__(SynthesisConfig(left=0.0, empty=0.0))
        self._sensors: _Watched = _Watched(clean=clean)
        self.kinds: list[str] = []
        self.focals_px: list[float] = []

    def _draw(self, batch: Batch, index: int) -> bool:
        drawn = super()._draw(batch, index)
        if drawn:
            self.kinds.append(self._sensors.kind)
            self.focals_px.append(self._sensors.focal_px)
        return drawn


def synthetic_sources(count: int, seed: int) -> dict[str, CropSet]:
    """Draw crops of right hands.

    Args:
        count: how many, with a sensor and without.
        seed: the same gives the same.

    Returns:
        All by ``SYNTHETIC``, those of each kind of sensor by its name, the same hands without a sensor by ``CLEAN``
        (up to the first, if any, of which a sensor leaves next to nothing: that one is drawn again).
    """
    found = {}
    for name in (SYNTHETIC, CLEAN):
        generator = _Generator(clean=name == CLEAN)
        batch = generator.batch(count, (seed,))
        width = np.array(generator.focals_px, np.float32) * CUBE_MM / batch.centres_mm[:, 2]
        found[name] = CropSet(batch.patches, width, batch.to_camera(batch.uvz))
        if name == SYNTHETIC:
            for kind in KINDS:
                of_kind = np.array(generator.kinds) == kind
                if of_kind.any():
                    found[kind] = CropSet(batch.patches[of_kind], width[of_kind])
    return found


def cvar_source(root: Path, sequence: str, count: int) -> CropSet:
    """Cut ``count`` crops about the mean of the true joints, evenly from a sequence.

    Raises:
        DataError: the sequence is missing or damaged.
    """
    records = read_cvar(root, sequence)
    chosen = [records[index] for index in np.unique(np.linspace(0, len(records) - 1, count).astype(int))]
    joints = np.stack([record.joints_mm for record in chosen if record.joints_mm is not None])
    centres = joints.mean(axis=1)
    cuts = [
        _cut(record.load(), HandRegion(centre.copy(), CUBE_MM)) for record, centre in zip(chosen, centres, strict=True)
    ]
    return _source(cuts, joints)


def annotated_source(path: Path) -> CropSet:
    """Cut a crop of each marked hand, where our segmenter finds it, else about its palm; left hands are mirrored.

    Raises:
        DataError: the annotation or an image is missing or damaged.
    """
    cuts = []
    for item in read_annotations(path):
        frame = item.record.load()
        regions = find_hands(frame, SegmentConfig(), CUBE_MM)
        for hand in item.hands:
            palm = unproject(hand.palm, frame.intrinsics)
            near = [region for region in regions if np.linalg.norm(region.centre_mm - palm) < _PALM_MM]
            region = near[0] if near else HandRegion(palm, CUBE_MM)
            cuts.append(_cut(frame, region, mirrored=hand.side == "left"))
    if not cuts:
        raise DataError(f"{path}: no image has a marked hand: there is nothing to compare.")
    return _source(cuts)


def _cut(frame: Frame, region: HandRegion, *, mirrored: bool = False) -> tuple[FloatArray, float]:
    crop = crop_hand(frame, region, mirrored=mirrored)
    return crop.patch, crop.box_px[2] - crop.box_px[0]


def _source(cuts: Sequence[tuple[FloatArray, float]], joints_mm: FloatArray | None = None) -> CropSet:
    return CropSet(np.stack([cut[0] for cut in cuts]), np.array([cut[1] for cut in cuts], np.float32), joints_mm)


def label_fingers(root: Path) -> dict[str, tuple[FloatArray, FloatArray]]:
    """Read tips and palms from the labels of the test sets of ICVL and NYU.

    Args:
        root: the folder of the labels, as ``read_truth`` takes it.

    Returns:
        By person: (N, 4, 3) of the last point of index to little finger, and (N, 3) of the palm, camera space, mm.

    Raises:
        DataError: as ``read_truth``.
    """
    icvl_mm, nyu_mm = (read_truth(root, BENCHMARKS[name]) for name in ("icvl", "nyu"))
    return {
        "icvl": _fingers(icvl_mm, icvl.JOINTS),
        "nyu 1": _fingers(nyu_mm[: nyu.SECOND_SUBJECT], nyu.JOINTS),
        "nyu 2": _fingers(nyu_mm[nyu.SECOND_SUBJECT :], nyu.JOINTS),
    }


def _fingers(joints_mm: FloatArray, names: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    tips = [names.index(f"{finger}_tip") for finger in FINGERS[1:]]
    return joints_mm[:, tips], joints_mm[:, names.index("palm")]
