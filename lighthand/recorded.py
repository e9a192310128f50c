"""A data set that its owner has, as training and measuring see it: batches, a validation set, the error of weights.

Training reads the training part alone. Weights are chosen on the last tenth of each of its sequences; the test part
is read only by ``recorded_errors``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from lighthand.datasets.catalogue import DATA_SETS, MEASURED, DataName, DataSet, hold_out
from lighthand.datasets.crops import NOTHING, Augmentation, cut
from lighthand.datasets.record import DepthRecord
from lighthand.errors import DataError, WeightsError
from lighthand.metrics import joint_errors
from lighthand.network import HandNet, NetworkConfig
from lighthand.recipe import TrainConfig
from lighthand.synthesis.sample import Batch
from lighthand.types import FloatArray
from lighthand.weights import load_weights, read_training


class RecordedCrops:
    """A source of training: the training part of a data set.

    Attributes:
        name: of the data set.
        joints: their names, in order.
        cube_mm: edge of the crops.
        frames: how many are trained on, and how many are held out.
    """

    def __init__(self, config: TrainConfig, rank: int = 0, world: int = 1) -> None:
        """Read the annotations.

        Args:
            config: names the data set and its folder.
            rank: number of this process.
            world: how many processes train.

        Raises:
            DataError: an annotation is missing or damaged, an image is missing, or there are too few frames to hold
                any out.
        """
        assert config.data != "synthetic"
        assert config.root is not None
        self._config = config
        self._rank, self._world = rank, world
        self.name = config.data
        self._set = DATA_SETS[config.data]
        self.joints, self.cube_mm = self._set.joints, self._set.cube_mm
        self._training, self._validation = hold_out(self._set.read(config.root, "training", config.subject))
        if not self._validation:
            raise DataError(
                f"{config.root}: {len(self._training)} frames of {config.data}, of which none can be held out. Check "
                "--root."
            )
        self.frames = len(self._training), len(self._validation)
        self._order = (-1, np.empty(0, np.int64))

    def batch(self, step: int) -> Batch:
        """Make batch number ``step`` of this process; over all processes an epoch shows each frame once.

        Raises:
            DataError: an image is missing or damaged.
        """
        stage, _ = self._config.stage_at(step)
        first = (step * self._world + self._rank) * stage.batch
        records = [self._training[self._at(position)] for position in range(first, first + stage.batch)]
        return _batch(records, self._set, Augmentation(), np.random.default_rng((self._config.seed, step, self._rank)))

    def validation(self, patch: int) -> Batch:
        """Give the frames that are held out, evenly spread where they are more than ``validation_samples``.

        Args:
            patch: ignored; recorded crops have one size.

        Raises:
            DataError: an image is missing or damaged.
        """
        count = min(self._config.validation_samples, len(self._validation))
        at = np.linspace(0, len(self._validation) - 1, count).round().astype(int)
        return _batch([self._validation[i] for i in at], self._set, NOTHING, np.random.default_rng(0))

    def _at(self, position: int) -> int:
        """Give the frame at a position in the order of all epochs, each shuffled anew."""
        epoch, place = divmod(position, len(self._training))
        if self._order[0] != epoch:
            self._order = (epoch, np.random.default_rng((self._config.seed, epoch)).permutation(len(self._training)))
        return int(self._order[1][place])


def _batch(
    records: Sequence[DepthRecord], data_set: DataSet, augmentation: Augmentation, rng: np.random.Generator
) -> Batch:
    pairs = [cut(record, data_set.centre_of, augmentation, rng) for record in records]
    uvz = np.stack([joints for _, joints in pairs])
    ones = np.ones(len(pairs), np.float32)  # one side a data set: nothing to learn of it, nor of absence
    return Batch(
        np.stack([crop.patch for crop, _ in pairs]),
        uvz,
        np.asarray((np.abs(uvz) < 1).all(axis=2)),
        np.full(uvz.shape[:2], np.nan, np.float32),
        ones,
        ones,
        np.stack([crop.region.centre_mm for crop, _ in pairs]),
        np.array([crop.region.cube_mm for crop, _ in pairs], np.float32),
    )


def recorded_errors(data: DataName, root: Path, weights: Path) -> tuple[FloatArray, NetworkConfig]:
    """Measure weights on the test part of a data set; of MSRA on the subject that their training left out.

    Args:
        data: the data set.
        root: its folder.
        weights: a file that ``lighthand.train --data`` wrote.

    Returns:
        (N, J) mm, the distance of every joint of every frame in camera space; and the network's shape.

    Raises:
        DataError: an annotation or an image is missing or damaged, or the joints of the test are not public.
        WeightsError: the weights were not trained on this data set, or do not say so.
    """
    if data not in MEASURED:
        raise DataError(f"The joints of {data}'s test were never published: choose one of {', '.join(MEASURED)}.")
    of = DATA_SETS[data]
    training = read_training(weights)
    trained_on, subject = training.get("data"), training.get("subject")
    if trained_on != data or not isinstance(subject, str):
        found = trained_on if trained_on != data else f"{data}, but they do not say whose frames were left for the test"
        raise WeightsError(
            f"{weights}: trained on {found}; expected weights of {data}. Train on it first: "
            f".venv/bin/python -m lighthand.train --data {data} --root {root} --out DIR; then give "
            "DIR/hand.safetensors as --weights."
        )
    net = load_weights(weights, of.joints, of.cube_mm)
    records = [record for sequence in of.read(root, "test", subject).values() for record in sequence]
    if not records:
        raise DataError(f"{root}: no frame in the test part of {data}. Fetch the data set again.")
    parts = [joint_errors(*predict(net, records[at : at + 100], of)) for at in range(0, len(records), 100)]
    return np.concatenate(parts), net.config


def predict(net: HandNet, records: Sequence[DepthRecord], data_set: DataSet) -> tuple[FloatArray, FloatArray]:
    """Read joints from frames, cropped as the test is.

    Args:
        net: for the data set's joints and cube.
        records: the frames, at least one; their joints are known.
        data_set: theirs.

    Returns:
        What the network says and what is true, (N, J, 3) camera space, mm, both.

    Raises:
        DataError: an image is missing or damaged.
    """
    batch = _batch(records, data_set, NOTHING, np.random.default_rng(0))
    with torch.inference_mode():
        uvz = net(torch.from_numpy(batch.patches)[:, None]).uvz.numpy()
    return batch.to_camera(uvz), batch.to_camera(batch.uvz)
