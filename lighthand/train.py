"""Train the network on synthesised depth: ``python -m lighthand.train --config weights/train.yaml --out DIR``.

With ``--data icvl|nyu|msra|hands17 --root DIR`` it trains the paper's network on a data set that you have; see
``recipe.data_recipe`` and docs/datasets.md. Then ``hand.safetensors`` holds the weights that were best on the frames
held out of the training part, and ``--config`` and ``--set`` change that recipe.

The recipe: crops drawn on the fly by worker processes, where asked for first small, then at full size; the paper's loss
(eq. 13) plus a little cross-entropy on the heat maps and on each yes-or-no output; AdamW with a cosine a
stage; an average of the weights, which is what is validated and kept. On several devices start it
with ``torchrun --nproc-per-node N -m lighthand.train ...``.

``DIR`` holds ``last.pt`` (all that resuming needs), ``hand.safetensors`` (the averaged weights), ``log.csv``
and ``log.png``. A run that was stopped goes on from ``last.pt`` and ends as if it had not been. On a CPU, start
it with ``MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000`` in the environment: it takes half the time.
"""

from __future__ import annotations

import argparse
import copy
import csv
import hashlib
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from tqdm import tqdm

from lighthand.checkpoint import read_checkpoint
from lighthand.command import exit_status
from lighthand.config import config_to_dict, load_config
from lighthand.datasets.catalogue import DATA_SETS, NAMES
from lighthand.drawing import save_curves
from lighthand.errors import ConfigError, WeightsError
from lighthand.network import HandNet, NetOutput
from lighthand.network.losses import binary_loss, heatmap_cross_entropy, joint_loss, near
from lighthand.recipe import StageConfig, TrainConfig, data_recipe
from lighthand.recorded import RecordedCrops
from lighthand.reliability import calibrate, calibration_set
from lighthand.source import batches, open_source
from lighthand.synthesis.sample import Batch
from lighthand.weights import load_weights, save_weights

HEATMAP_WEIGHT = 0.02
KIND_WEIGHT = 0.02
SIDE_WEIGHT = 0.06  # three times the others: fists from behind were taken for the other side
MAX_GRADIENT = 1.0


def total_loss(out: NetOutput, batch: dict[str, Tensor]) -> Tensor:
    """Eq. 13 of the paper, and what helps it along."""
    everyone = torch.ones_like(batch["presence"])
    judged = (batch["right"] | ~batch["presence"]).unsqueeze(1).expand_as(batch["mask"])  # left hands have no truth
    return (
        joint_loss(out.uvz, batch["uvz"], batch["mask"])
        + HEATMAP_WEIGHT * heatmap_cross_entropy(out.heatmap_logits, batch["uvz"], batch["mask"])
        + SIDE_WEIGHT * binary_loss(out.side, batch["right"], batch["presence"])
        + KIND_WEIGHT * binary_loss(out.presence, batch["presence"], everyone)
        + KIND_WEIGHT * binary_loss(out.confidence, near(out.uvz, batch["uvz"], batch["mask"]), judged)
        + KIND_WEIGHT * binary_loss(out.visible, batch["visible"] > 0.5, batch["mask"] & ~batch["visible"].isnan())
    )


@torch.inference_mode()
def validate(net: nn.Module, batch: Batch, device: torch.device) -> float:
    """Give the mean joint error in mm of right hands' crops; joints outside the crop count too."""
    net.eval()
    patches = torch.from_numpy(batch.patches)[:, None]
    parts = [patches[start : start + 100].to(device) for start in range(0, len(patches), 100)]
    uvz = np.concatenate([net(part).uvz.cpu().numpy() for part in parts])
    return float(np.linalg.norm(batch.to_camera(uvz) - batch.to_camera(batch.uvz), axis=-1).mean())


def _has_bf16(device: torch.device) -> bool:
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    return bool(torch.cpu._is_avx512_bf16_supported())


def _decayed(net: nn.Module, decay: float) -> list[dict[str, Any]]:
    matrices = [p for p in net.parameters() if p.ndim > 1]
    others = [p for p in net.parameters() if p.ndim <= 1]
    return [{"params": matrices, "weight_decay": decay}, {"params": others, "weight_decay": 0.0}]


