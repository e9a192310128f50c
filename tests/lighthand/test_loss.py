"""The whole loss: which output learns from which sample, and which way it is pushed."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from lighthand.network import NetOutput
from lighthand.network.losses import NEAR
from lighthand.train import total_loss

RIGHT, LEFT, NONE = 0, 1, 2
"""A right hand, a left hand, no hand: the samples of ``batch``."""


def batch() -> dict[str, Tensor]:
    """Of the right hand's joints one is near, one far and hidden, one seen by who knows, and one masked."""
    uvz = torch.full((3, 4, 3), math.nan)  # a truth that is masked may be anything
    uvz[RIGHT, :3] = torch.tensor([0.5, 2.0, 0.5])[:, None] * NEAR / math.sqrt(3)
    mask = torch.zeros(3, 4, dtype=torch.bool)
    mask[RIGHT, :3] = True
    visible = torch.ones(3, 4)
    visible[RIGHT] = torch.tensor([1.0, 0.0, math.nan, 1.0])
    return {
        "uvz": uvz,
        "mask": mask,
        "visible": visible,
        "right": torch.tensor([True, False, True]),
        "presence": torch.tensor([True, True, False]),
    }


def undecided() -> NetOutput:
    """Give an output of zeros: joints in the middle, and 1 in 2 for all that is asked."""
    shapes = [(3, 4, 3), (3,), (3,), (3, 4), (3, 4), (3, 4, 8, 8)]
    return NetOutput(*(torch.zeros(shape, requires_grad=True) for shape in shapes))


@pytest.mark.parametrize(
    ("head", "pushed"),
    [
        # +1: towards yes, -1: towards no, 0: learns nothing
        ("side", [1, -1, 0]),
        ("presence", [1, 1, -1]),
        ("confidence", [[1, -1, 1, -1], [0, 0, 0, 0], [-1, -1, -1, -1]]),
        ("visible", [[1, -1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]),
    ],
)
def test_each_answer_learns_from_the_samples_that_have_its_truth(head: str, pushed: list[object]) -> None:
    out = undecided()
    total_loss(out, batch()).backward()
    gradient = getattr(out, head).grad
    assert gradient is not None, f"nothing teaches {head}"
    assert (-gradient).sign().tolist() == pushed


def test_joints_and_heat_maps_learn_from_right_hands_joints_inside_the_crop() -> None:
    out = undecided()
    total_loss(out, batch()).backward()
    assert out.uvz.grad is not None
    assert out.heatmap_logits.grad is not None
    learns = [[True, True, True, False], [False] * 4, [False] * 4]
    assert (out.uvz.grad < 0).all(dim=-1).tolist() == learns  # the truth has more of u, v and z
    assert (out.uvz.grad != 0).any(dim=-1).tolist() == learns
    assert (out.heatmap_logits.grad != 0).flatten(2).any(dim=-1).tolist() == learns
