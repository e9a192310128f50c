"""A2J, a network of the paper's Table 1, built to be counted and timed.

Source: F. Xiong et al., *A2J: Anchor-to-Joint Regression Network for 3D Articulated Pose Estimation from a Single
Depth Image*, ICCV 2019, sec. 3 and fig. 3. The trunk is the 50-layer network of K. He et al., *Deep Residual
Learning for Image Recognition*, CVPR 2016, table 1.

Our counts for J = 16: 6.203 GMAC (published 6.21) and 43.0 M parameters, 45.0 M with the classifier of its trunk,
which A2J does not use; the paper's table says 82.01 M.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

INPUT: Final = 176
"""Edge of its depth crops, pixels."""

STRIDE: Final = 16
ANCHORS: Final = 4
"""Anchors along each edge of a cell of STRIDE pixels."""

_FEATURES: Final = 256
_STAGES: Final = ((64, 3, 1, 1), (128, 4, 2, 1), (256, 6, 2, 1), (512, 3, 1, 2))  # width, blocks, stride, dilation


def _conv(inputs: int, outputs: int, kernel: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    padding = dilation * (kernel // 2)
    conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs))


class _Residual(nn.Module):
    """A bottleneck of the trunk: 1x1, 3x3, 1x1, four times as wide at its end."""

    def __init__(self, inputs: int, width: int, stride: int, dilation: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *(_conv(inputs, width, 1), nn.ReLU(), _conv(width, width, 3, stride, dilation), nn.ReLU()),
            _conv(width, 4 * width, 1),
        )
        same = inputs == 4 * width and stride == 1
        self.shortcut = nn.Identity() if same else _conv(inputs, 4 * width, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.body(x) + self.shortcut(x))


def _branch(inputs: int, outputs: int) -> nn.Sequential:
    """Four convolutions of 3x3, and one to the anchors' values."""
    layers: list[nn.Module] = []
    for number in range(4):
        conv = nn.Conv2d(_FEATURES if number else inputs, _FEATURES, 3, padding=1)
        layers += [conv, nn.BatchNorm2d(_FEATURES), nn.ReLU()]
    return nn.Sequential(*layers, nn.Conv2d(_FEATURES, outputs, 3, padding=1))


class A2J(nn.Module):
    """Crops of depth -> joints, as a vote of anchors spread over the crop."""

    places: Tensor

    def __init__(self, joints: int = 16) -> None:
        """Build the network with fresh weights.

        Args:
            joints: J.
        """
        super().__init__()
        self.joints = joints
        self.entry = nn.Sequential(_conv(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        stages = []
        inputs = 64
        for width, blocks, stride, dilation in _STAGES:
            layers = []
            for number in range(blocks):
                layers.append(_Residual(inputs, width, 1 if number else stride, dilation))
                inputs = 4 * width
            stages.append(nn.Sequential(*layers))
        self.common = nn.Sequential(*stages[:3])
        self.regression = stages[3]
        votes = ANCHORS**2 * joints
        self.informative = _branch(1024, votes)
        self.offset = _branch(2048, 2 * votes)
        self.depth = _branch(2048, votes)
        cells = torch.arange(INPUT // STRIDE * ANCHORS) * (STRIDE / ANCHORS) + STRIDE / ANCHORS / 2
        self.register_buffer("places", torch.stack(torch.meshgrid(cells, cells, indexing="xy"), dim=-1).flatten(0, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(B, 1, 176, 176) -> (B, J, 3): u and v in pixels, depth."""
        common = self.common(self.entry(x.expand(-1, 3, -1, -1)))  # (B, 1024, 11, 11)
        deep = self.regression(common)  # (B, 2048, 11, 11)
        weights = functional.softmax(self._by_anchor(self.informative(common), 1), dim=1)  # (B, A, J, 1)
        plane = self.places[:, None] + self._by_anchor(self.offset(deep), 2)
        values = torch.cat([plane, self._by_anchor(self.depth(deep), 1)], dim=-1)  # (B, A, J, 3)
        return (weights * values).sum(dim=1)

    def _by_anchor(self, maps: Tensor, values: int) -> Tensor:
        """(B, 16 * J * n, h, w) -> (B, A, J, n) with the anchors in the order of ``places``."""
        batch, _, height, width = maps.shape
        split = maps.reshape(batch, ANCHORS, ANCHORS, self.joints, values, height, width)
        return split.permute(0, 5, 1, 6, 2, 3, 4).reshape(batch, -1, self.joints, values)
