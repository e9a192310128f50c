"""Weights as safetensors files that say which network and which joints they belong to.

The metadata holds ``format`` (version of this layout), ``network`` (``NetworkConfig`` as JSON), ``joints``
(names in order as JSON) and ``cube_mm`` (of the crops it was trained on), beside whatever the writer adds.
Whoever reads a file says which joints and which cube it needs; the default is what the program and the shipped
weights have, so that weights for a data set's 14 or 16 joints are refused everywhere but where they are asked for.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from lighthand.crop import CUBE_MM
from lighthand.errors import ConfigError, WeightsError
from lighthand.network import HandNet, NetworkConfig
from lighthand.skeleton import JOINT_NAMES

FORMAT: Final = "lighthand-hand-3"


def save_weights(
    path: Path,
    net: HandNet,
    *,
    extra: Mapping[str, str],
    joints: Sequence[str] = JOINT_NAMES,
    cube_mm: float = CUBE_MM,
) -> None:
    """Write a network's weights; the file appears whole or not at all.

    Args:
        path: the file; its folder exists.
        net: the network.
        extra: more metadata, such as the step; ``format``, ``network``, ``joints``, ``cube_mm`` are taken.
        joints: names of its joints, in its order.
        cube_mm: edge of the cubes that it saw.

    Raises:
        WeightsError: the network has another number of joints, or the file cannot be written.
    """
    if net.config.joints != len(joints):
        raise WeightsError(
            f"{path}: the network has {net.config.joints} joints, expected the {len(joints)} that are named. "
            f"Set network.joints={len(joints)}."
        )
    metadata = {
        **extra,
        "format": FORMAT,
        "network": json.dumps(dataclasses.asdict(net.config)),
        "joints": json.dumps(list(joints)),
        "cube_mm": json.dumps(cube_mm),
    }
    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in net.state_dict().items()}
    part = path.with_name(path.name + ".part")
    try:
        part.write_bytes(save(tensors, metadata))  # save_file would make it readable to its owner alone
        os.replace(part, path)
    except (OSError, SafetensorError) as error:
        part.unlink(missing_ok=True)
        raise WeightsError(f"{path}: cannot write the weights ({error}). Check the folder and the disk.") from error


def load_weights(path: Path, joints: Sequence[str] = JOINT_NAMES, cube_mm: float = CUBE_MM) -> HandNet:
    """Read a network.

    Args:
        path: a file that ``save_weights`` wrote.
        joints: names of the joints that are needed, in order.
        cube_mm: edge of the cubes that it will see.

    Returns:
        The network, on the CPU, in evaluation mode.

    Raises:
        WeightsError: the file is missing, damaged or of another format, or its joints or tensors are
            not those of its network.
    """
    metadata, tensors = _read(path)
    if metadata.get("format") != FORMAT:
        raise WeightsError(
            f"{path}: format {metadata.get('format', 'missing')!r}, expected {FORMAT!r}. "
            "Use weights written by this version of LightHand."
        )
    _check_joints(path, _read_json(path, metadata, "joints"), joints)
    cube = _read_json(path, metadata, "cube_mm")
    if cube != cube_mm:
        raise WeightsError(f"{path}: trained on crops of {cube} mm, expected {cube_mm:g} mm. Choose other weights.")
    net = HandNet(_read_config(path, _read_json(path, metadata, "network"), len(joints)))
    _check_tensors(path, tensors, net)
    net.load_state_dict(tensors, strict=True)
    return net.eval()


def read_training(path: Path) -> dict[str, Any]:
    """Read the recipe that weights were trained with.

    Args:
        path: a file that ``lighthand.train`` wrote.

    Returns:
        The fields of ``TrainConfig``, as JSON has them.

    Raises:
        WeightsError: the file is missing or damaged, or does not say how it was trained.
    """
    training = _read_json(path, _read(path)[0], "training")
    if not isinstance(training, dict):
        raise WeightsError(f"{path}: training is {training!r}, expected a recipe. Fetch or train it again.")
    return training


def _read(path: Path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    """Give metadata and tensors."""
    if not path.is_file():
        raise WeightsError(
            f"{path}: no such file. Choose another file, or train one: .venv/bin/python -m lighthand.train --help"
        )
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError) as error:
        raise WeightsError(f"{path}: not a readable safetensors file ({error}). Fetch or train it again.") from error


def _read_json(path: Path, metadata: Mapping[str, str], key: str) -> object:
    try:
        value: object = json.loads(metadata[key])
    except (KeyError, json.JSONDecodeError, RecursionError) as error:
        raise WeightsError(f"{path}: metadata {key!r} is missing or damaged. Fetch or train it again.") from error
    return value


def _read_config(path: Path, value: object, joints: int) -> NetworkConfig:
    """Build the config from the metadata; its keys must be exactly the fields, each of its own type."""
    if isinstance(value, dict):  # JSON knows no tuples
        value = {key: tuple(entry) if isinstance(entry, list) else entry for key, entry in value.items()}
    types = {field.name: type(field.default) for field in dataclasses.fields(NetworkConfig)}
    if not isinstance(value, dict) or {key: type(entry) for key, entry in value.items()} != types:
        raise WeightsError(f"{path}: network {value}, expected {types}. Use weights of this version of LightHand.")
    try:
        config = NetworkConfig(**value)
    except ConfigError as error:
        raise WeightsError(f"{path}: {error} Fetch or train it again.") from error
    if config.joints != joints:
        raise WeightsError(f"{path}: a network of {config.joints} joints, expected {joints}. Choose other weights.")
    return config


def _check_joints(path: Path, names: object, wanted: Sequence[str]) -> None:
    if names == list(wanted):
        return
    if not isinstance(names, list) or len(names) != len(wanted):
        count = len(names) if isinstance(names, list) else names
        raise WeightsError(f"{path}: {count} joints, expected {len(wanted)}. Choose other weights.")
    at = next(i for i, (name, ours) in enumerate(zip(names, wanted, strict=True)) if name != ours)
    raise WeightsError(
        f"{path}: joint {at} is {names[at]!r}, expected {wanted[at]!r}: another joint order. "
        f"Choose weights trained for {', '.join(wanted[:3])}, ..."
    )


def _check_tensors(path: Path, tensors: Mapping[str, torch.Tensor], net: HandNet) -> None:
    """Refuse tensors that are not the network's in name, shape or type, or that are not finite."""
    wanted = net.state_dict()
    for name in sorted(wanted.keys() | tensors.keys()):
        if name not in tensors or name not in wanted:
            state = "missing" if name in wanted else "not part of the network"
            raise WeightsError(f"{path}: tensor {name!r} is {state}. Choose weights of this network.")
        ours, theirs = wanted[name], tensors[name]
        if (ours.shape, ours.dtype) != (theirs.shape, theirs.dtype):
            raise WeightsError(
                f"{path}: tensor {name!r} is {theirs.dtype} {tuple(theirs.shape)}, expected {ours.dtype} "
                f"{tuple(ours.shape)}. Choose weights of this network."
            )
        if not bool(torch.isfinite(theirs).all()):
            raise WeightsError(f"{path}: tensor {name!r} holds values that are not finite. Fetch or train it again.")
