import math

import pytest
import torch
from torch import Tensor

from lighthand.network.fusion import expectation, pixel_centres, spatial_softmax
from lighthand.network.losses import (
    HEATMAP_SIGMA,
    NEAR,
    binary_loss,
    depth_loss,
    heatmap_cross_entropy,
    joint_loss,
    near,
    plane_loss,
)

ALL = torch.ones(2, 2, dtype=torch.bool)
SOME = torch.tensor([[True, False], [False, False]])
NONE = torch.zeros(2, 2, dtype=torch.bool)


def pair() -> tuple[Tensor, Tensor]:
    predicted = torch.zeros(2, 2, 3, requires_grad=True)
    truth = torch.tensor([[[0.1, 0.3, -0.5], [1, 1, 1]], [[0, 0, 0], [-1, -1, 3]]], dtype=torch.float32)
    return predicted, truth


@pytest.mark.parametrize(
    ("mask", "plane", "depth"),
    [(ALL, (0.4 + 2 + 0 + 2) / 8, (0.5 + 1 + 0 + 3) / 4), (SOME, 0.2, 0.5), (NONE, 0.0, 0.0)],
)
def test_losses_are_means_over_the_joints_that_count(mask: Tensor, plane: float, depth: float) -> None:
    predicted, truth = pair()
    assert plane_loss(predicted, truth, mask).item() == pytest.approx(plane)  # eq. 12
    assert depth_loss(predicted, truth, mask).item() == pytest.approx(depth)  # eq. 8
    assert joint_loss(predicted, truth, mask).item() == pytest.approx(plane + depth)  # eq. 13


@pytest.mark.parametrize("mask", [SOME, NONE])
def test_masked_truth_may_be_anything(mask: Tensor) -> None:
    predicted, truth = pair()
    truth[~mask] = math.nan
    logits = torch.zeros(2, 2, 4, 4, requires_grad=True)
    loss = joint_loss(predicted, truth, mask) + heatmap_cross_entropy(logits, truth, mask)
    loss.backward()
    assert torch.isfinite(loss)
    for grad in (predicted.grad, logits.grad):
        assert grad is not None
        assert bool(torch.isfinite(grad).all())
        assert bool((grad[~mask] == 0).all())
    assert loss.item() == 0 or mask.any()


def test_near_is_a_distance_in_space_and_holds_no_masked_joint() -> None:
    truth = torch.zeros(1, 4, 3)
    truth[0, 3] = math.nan
    along = torch.tensor([0.57, 0.58, 0.0, 0.0]) * NEAR  # of each axis: 0.99 and 1.005 of the distance
    predicted = along[None, :, None].expand(1, 4, 3).clone().requires_grad_()
    mask = torch.tensor([[True, True, False, False]])
    assert near(predicted, truth, mask).tolist() == [[True, False, False, False]]


def test_cross_entropy_is_that_against_the_gaussian_drawn_out() -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 2, 8, 16)
    truth = torch.rand(2, 2, 3) * 2 - 1
    u, v = pixel_centres(16, logits), pixel_centres(8, logits)
    square = (u[None, None, None] - truth[..., 0, None, None]) ** 2 + (v[:, None] - truth[..., 1, None, None]) ** 2
    target = spatial_softmax(-square / (2 * HEATMAP_SIGMA**2))
    expected = -(target * logits.flatten(2).log_softmax(dim=2).reshape(logits.shape)).sum(dim=(2, 3))
    assert heatmap_cross_entropy(logits, truth, ALL).item() == pytest.approx(expected.mean().item(), rel=1e-5)
    assert heatmap_cross_entropy(logits, truth, SOME).item() == pytest.approx(expected[0, 0].item(), rel=1e-5)


def test_cross_entropy_alone_draws_the_map_to_the_truth() -> None:
    logits = torch.zeros(1, 1, 32, 32, requires_grad=True)
    truth = torch.tensor([[[0.3, -0.6, 0.0]]])
    optimiser = torch.optim.Adam([logits], lr=0.5)
    for _ in range(100):
        optimiser.zero_grad()
        heatmap_cross_entropy(logits, truth, torch.ones(1, 1, dtype=torch.bool)).backward()
        optimiser.step()
    assert torch.allclose(expectation(spatial_softmax(logits))[0, 0], truth[0, 0, :2], atol=0.01)


def test_binary_loss_counts_the_samples_of_its_mask() -> None:
    logits = torch.tensor([0.0, 3.0, -2.0], requires_grad=True)
    truth = torch.tensor([True, False, False])
    assert binary_loss(logits, truth, torch.tensor([True, False, False])).item() == pytest.approx(math.log(2))
    assert binary_loss(logits, truth, torch.tensor([False, True, False])).item() == pytest.approx(
        math.log1p(math.exp(3))
    )
    assert binary_loss(logits, truth, torch.zeros(3, dtype=torch.bool)).item() == 0
