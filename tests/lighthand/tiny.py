"""A recipe that trains in a second."""

from __future__ import annotations

from lighthand.network import NetworkConfig
from lighthand.recipe import StageConfig, TrainConfig

TINY = TrainConfig(
    network=NetworkConfig(channels=16, depth_features=8, stride=2, blocks=(1, 1), stem=8),
    small=StageConfig(32, 6, 4),
    full=StageConfig(64, 4, 4, 1e-3),
    workers=0,
    validate_every=3,
    validation_samples=4,
    ema=0.5,
)
