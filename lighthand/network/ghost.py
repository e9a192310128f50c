"""The ghost module and bottleneck: eq. 1 and 2 of the paper (sec. 3.1).

Source: K. Han et al., *GhostNet: More Features from Cheap Operations*, CVPR 2020, sec. 3.1 and 3.2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

EXPANSION: int = 2
"""Hidden channels of a bottleneck for each channel it gives."""

RESIDUAL_GAIN: float = 0.2
"""First gain of a bottleneck's last norms: near its shortcut alone, which keeps deep training stable."""


def conv_bn(inputs: int, outputs: int, kernel: int, *, stride: int = 1, groups: int = 1, relu: bool) -> nn.Sequential:
    """Build convolution, batch norm and, where wanted, ReLU; the padding leaves 1 / stride of the size.

    Args:
        inputs: channels of the input.
        outputs: channels of the output.
        kernel: edge of the filter, odd at stride 1.
        stride: step of the filter.
        groups: groups of the convolution; ``inputs`` for a depthwise one.
        relu: end in a ReLU.
    """
    conv = nn.Conv2d(inputs, outputs, kernel, stride, (kernel - stride + 1) // 2, groups=groups, bias=False)
    nn.init.kaiming_normal_(conv.weight, mode="fan_in", nonlinearity="relu")
    layers: list[nn.Module] = [conv, nn.BatchNorm2d(outputs)]
    if relu:
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


class GhostModule(nn.Module):
    """Half of the maps by a 1x1 convolution, the other half from these by a cheap depthwise one."""

    def __init__(self, inputs: int, outputs: int, *, relu: bool) -> None:
        """Build both halves.

        Args:
            inputs: channels of the input.
            outputs: channels of the output, n of the paper; m = n / 2, so it must be even.
            relu: end both halves in a ReLU.
        """
        super().__init__()
        half = outputs // 2
        self.relu = relu
        self.primary = conv_bn(inputs, half, 1, relu=relu)
        self.cheap = conv_bn(half, half, 3, groups=half, relu=relu)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, outputs, h, w)."""
        intrinsic: Tensor = self.primary(x)  # eq. 1: Y' = X * f', (B, outputs / 2, h, w)
        ghost: Tensor = self.cheap(intrinsic)  # eq. 2: y_ij = Phi_ij(y'_i), s = 2 with one identity
        if ghost.requires_grad and not self.relu:
            # The gradient of a concatenation is a strided slice, on which batch norm's CPU backward takes
            # 8.7 ms instead of 0.5 (16x32x32x32, bfloat16); a clone is dense.
            ghost.register_hook(torch.clone)  # type: ignore[no-untyped-call]
        return torch.cat([intrinsic, ghost], dim=1)


class GhostBottleneck(nn.Module):
    """Two ghost modules, wider in between, around a shortcut."""

    def __init__(self, inputs: int, outputs: int) -> None:
        """Build the bottleneck.

        Args:
            inputs: channels of the input.
            outputs: channels of the output, even.
        """
        super().__init__()
        hidden = EXPANSION * outputs
        self.expand = GhostModule(inputs, hidden, relu=True)
        self.project = GhostModule(hidden, outputs, relu=False)
        self.shortcut = nn.Identity() if inputs == outputs else conv_bn(inputs, outputs, 1, relu=False)
        for half in (self.project.primary, self.project.cheap):
            norm = half[-1]
            assert isinstance(norm, nn.BatchNorm2d)
            nn.init.constant_(norm.weight, RESIDUAL_GAIN)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, h, w) -> (B, outputs, h, w)."""
        shortcut: Tensor = self.shortcut(x)
        return shortcut + self.project(self.expand(x))  # type: ignore[no-any-return]
