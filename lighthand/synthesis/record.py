"""Render a recording of a hand that moves: ``python -m lighthand.synthesis.record --out DIR``.

``DIR`` gets a 16-bit PNG a frame and the ``camera.yaml`` that ``run_live.py --camera replay`` reads.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import yaml
from tqdm import tqdm

from lighthand.command import exit_status, seconds, size
from lighthand.errors import DataError
from lighthand.synthesis.scene import CAMERA, HandAnimator
from lighthand.types import Intrinsics


def camera_of(width: int, height: int) -> Intrinsics:
    """Give a camera of this size, as high a field of view as that of the scene's own."""
    focal = CAMERA.fx * height / CAMERA.height
    return Intrinsics(width, height, focal, focal, (width - 1) / 2, (height - 1) / 2)


def record(folder: Path, camera: Intrinsics, fps: int, seconds: float) -> int:
    """Write a recording that ends where it begins, so that it can be played in a loop.

    Args:
        folder: gets the frames; made where it is not there.
        camera: the intrinsics to draw for.
        fps: frames a second.
        seconds: how long it is.

    Returns:
        How many frames it has.

    Raises:
        DataError: the folder holds PNGs already, or cannot be written.
    """
    if any(folder.glob("*.png")):
        raise DataError(f"{folder}: holds PNGs already. Choose another folder, or empty it.")
    animator = HandAnimator(camera=camera)
    frames = max(2, round(seconds * fps))
    about = {
        **{name: getattr(camera, name) for name in ("width", "height", "fx", "fy", "cx", "cy")},
        **{"depth_unit_mm": 1.0, "fps": float(fps), "model": "rendered"},
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number in tqdm(range(frames), unit="frame", mininterval=2):
            depth, _ = animator.render(min(number, frames - number) / fps)
            png = cv2.imencode(".png", depth, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1]
            (folder / f"{number:06d}.png").write_bytes(png.tobytes())
        # Last: a recording that was cut off has none.
        (folder / "camera.yaml").write_text(yaml.safe_dump(about, sort_keys=False), encoding="utf-8")
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror}). Choose another folder.") from error
    return frames


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; see the module."""
    parser = argparse.ArgumentParser(prog="python -m lighthand.synthesis.record", description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    parser.add_argument("--size", type=size, default=(640, 480), metavar="WxH", help="of the images (default: 640x480)")
    parser.add_argument("--fps", type=int, choices=(15, 30, 60, 90), default=30)
    parser.add_argument("--seconds", type=seconds, default=10.0)
    options = parser.parse_args(arguments)
    return exit_status(lambda: record(options.out, camera_of(*options.size), options.fps, options.seconds))


if __name__ == "__main__":
    sys.exit(main())
