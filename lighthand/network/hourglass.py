"""The encoder f: (1, H, W) -> (c, h, w) of sec. 3.1: one light hourglass of ghost bottlenecks.

Source of the shape: A. Newell, K. Yang, J. Deng, *Stacked Hourglass Networks*, ECCV 2016; made lighter
by cheaper blocks as A. Elhagry et al. 2021 propose, here the ghost bottleneck (eq. 1 and 2).
"""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn import functional

from lighthand.network.ghost import GhostBottleneck, conv_bn

Block = Callable[[int, int], nn.Module]
"""Builds a block from its input and output channels."""


class Hourglass(nn.Module):
    """Blocks at one resolution around the same at half of it, and so on down."""

    def __init__(self, channels: int, depth: int, blocks: int, block: Block = GhostBottleneck) -> None:
        """Build the levels.

        Args:
            channels: c, the same at all levels.
            depth: halvings between the first level and the bottom.
            blocks: blocks on the way down and on the way up of each level; the bottom has one.
            block: what builds a block.
        """
        super().__init__()
        self.down = nn.Sequential(*(block(channels, channels) for _ in range(blocks)))
        self.inner = Hourglass(channels, depth - 1, blocks, block) if depth > 1 else block(channels, channels)
        self.up = nn.Sequential(*(block(channels, channels) for _ in range(blocks)))

    def forward(self, x: Tensor) -> Tensor:
        """(B, c, h, w) -> (B, c, h, w); h and w divide by 2**depth."""
        skip: Tensor = self.down(x)
        inner: Tensor = self.inner(functional.max_pool2d(skip, 2))  # (B, c, h / 2, w / 2)
        merged = skip + functional.interpolate(inner, scale_factor=2.0, mode="nearest")
        return self.up(merged)  # type: ignore[no-any-return]


class Encoder(nn.Module):
    """Stem of stride 2, one bottleneck to c channels, the hourglass, one norm."""

    def __init__(self, stem: int, channels: int, depth: int, blocks: int) -> None:
        """Build the encoder.

        Args:
            stem: channels of the first convolution.
            channels: c, channels of the output.
            depth: halvings inside the hourglass.
            blocks: as in ``Hourglass``.
        """
        super().__init__()
        self.stem = conv_bn(1, stem, 5, stride=2, relu=True)
        self.widen = GhostBottleneck(stem, channels)
        self.hourglass = Hourglass(channels, depth, blocks)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 1, H, W) -> (B, c, H / 2, W / 2)."""
        x = self.stem(x)  # (B, stem, H / 2, W / 2)
        x = self.hourglass(self.widen(x))  # (B, c, H / 2, W / 2)
        return functional.relu(self.norm(x))
