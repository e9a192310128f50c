"""Where batches come from: each has a seed, a step and a rank, and its stage's size."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from lighthand.network import NetworkConfig
from lighthand.recipe import StageConfig, TrainConfig
from lighthand.source import SyntheticCrops

CONFIG = TrainConfig(
    network=NetworkConfig(stride=2, blocks=(1, 1)), small=StageConfig(32, 2, 2), full=StageConfig(64, 2, 3)
)


def test_seed_step_and_rank_each_give_another_batch() -> None:
    first = SyntheticCrops(CONFIG).batch(0)
    for other in (
        SyntheticCrops(replace(CONFIG, seed=1)).batch(0),
        SyntheticCrops(CONFIG).batch(1),
        SyntheticCrops(CONFIG, rank=1).batch(0),
    ):
        assert not np.array_equal(first.patches, other.patches)
        assert not np.array_equal(first.uvz, other.uvz)
    again = SyntheticCrops(CONFIG).batch(0)
    assert np.array_equal(first.patches, again.patches)
    assert np.array_equal(first.uvz, again.uvz)


def test_a_batch_has_the_size_of_its_stage() -> None:
    source = SyntheticCrops(CONFIG)
    assert [source.batch(step).patches.shape for step in (1, 2)] == [(2, 32, 32), (3, 64, 64)]
