"""The whole network of the paper (fig. 1): encoder, unified branch of 2J + D maps, fusion, attention, depth.

Its equation here is eq. 7, the depth layer that all joints share; the others are named in their modules.
Beyond the paper: one Linear(D, 2) on the mean joint vector (66 parameters at D = 32) that tells whether
the patch shows a right hand, and whether it shows a hand at all; and one on each joint vector, with a bias
of its own a joint (2D + 2J: 96 parameters at J = 16), that tells whether to trust the joint, and whether it is in view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, NamedTuple

import torch
from torch import Tensor, nn

from lighthand.errors import ConfigError
from lighthand.network.attention import SeparableSelfAttention
from lighthand.network.fusion import AttentionFusion, expectation, pool, spatial_softmax
from lighthand.network.hourglass import STEM_KERNELS, Encoder
from lighthand.skeleton import JOINTS

_MOST_CHANNELS: Final = 4096
_MOST_BLOCKS: Final = 64
_MOST_LEVELS: Final = 8


@dataclass(frozen=True, slots=True)
class NetworkConfig:
    """The network's shape; the defaults are what ships, ``PAPER`` is the paper's.

    Attributes:
        joints: J; 21 as shipped, 16 for ICVL, 14 for NYU.
        stem: channels of the first convolution.
        stride: its step: the maps have the input's size over it.
        channels: c, channels of the hourglass; even. Multiples of 32 are much faster on a CPU.
        blocks: ghost bottlenecks on the way down, and as many on the way up, of each level of the hourglass.
        depth_features: D, width of a joint's depth vector.
        attention: where the self-attention sits: on the J joint vectors, or on the h x w grid of Att_com3.
    """

    joints: int = JOINTS
    stem: int = 32
    stride: int = 4
    channels: int = 64
    blocks: tuple[int, ...] = (2, 2, 2, 2)
    depth_features: int = 32
    attention: Literal["joints", "grid"] = "joints"

    def __post_init__(self) -> None:
        """Refuse a network that cannot be built.

        Raises:
            ConfigError: a size below 1, a stride without a stem, an odd number of channels, or an unknown place of
                the attention.
        """
        for name in ("joints", "stem", "channels", "depth_features"):
            if not 1 <= getattr(self, name) <= _MOST_CHANNELS:
                raise ConfigError(f"network.{name} is {getattr(self, name)}, expected 1 to {_MOST_CHANNELS}.")
        if self.stride not in STEM_KERNELS:
            raise ConfigError(f"network.stride is {self.stride}, expected one of {[*STEM_KERNELS]}.")
        levels = 1 <= len(self.blocks) <= _MOST_LEVELS
        if not levels or not all(isinstance(count, int) and 1 <= count <= _MOST_BLOCKS for count in self.blocks):
            raise ConfigError(
                f"network.blocks is {self.blocks}, expected 1 to {_MOST_BLOCKS} for each of 1 to {_MOST_LEVELS} levels."
            )
        if self.channels % 2:
            raise ConfigError(f"network.channels is {self.channels}, expected an even number (ghost halves).")
        if self.attention not in ("joints", "grid"):
            raise ConfigError(f"network.attention is {self.attention!r}, expected 'joints' or 'grid'.")

    @property
    def input_multiple(self) -> int:
        """What the input's height and width must divide by."""
        return self.stride << len(self.blocks)


PAPER: Final = NetworkConfig(joints=16, stride=2)
"""The network at the paper's cost: 64x64 maps, 0.18 M parameters, 0.27 G multiply-accumulates."""

FAST: Final = NetworkConfig(stem=16, channels=32)
"""The smaller sibling for weak machines."""


class NetOutput(NamedTuple):
    """What the network says of a batch of patches.

    Attributes:
        uvz: (B, J, 3) float32, coordinates of the patch as in ``crop.crop_to_camera``.
        side: (B,) float32, logit of "the patch shows a right hand".
        presence: (B,) float32, logit of "the patch holds a hand".
        confidence: (B, J) float32, logit of "the joint is within ``losses.NEAR`` of the truth".
        visible: (B, J) float32, logit of "the camera sees the skin over the joint".
        heatmap_logits: (B, J, h, w) float32, Att_com1.
    """

    uvz: Tensor
    side: Tensor
    presence: Tensor
    confidence: Tensor
    visible: Tensor
    heatmap_logits: Tensor


class HandNet(nn.Module):
    """Patches of depth -> joints in the patch's coordinates."""

    def __init__(self, config: NetworkConfig) -> None:
        """Build the network with fresh weights.

        Args:
            config: its shape.
        """
        super().__init__()
        self.config = config
        features = config.depth_features
        self.encoder = Encoder(config.stem, config.stride, config.channels, config.blocks)
        self.unified = nn.Conv2d(config.channels, 2 * config.joints + features, 1)  # Att, sec. 3.2
        self.fusion = AttentionFusion(config.joints)
        self.attention = SeparableSelfAttention(features)
        self.depth = nn.Linear(features, 1)
        self.kind = nn.Linear(features, 2)
        self.trust = nn.Linear(features, 2, bias=False)
        self.trust_bias = nn.Parameter(torch.zeros(config.joints, 2))

    def forward(self, x: Tensor) -> NetOutput:
        """(B, 1, 128, 128) float patches -> (B, J, 3) and the rest of ``NetOutput``.

        Other sizes work where ``config.input_multiple`` divides them. The encoder follows autocast, what
        comes after the maps is float32.
        """
        maps = self.unified(self.encoder(x))  # (B, 2J + D, h, w)
        with torch.autocast(maps.device.type, enabled=False):
            return self._read(maps.float())

    def _read(self, maps: Tensor) -> NetOutput:
        """Turn the unified branch's maps, (B, 2J + D, h, w) float32, into joints."""
        joints, features = self.config.joints, self.config.depth_features
        com1, com2, com3 = torch.split(maps, [joints, joints, features], dim=1)
        uv = expectation(spatial_softmax(com1))  # eq. 3, 4: (B, J, 2)
        if self.config.attention == "grid":
            grid = com3.flatten(2).transpose(1, 2)  # (B, h * w, D)
            com3 = self.attention(grid).transpose(1, 2).reshape(com3.shape)
        vectors = pool(self.fusion(com1, com2), com3)  # eq. 9, 6: (B, J, D)
        if self.config.attention == "joints":
            vectors = self.attention(vectors)  # eq. 10, 11: (B, J, D)
        z = self.depth(vectors)  # eq. 7: (B, J, 1)
        side, presence = self.kind(vectors.mean(dim=1)).unbind(dim=-1)  # (B,) each
        confidence, visible = (self.trust(vectors) + self.trust_bias).unbind(dim=-1)  # (B, J) each
        return NetOutput(torch.cat([uv, z], dim=-1), side, presence, confidence, visible, com1)
