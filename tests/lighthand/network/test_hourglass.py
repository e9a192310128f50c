import pytest
import torch
from torch import nn

from lighthand.network.hourglass import Encoder, Hourglass


@pytest.mark.parametrize("size", [64, 128])
@pytest.mark.parametrize("stride", [2, 4])
def test_encoder_divides_the_input_by_its_stride(size: int, stride: int) -> None:
    encoder = Encoder(stem=4, stride=stride, channels=8, blocks=(1, 1)).eval()
    assert encoder(torch.randn(1, 1, size, size)).shape == (1, 8, size // stride, size // stride)


@pytest.mark.parametrize(("stride", "reach"), [(2, (-2, 2)), (4, (-2, 5))])
def test_the_stem_sees_as_far_to_either_side_of_its_pixels(stride: int, reach: tuple[int, int]) -> None:
    stem = Encoder(stem=1, stride=stride, channels=2, blocks=(1,)).stem[0]
    torch.nn.init.ones_(stem.weight)
    x = torch.eye(32)[None, :, None, :].expand(1, 32, 32, 32).transpose(0, 1)  # image k: column k is 1
    seen = stem(x)[:, 0, 4, 4].nonzero().flatten() - 4 * stride
    assert (int(seen.min()), int(seen.max())) == reach


def test_hourglass_sums_what_each_resolution_sees() -> None:
    hourglass = Hourglass(1, (1, 1), lambda _in, _out: nn.Identity())
    x = torch.zeros(1, 1, 4, 4)
    x[0, 0, 0, 0] = 1.0
    y = hourglass(x)[0, 0]
    assert y.tolist() == [[3, 2, 1, 1], [2, 2, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]]


def test_blocks_are_counted_by_level() -> None:
    made = []
    Hourglass(8, (3, 2, 1), lambda _in, _out: made.append(nn.Identity()) or made[-1])
    assert len(made) == 2 * (3 + 2 + 1) + 1
