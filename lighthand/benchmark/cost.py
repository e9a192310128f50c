"""What networks cost: parameters and multiply-accumulates, of the paper's ladder, its peers and what ships."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from lighthand.crop import PATCH
from lighthand.errors import ConfigError
from lighthand.network import FAST, PAPER, HandNet, NetworkConfig
from lighthand.paper.a2j import A2J, INPUT
from lighthand.paper.ladder import LadderConfig, LadderNet

_PRODUCTS = ("conv", "linear", "matmul", "bmm")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one network costs for one patch.

    Attributes:
        name: the network.
        params: learned parameters.
        macs: multiply-accumulates as fvcore counts them: convolutions, linear layers and matrix products, and
            one for each element of a norm or an upsampled map.
        two_macs: twice that, the usual "FLOPs" of hardware; the paper's "FLOPs" are ``macs``.
        paper_params: the published number, where there is one.
        paper_macs: likewise.
    """

    name: str
    params: int
    macs: int
    two_macs: int
    paper_params: float | None
    paper_macs: float | None


def ladder(joints: int = PAPER.joints) -> list[tuple[str, Callable[[], nn.Module], float | None, float | None]]:
    """Give each step of Table 3, A2J and what ships: name, builder, published parameters and MACs.

    Args:
        joints: J of all that the paper counts: 16 for ICVL, 14 for NYU.
    """
    base = LadderConfig(joints=joints)
    narrow = replace(base, stem=(16, 32, 32, 64), unified=True)
    paper = replace(PAPER, joints=joints)
    return [
        ("trihorn", lambda: LadderNet(base), 7.81e6, 13.47e9),
        ("trihorn + ghost hourglass", lambda: LadderNet(replace(base, ghost=True)), None, 11.097e9),
        ("trihorn + attention over joints", lambda: LadderNet(replace(base, attention=True)), None, 13.47e9),
        ("compressed and unified branch", lambda: LadderNet(narrow), None, 0.398e9),
        ("lighthand at the paper's cost", lambda: HandNet(paper), 0.18e6, 0.27e9),
        ("the same, attention on the grid", lambda: HandNet(replace(paper, attention="grid")), None, None),
        (f"lighthand as shipped, {joints} joints", lambda: HandNet(NetworkConfig(joints=joints)), None, None),
        ("lighthand as shipped, 21 joints", lambda: HandNet(NetworkConfig()), None, None),
        ("lighthand fast, 21 joints", lambda: HandNet(FAST), None, None),
        ("a2j, 176x176", lambda: A2J(joints), None, 6.21e9),
    ]


def count(net: nn.Module) -> tuple[int, int]:
    """Count a network: parameters and MACs of one patch, as ``Cost.macs``.

    Args:
        net: takes (B, 1, 128, 128), or is an A2J.

    Raises:
        ConfigError: fvcore is not installed.
    """
    operators = _operators(net)
    return sum(parameter.numel() for parameter in net.parameters()), sum(operators.values())


def count_products(net: nn.Module) -> int:
    """Count the MACs of one patch in convolutions, linear layers and matrix products alone.

    Raises:
        ConfigError: fvcore is not installed.
    """
    operators = _operators(net)
    return sum(operators.get(name, 0) for name in _PRODUCTS)


def _operators(net: nn.Module) -> dict[str, int]:
    """Give the MACs of one patch by operator."""
    size = INPUT if isinstance(net, A2J) else PATCH
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fvcore stands on torch.jit
        try:
            from fvcore.nn import FlopCountAnalysis
        except ImportError as error:
            raise ConfigError("cost: fvcore is not installed. Run `pip install -e .[dev]`.") from error
        analysis = FlopCountAnalysis(net.eval(), torch.zeros(1, 1, size, size))
        analysis.unsupported_ops_warnings(False)
        return {name: int(macs) for name, macs in analysis.by_operator().items()}


def cost(joints: int = PAPER.joints, names: Collection[str] | None = None) -> list[Cost]:
    """Count the steps of the ladder.

    Args:
        joints: as in ``ladder``.
        names: of the steps to count; None counts all.
    """
    rows = []
    for name, build, paper_params, paper_macs in ladder(joints):
        if names is not None and name not in names:
            continue
        params, macs = count(build())
        rows.append(Cost(name, params, macs, 2 * macs, paper_params, paper_macs))
    return rows


def print_costs(rows: Sequence[Cost]) -> None:
    """Print a line a network."""
    print(f"{'network':34}{'params':>11}{'paper':>9}{'MMAC':>10}{'paper':>9}{'2xMAC, M':>10}")
    for row in rows:
        paper_params = f"{row.paper_params / 1e6:.2f} M" if row.paper_params else "-"
        paper_macs = f"{row.paper_macs / 1e6:.0f}" if row.paper_macs else "-"
        print(
            f"{row.name:34}{row.params:11,}{paper_params:>9}{row.macs / 1e6:10.1f}{paper_macs:>9}"
            f"{row.two_macs / 1e6:10.1f}"
        )
