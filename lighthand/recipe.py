"""What a training run is made of: the network, two stages, and how it is watched."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Literal

from lighthand.crop import PATCH
from lighthand.datasets.catalogue import DATA_SETS, HELD_OUT, DataName
from lighthand.errors import ConfigError
from lighthand.network import NetworkConfig
from lighthand.network.net import PAPER
from lighthand.skeleton import JOINTS

_MOST_THREADS: Final = 1024
_MOST_PIXELS: Final = 4096
_MOST_CROPS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class StageConfig:
    """One stretch of training at one size.

    Attributes:
        patch: edge of the patches, pixels.
        steps: optimiser steps.
        batch: patches a step and device.
        learning_rate: its peak; 200 steps of warm-up, then a cosine to zero.
    """

    patch: int
    steps: int
    batch: int = 16
    learning_rate: float = 6e-3


@dataclass(frozen=True, slots=True)
class TrainConfig:
    """A training run.

    Attributes:
        data: what is trained on: synthesised depth, or a data set that you have.
        root: folder of the data set.
        subject: of MSRA, who is left for the test.
        network: the network's shape.
        start: weights of the same network to begin with, or None for fresh ones.
        small: a first stage at another size, such as 64 pixels; none by default.
        full: the stage at the size that is used.
        optimiser: AdamW decays matrices and filters only, Adam all parameters through their gradients.
        weight_decay: the optimiser's.
        ema: share of the average that each step keeps.
        workers: processes that draw crops.
        threads: threads of the training process on a CPU.
        seed: of weights and crops.
        validate_every: steps between validations and checkpoints.
        validation_samples: crops of the fixed validation set; of a data set at most as many as are held out.
    """

    data: Literal["synthetic"] | DataName = "synthetic"
    root: Path | None = None
    subject: str = "P0"
    network: NetworkConfig = field(default_factory=NetworkConfig)
    start: Path | None = None
    small: StageConfig = field(default_factory=lambda: StageConfig(64, 0))
    full: StageConfig = field(default_factory=lambda: StageConfig(128, 28_000))
    optimiser: Literal["adamw", "adam"] = "adamw"
    weight_decay: float = 0.01
    ema: float = 0.999
    workers: int = 1
    threads: int = 1
    seed: int = 0
    validate_every: int = 500
    validation_samples: int = 1000

    def __post_init__(self) -> None:
        """Refuse what cannot be trained.

        Raises:
            ConfigError: a count below its least value, a rate out of range, or a size the hourglass cannot halve.
        """
        for name, stage in (("small", self.small), ("full", self.full)):
            if stage.steps < 0 or not 2 <= stage.batch <= _MOST_CROPS or not 0 < stage.learning_rate < 1:
                raise ConfigError(
                    f"{name}: {stage}: expected steps >= 0, 2 <= batch <= {_MOST_CROPS}, 0 < learning_rate < 1."
                )
            if stage.steps and (not 1 <= stage.patch <= _MOST_PIXELS or stage.patch % self.network.input_multiple):
                raise ConfigError(
                    f"{name}.patch is {stage.patch}, expected a multiple of {self.network.input_multiple} up to "
                    f"{_MOST_PIXELS}."
                )
        for name, least, most in (
            ("workers", 0, _MOST_THREADS),
            ("threads", 1, _MOST_THREADS),
            ("validate_every", 1, 2**63),
            ("validation_samples", 1, _MOST_CROPS),
        ):
            if not least <= getattr(self, name) <= most:
                raise ConfigError(f"{name} is {getattr(self, name)}, expected {least} to {most}.")
        joints = JOINTS if self.data == "synthetic" else len(DATA_SETS[self.data].joints)
        if self.network.joints != joints:
            recipe = "" if self.data == "synthetic" else f", or begin with its recipe: --data {self.data} --root DIR"
            raise ConfigError(
                f"network.joints is {self.network.joints}; a hand of {self.data} has {joints} joints. "
                f"Set network.joints={joints}{recipe}."
            )
        if self.data == "synthetic" and self.root is not None:
            raise ConfigError(f"root is {self.root} and data is synthetic, which reads none. Give --data, or no root.")
        if self.data != "msra" and self.subject != "P0":
            raise ConfigError(f"subject is {self.subject}: of msra alone, and data is {self.data}. Leave it out.")
        if self.data != "synthetic":
            if self.root is None:
                raise ConfigError(f"data is {self.data} and root is not given. Give --data {self.data} --root DIR.")
            if {stage.patch for stage in (self.small, self.full) if stage.steps} - {PATCH}:
                raise ConfigError(f"patch: recorded crops have {PATCH} pixels. Set small.steps=0, full.patch={PATCH}.")
        if not 0 <= self.seed < 2**63 or self.small.steps + self.full.steps < 1:
            raise ConfigError(
                f"seed is {self.seed}, expected 0 to 2^63 - 1; small.steps and full.steps: at least 1 in all."
            )
        if not 0 <= self.ema < 1 or self.weight_decay < 0:
            raise ConfigError(f"ema is {self.ema}, expected 0 <= ema < 1; weight_decay is {self.weight_decay}, >= 0.")

    @property
    def steps(self) -> int:
        """Optimiser steps in all."""
        return self.small.steps + self.full.steps

    def stage_at(self, step: int) -> tuple[StageConfig, int]:
        """Give the stage that ``step`` belongs to, and the step's number in it."""
        if step < self.small.steps:
            return self.small, step
        return self.full, step - self.small.steps

    def learning_rate(self, step: int) -> float:
        """Warm-up, then half a cosine down to 0 at the stage's end."""
        stage, local = self.stage_at(step)
        warm = min(1.0, (local + 1) / 200)
        return stage.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * local / stage.steps))


def data_recipe(data: DataName, root: Path) -> TrainConfig:
    """Give the recipe that trains the paper's network on a data set.

    The paper says nothing of its training; this is TriHorn-Net's: Adam at 1e-3 with a decay of 2e-5, batches of 32, a
    cosine over the epochs, here after 200 steps of warm-up. Nothing is averaged over steps.

    The number of steps is what makes those epochs of such batches in one process. It stays so: twice the batch, or
    twice the processes, are twice the epochs, unless ``full.steps`` is halved.

    Args:
        data: the data set.
        root: its folder.
    """
    of = DATA_SETS[data]
    batch = 32
    epoch = of.frames * (HELD_OUT - 1) // HELD_OUT // batch
    return TrainConfig(
        data=data,
        root=root,
        network=replace(PAPER, joints=len(of.joints)),
        full=StageConfig(PATCH, of.epochs * epoch, batch, 1e-3),
        optimiser="adam",
        weight_decay=2e-5,
        ema=0.0,
        validate_every=min(epoch, 2000),
        validation_samples=2000,
    )
