import pytest
import torch
from torch.nn import functional

from lighthand.benchmark.cost import count
from lighthand.network import HandNet, NetworkConfig
from lighthand.network.attention import SeparableSelfAttention


@pytest.mark.parametrize("tokens", [1, 21, 4096])
def test_equation_11_token_by_token_and_our_residual(tokens: int) -> None:
    torch.manual_seed(0)
    attention = SeparableSelfAttention(4).double()
    x = torch.randn(2, tokens, 4, dtype=torch.float64)
    y = attention(x)
    assert y.shape == x.shape
    for b in range(2):
        scores = torch.exp(x[b] @ attention.score.weight[0])
        scores = scores / scores.sum()
        context = sum(scores[i] * (attention.key.weight @ x[b, i]) for i in range(tokens))
        for i in {0, tokens - 1}:
            value = functional.relu(attention.value.weight @ x[b, i])
            of_the_paper = attention.out.weight @ (context * value)
            assert torch.allclose(y[b, i] - x[b, i], of_the_paper)  # eq. 11 has no residual, we add one


def test_order_of_the_tokens_does_not_matter() -> None:
    torch.manual_seed(0)
    attention = SeparableSelfAttention(8)
    x = torch.randn(1, 21, 8)
    order = torch.randperm(21)
    assert torch.allclose(attention(x[:, order]), attention(x)[:, order], atol=1e-6)


def test_cost_is_linear_in_the_tokens() -> None:
    small = {"channels": 4, "stem": 4, "depth_features": 8, "stride": 2, "blocks": (1,)}
    assert sum(p.numel() for p in SeparableSelfAttention(8).parameters()) == 3 * 8 * 8 + 8
    joints = count(HandNet(NetworkConfig(joints=16, **small)))
    grid = count(HandNet(NetworkConfig(joints=16, attention="grid", **small)))
    assert joints[0] == grid[0]
    assert grid[1] - joints[1] == (64 * 64 - 16) * (3 * 8 * 8 + 8)
