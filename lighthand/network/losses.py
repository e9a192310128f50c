"""The losses: eq. 8, 12 and 13 of the paper with a joint mask, and what helps beside them.

A mask is (B, J) bool, True where the joint's truth is known and lies in the patch; a sample without a hand
is a row of False. What is masked has no value and no gradient, whatever its "truth" holds (NaN too). Where
nothing is left the loss is 0.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from lighthand.network.fusion import pixel_centres

HEATMAP_SIGMA: float = 0.05
"""Width of the Gaussian that com1's map is drawn to, in [-1, 1] of the patch: 1.6 pixels of a 64x64 map."""

NEAR: float = 0.125
"""Distance from the truth that a joint's confidence speaks of, in coordinates of the patch: 15 mm in the middle plane
of a cube of 240 mm."""


def _masked_mean(values: Tensor, mask: Tensor) -> Tensor:
    """Average (B, ...) values where the mask of the same shape holds; 0 where it holds nowhere."""
    return torch.where(mask, values, 0.0).sum() / mask.sum().clamp(min=1)


def _masked_l1(predicted: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute error over (B, J, n) where (B, J) holds."""
    wide = mask.unsqueeze(-1).expand_as(predicted)
    truth = torch.where(wide, truth, predicted.detach())
    return _masked_mean((predicted - truth).abs(), wide)


def plane_loss(uvz: Tensor, truth_uvz: Tensor, mask: Tensor) -> Tensor:
    """Mean L1 distance of u and v: eq. 12.

    Args:
        uvz: (B, J, 3), the network's.
        truth_uvz: (B, J, 3).
        mask: (B, J) bool.
    """
    return _masked_l1(uvz[..., :2], truth_uvz[..., :2], mask)


def depth_loss(uvz: Tensor, truth_uvz: Tensor, mask: Tensor) -> Tensor:
    """Mean L1 distance of z: eq. 8; arguments as in ``plane_loss``."""
    return _masked_l1(uvz[..., 2:], truth_uvz[..., 2:], mask)


def joint_loss(uvz: Tensor, truth_uvz: Tensor, mask: Tensor) -> Tensor:
    """Sum of eq. 12 and eq. 8: eq. 13; arguments as in ``plane_loss``."""
    return plane_loss(uvz, truth_uvz, mask) + depth_loss(uvz, truth_uvz, mask)


def heatmap_cross_entropy(heatmap_logits: Tensor, truth_uvz: Tensor, mask: Tensor) -> Tensor:
    """Cross-entropy of com1's maps against a Gaussian at the true place; not in the paper.

    Args:
        heatmap_logits: (B, J, h, w), ``NetOutput.heatmap_logits``.
        truth_uvz: (B, J, 3).
        mask: (B, J) bool.
    """
    height, width = heatmap_logits.shape[-2:]
    place = torch.where(mask.unsqueeze(-1), truth_uvz[..., :2], 0.0)
    across = _gaussian(place[..., :1], pixel_centres(width, heatmap_logits))  # (B, J, w)
    down = _gaussian(place[..., 1:], pixel_centres(height, heatmap_logits))  # (B, J, h)
    # The target is a product of both, so its expectation of the logits needs no map of its own.
    expected = (torch.matmul(heatmap_logits, across.unsqueeze(-1)).squeeze(-1) * down).sum(dim=-1)
    return _masked_mean(torch.logsumexp(heatmap_logits.flatten(2), dim=-1) - expected, mask)


def _gaussian(place: Tensor, centres: Tensor) -> Tensor:
    """(B, J, 1) places and (n,) pixel centres -> (B, J, n) that sums to 1."""
    return functional.softmax(-0.5 * ((centres - place) / HEATMAP_SIGMA) ** 2, dim=-1)


def near(uvz: Tensor, truth_uvz: Tensor, mask: Tensor) -> Tensor:
    """Tell which joints are where they should be, as a truth for their confidence: (B, J) bool.

    A masked joint is nowhere near: there is no hand, or it lies outside the patch, where none can be pointed at.

    Args:
        uvz: (B, J, 3), the network's.
        truth_uvz: (B, J, 3).
        mask: (B, J) bool.
    """
    distance: Tensor = torch.linalg.vector_norm(uvz.detach() - truth_uvz, dim=-1)
    return mask & (distance < NEAR)


def binary_loss(logits: Tensor, truth: Tensor, mask: Tensor) -> Tensor:
    """Binary cross-entropy of one of the yes-or-no outputs; not in the paper.

    Args:
        logits: (B,) ``NetOutput.side`` or ``.presence``, or (B, J) ``.confidence`` or ``.visible``.
        truth: bool, of the same shape.
        mask: bool, of the same shape; for the side, the samples that hold a hand.
    """
    entropy = functional.binary_cross_entropy_with_logits(logits, truth.to(logits.dtype), reduction="none")
    return _masked_mean(entropy, mask)
