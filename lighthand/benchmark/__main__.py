"""What the networks cost, and how fast they and the whole path are on this machine.

``cost`` counts the paper's Table 3 ladder, its peers and what ships on real modules. ``shapes`` times shapes of the
network that were tried, with fresh weights. ``latency`` times our networks in
every backend that is installed, the whole path at four image sizes, start-up and memory, and with ``--peers``
TriHorn-Net, A2J and MediaPipe's hand networks beside them: all rows take turns in one run, so that their ratios hold
on a machine that is not quiet. One thread unless a row says otherwise.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from lighthand.backends import WEIGHTS
from lighthand.benchmark.cost import cost, print_costs
from lighthand.benchmark.report import print_report, save_report
from lighthand.benchmark.run import run_latency
from lighthand.benchmark.shapes import print_shapes, time_shapes
from lighthand.command import exit_status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; see the module."""
    parser = argparse.ArgumentParser(prog="python -m lighthand.benchmark", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    texts = {"cost": "parameters and MACs", "shapes": "what was tried", "latency": "times, memory, start-up"}
    for name, text in texts.items():
        command = commands.add_parser(name, help=text)
        command.add_argument("--json", type=Path, metavar="FILE", help="write the rows there too")
        if name != "cost":
            command.add_argument("--calls", type=_positive, default=500, metavar="N", help="timed calls a row")
        if name == "latency":
            command.add_argument("--weights", type=Path, default=WEIGHTS, metavar="FILE")
            command.add_argument("--peers", action="store_true", help="time TriHorn-Net, A2J and MediaPipe's too")
            command.add_argument("--batch", type=_positive, default=32, metavar="N", help="patches a call, offline")
            command.add_argument("--report", type=Path, metavar="FILE.md", help="write tables there, a plot beside it")
    options = parser.parse_args(arguments)
    return exit_status(lambda: _run(options))


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text}: expected at least 1")
    return value


def _run(options: argparse.Namespace) -> None:
    if options.command == "cost":
        rows = cost()
        print_costs(rows)
        values: object = [dataclasses.asdict(row) for row in rows]
    elif options.command == "shapes":
        shapes = time_shapes(options.calls)
        print_shapes(shapes)
        values = [dataclasses.asdict(shape) for shape in shapes]
    else:
        report = run_latency(options.weights, peers=options.peers, batch=options.batch, calls=options.calls)
        print_report(report)
        if options.report:
            save_report(report, options.report)
        values = dataclasses.asdict(report)
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(values, indent=2) + "\n")


if __name__ == "__main__":
    sys.exit(main())
