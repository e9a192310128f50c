"""Measure what the pictures cannot say: ``python -m lighthand.calibrate board|intrinsics|hand``.

``board`` writes a ChArUco board for the printer. ``intrinsics`` takes pictures of it (8- or 16-bit grey PNGs of a
camera's infrared stream) and writes the description of the camera that ``run_live.py --intrinsics`` reads; with
``--depth`` it measures the unit of the depth as well. ``hand`` takes the size of a user's hand from a log of the live
program, for ``--set track.hand=FILE``. See docs/calibration.md.
"""

from __future__ import annotations

import argparse
import re
import struct
import sys
import zlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import yaml

from lighthand.charuco import DICTIONARIES, Board, DepthScale, MeasuredCamera, calibrate_camera, depth_scale, find_board
from lighthand.command import exit_status, size
from lighthand.errors import DataError
from lighthand.handsize import learn_hand, save_hand
from lighthand.skeleton import BONES, JOINT_NAMES

_UNSHARP_PX = 0.8  # of reprojection error: more is a blurred, bent or wrongly measured board


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; see the module."""
    options = _parse(arguments)
    return exit_status(lambda: options.work(options))


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m lighthand.calibrate",
        description=(__doc__ or "").partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="board|intrinsics|hand")
    board = commands.add_parser("board", help="write a board for the printer")
    board.add_argument("--out", type=Path, default=Path("board.png"), help="the picture (default: board.png)")
    board.set_defaults(work=_board)
    camera = commands.add_parser("intrinsics", help="measure a camera from pictures of the board")
    camera.add_argument("--images", type=Path, required=True, help="folder of grey PNGs, 8 or 16 bit")
    camera.add_argument("--depth", type=Path, help="folder of 16-bit depth PNGs with the same names")
    camera.add_argument("--out", type=Path, required=True, help="the description to write, such as mine.yaml")
    camera.add_argument(
        "--depth-unit-mm", type=float, default=1.0, help="millimetres a count where --depth is not given (default: 1)"
    )
    camera.set_defaults(work=_intrinsics)
    squares = partial(size, least=3, most=100, such="7x5")
    for command in (board, camera):
        command.add_argument("--squares", type=squares, default=(7, 5), help="columns x rows (default: 7x5)")
        command.add_argument("--square-mm", type=float, default=30.0, help="edge of a square (default: 30)")
        command.add_argument("--marker-mm", type=float, default=22.0, help="edge of a marker (default: 22)")
        command.add_argument("--dictionary", choices=DICTIONARIES, default="5X5_100", help="of the markers")
    hand = commands.add_parser("hand", help="take the size of a user's hand from a log")
    hand.add_argument("--log", type=Path, required=True, help="what run_live.py --log wrote")
    hand.add_argument("--user", required=True, help="whose hand")
    hand.add_argument("--out", type=Path, help="file to write (default: calibration/users/NAME.yaml)")
    hand.set_defaults(work=_hand)
    return parser.parse_args(arguments)


def _board_of(options: argparse.Namespace) -> Board:
    columns, rows = options.squares
    return Board(columns, rows, options.square_mm, options.marker_mm, options.dictionary)


def _board(options: argparse.Namespace) -> None:
    board = _board_of(options)
    picture, per_metre = board.draw()
    png = cv2.imencode(".png", picture)[1].tobytes()
    physical = b"pHYs" + struct.pack(">IIB", per_metre, per_metre, 1)  # right after the header: what 100 % means
    chunk = struct.pack(">I", 9) + physical + struct.pack(">I", zlib.crc32(physical))
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_bytes(png[:33] + chunk + png[33:])
    width, height = board.size_mm
    print(
        f"{options.out}: {width:g} x {height:g} mm with its white rim, {board.columns} x {board.rows} squares of "
        f"{board.square_mm:g} mm.\nPrint it at 100 % (no fitting to the page), glue it on something flat, measure a "
        "row of squares and give\nwhat you measure as --square-mm and --marker-mm."
    )


def _refuse_what_is_there(path: Path) -> None:
    if path.exists():
        raise DataError(f"{path}: is there already. Choose another --out, or remove it.")


def _intrinsics(options: argparse.Namespace) -> None:
    _refuse_what_is_there(options.out)
    board = _board_of(options)
    paths = sorted(options.images.glob("*.png"))
    if not paths:
        raise DataError(f"{options.images}: no PNG in it. Give --images the folder of infrared pictures of the board.")
    images = {path.stem: _read(path) for path in paths}
    sizes = {image.shape for image in images.values()}
    if len(sizes) > 1:
        listed = " and ".join(f"{width}x{height}" for height, width in sorted(sizes))
        raise DataError(f"{options.images}: pictures of {listed}. Calibrate one camera in one mode at a time.")
    height, width = sizes.pop()
    views = [view for name, image in images.items() if (view := find_board(name, image, board))]
    camera = calibrate_camera(views, width, height)
    print(_said(camera, len(paths)))
    unit_mm = options.depth_unit_mm
    if options.depth:
        found = {view.name: options.depth / f"{view.name}.png" for view in views}
        depths = {name: _read_depth(path, (height, width)) for name, path in found.items() if path.is_file()}
        unit_mm = _unit(depth_scale(camera, depths))
    lens = camera.intrinsics
    about = {
        **{name: round(getattr(lens, name), 4) for name in ("width", "height", "fx", "fy", "cx", "cy")},
        **{"distortion": [round(k, 6) for k in lens.distortion], "depth_unit_mm": unit_mm, "model": options.out.stem},
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(yaml.safe_dump(about, sort_keys=False, default_flow_style=None), encoding="utf-8")
    print(f"{options.out}: written, depth_unit_mm {unit_mm:g}; play with --intrinsics {options.out}")


def _said(camera: MeasuredCamera, pictures: int) -> str:
    lens = camera.intrinsics
    text = (
        f"{len(camera.views)} of {pictures} pictures show the board; corners in {camera.covered:.0%} of the image\n"
        f"reprojection error {camera.rms_px:.3f} px (RMS); focal length {lens.fx:.2f} x {lens.fy:.2f} px, "
        f"known to {camera.deviation:.2%}; principal point {lens.cx:.2f}, {lens.cy:.2f}\n"
        f"lens k1 k2 p1 p2 k3: {' '.join(f'{k:.4f}' for k in lens.distortion)}"
    )
    if camera.rms_px > _UNSHARP_PX:
        text += (
            f"\nwarning: an error above {_UNSHARP_PX:g} px: blurred pictures, or a board that is bent or not as said"
        )
    if camera.covered < 0.5:
        text += "\nwarning: less than half of the image is covered: the lens is not known outside; record corners, too"
    return text


def _unit(scale: DepthScale) -> float:
    """Say what was measured of the unit; give the one to write."""
    print(f"depth: {scale.unit_mm:.5f} mm a count, +-{scale.spread_mm:.5f} over {scale.views} views")
    if scale.known_mm is not None:
        print(f"that is the unit of {scale.known_mm:g} mm, off by {scale.unit_mm / scale.known_mm - 1:+.2%}")
        return scale.known_mm
    print(
        "warning: no common camera has this unit within 1 %. Measure --square-mm on the printed board again; if it is\n"
        "right, depth of this camera is off by as much, and the measured unit makes up for it"
    )
    return round(scale.unit_mm, 6)


def _hand(options: argparse.Namespace) -> None:
    if not re.fullmatch(r"[\w.-]+", options.user):
        raise DataError(f"--user {options.user!r}: expected letters, digits, '.', '-' or '_', for it names a file.")
    path = options.out or Path("calibration/users") / f"{options.user}.yaml"
    _refuse_what_is_there(path)
    hand = learn_hand(options.log, options.user)
    save_hand(path, hand)
    for (_, child), length, spread in zip(BONES, hand.bones_mm, hand.spread_mm, strict=True):
        print(f"to {JOINT_NAMES[child]:<11}{length:7.1f} mm +-{spread:.1f}")
    print(f"{path}: written; use it with --set track.hand={path}")


def _read(path: Path) -> npt.NDArray[np.generic]:
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_UNCHANGED)
    if image is None or image.ndim != 2:
        raise DataError(f"{path}: no grey PNG. Record the infrared stream; of colour, convert to grey.")
    return image


def _read_depth(path: Path, shape: tuple[int, ...]) -> npt.NDArray[np.uint16]:
    image = _read(path)
    if image.dtype != np.uint16 or image.shape != shape:
        raise DataError(
            f"{path}: {image.dtype} {image.shape}, expected uint16 {shape}: depth of the same camera in the same mode."
        )
    return np.asarray(image, np.uint16)


if __name__ == "__main__":
    sys.exit(main())
