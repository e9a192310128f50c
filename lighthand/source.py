"""Where training takes its batches and its validation set from: the synthesis, or a data set that its owner has."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from lighthand.crop import CUBE_MM
from lighthand.errors import LightHandError
from lighthand.recipe import TrainConfig
from lighthand.recorded import RecordedCrops
from lighthand.skeleton import JOINT_NAMES
from lighthand.synthesis.sample import Batch, SampleGenerator, SynthesisConfig, validation_set


class SyntheticCrops:
    """A source of crops drawn on the fly, each batch from a seed of its own."""

    joints = JOINT_NAMES
    cube_mm = CUBE_MM

    def __init__(self, config: TrainConfig, rank: int = 0) -> None:
        """Remember the recipe; the hand model is loaded with the first batch."""
        self._config = config
        self._rank = rank
        self._generators: dict[int, SampleGenerator] = {}

    def batch(self, step: int) -> Batch:
        """Draw batch number ``step`` at its stage's size."""
        stage, _ = self._config.stage_at(step)
        if stage.patch not in self._generators:
            self._generators[stage.patch] = SampleGenerator(SynthesisConfig(patch=stage.patch))
        return self._generators[stage.patch].batch(stage.batch, (self._config.seed, step, self._rank))

    def validation(self, patch: int) -> Batch:
        """Draw the fixed validation set."""
        return validation_set(self._config.validation_samples, patch)


Source = SyntheticCrops | RecordedCrops
"""What training needs: ``joints``, their names in order; ``cube_mm`` of the crops; ``batch(step)``, the same in any
process; ``validation(patch)``."""


def open_source(config: TrainConfig, rank: int = 0, world: int = 1) -> Source:
    """Open what a recipe trains on.

    Args:
        config: the recipe.
        rank: number of this process.
        world: how many processes train.

    Raises:
        DataError: the data set is missing or damaged.
    """
    return SyntheticCrops(config, rank) if config.data == "synthetic" else RecordedCrops(config, rank, world)


class _Crops(Dataset[dict[str, Tensor] | LightHandError | MemoryError]):
    """Batch number ``step`` of a source, so that any worker can make any batch.

    What the user can mend is given, not raised: out of a worker PyTorch would raise it with a traceback as its text.
    """

    def __init__(self, source: Source) -> None:
        self.source = source

    def __getitem__(self, step: int) -> dict[str, Tensor] | LightHandError | MemoryError:
        try:
            batch = self.source.batch(step)
        except (LightHandError, MemoryError) as error:
            return error
        return {
            "patches": torch.from_numpy(batch.patches)[:, None],  # (B, 1, S, S)
            "uvz": torch.from_numpy(batch.uvz),
            "mask": torch.from_numpy(batch.mask),
            "visible": torch.from_numpy(batch.visible),
            "right": torch.from_numpy(batch.right) > 0.5,
            "presence": torch.from_numpy(batch.presence) > 0.5,
        }


def batches(source: Source, steps: range, workers: int, *, pin: bool) -> Iterator[dict[str, Tensor]]:
    """Give the batches of some steps as tensors, in order.

    Args:
        source: what to train on.
        steps: their numbers.
        workers: processes that make them ahead; with none they are made here, as they are asked for.
        pin: hold them in memory that a GPU can copy from.

    Yields:
        ``patches`` (B, 1, S, S), ``uvz`` (B, J, 3), ``mask`` and ``visible`` (B, J), ``right`` and ``presence`` (B,).

    Raises:
        DataError: an image is missing or damaged.
    """
    loader: DataLoader[dict[str, Tensor] | LightHandError | MemoryError] = DataLoader(
        _Crops(source),
        batch_size=None,
        sampler=steps,
        num_workers=workers,
        prefetch_factor=8 if workers else None,
        pin_memory=pin,
    )
    for batch in loader:
        if isinstance(batch, Exception):
            raise batch
        yield batch
