"""Heat maps, coordinates and attention fusion: eq. 3, 4, 5, 6 and 9 of the paper (sec. 3.2 and 3.3).

Everything here runs in float32: an expectation over 64x64 pixels does not survive bfloat16.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


def spatial_softmax(logits: Tensor) -> Tensor:
    """Turn each map into a distribution over its pixels: eq. 3 (com1), 5 (com2) and sigma of eq. 9.

    Args:
        logits: (B, J, h, w).

    Returns:
        (B, J, h, w); each map sums to 1.
    """
    return functional.softmax(logits.flatten(2), dim=2).reshape(logits.shape)


def pixel_centres(size: int, like: Tensor) -> Tensor:
    """Give the centres of ``size`` pixels across [-1, 1], edge to edge, as ``crop.crop_to_camera`` counts: (size,)."""
    return (torch.arange(size, dtype=like.dtype, device=like.device) * 2 + 1) / size - 1


def expectation(heatmap: Tensor) -> Tensor:
    """Integrate the pixel coordinates over each map: eq. 4.

    Args:
        heatmap: (B, J, h, w), each map summing to 1.

    Returns:
        (B, J, 2): u and v in [-1, 1] of the patch.
    """
    height, width = heatmap.shape[-2:]
    u = (heatmap.sum(dim=-2) * pixel_centres(width, heatmap)).sum(dim=-1)
    v = (heatmap.sum(dim=-1) * pixel_centres(height, heatmap)).sum(dim=-1)
    return torch.stack([u, v], dim=-1)


def pool(attention: Tensor, features: Tensor) -> Tensor:
    """Pool one vector a joint from the depth features: eq. 6.

    Args:
        attention: (B, J, h, w), the fused maps.
        features: (B, D, h, w), Att_com3, Gamma of the equation.

    Returns:
        (B, J, D): H_j.
    """
    return torch.bmm(attention.flatten(2), features.flatten(2).transpose(1, 2))


class AttentionFusion(nn.Module):
    """Mix the logits of com1 and com2 with one learned share a joint: eq. 9."""

    def __init__(self, joints: int) -> None:
        """Build beta, which starts at a half.

        Args:
            joints: J.
        """
        super().__init__()
        self.beta = nn.Parameter(torch.full((joints, 1, 1), 0.5))

    def forward(self, com1: Tensor, com2: Tensor) -> Tensor:
        """(B, J, h, w) and (B, J, h, w) logits -> (B, J, h, w), each map summing to 1."""
        return spatial_softmax(self.beta * com1 + (1 - self.beta) * com2)
