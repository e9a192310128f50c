import pytest
import torch

from lighthand.network.fusion import AttentionFusion, expectation, pool, spatial_softmax


def test_spatial_softmax_sums_to_one_over_each_map() -> None:
    torch.manual_seed(0)
    maps = spatial_softmax(torch.randn(2, 3, 4, 8) * 50)
    assert maps.shape == (2, 3, 4, 8)
    assert torch.allclose(maps.sum(dim=(2, 3)), torch.ones(2, 3))


@pytest.mark.parametrize(
    ("row", "column", "uv"),
    [(0, 0, (-0.875, -0.75)), (3, 7, (0.875, 0.75)), (1, 4, (0.125, -0.25)), (2, 0, (-0.875, 0.25))],
)
def test_expectation_of_one_pixel_is_its_centre(row: int, column: int, uv: tuple[float, float]) -> None:
    logits = torch.full((1, 1, 4, 8), -1e4)
    logits[0, 0, row, column] = 0.0
    assert torch.allclose(expectation(spatial_softmax(logits))[0, 0], torch.tensor(uv))


def test_expectation_of_a_flat_map_is_the_middle() -> None:
    assert torch.allclose(expectation(torch.full((1, 2, 4, 8), 1 / 32)), torch.zeros(1, 2, 2), atol=1e-6)


def test_expectation_is_exact_to_a_hundredth_of_a_pixel_at_full_size() -> None:
    heatmap = torch.zeros(1, 1, 64, 64)
    heatmap[0, 0, 10, 20], heatmap[0, 0, 10, 21] = 0.75, 0.25
    u, v = (((expectation(heatmap)[0, 0] + 1) * 64 - 1) / 2).tolist()
    assert u == pytest.approx(20.25, abs=0.01)
    assert v == pytest.approx(10, abs=0.01)


def test_pool_weighs_the_features_by_the_map() -> None:
    attention = torch.zeros(1, 2, 2, 2)
    attention[0, 0, 1, 0] = 1.0
    attention[0, 1] = 0.25
    features = torch.arange(12.0).reshape(1, 3, 2, 2)
    assert pool(attention, features).tolist() == [[[2, 6, 10], [1.5, 5.5, 9.5]]]


@pytest.mark.parametrize(("beta", "expected"), [(1.0, "com1"), (0.0, "com2"), (0.5, "between")])
def test_fusion_takes_the_share_that_beta_says(beta: float, expected: str) -> None:
    torch.manual_seed(0)
    com1, com2 = torch.randn(2, 3, 4, 4), torch.randn(2, 3, 4, 4)
    fusion = AttentionFusion(3)
    torch.nn.init.constant_(fusion.beta, beta)
    logits = {"com1": com1, "com2": com2, "between": (com1 + com2) / 2}[expected]
    assert torch.allclose(fusion(com1, com2), spatial_softmax(logits), atol=1e-6)


def test_beta_is_one_free_number_a_joint_that_starts_at_a_half() -> None:
    fusion = AttentionFusion(21)
    assert fusion.beta.numel() == 21
    assert bool((fusion.beta == 0.5).all())
    torch.manual_seed(0)
    fusion(torch.randn(1, 21, 4, 4), torch.randn(1, 21, 4, 4))[:, 3, 0, 0].sum().backward()
    assert fusion.beta.grad is not None
    assert (fusion.beta.grad.flatten() != 0).nonzero().flatten().tolist() == [3]
