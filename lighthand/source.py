"""Where training takes its batches and its validation set from: the synthesis, or a data set that its owner has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from lighthand.crop import CUBE_MM
from lighthand.recipe import TrainConfig
from lighthand.recorded import RecordedCrops
from lighthand.skeleton import JOINT_NAMES
from lighthand.synthesis.sample import Batch, SampleGenerator, SynthesisConfig, validation_set


class Source(Protocol):
    """What training needs.

    Attributes:
        joints: their names, in order.
        cube_mm: edge of the crops' cubes, as the weights remember it.
        keeps_best: of all validations' weights the best are kept, not the last.
    """

    @property
    def joints(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def cube_mm(self) -> float: ...  # noqa: D102
    @property
    def keeps_best(self) -> bool: ...  # noqa: D102

    def batch(self, step: int) -> Batch:
        """Make batch number ``step``; the same number gives the same batch, in any process."""

    def validation(self, patch: int) -> Batch:
        """Give the validation set of crops of ``patch`` pixels."""


class SyntheticCrops:
    """A source of crops drawn on the fly, each batch from a seed of its own."""

    joints = JOINT_NAMES
    cube_mm = CUBE_MM
    keeps_best = False

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
