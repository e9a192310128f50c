"""The paper's tables and its Figure 2 by one command: ``python -m lighthand.paper``.

Tables 1 and 2 hold what the paper prints, what the same networks cost where they are built here, and the errors that
our metric gives; Table 3 is a ladder of real modules. With ``--root`` the errors of published predictions are measured
and drawn; one test set's labels are enough. ``--measured`` adds errors of ours, as ``python -m lighthand.evaluate
--data icvl|nyu --json FILE`` writes them, to the row whose network has that shape. ``--images`` and ``--icvl-weights``
put the network of ``python -m lighthand.train --data icvl`` into ICVL's figure. Writes ``paper-tables.md``,
``paper-figure2-synthetic.png`` and, where ICVL's labels are in ``--root``, ``paper-figure2-icvl.png``; docs/paper.md
says where and why LightHand deviates.
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
from lighthand.datasets import icvl
from lighthand.datasets.benchmarks import BENCHMARKS, truth_path
from lighthand.drawing import save_image
from lighthand.paper.figure import ICVL_FRAMES, ROWS, icvl_figure, synthetic_figure
from lighthand.paper.tables import read_measured, write_tables
from lighthand.weights import load_weights

HEAD: Final = """\
# The paper's tables and Figure 2

Written by `python -m lighthand.paper`; do not edit. Where and why LightHand deviates: `docs/paper.md`.

- *printed*: in the paper. Its "FLOPs" are multiply-accumulates, and so are GMAC *here*, as fvcore counts them on
  modules built here, for 16 joints (ICVL) and 14 (NYU).
- *ours in the paper*: built here as `network.PAPER`, which meets both of its numbers.
- *error here*: of a peer, from the joints that its authors published, by `python -m lighthand.evaluate --predictions`;
  "-" where no such file is read here.
- *not built*: there is no module of that network here to count. V2V-PoseNet reads voxels and HandFoldingNet and
  HandPointNet read points, not the crops of depth that all others here read. What is known of the costs of the first
  two, and was not counted here: `docs/paper.md`.
- Table 3's errors are the paper's alone: none was measured step by step.
- *not measured*: {not_measured}
  To measure: `python -m lighthand.train --data icvl --root DIR --out RUN`, `python -m lighthand.evaluate --data icvl
  --root DIR --weights RUN/hand.safetensors --json FILE`, and this command with `--measured FILE`. That is *ours in the
  paper*; `--set network.stride=4` in training makes it *LightHand as shipped*.
"""

NO_IMAGES: Final = "the images of the data sets are not here, so no weights of ours were trained on them."
NOT_GIVEN: Final = "no error of such weights on that test set was given; the others are those of the weights named."

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
    parser.add_argument("--weights", type=Path, default=WEIGHTS, metavar="FILE", help="ours in the figures, 21 joints")
    parser.add_argument("--icvl-weights", type=Path, metavar="FILE", help="ours in ICVL's, of lighthand.train --data")
    options = parser.parse_args(arguments)
    if options.images is not None and options.root is None:
        parser.error("--images needs --root: the labels say where the hands are")
    if options.icvl_weights is not None and options.images is None:
        parser.error("--icvl-weights needs --images: they are drawn over them")
    return exit_status(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    measured = [read_measured(path) for path in options.measured]
    tables = write_tables(options.root, measured)
    estimator = open_estimator(NetworkSource(options.weights, "torch"))
    stand_in = open_estimator(NetworkSource(FAST, "torch"))
    names = (FAST.name, options.weights.name)
    save_image(options.out / SYNTHETIC, synthetic_figure(stand_in, estimator, names))
    pictures = [SYNTHETIC]
    # Images that were given need the labels: without them, the figure says so.
    if options.root and (options.images or truth_path(options.root, BENCHMARKS["icvl"]).is_file()):
        weights = options.icvl_weights or options.weights
        ours = load_weights(weights, icvl.JOINTS, icvl.CUBE_MM) if options.icvl_weights else estimator
        save_image(options.out / ICVL, icvl_figure(options.root, options.images, ours, weights.name))
        pictures.append(ICVL)
    print(tables)
    path = options.out / "paper-tables.md"
    head = HEAD.format(not_measured=NOT_GIVEN if measured else NO_IMAGES)
    path.write_text("\n".join([head, tables, _figure(names)]), encoding="utf-8")
    print(f"wrote {path} and {' and '.join(pictures)} beside it")


def _figure(names: tuple[str, str]) -> str:
    """Show the synthetic figure and say what stands in it, and where ICVL's is."""
    return f"""\
## Figure 2

![Input, stand-in for the baseline, ours, truth]({SYNTHETIC})

The paper's layout, not its frames: the first {ROWS} of the synthetic validation set, with the mean error of each. In
the baseline's column stands our smaller network, `{names[0]}`, for TriHorn-Net was not trained here; ours is
`{names[1]}`.

With ICVL's labels in `--root` the command draws `{ICVL}` too: ICVL's test frames
{", ".join(str(n) for n in ICVL_FRAMES)}, with the joints that TriHorn-Net's authors published and the truth, and with
`--images` the depth image and ours over it; with `--icvl-weights` ours are ICVL's own joints, and their error is
written. The labels belong to the data set, so that picture is not in the repository.
"""


if __name__ == "__main__":
    sys.exit(main())
