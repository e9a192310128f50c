"""Convert, export and describe recordings: ``python -m app.recording convert SRC DST``."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from app.recording.convert import convert, export
from app.recording.demo import make_demo
from app.recording.report import report
from lighthand.command import exit_status

_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: None for the process's own.

    Returns:
        0; 2 after an error that the user can mend; 130 after ^C, which leaves no half-written file.
    """
    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    options = _parser().parse_args(arguments)
    try:
        return exit_status(lambda: _run(options))
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: nothing was written\n")
        return _INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m app.recording", description="Convert, export and describe recordings.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    source = "a folder of images, an .mcap, .npz, .npy, .db3, .bag, .oni or an Azure Kinect's .mkv"
    convert_help = "write a recording anew for replay: an .mcap, an .npz, or a folder of 16-bit PNGs"
    export_help = "write for others: raw images as .mcap, .mkv without loss; joints as .csv, joints and depth as .npz"
    for name, text in (("convert", convert_help), ("export", export_help), ("info", "tell what is in a recording")):
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        command.add_argument("source", type=Path, metavar="SRC", help=source)
        if name != "info":
            command.add_argument("target", type=Path, metavar="DST", help="what to write; must not be there")
        command.add_argument(
            "--intrinsics", type=Path, metavar="FILE", help="camera description: calibration/README.md"
        )
    demo = commands.add_parser("demo", help="render recordings/demo.mcap anew")
    demo.add_argument("--out", type=Path, required=True, metavar="FILE")
    return parser


def _run(options: argparse.Namespace) -> None:
    match options.command:
        case "info":
            print(report(options.source, options.intrinsics))
            return
        case "demo":
            count, target = make_demo(options.out), options.out
        case "convert":
            count, target = convert(options.source, options.target, options.intrinsics), options.target
        case _:
            count, target = export(options.source, options.target, options.intrinsics), options.target
    print(f"{count} frames written to {target}")


if __name__ == "__main__":
    sys.exit(main())
