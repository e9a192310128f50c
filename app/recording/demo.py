"""The recording that comes with the program: a rendered hand, with its true joints."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Final

import numpy as np
from tqdm import tqdm

from app.cameras.base import CameraInfo
from app.recording.sinks import McapSink, staged
from lighthand.crop import CUBE_MM
from lighthand.skeleton import JOINTS
from lighthand.synthesis.scene import HandAnimator
from lighthand.types import Frame, HandPose, HandRegion, Result, Stamps, TrackedHand

FPS: Final = 30
SECONDS: Final = 20.0
SEED: Final = 0
RANGE_MM: Final = 800
"""What is farther, the person and the wall, is dropped: the file stays small."""


def make_demo(target: Path, seconds: float = SECONDS) -> int:
    """Render the recording; the same call gives the same file.

    Args:
        target: an ``.mcap`` that is not there.
        seconds: how long it is.

    Returns:
        How many frames it has.

    Raises:
        SourceError: the target is there.
        OSError: it cannot be written.
    """
    animator = HandAnimator(SEED)
    info = CameraInfo("rendered hand", f"seed {SEED}", "", "rendered", 1.0, animator.camera, float(FPS))
    about: dict[str, object] = {"rendered": {"seed": SEED, "range_mm": RANGE_MM, "side": animator.side}}
    frames = round(seconds * FPS)
    with staged(target) as part, closing(McapSink(part, info, about)) as sink:
        for seq in tqdm(range(frames), unit="frame", mininterval=0.5):
            depth, joints = animator.render(seq / FPS)
            near = np.where(depth <= RANGE_MM, depth, 0).astype(np.uint16)
            frame = Frame(seq, near, 1.0, animator.camera, seq / FPS, seq / FPS, "device", info.serial)
            sink.add(frame)
            pose = HandPose(joints, animator.side, 1.0, 1.0, np.ones(JOINTS, np.float32), np.zeros(JOINTS, bool))
            hand = TrackedHand(1, animator.side, joints.copy(), pose, HandRegion(joints.mean(axis=0), CUBE_MM))
            sink.writer.result(Result(frame, (hand,), Stamps(seq / FPS)), sink.time_ns, "/truth")
        sink.finish()
    return frames
