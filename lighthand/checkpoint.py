"""What a run of training goes on from: the file ``last.pt``, read and checked."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any, Final

import torch

from lighthand.config import config_to_dict
from lighthand.errors import WeightsError
from lighthand.recipe import TrainConfig

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
    advice = "Delete it to begin anew, or take another --out."
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except (OSError, EOFError, RuntimeError, ValueError, pickle.UnpicklingError) as error:
        reason = str(error).partition("\n")[0]
        raise WeightsError(f"{path}: not a readable checkpoint ({reason}). {advice}") from error
    lacks = _KEYS - (state.keys() if isinstance(state, dict) else set())
    if lacks:
        raise WeightsError(f"{path}: not a checkpoint of training, it lacks {', '.join(sorted(lacks))}. {advice}")
    if state["config"] != json.dumps(config_to_dict(config), sort_keys=True):
        raise WeightsError(f"{path}: made with another config. Take another --out, or the config it was made with.")
    if state.get("world", world) != world:
        raise WeightsError(
            f"{path}: number of processes {world}, expected {state['world']} as before. Start that many, with torchrun "
            f"--nproc-per-node {state['world']}, or take another --out."
        )
    return dict(state)
