"""The data sets that a network can be trained on and measured with, by the name that the command line takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, get_args

import numpy as np

from lighthand.datasets import icvl, nyu
from lighthand.datasets.crops import mass_centre
from lighthand.datasets.hands17 import CUBE_MM as HANDS17_CUBE_MM
from lighthand.datasets.hands17 import read_hands17
from lighthand.datasets.msra import CUBES_MM, read_msra
from lighthand.datasets.record import DepthRecord
from lighthand.skeleton import JOINT_NAMES
from lighthand.types import FloatArray, Frame

DataName = Literal["icvl", "nyu", "msra", "hands17"]
NAMES: Final = get_args(DataName)
MEASURED: Final = ("icvl", "nyu", "msra")
"""Those whose joints of the test part are public."""

Part = Literal["training", "test"]
Sequences = dict[str, list[DepthRecord]]

HELD_OUT: Final = 10
"""One frame in so many, the last of each sequence, is for validation."""


@dataclass(frozen=True, slots=True)
class DataSet:
    """One data set.

    Attributes:
        read: gives a part's sequences from the data set's folder and the subject that is left for the test.
        joints: their names in the order of the records.
        cube_mm: edge of the cube around the largest hand.
        frames: how many the training part has as published; the length of training follows from it.
        epochs: how often training goes through them.
        far_mm: the hand is the only thing nearer, and its centre the mean of that; None where that is not so.
    """

    read: Callable[[Path, Part, str], Sequences]
    joints: tuple[str, ...]
    cube_mm: float
    frames: int
    epochs: int = 40
    far_mm: float | None = None

    def centre_of(self, record: DepthRecord, frame: Frame) -> FloatArray:
        """Give the centre around which a frame is cropped.

        Args:
            record: what is known of the frame.
            frame: its image.

        Returns:
            (3,) float32, camera space, mm: the centre that came with the frame, else the mean of what is near, and
            only where there is neither the mean of the true joints.
        """
        if record.centre_mm is not None:
            return record.centre_mm
        if self.far_mm is not None:
            return mass_centre(frame, self.far_mm)
        assert record.joints_mm is not None
        return np.asarray(record.joints_mm.mean(axis=0))


DATA_SETS: Final[dict[DataName, DataSet]] = {
    "icvl": DataSet(lambda root, part, _: icvl.read_icvl(root, part), icvl.JOINTS, icvl.CUBE_MM, 22_067, far_mm=500.0),
    "nyu": DataSet(lambda root, part, _: nyu.read_nyu(root, part), nyu.JOINTS, nyu.CUBE_MM, 72_757),
    "msra": DataSet(read_msra, JOINT_NAMES, max(CUBES_MM.values()), 67_875, epochs=60, far_mm=3000.0),
    "hands17": DataSet(
        lambda root, part, _: read_hands17(root, part), JOINT_NAMES, HANDS17_CUBE_MM, 957_032, epochs=10
    ),
}


def hold_out(sequences: Sequences) -> tuple[list[DepthRecord], list[DepthRecord]]:
    """Split training sequences into what is trained on and what chooses the weights.

    Args:
        sequences: of the training part; neighbours in one look alike, so the split is one cut in each.

    Returns:
        The frames to train on, and the last tenth of each sequence.
    """
    training: list[DepthRecord] = []
    validation: list[DepthRecord] = []
    for records in sequences.values():
        kept = len(records) - len(records) // HELD_OUT
        training += records[:kept]
        validation += records[kept:]
    return training, validation
