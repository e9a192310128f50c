"""The size of a user's hand: learnt from a log of the live program, given to the tracker.

Bones keep their lengths: the joints are moved as little as they need to be, each bone's two ends by half of what it
is too long or too short, again and again. Source of the method: M. Mueller et al., "Position Based Dynamics", VRIPHYS
2006, sec. 4, with equal masses.
"""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numba
import numpy as np
import numpy.typing as npt
import yaml

from lighthand.config import load_config
from lighthand.errors import ConfigError, DataError
from lighthand.skeleton import BONES, JOINT_NAMES
from lighthand.types import FloatArray

GOOD_FRAMES: Final = 50
"""How many frames tell a hand's size."""

_HEAD = "# lighthand"  # how a log begins that tells its settings
_SCORE = 0.6
_MOVED_MM = 3.0  # between two frames that count, the mean over the joints: a hand at rest tells one pose's error alone
_HIDDEN = 5  # joints, at most
_ROUNDS = 20  # after as many, a bone is some hundredths of a millimetre off
_LONGEST_MM = 140.0
_ENDS = np.array(BONES)


@dataclass(frozen=True, slots=True)
class HandSize:
    """The lengths of a user's bones.

    Attributes:
        user: whose.
        bones_mm: 20 lengths in the order of ``skeleton.BONES``: from the wrist through the thumb to the little finger.
        spread_mm: the median distance of a frame from each length; empty where it was not learnt.
    """

    user: str
    bones_mm: tuple[float, ...]
    spread_mm: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse what is no hand.

        Raises:
            ConfigError: another number of lengths than bones, or one that no hand has.
        """
        if len(self.bones_mm) != len(BONES) or len(self.spread_mm) not in (0, len(BONES)):
            raise ConfigError(f"bones_mm: {len(self.bones_mm)} lengths, expected {len(BONES)}. Learn the hand again.")
        wrong = [length for length in self.bones_mm if not 3 <= length <= _LONGEST_MM]
        if wrong:
            raise ConfigError(f"bones_mm: {wrong[0]:g} mm, expected 3 to {_LONGEST_MM:g}. Learn the hand again.")


def load_hand(path: Path) -> HandSize:
    """Read the size of a hand.

    Raises:
        ConfigError: the file is missing or damaged, or holds no hand.
    """
    if not path.is_file():
        raise ConfigError(
            f"{path}: no such file. Learn the hand: "
            ".venv/bin/python -m lighthand.calibrate hand --log LOG.csv --user NAME"
        )
    return load_config(HandSize, path)


def save_hand(path: Path, hand: HandSize) -> None:
    """Write the size of a hand; makes the folder."""
    names = ", ".join(JOINT_NAMES[child] for _, child in BONES)
    values = {"user": hand.user, "bones_mm": list(hand.bones_mm), "spread_mm": list(hand.spread_mm)}
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(values, sort_keys=False, default_flow_style=None, width=110, allow_unicode=True)
    path.write_text(f"# Bones to: {names}\n{text}", encoding="utf-8")


def keep_bones(joints_mm: FloatArray, bones_mm: FloatArray) -> FloatArray:
    """Move joints as little as it needs for bones of these lengths.

    Args:
        joints_mm: (21, 3), camera space.
        bones_mm: (20,).

    Returns:
        (21, 3) float32, camera space, mm.
    """
    kept = _keep_bones(joints_mm.astype(np.float64), bones_mm.astype(np.float64))
    return np.asarray(kept, np.float32)


@numba.njit(cache=True, nogil=True)
def _keep_bones(joints: npt.NDArray[np.float64], bones: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Move the ends of each bone along it, half each; see ``keep_bones``."""
    for _ in range(_ROUNDS):
        for bone in range(_ENDS.shape[0]):
            parent, child = _ENDS[bone, 0], _ENDS[bone, 1]
            length = 0.0
            for axis in range(3):
                length += (joints[child, axis] - joints[parent, axis]) ** 2
            length = math.sqrt(length)
            half = (length - bones[bone]) / (2 * max(length, 1e-6))
            for axis in range(3):
                move = half * (joints[child, axis] - joints[parent, axis])
                joints[parent, axis] += move
                joints[child, axis] -= move
    return joints


