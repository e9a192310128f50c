"""Look at what is synthesised: ``python -m lighthand.synthesis.sheet --out sheet.png``.

With ``--cvar DIR`` every second row shows real crops of the CVAR data set, cut the same way.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from lighthand.command import exit_status
from lighthand.crop import CUBE_MM, camera_to_crop, crop_hand
from lighthand.datasets.cvar import read_cvar
from lighthand.drawing import Image, draw_skeleton, label, patch_image, patch_points, save_image, sheet
from lighthand.synthesis.sample import SampleGenerator
from lighthand.types import HandRegion

COLUMNS = 10


def synthetic_tiles(count: int, seed: int) -> list[Image]:
    """Draw ``count`` crops with their joints; crops without a right hand say what they are."""
    batch = SampleGenerator().batch(count, (seed,))
    tiles = []
    for index in range(count):
        tile = patch_image(batch.patches[index])
        if batch.mask[index].any():
            draw_skeleton(tile, patch_points(batch.uvz[index]))
        else:
            label(tile, "no hand" if batch.presence[index] == 0 else "left hand")
        tiles.append(tile)
    return tiles


def real_tiles(root: Path, count: int) -> list[Image]:
    """Draw ``count`` crops of CVAR with their annotated joints, evenly from its sequences."""
    records = [record for name in ("P1", "P3", "P4", "P5") for record in read_cvar(root, name)]
    tiles = []
    for position in np.linspace(0, len(records) - 1, count).astype(int):
        record = records[position]
        frame = record.load()
        crop = crop_hand(frame, HandRegion(record.joints_mm.mean(axis=0), CUBE_MM))
        tile = patch_image(crop.patch)
        draw_skeleton(tile, patch_points(camera_to_crop(crop, record.joints_mm)))
        tiles.append(tile)
    return tiles


def main(arguments: list[str] | None = None) -> int:
    """Write a contact sheet."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="the PNG to write")
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cvar", type=Path, help="the folder of CVAR, to compare with")
    options = parser.parse_args(arguments)
    if options.rows < 1 or options.seed < 0:
        parser.error(f"--rows {options.rows} --seed {options.seed}: expected at least one row, and a seed of 0 or more")
    return exit_status(lambda: _write(options))


def _write(options: argparse.Namespace) -> None:
    tiles = synthetic_tiles(options.rows * COLUMNS, options.seed)
    if options.cvar:
        real = real_tiles(options.cvar, options.rows * COLUMNS)
        for row in range(1, options.rows, 2):
            tiles[row * COLUMNS : (row + 1) * COLUMNS] = real[row * COLUMNS : (row + 1) * COLUMNS]
    save_image(options.out, sheet(tiles, COLUMNS))
    sys.stdout.write(f"wrote {options.out}\n")


if __name__ == "__main__":
    sys.exit(main())
