"""The networks the paper is measured against in its Table 3, built to be counted.

The base is TriHorn-Net (M. Rezaei et al. 2022, sec. 3, and its published layer widths): a stem, one hourglass
of residual bottlenecks, and three branches of their own for com1, com2 and com3. The steps of the paper's
ablation replace parts of it.

Our counts beside the published ones (128x128 input, J = 16, fvcore):

| step                  | parameters | published | GMAC   | published |
|-----------------------|------------|-----------|--------|-----------|
| TriHorn-Net           | 7.810 M    | 7.81 M    | 13.372 | 13.47     |
| ghost hourglass       | 4.023 M    | -         | 10.999 | 11.097    |
| attention over joints | 7.822 M    | -         | 13.372 | 13.47     |
| compressed branch     | 0.385 M    | -         | 0.399  | 0.398     |

The first three lie 0.098 G (0.7 to 0.9 %) under the published numbers: all of TriHorn-Net's parameters are there,
so the other counter counted operations that fvcore does not. The paper does not say how wide the network of
its compressed branch is: a quarter of TriHorn-Net's widths gives 0.440 G, and with the stem's third
bottleneck widening instead of the second, as here, 0.399 G. Table 3's "Ghost module" row keeps the residual
bottlenecks of the stem and of the branches.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from lighthand.network.attention import SeparableSelfAttention
from lighthand.network.fusion import AttentionFusion, expectation, pool, spatial_softmax
from lighthand.network.ghost import GhostModule


@dataclass(frozen=True, slots=True)
class LadderConfig:
    """One step of the ladder; the defaults are TriHorn-Net for ICVL.

    Attributes:
        joints: J.
        stem: channels after the first convolution and its three bottlenecks; the last is c of the hourglass.
        depth_features: D.
        ghost: ghost bottlenecks in the hourglass instead of residual ones (the stem and branches keep theirs).
        unified: one 1x1 convolution to 2J + D maps instead of the three branches.
        attention: self-attention over the joint vectors.
    """

    joints: int = 16
    stem: tuple[int, int, int, int] = (64, 128, 256, 256)
    depth_features: int = 64
    ghost: bool = False
    unified: bool = False
    attention: bool = False


class ResidualBottleneck(nn.Module):
    """Norm, ReLU and convolution three times, half as wide in between, around a shortcut."""

    def __init__(self, inputs: int, outputs: int) -> None:
        """Build the bottleneck.

        Args:
            inputs: channels of the input.
            outputs: channels of the output, even.
        """
        super().__init__()
        half = outputs // 2
        self.body = nn.Sequential(
            *(nn.BatchNorm2d(inputs), nn.ReLU(), nn.Conv2d(inputs, half, 1)),
            *(nn.BatchNorm2d(half), nn.ReLU(), nn.Conv2d(half, half, 3, padding=1)),
            *(nn.BatchNorm2d(half), nn.ReLU(), nn.Conv2d(half, outputs, 1)),
        )
        self.shortcut = nn.Identity() if inputs == outputs else nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, outputs, h, w)."""
        return self.shortcut(x) + self.body(x)  # type: ignore[no-any-return]


class PlainGhostBottleneck(nn.Module):
    """Two ghost modules as wide as their input: the width at which Table 3's 11.097 G comes out."""

    def __init__(self, channels: int) -> None:
        """Build the bottleneck.

        Args:
            channels: of the input and the output, even.
        """
        super().__init__()
        self.body = nn.Sequential(
            GhostModule(channels, channels, relu=True), GhostModule(channels, channels, relu=False)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, c, h, w) -> (B, c, h, w)."""
        return x + self.body(x)  # type: ignore[no-any-return]


class ClassicHourglass(nn.Module):
    """The hourglass of Newell et al. 2016: the skip has blocks of its own. Two blocks a path."""

    def __init__(self, channels: int, depth: int, *, ghost: bool) -> None:
        """Build the levels.

        Args:
            channels: c.
            depth: halvings.
            ghost: which kind of block.
        """
        super().__init__()

        def blocks() -> nn.Sequential:
            return nn.Sequential(
                *(PlainGhostBottleneck(channels) if ghost else ResidualBottleneck(channels, channels) for _ in "12")
            )

        self.skip, self.before, self.after = blocks(), blocks(), blocks()
        self.inner = ClassicHourglass(channels, depth - 1, ghost=ghost) if depth > 1 else blocks()

    def forward(self, x: Tensor) -> Tensor:
        """(B, c, h, w) -> (B, c, h, w)."""
        low = self.after(self.inner(self.before(functional.max_pool2d(x, 2))))
        return self.skip(x) + functional.interpolate(low, scale_factor=2.0)  # type: ignore[no-any-return]


class LadderNet(nn.Module):
    """Patches of depth -> joints, at one step of the ladder."""

    def __init__(self, config: LadderConfig) -> None:
        """Build the step.

        Args:
            config: which step.
        """
        super().__init__()
        self.config = config
        joints, features = config.joints, config.depth_features
        first, second, third, width = config.stem
        self.stem = nn.Sequential(
            nn.Conv2d(1, first, 7, padding=3),
            nn.BatchNorm2d(first),
            nn.ReLU(),
            ResidualBottleneck(first, second),
            nn.MaxPool2d(2),
            ResidualBottleneck(second, third),
            ResidualBottleneck(third, width),
        )
        self.hourglass = ClassicHourglass(width, 4, ghost=config.ghost)
        if config.unified:
            self.branches = nn.ModuleList([nn.Conv2d(width, 2 * joints + features, 1)])
        else:
            self.branches = nn.ModuleList(
                [_branch(width, joints, 3), _branch(width, joints, 1), _branch(width, features, 3)]
            )
        self.fusion = AttentionFusion(joints)
        self.attention = SeparableSelfAttention(features) if config.attention else nn.Identity()
        self.depth = nn.Linear(features, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, 1, 128, 128) -> (B, J, 3)."""
        features = self.hourglass(self.stem(x))  # (B, c, 64, 64)
        maps = torch.cat([branch(features) for branch in self.branches], dim=1)
        joints = self.config.joints
        com1, com2, com3 = maps[:, :joints], maps[:, joints : 2 * joints], maps[:, 2 * joints :]
        uv = expectation(spatial_softmax(com1))
        vectors = self.attention(pool(self.fusion(com1, com2), com3))
        return torch.cat([uv, self.depth(vectors)], dim=-1)


def _branch(channels: int, outputs: int, blocks: int) -> nn.Sequential:
    """One branch of TriHorn-Net: residual bottlenecks, a 1x1 convolution with norm, and one to the maps."""
    return nn.Sequential(
        *(ResidualBottleneck(channels, channels) for _ in range(blocks)),
        nn.Conv2d(channels, channels, 1),
        nn.BatchNorm2d(channels),
        nn.ReLU(),
        nn.Conv2d(channels, outputs, 1),
    )