class Run:
    """One training run in one process: its network, optimiser, average and log."""

    def __init__(self, config: TrainConfig, out: Path) -> None:
        """Build the run, or take it up again from ``out/last.pt``.

        Raises:
            DataError: the data set to train on is missing or damaged.
            WeightsError: the checkpoint there is damaged, or belongs to another config or number of processes, the
                weights to start with belong to another network, or weights lie in ``out`` that are of no run there.
        """
        weights = out / "hand.safetensors"
        ours = ("last.pt", "last.pt.tmp", "log.csv", "log.csv.tmp")  # of a run, be it one that failed at its first save
        if weights.exists() and not any((out / name).exists() for name in ours):
            raise WeightsError(f"{weights}: is there already, and is of no run. Take another --out.")
        self.config = config
        self.out = out
        self.rank = int(os.environ.get("RANK", 0))
        self.world = int(os.environ.get("WORLD_SIZE", 1))
        self.source = open_source(config, self.rank, self.world)
        cuda = torch.cuda.is_available()
        self.device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if cuda else torch.device("cpu")
        if not cuda:
            torch.set_num_threads(config.threads)
        torch.manual_seed(config.seed)
        self.start: str | None = None  # what the run began with: a path would tell nobody else which weights
        self.net = self._begin().to(self.device)
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        average = get_ema_multi_avg_fn(config.ema)  # type: ignore[no-untyped-call]
        self.ema = AveragedModel(self.net, multi_avg_fn=average, use_buffers=True)
        self.optimiser: torch.optim.Optimizer = torch.optim.AdamW(
            _decayed(self.net, config.weight_decay), lr=1e-3, betas=(0.9, 0.99), fused=True
        )
        if config.optimiser == "adam":
            self.optimiser = torch.optim.Adam(self.net.parameters(), weight_decay=config.weight_decay, fused=True)
        self.step = 0
        self.rows: list[dict[str, float]] = []
        self.seconds = 0.0
        if (out / "last.pt").exists():
            self._resume()
        self.trained: nn.Module = self.net
        if self.world > 1:
            distributed.init_process_group("nccl" if cuda else "gloo")
            self.trained = nn.parallel.DistributedDataParallel(self.net, device_ids=[self.device] if cuda else None)

    def _begin(self) -> HandNet:
        """Give the network as training begins with it, or a fresh one where a checkpoint will fill it."""
        start = self.config.start
        if start is None or (self.out / "last.pt").exists():
            return HandNet(self.config.network)
        net = load_weights(start, self.source.joints, self.source.cube_mm)
        self.start = f"sha256 {hashlib.sha256(start.read_bytes()).hexdigest()}"
        if net.config != self.config.network:
            raise WeightsError(f"{start}: {net.config}, the run's is {self.config.network}. Choose other weights.")
        return net

    def _resume(self) -> None:
        state = read_checkpoint(self.out / "last.pt", self.config, self.world, self.device)
        self.net.load_state_dict(state["net"])
        self.ema.load_state_dict(state["ema"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.rows, self.seconds = state["step"], state["rows"], state["seconds"]
        self.start = state.get("start", "not recorded")  # by a run of before this was kept

    def save(self) -> None:
        """Write checkpoint, averaged weights and log; each file appears whole or not at all.

        Raises:
            WeightsError: a file cannot be written.
        """
        state = {
            "config": json.dumps(config_to_dict(self.config), sort_keys=True),
            "net": self.net.state_dict(),
            "ema": self.ema.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "start": self.start,
            "world": self.world,
            "step": self.step,
            "rows": self.rows,
            "seconds": self.seconds,
        }
        row = self.rows[-1]
        extra = {
            "training": json.dumps({**config_to_dict(self.config), "start": self.start, "root": None}),  # no paths
            "steps": str(self.step),
            "samples": str(int(row["samples"])),
            "validation_mm": f"{row['validation_mm']:.3f}",
            "hours": f"{self.seconds / 3600:.2f}",
        }
        net = self.ema.module
        assert isinstance(net, HandNet)
        if self.config.data == "synthetic" and self.step == self.config.steps:
            net = copy.deepcopy(net).cpu().eval()
            calibrate(net, calibration_set(self.config.validation_samples))
        if self.config.data == "synthetic" or row["validation_mm"] <= min(past["validation_mm"] for past in self.rows):
            weights = self.out / "hand.safetensors"
            save_weights(weights, net, extra=extra, joints=self.source.joints, cube_mm=self.source.cube_mm)
        try:
            with (self.out / "log.csv.tmp").open("w", newline="") as file:
                writer = csv.DictWriter(file, self.rows[0])
                writer.writeheader()
                writer.writerows(self.rows)
            (self.out / "log.csv.tmp").replace(self.out / "log.csv")
            torch.save(state, self.out / "last.pt.tmp")  # last: a run killed before it writes the others again
            (self.out / "last.pt.tmp").replace(self.out / "last.pt")
        except (OSError, RuntimeError) as error:  # torch.save has the latter for a full disk
            reason = str(error).partition("\n")[0]
            raise WeightsError(
                f"{self.out}: the checkpoint of step {self.step} cannot be written ({reason}). Check the folder and "
                "the disk, then start again: the run goes on from the checkpoint before, or begins anew."
            ) from error

    def train(self, stop_after: int | None = None) -> None:
        """Run to the end, or until ``stop_after`` steps are done in all, with a checkpoint there.

        Raises:
            DataError: an image of the data set is missing or damaged.
            WeightsError: the loss is not finite, or a checkpoint cannot be written.
        """
        config = self.config
        end = min(config.steps, stop_after or sys.maxsize)
        bf16 = _has_bf16(self.device)
        validation = {
            patch: self.source.validation(patch)
            for patch in {stage.patch for stage in (config.small, config.full) if stage.steps}
            if self.rank == 0
        }
        bar = tqdm(total=end, initial=self.step, disable=self.rank > 0, mininterval=5, unit="step")
        losses: list[Tensor] = []
        since = time.perf_counter()
        for batch in batches(self.source, range(self.step, end), config.workers, pin=self.device.type == "cuda"):
            self.trained.train()
            for group in self.optimiser.param_groups:
                group["lr"] = config.learning_rate(self.step)
            batch = {key: value.to(self.device, non_blocking=True) for key, value in batch.items()}
            with torch.autocast(self.device.type, torch.bfloat16, enabled=bf16):
                out = self.trained(batch["patches"].contiguous(memory_format=torch.channels_last))
            loss = total_loss(out, batch)
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.net.parameters(), MAX_GRADIENT)
            self.optimiser.step()
            if config.stage_at(self.step)[1] == 0:
                self.ema.n_averaged.zero_()  # begin the average anew: the sizes differ in their statistics
            self.ema.update_parameters(self.net)
            losses.append(loss.detach())
            self.step += 1
            bar.update()
            if self.step % config.validate_every == 0 or self.step == end:
                value = float(torch.stack(losses).mean())
                losses = []
                if not math.isfinite(value):
                    raise WeightsError(f"step {self.step}: the loss is {value}. Lower the learning rate.")
                if self.rank == 0:
                    stage, _ = config.stage_at(self.step - 1)
                    error = validate(self.ema.module, validation[stage.patch], self.device)
                    now = time.perf_counter()
                    self.seconds, since = self.seconds + now - since, now
                    self.rows.append(self._row(stage, value, error))
                    self.save()
                    bar.set_postfix(loss=f"{value:.3f}", validation=f"{error:.1f} mm")
        bar.close()
        if self.world > 1:
            distributed.destroy_process_group()

    def _row(self, stage: StageConfig, loss: float, error: float) -> dict[str, float]:
        done_small = min(self.step, self.config.small.steps)
        samples = self.world * (
            done_small * self.config.small.batch + (self.step - done_small) * self.config.full.batch
        )
        return {
            "step": self.step,
            "samples": samples,
            "patch": stage.patch,
            "learning_rate": self.config.learning_rate(self.step - 1),
            "loss": loss,
            "validation_mm": error,
            "seconds": round(self.seconds, 1),
        }


def plot(log: Path, picture: Path) -> None:
    """Draw the log's validation error over samples, a curve a size of the patches.

    Args:
        log: the ``log.csv`` of a run.
        picture: the PNG to write.

    Raises:
        OSError: the log cannot be read.
        DataError: the picture cannot be written.
    """
    with log.open(newline="") as file:
        rows = [{key: float(value) for key, value in row.items()} for row in csv.DictReader(file)]
    table = np.array([(0, 0, np.nan), *((row["samples"], row["patch"], row["validation_mm"]) for row in rows)])
    samples, patch, error = table.T.astype(np.float32)
    curves = {f"{size:.0f} pixels": np.where(patch == size, error, np.nan) for size in np.unique(patch[1:])}
    save_curves(picture, curves, samples / 1000, "thousand crops seen", "mean joint error, validation, mm")


def main(arguments: list[str] | None = None) -> int:
    """Train from a config."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=Path, help="YAML with the fields of TrainConfig; the default is the recipe")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="override one field")
    parser.add_argument("--out", type=Path, required=True, help="folder of the run; resumes the run it holds")
    parser.add_argument("--data", choices=NAMES, help="train on this data set's training part")
    parser.add_argument("--root", type=Path, metavar="DIR", help="folder of the data set")
    options = parser.parse_args(arguments)
    if (options.data is None) != (options.root is None):
        parser.error("--data and --root go together: the data set and its folder")
    return exit_status(lambda: _train(options))


def _train(options: argparse.Namespace) -> None:
    base = data_recipe(options.data, options.root) if options.data else None
    config = load_config(TrainConfig, options.config, options.set, base)
    try:
        options.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out {options.out}: cannot be made a folder ({error}). Give another.") from error
    run = Run(config, options.out)
    if isinstance(run.source, RecordedCrops) and run.rank == 0:
        trained, held_out = run.source.frames
        published = DATA_SETS[run.source.name].frames
        print(f"{run.source.name}: {trained} frames to train on, {held_out} held out; published: {published} in all")
    run.train()
    if run.rank == 0:
        plot(options.out / "log.csv", options.out / "log.png")


if __name__ == "__main__":
    sys.exit(main())
