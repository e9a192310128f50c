import pytest
import torch

from lighthand.paper.a2j import A2J, INPUT
from lighthand.paper.ladder import LadderConfig, LadderNet


@pytest.mark.parametrize(
    "config",
    [
        LadderConfig(stem=(4, 4, 8, 8)),
        LadderConfig(stem=(4, 4, 8, 8), ghost=True, attention=True),
        LadderConfig(stem=(4, 4, 8, 8), unified=True, joints=14),
    ],
)
def test_ladder_networks_run_and_learn(config: LadderConfig) -> None:
    torch.manual_seed(0)
    net = LadderNet(config)
    uvz = net(torch.randn(2, 1, 128, 128))
    assert uvz.shape == (2, config.joints, 3)
    assert uvz[..., :2].abs().max() <= 1
    uvz.abs().sum().backward()
    assert all(p.grad is not None for p in net.parameters())


def test_a2j_votes_from_anchors_all_over_the_crop() -> None:
    torch.manual_seed(0)
    net = A2J(joints=3).eval()
    places = net.places
    assert places.shape == (44 * 44, 2)
    assert places.amin(dim=0).tolist() == [2, 2]
    assert places.amax(dim=0).tolist() == [INPUT - 2, INPUT - 2]
    for branch in (net.offset, net.depth, net.informative):
        torch.nn.init.zeros_(branch[-1].weight)
        torch.nn.init.zeros_(branch[-1].bias)
    with torch.inference_mode():
        joints = net(torch.randn(1, 1, INPUT, INPUT))
    assert joints.shape == (1, 3, 3)
    assert torch.allclose(joints[0, :, :2], torch.full((3, 2), INPUT / 2), atol=1e-3)  # all anchors count the same
    # The anchors of one cell are the votes of one pixel of the maps.
    net.informative[-1].bias.data[0] = 30.0  # first anchor of each cell, first joint
    with torch.inference_mode():
        joints = net(torch.randn(1, 1, INPUT, INPUT))
    assert torch.allclose(joints[0, 0, :2], places[places[:, 0] % 16 == 2][:, 0].mean().expand(2), atol=1e-3)
