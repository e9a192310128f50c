"""Probabilities that mean what they say: their calibration on synthetic truth, and how it is judged.

Source: J. Platt, "Probabilistic Outputs for Support Vector Machines", 1999 (a logit is scaled and shifted so that
its cross-entropy is least); C. Guo et al., "On Calibration of Modern Neural Networks", ICML 2017 (reliability
diagram, expected calibration error).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from lighthand.crop import CUBE_MM
from lighthand.network import HandNet, NetOutput
from lighthand.network.losses import NEAR, binary_loss, near
from lighthand.synthesis.sample import Batch, SampleGenerator, SynthesisConfig
from lighthand.types import FloatArray

BINS: Final = 10
ENOUGH: Final = 50
"""Joints in a tenth, at least, that make a point of a curve."""

CALIBRATION_SEED: Final = (2, 20_261_125)
"""Neither a seed of training nor that of the validation set."""

_BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class Reliability:
    """What became of what was said with a probability, by tenths of it.

    Attributes:
        said: (BINS,) mean probability; NaN where nothing was said.
        true: (BINS,) fraction that was true.
        count: (BINS,) how often.
    """

    said: FloatArray
    true: FloatArray
    count: npt.NDArray[np.int64]

    @property
    def points(self) -> tuple[FloatArray, FloatArray]:
        """``said`` and ``true``, NaN where fewer than ``ENOUGH`` joints speak: the reliability diagram."""
        few = self.count < ENOUGH
        return np.where(few, np.float32(np.nan), self.said), np.where(few, np.float32(np.nan), self.true)

    @property
    def share(self) -> float:
        """What was true of all that was said."""
        return float(np.nansum(self.true * self.count) / self.count.sum())

    @property
    def error(self) -> float:
        """Expected calibration error: the mean gap between said and true, over all that was said."""
        used = self.count > 0
        return float((np.abs(self.said - self.true)[used] * self.count[used]).sum() / self.count.sum())


def reliability(probability: FloatArray, truth: npt.NDArray[np.bool_]) -> Reliability:
    """Compare probabilities with what was true.

    Args:
        probability: any shape, 0 to 1.
        truth: the same shape.
    """
    p, t = probability.ravel().astype(np.float64), truth.ravel()
    tenth = np.minimum((p * BINS).astype(int), BINS - 1)
    count = np.bincount(tenth, minlength=BINS)
    with np.errstate(invalid="ignore"):
        said = np.bincount(tenth, p, BINS) / count
        true = np.bincount(tenth, t, BINS) / count
    return Reliability(said.astype(np.float32), true.astype(np.float32), count)


def confidence_reliability(confidence: FloatArray, errors_mm: FloatArray) -> Reliability:
    """Compare the confidence of joints with how far off they are.

    Args:
        confidence: (N, J), NaN where there is no pose; those rows count for nothing.
        errors_mm: (N, J).
    """
    posed = np.isfinite(confidence)
    return reliability(confidence[posed], errors_mm[posed] < NEAR * CUBE_MM / 2)


def calibration_set(count: int) -> Batch:
    """Draw right hands as the validation set has them, that neither it nor a training run sees."""
    return SampleGenerator(SynthesisConfig(left=0.0, empty=0.0)).batch(count, CALIBRATION_SEED)


@torch.no_grad()
def calibrate(net: HandNet, batch: Batch) -> None:
    """Scale and shift the logits of confidence and visibility to what ``batch`` shows, in place.

    Args:
        net: in evaluation mode, on the CPU.
        batch: crops of right hands.
    """
    parts = [net(torch.from_numpy(batch.patches[k : k + _BATCH, None])) for k in range(0, len(batch.patches), _BATCH)]
    out = NetOutput(*(torch.cat(values) for values in zip(*parts, strict=True)))
    truth, mask = torch.from_numpy(batch.uvz), torch.from_numpy(batch.mask)
    visible = torch.from_numpy(batch.visible > 0.5)
    scales = [
        _platt(out.confidence, near(out.uvz, truth, mask), torch.ones_like(mask)),
        _platt(out.visible, visible, mask),
    ]
    for row, (scale, shift) in enumerate(scales):
        net.trust.weight[row] *= scale
        net.trust_bias[:, row] = net.trust_bias[:, row] * scale + shift


def _platt(logits: Tensor, truth: Tensor, mask: Tensor) -> tuple[float, float]:
    """Give the scale and the shift of the logits that make their cross-entropy least."""
    line = torch.tensor([1.0, 0.0], requires_grad=True)
    optimiser = torch.optim.LBFGS([line], max_iter=50, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = binary_loss(logits * line[0] + line[1], truth, mask)
        value.backward()  # type: ignore[no-untyped-call]
        return value

    with torch.enable_grad():
        optimiser.step(loss)  # type: ignore[no-untyped-call]
    return float(line[0]), float(line[1])
