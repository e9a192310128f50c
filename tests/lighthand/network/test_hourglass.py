import pytest
import torch
from torch import nn

from lighthand.network.hourglass import Encoder, Hourglass


@pytest.mark.parametrize("size", [64, 128])
def test_encoder_halves_the_input_once(size: int) -> None:
    encoder = Encoder(stem=4, channels=8, depth=4, blocks=1).eval()
    assert encoder(torch.randn(1, 1, size, size)).shape == (1, 8, size // 2, size // 2)


def test_hourglass_sums_what_each_resolution_sees() -> None:
    hourglass = Hourglass(1, 2, 1, lambda _in, _out: nn.Identity())
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, 0, 0] = 1.0
    y = hourglass(x)[0, 0]
    assert y.tolist() == [[3, 2, 1, 1], [2, 2, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]


def test_blocks_are_counted_by_level() -> None:
    made = []
    Hourglass(8, 3, 2, lambda _in, _out: made.append(nn.Identity()) or made[-1])
    assert len(made) == 3 * 4 + 1
