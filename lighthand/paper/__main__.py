"""The paper's tables and its Figure 2 by one command: ``python -m lighthand.paper``.

Tables 1 and 2 hold what the paper prints, what the same networks cost where they are built here, and the errors that
our metric gives; Table 3 is a ladder of real modules. With ``--root`` the errors of published predictions are measured
and drawn. ``--measured`` adds errors of ours, as ``python -m lighthand.evaluate --data icvl|nyu --json FILE`` writes
them. Writes ``paper-tables.md``, ``paper-figure2-synthetic.png`` and, with ``--root``, ``paper-figure2-icvl.png``;
docs/paper.md says where and why LightHand deviates.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from lighthand.backends import WEIGHTS, NetworkSource, open_estimator
from lighthand.benchmark.networks import FAST
from lighthand.command import exit_status
from lighthand.drawing import save_image
from lighthand.paper.figure import ICVL_FRAMES, ROWS, icvl_figure, synthetic_figure
from lighthand.paper.tables import read_measured, write_tables

HEAD: Final = """\
# The paper's tables and Figure 2

Written by `python -m lighthand.paper`; do not edit. Where and why LightHand deviates: `docs/paper.md`.

- *printed*: in the paper. Its "FLOPs" are multiply-accumulates, and so are GMAC *here*, as fvcore counts them on
  modules built here, for 16 joints (ICVL) and 14 (NYU).
- *ours in the paper*: built here as `network.PAPER`, which meets both of its numbers.
- *error here*: of a peer, from the joints that its authors published, by `python -m lighthand.evaluate --predictions`.
- *not trained*: the images of the data sets are not here, so there are no weights of ours for them. Where they are:
  `python -m lighthand.train --data icvl --root DIR --out RUN`, `python -m lighthand.evaluate --data icvl --root DIR
  --weights RUN/hand.safetensors --json FILE`, and this command with `--measured FILE`.
- HandFoldingNet's printed 35.788 G are those of a batch of 32 frames: 1.118 G a frame.
- No step of Table 3 was trained here: its errors are the paper's alone.
"""

ICVL, SYNTHETIC = "paper-figure2-icvl.png", "paper-figure2-synthetic.png"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; see the module."""
    parser = argparse.ArgumentParser(
        prog="python -m lighthand.paper", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=Path("out/paper"), metavar="DIR", help="where to write")
    parser.add_argument("--root", type=Path, metavar="DIR", help="labels and predictions: ../shared/data/benchmarks")
    parser.add_argument("--measured", type=Path, nargs="+", default=[], metavar="FILE.json", help="errors of ours")
    parser.add_argument("--images", type=Path, metavar="DIR", help="ICVL's Testing/Depth, for the figure")
    parser.add_argument("--weights", type=Path, default=WEIGHTS, metavar="FILE", help="ours in the figure")
    options = parser.parse_args(arguments)
    if options.images is not None and options.root is None:
        parser.error("--images needs --root: the labels say where the hands are")
    return exit_status(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    measured = [read_measured(path) for path in options.measured]
    ours = open_estimator(NetworkSource(options.weights, "torch"))
    stand_in = open_estimator(NetworkSource(FAST, "torch"))
    names = (FAST.name, options.weights.name)
    save_image(options.out / SYNTHETIC, synthetic_figure(stand_in, ours, names))
    if options.root is not None:
        save_image(options.out / ICVL, icvl_figure(options.root, options.images, ours, options.weights.name))
    tables = write_tables(options.root, measured)
    print(tables)
    path = options.out / "paper-tables.md"
    path.write_text("\n".join([HEAD, tables, _figure(names)]), encoding="utf-8")
    print(f"wrote {path} and {SYNTHETIC}" + (f" and {ICVL}" if options.root else "") + " beside it")


def _figure(names: tuple[str, str]) -> str:
    """Show the synthetic figure and say what stands in it, and where ICVL's is."""
    return f"""\
## Figure 2

![Input, stand-in for the baseline, ours, truth]({SYNTHETIC})

The paper's layout, not its frames: the first {ROWS} of the synthetic validation set, with the mean error of each. In
the baseline's column stands our smaller network, `{names[0]}`, for TriHorn-Net was not trained here; ours is
`{names[1]}`.

With `--root` the command draws `{ICVL}` too: ICVL's test frames {", ".join(str(n) for n in ICVL_FRAMES)}, with the
joints that TriHorn-Net's authors published and the truth, and with `--images` the depth image and ours over it. The
labels belong to the data set, so that picture is not in the repository.
"""


if __name__ == "__main__":
    sys.exit(main())
