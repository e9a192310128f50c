"""The encoder f: (1, H, W) -> (c, h, w) of sec. 3.1: one light hourglass of ghost bottlenecks.

Source of the shape: A. Newell, K. Yang, J. Deng, *Stacked Hourglass Networks*, ECCV 2016; made lighter
by cheaper blocks as A. Elhagry et al. 2021 propose, here the ghost bottleneck (eq. 1 and 2).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from torch import Tensor, nn
from torch.nn import functional

from lighthand.network.ghost import GhostBottleneck, conv_bn

Block = Callable[[int, int], nn.Module]
"""Builds a block from its input and output channels."""

STEM_KERNELS: Final = {2: 5, 4: 8}
"""Edge of the stem's filter by its stride."""


class Hourglass(nn.Module):
    """Blocks at one resolution around the same at half of it, and so on down."""

    def __init__(self, channels: int, blocks: Sequence[int], block: Block = GhostBottleneck) -> None:
        """Build the levels.

        Args:
            channels: c, the same at all levels.
            blocks: how many blocks each level has on its way down, and as many on its way up, from the first
                level to the last; the bottom below them, at half the last level's size, has one.
            block: what builds a block.
        """
        super().__init__()
        first, *rest = blocks
        self.down = nn.Sequential(*(block(channels, channels) for _ in range(first)))
        self.inner = Hourglass(channels, rest, block) if rest else block(channels, channels)
        self.up = nn.Sequential(*(block(channels, channels) for _ in range(first)))

    def forward(self, x: Tensor) -> Tensor:
        """(B, c, h, w) -> (B, c, h, w); h and w divide by 2**levels."""
        skip: Tensor = self.down(x)
        inner: Tensor = self.inner(functional.max_pool2d(skip, 2))  # (B, c, h / 2, w / 2)
        merged = skip + functional.interpolate(inner, scale_factor=2.0, mode="nearest")
        return self.up(merged)  # type: ignore[no-any-return]


class Encoder(nn.Module):
    """Stem, one bottleneck to c channels, the hourglass, one norm."""

    def __init__(self, stem: int, stride: int, channels: int, blocks: Sequence[int]) -> None:
        """Build the encoder.

        Args:
            stem: channels of the first convolution.
            stride: its step, a key of ``STEM_KERNELS``.
            channels: c, channels of the output.
            blocks: as in ``Hourglass``.
        """
        super().__init__()
        self.stem = conv_bn(1, stem, STEM_KERNELS[stride], stride=stride, relu=True)
        self.widen = GhostBottleneck(stem, channels)
        self.hourglass = Hourglass(channels, blocks)
        self.norm = nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 1, H, W) -> (B, c, H / stride, W / stride)."""
        x = self.stem(x)  # (B, stem, H / stride, W / stride)
        x = self.hourglass(self.widen(x))  # (B, c, H / stride, W / stride)
        return functional.relu(self.norm(x))
