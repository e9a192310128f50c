"""What a log of the live program says of time: ``python -m app.latency report LOG``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from app.latency.read import read_log
from app.latency.report import draw_report, title_of
from app.latency.table import table
from lighthand.command import exit_status
from lighthand.errors import DataError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: None for the process's own.

    Returns:
        0; 2 after an error that the user can mend.
    """
    parser = argparse.ArgumentParser("python -m app.latency", description="Say what a log says of time.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    text = "print the times of each stage, the rates and the drops, and draw them"
    report = commands.add_parser("report", help=text, description=f"{text[0].upper()}{text[1:]}.")
    report.add_argument("log", type=Path, metavar="LOG", help="what run_live.py --log FILE wrote")
    report.add_argument("--out", type=Path, metavar="FILE.png", help="the picture; without it, beside the log")
    options = parser.parse_args(arguments)
    return exit_status(lambda: _report(options.log, options.out or options.log.with_suffix(".png")))


def _report(path: Path, out: Path) -> None:
    if out.suffix != ".png" or out == path:
        raise DataError(f"{out}: expected another file than the log, with .png at its end. Choose such an --out.")
    log = read_log(path)
    title = title_of(log.rows, log.sources)
    print(f"{title}\n{table(log.rows, log.counts, lockstep=log.lockstep)}")
    if log.cut:
        print("(the last line was cut off and is left out)")
    draw_report(log, title, out)
    print(f"drawn: {out}")


if __name__ == "__main__":
    sys.exit(main())