def bone_lengths(joints_mm: FloatArray) -> FloatArray:
    """Give the lengths of (..., 21, 3) joints: (..., 20)."""
    ends = joints_mm[..., _ENDS, :]
    return np.asarray(np.linalg.norm(ends[..., 1, :] - ends[..., 0, :], axis=-1), np.float32)


def learn_hand(log: Path, user: str) -> HandSize:
    """Take a user's hand from the log of a run.

    Args:
        log: what ``run_live.py --log`` wrote while the user showed one hand, open and moving.
        user: whose hand.

    Raises:
        DataError: the log cannot be read, or holds too few good frames; says why they were bad.
    """
    good: list[FloatArray] = []
    bad: Counter[str] = Counter()
    for score, hidden, joints in _hands(log):
        if score is None:
            bad["without a hand"] += 1
        elif score < _SCORE:
            bad[f"with a score below {_SCORE:g}"] += 1
        elif hidden > _HIDDEN:
            bad[f"with more than {_HIDDEN} hidden joints"] += 1
        elif good and np.linalg.norm(joints - good[-1], axis=1).mean() < _MOVED_MM:
            bad["in which the hand did not move"] += 1
        else:
            good.append(joints)
    if len(good) < GOOD_FRAMES:
        reasons = ", ".join(f"{count} {reason}" for reason, count in bad.most_common()) or "the log is short"
        raise DataError(
            f"{log}: {len(good)} good frames, expected {GOOD_FRAMES} ({reasons}). Record again: one open hand 400 to "
            "700 mm from the camera, fingers spread, the palm or the back to it, turning and moving slowly."
        )
    lengths = bone_lengths(np.stack(good))
    middle = np.median(lengths, axis=0)
    spread = np.median(np.abs(lengths - middle), axis=0)
    return HandSize(user, tuple(round(float(v), 2) for v in middle), tuple(round(float(v), 2) for v in spread))


def _hands(log: Path) -> Iterator[tuple[float | None, int, FloatArray]]:
    """Give the score, the count of hidden joints and the (21, 3) joints of each row; None for a row without a hand."""
    places = [f"{joint}_{axis}_mm" for joint in JOINT_NAMES for axis in "xyz"]
    hidden = [f"{joint}_hidden" for joint in JOINT_NAMES]
    none = np.zeros((len(JOINT_NAMES), 3), np.float32)
    try:
        with log.open(encoding="utf-8", newline="") as file:
            _require_unsized(log, file.readline())
            file.seek(0)
            rows = csv.DictReader(line for line in file if not line.startswith("#"))
            _require(log, rows.fieldnames or (), ["score", *places, *hidden])
            for number, row in enumerate(rows, start=1):
                if not row["score"]:
                    yield None, 0, none
                    continue
                try:
                    joints = np.array([float(row[name]) for name in places], np.float32).reshape(-1, 3)
                    yield float(row["score"]), sum(int(row[name]) for name in hidden), joints
                except (TypeError, ValueError) as error:
                    if next(rows, None) is None:  # the last row of a run that was cut off
                        return
                    raise DataError(f"{log}: row {number} is damaged ({error}). Record again.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{log}: cannot be read ({error}). Give what run_live.py --log FILE wrote.") from error


def _require_unsized(log: Path, head: str) -> None:
    """Refuse a log whose bones were kept: they would tell the file that they came from."""
    if not head.startswith(_HEAD):
        return
    try:
        hand = json.loads(head.removeprefix(_HEAD))["config"]["track"]["hand"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{log}: its first line does not tell whether track.hand was set ({error!r}). Record again, or remove that "
            "line if it was not."
        ) from error
    if hand:
        raise DataError(f"{log}: recorded with track.hand set, which it would tell again. Record without it.")


def _require(log: Path, columns: Sequence[str], names: Sequence[str]) -> None:
    missing = [name for name in names if name not in columns]
    if missing:
        raise DataError(f"{log}: has no column {missing[0]}. Give what run_live.py --log FILE wrote.")
