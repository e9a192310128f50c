"""What a run of training goes on from: the file ``last.pt``, read and checked."""

from __future__ import annotations

import json
import pickle
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import torch

from lighthand.config import config_to_dict
from lighthand.errors import WeightsError
from lighthand.recipe import TrainConfig

_FREE: Final = ("workers", "threads", "root", "start")
"""Fields of the recipe that a run may go on without: they change nothing, or name a place."""

_KEYS: Final = {"config", "net", "ema", "optimiser", "step", "rows", "seconds"}


def read_checkpoint(path: Path, config: TrainConfig, world: int, device: torch.device) -> dict[str, Any]:
    """Read what ``lighthand.train`` saved.

    Args:
        path: the file.
        config: of the run that would go on.
        world: how many processes would.
        device: that the tensors go to.

    Returns:
        The state, with at least ``net``, ``ema``, ``optimiser``, ``step``, ``rows`` and ``seconds``; ``start`` and
        ``world`` are missing where an older version saved it.

    Raises:
        WeightsError: the file is damaged or something else, or belongs to another config or number of processes.
    """
    advice = "Take another --out."
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        reason = str(error).partition("\n")[0]
        raise WeightsError(f"{path}: not a readable checkpoint ({reason}). {advice}") from error
    lacks = _KEYS - (state.keys() if isinstance(state, dict) else set())
    if lacks:
        raise WeightsError(f"{path}: not a checkpoint of training, it lacks {', '.join(sorted(lacks))}. {advice}")
    try:
        before = dict(_flat(json.loads(state["config"])))
    except (ValueError, TypeError, AttributeError) as error:
        raise WeightsError(f"{path}: its config is damaged ({error}). {advice}") from error
    now = dict(_flat(config_to_dict(config)))
    other = [key for key in {**before, **now} if key not in _FREE and before.get(key) != now.get(key)]
    if other:
        changes = ", ".join(f"{key} is {now.get(key)}, was {before.get(key)}" for key in other)
        raise WeightsError(f"{path}: made with another config: {changes}. Set it as it was, or take another --out.")
    if state.get("world", world) != world:
        raise WeightsError(
            f"{path}: number of processes {world}, expected {state['world']} as before. Start that many, with torchrun "
            f"--nproc-per-node {state['world']}, or take another --out."
        )
    return dict(state)


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    """Give the fields of nested sections by the names that ``--set`` takes."""
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value
