"""What each step of a run does: the rate, the gradients' length, the average, the check of the loss, calibration."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from lighthand import train
from lighthand.errors import WeightsError
from lighthand.network import HandNet, NetOutput
from lighthand.recipe import StageConfig
from lighthand.synthesis.sample import Batch
from lighthand.train import MAX_GRADIENT, Run
from lighthand.weights import load_weights
from tests.lighthand import tiny

TINY = replace(tiny.TINY, small=StageConfig(32, 3, 4), full=StageConfig(32, 2, 4, 1e-3), validate_every=2)

TRUE_LOSS = train.total_loss
Loss = Callable[[NetOutput, dict[str, Tensor]], Tensor]


def scaled(factors: list[float]) -> Loss:
    """Give a loss that is taken times one factor after the other."""
    left = iter(factors)
    return lambda out, batch: TRUE_LOSS(out, batch) * next(left)


def norm(parameters: list[Tensor]) -> float:
    return float(torch.linalg.vector_norm(torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])))


def test_each_step_has_its_rate_and_no_gradient_longer_than_allowed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(train, "total_loss", scaled([1e3, 1e-3, 1e3, 1e-3, 1e3]))
    run = Run(TINY, tmp_path)
    rates, norms = [], []

    def look(optimiser: torch.optim.Optimizer, *_: object) -> None:
        rates.append({group["lr"] for group in optimiser.param_groups})
        norms.append(norm(list(run.net.parameters())))

    run.optimiser.register_step_pre_hook(look)
    run.train()
    assert rates == [{TINY.learning_rate(step)} for step in range(5)]
    assert norms[::2] == pytest.approx([MAX_GRADIENT] * 3, rel=1e-3)
    assert max(norms[1::2]) < 0.1 * MAX_GRADIENT  # a short one stays as it is


def same(run: Run) -> bool:
    """Tell whether the average is the network of the last step."""
    net, average = run.net.state_dict(), run.ema.module.state_dict()
    return all(torch.equal(net[key], average[key]) for key in net)


def test_the_average_begins_anew_with_each_stage(tmp_path: Path) -> None:
    run = Run(TINY, tmp_path)
    seen = []
    for step in range(1, 6):
        run.train(stop_after=step)
        seen.append(same(run))
    assert seen == [True, False, False, True, False]


@pytest.mark.parametrize("factor", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_ends_the_run_and_keeps_the_last_good_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, factor: float
) -> None:
    monkeypatch.setattr(train, "total_loss", scaled([1, 1, factor, 1, 1]))
    run = Run(TINY, tmp_path)
    with pytest.raises(WeightsError, match=rf"step 4: the loss is (nan|{factor})\. Lower the learning rate\."):
        run.train()
    assert Run(TINY, tmp_path).step == 2
    load_weights(tmp_path / "hand.safetensors")


def test_the_average_is_calibrated_once_at_the_end_and_only_in_the_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []

    def calibrate(net: HandNet, batch: Batch) -> None:
        assert not net.training
        assert len(batch.patches) == TINY.validation_samples
        steps.append(run.step)
        with torch.no_grad():
            net.trust_bias += 5.0

    monkeypatch.setattr(train, "calibrate", calibrate)
    shifts = []
    for stop in (4, None):
        run = Run(TINY, tmp_path)
        run.train(stop_after=stop)
        average, saved = run.ema.module, load_weights(tmp_path / "hand.safetensors")
        assert isinstance(average, HandNet)
        shifts.append(float((saved.trust_bias - average.trust_bias.cpu()).detach().mean()))
    assert steps == [TINY.steps]
    assert shifts == pytest.approx([0.0, 5.0], abs=1e-5)
