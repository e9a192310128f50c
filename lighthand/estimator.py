"""Patches -> joints: the interface that each of ``lighthand.backends`` offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from lighthand.crop import PATCH
from lighthand.types import FloatArray


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the network says of a batch of B patches.

    Attributes:
        uvz: (B, J, 3) float32, coordinates of the patch as in ``crop.crop_to_camera``.
        right: (B,) float32, probability that the patch shows a right hand.
        presence: (B,) float32, probability that the patch holds a hand.
        confidence: (B, J) float32, probability that the joint is within 15 mm of where it says; low where there is no
            hand.
        visible: (B, J) float32, probability that the camera sees the skin over the joint.
    """

    uvz: FloatArray
    right: FloatArray
    presence: FloatArray
    confidence: FloatArray
    visible: FloatArray

    def __post_init__(self) -> None:
        """Make the arrays read-only."""
        for array in (self.uvz, self.right, self.presence, self.confidence, self.visible):
            array.setflags(write=False)


class Estimator(Protocol):
    """Anything that reads joints from patches."""

    def estimate(self, patches: FloatArray) -> Estimate:
        """Read a batch of patches.

        Args:
            patches: (B, 128, 128) float32 as in ``types.HandCrop``, B at least 1.

        Returns:
            The joints and probabilities of each patch.

        Raises:
            ValueError: the patches are not as promised.
        """


def check_patches(patches: FloatArray) -> None:
    """Check a batch of patches at the border of an estimator.

    Raises:
        ValueError: not (B, 128, 128) float32 with B >= 1, or a value that is not finite.
    """
    if patches.dtype != np.float32 or patches.ndim != 3 or patches.shape[1:] != (PATCH, PATCH) or not len(patches):
        raise ValueError(f"patches are {patches.dtype} {patches.shape}, expected float32 (B, {PATCH}, {PATCH}), B >= 1")
    if not np.isfinite(patches).all():
        raise ValueError("patches hold values that are not finite, expected [-1, 1]")
