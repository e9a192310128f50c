"""How far the joints are from the truth: ``python -m lighthand.evaluate --data synthetic|cvar|tips|no-hand``.

``--data synthetic`` is the fixed validation set; its crops are jittered as they are drawn. ``--data cvar`` takes
``--centre truth`` (one crop a frame, centred on the mean of the true joints, the hand known to be a right one),
``--centre segmenter`` (each frame on its own: crops where our segmenter finds a hand, nothing followed or smoothed)
or ``--centre path`` (frame after frame as in the live program: the hand is followed, its side voted, its joints
smoothed). A mean is over the frames with a pose, so read it with ``found``, which stands beside it. ``--data tips``
compares with the fingertips marked in ``kinect2_scene`` and ``sr305``; see ``lighthand.tips``. ``--data no-hand``
counts the hands that are seen where there is none; see ``lighthand.nohand``. ``--data icvl``, ``nyu`` or ``msra``
measures weights of ``lighthand.train --data`` on the test part of that data set, cropped around centres that do not
come from the true joints; see docs/datasets.md. The JSON has the shape of their network as ``network``.

What the JSON holds: ``mean_mm``, ``median_mm`` and ``per_joint_mm`` are over the joints of frames with a pose, the
fraction ``found`` of ``frames``; ``within_20mm`` and ``within_30mm`` are the fractions of *all* frames whose every
joint is that close, a frame without a pose counting as farther; ``curve`` has them for a row of thresholds.
``centre_median_mm`` is from the centre of the network's cube to the mean of the true joints, ``centre_within_60mm`` the
fraction of all frames where that is at most 60 mm. ``side_correct`` is of the frames with a pose.
``unsmoothed_mean_mm`` is the error of the poses before the tracker smooths them. With exactly two sequences
``offset_mean_mm`` is the mean error after one constant offset a joint (3 numbers, camera space), fitted on the other
sequence, for data sets define joints differently; ``offset_per_joint_mm``, ``offset_within_20mm`` and
``offset_within_30mm`` likewise, and ``offset_axes_mm`` along x, y and z (depth) alone. ``turning_offset_mean_mm`` is
the mean error after one offset a joint that turns with the palm that we see.
``at_data_bones`` holds both means once more, of our joints moved as little as it takes for the bone lengths that the
data set gives every hand (``lighthand.handsize.keep_bones``): with 20 lengths from the annotation, which no camera has,
so not to be compared with a target. ``confidence_mean`` is what the network thinks of its joints,
``joints_within_15mm`` what it should have thought, and ``confidence_calibration_error`` the mean gap between both over
tenths of the confidence (``lighthand.reliability``); ``visibility_calibration_error`` likewise for "in view", where
that is known. ``depth_scatter_mm`` is how far joints in view are, in the mean, from the median of their depth behind
the measured surface: ``ours``, unsmoothed, and the ``data``'s own. The joints of ``--data synthetic`` are exact, so
theirs is the control: data that scatter more are noisy in depth, while a low value of ours proves nothing
(``lighthand.scatter``).

``--predictions FILE --benchmark icvl|nyu --root DIR`` measures joints that others published, no network of ours: the
papers' mean error, see ``lighthand.datasets.benchmarks`` for the files and ``lighthand.published`` for the figures.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, get_args

import numpy as np

from lighthand.backends import WEIGHTS, Backend, NetworkSource, Precision, open_estimator
from lighthand.command import exit_status
from lighthand.config import config_to_dict
from lighthand.datasets.benchmarks import BENCHMARKS
from lighthand.datasets.catalogue import DATA_SETS, NAMES
from lighthand.datasets.cvar import BONES_MM, read_cvar
from lighthand.nohand import evaluate_no_hand
from lighthand.pictures import save_plot, save_reliability, save_sheet, save_within
from lighthand.predictions import (
    Prediction,
    predict_at_truth,
    predict_each_frame,
    predict_synthetic,
    predict_with_pipeline,
)
from lighthand.published import error_figures, published_errors
from lighthand.recorded import recorded_errors
from lighthand.report import after_offsets, report
from lighthand.tips import evaluate_tips

CENTRES: Final = {"truth": predict_at_truth, "segmenter": predict_each_frame, "path": predict_with_pipeline}


def _print_report(values: dict[str, Any], predictions: Sequence[Prediction]) -> None:
    rows = [*values["per_sequence"].items()] + ([("all", values)] if len(predictions) > 1 else [])
    print("sequence   frames  found   mean  median  offset  <20 mm  <30 mm   side")
    for name, row in rows:
        offset = row.get("offset_mean_mm")
        print(
            f"{name:10} {row['frames']:6} {row['found']:6.1%} {_mm(row['mean_mm'])}  {_mm(row['median_mm'])}  "
            f"{_mm(offset)}  {row['within_20mm']:6.1%}  {row['within_30mm']:6.1%} "
            + ("     -" if row["side_correct"] is None else f"{row['side_correct']:6.1%}")
        )
    if "confidence_mean" in values:
        print(
            f"confidence {values['confidence_mean']:.3f} in the mean, {values['joints_within_15mm']:.3f} of the joints "
            f"within 15 mm, calibration error {values['confidence_calibration_error']:.3f}"
        )
    if "visibility_calibration_error" in values:
        print(f"in view: calibration error {values['visibility_calibration_error']:.3f}")
    if short := values.get("at_data_bones"):
        print(
            f"with the data's bone lengths: mean {_mm(short['mean_mm']).strip()} mm, after offsets "
            f"{_mm(short.get('offset_mean_mm')).strip()} mm"
        )
    if "offset_per_joint_mm" in values:
        others = [v for name, v in values["offset_per_joint_mm"].items() if name not in ("wrist", "thumb_cmc")]
        along = {axis: _mm(value).strip() for axis, value in values["offset_axes_mm"].items()}
        print(f"after offsets, along x {along['x']} mm, y {along['y']} mm, depth {along['z']} mm in the mean")
        print(
            f"after offsets that turn with the palm: mean {_mm(values['turning_offset_mean_mm']).strip()} mm; after "
            f"constant ones, without wrist and root of the thumb: {_mm(sum(others) / len(others)).strip()} mm"
        )
    if spread := values.get("depth_scatter_mm"):
        print(
            f"joints in view, depth behind the measured surface: ours {_mm(spread['ours']).strip()} mm from their "
            f"median, the data's {_mm(spread['data']).strip()} mm"
        )
    if "offset_mean_mm" in values:
        shares = f"{values['offset_within_20mm']:.1%} within 20 mm, {values['offset_within_30mm']:.1%} within 30 mm"
        print(f"frames with every joint near, after offsets: {shares}")
    print("mean a joint, mm: " + ", ".join(f"{name} {_mm(v).strip()}" for name, v in values["per_joint_mm"].items()))


def _mm(value: float | None) -> str:
    return "     -" if value is None else f"{value:6.1f}"


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m lighthand.evaluate", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    mode = parser.add_mutually_exclusive_group(required=True)
    mode.add_argument("--data", choices=("synthetic", "cvar", "tips", "no-hand", *NAMES))
    mode.add_argument("--predictions", type=Path, metavar="FILE", help="joints that others published")
    parser.add_argument("--benchmark", choices=tuple(BENCHMARKS), help="the test set that --predictions is of")
    parser.add_argument("--root", type=Path, metavar="DIR", help="folder of the data (all but synthetic)")
    parser.add_argument("--sequences", nargs="+", metavar="NAME", help="of cvar; P4 P5 by default")
    parser.add_argument("--centre", choices=tuple(CENTRES), help="of cvar's crops; segmenter by default")
    parser.add_argument("--weights", type=Path, metavar="FILE", help="those that ship by default")
    parser.add_argument("--backend", choices=get_args(Backend), help="what runs the network; torch by default")
    parser.add_argument("--precision", choices=get_args(Precision), help="fp32 by default; bf16 is OpenVINO's")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    parser.add_argument("--plot", type=Path, metavar="FILE.png", help="plot frames under a threshold (not tips)")
    parser.add_argument("--reliability", type=Path, metavar="FILE.png", help="plot what the confidence is worth")
    parser.add_argument("--sheet", type=Path, metavar="FILE.png", help="draw best, median and worst; tips: all")
    options = parser.parse_args(arguments)
    for name in ("json", "plot", "reliability", "sheet"):
        path = getattr(options, name)
        if path is not None and path.is_dir():
            parser.error(f"--{name} {path}: a folder. Give the file to write.")
    if options.data != "cvar" and (options.sequences or options.centre):
        parser.error("--sequences and --centre go with --data cvar alone")
    options.sequences, options.centre = options.sequences or ["P4", "P5"], options.centre or "segmenter"
    if options.predictions is not None:
        if options.benchmark is None or options.root is None:
            parser.error("--predictions needs --benchmark and --root, such as ../shared/data/benchmarks")
        if options.sheet is not None or options.reliability is not None:
            parser.error("--sheet and --reliability do not go with --predictions: it is joints alone")
        if options.weights or options.backend or options.precision:
            parser.error("--weights, --backend and --precision do not go with --predictions: no network is run")
        return options
    options.weights = options.weights or WEIGHTS
    options.backend, options.precision = options.backend or "torch", options.precision or "fp32"
    if options.benchmark is not None:
        parser.error("--benchmark goes with --predictions alone")
    if options.root is None and options.data != "synthetic":
        parser.error(f"--data {options.data} needs --root, such as ../shared/data")
    if options.root is not None and options.data == "synthetic":
        parser.error("--root does not go with --data synthetic: its crops are drawn")
    if options.data in ("tips", "no-hand"):
        for name in ("plot", "reliability", *(["sheet"] if options.data == "no-hand" else [])):
            if getattr(options, name) is not None:
                parser.error(f"--{name} does not go with --data {options.data}: no joints are known there")
    if options.data in NAMES and (options.reliability or options.sheet):
        parser.error(f"--reliability and --sheet do not go with --data {options.data}")
    if options.data in NAMES and (options.backend, options.precision) != ("torch", "fp32"):
        parser.error(f"--data {options.data} is measured by torch in fp32: leave --backend and --precision out")
    if options.precision == "bf16" and options.backend != "openvino":
        parser.error(f"--precision bf16: {options.backend} has fp32 alone; give --backend openvino")
    return options


def _evaluate(options: argparse.Namespace) -> dict[str, Any]:
    """Do what the command line asks, print the figures and give them."""
    if options.data in NAMES:
        errors, network = recorded_errors(options.data, options.root, options.weights)
        values = error_figures(errors, DATA_SETS[options.data].joints)
        if options.plot:
            save_within(options.plot, {f"{options.data}, {options.weights.stem}": errors})
        print(f"{options.data}, {values['frames']} test frames: {values['mean_mm']:.2f} mm mean joint error")
        if options.data in BENCHMARKS and values["frames"] != BENCHMARKS[options.data].frames:
            print(
                f"not to be compared with published errors: those are over {BENCHMARKS[options.data].frames} frames. "
                "Fetch the data set again."
            )
        return {"centre": "of the data set", "network": config_to_dict(network), **values}
    if options.data == "cvar":  # before the network: a wrong folder shows at once
        sequences = {name: read_cvar(options.root, name) for name in options.sequences}
    source = NetworkSource(options.weights, options.backend, precision=options.precision)
    estimator = open_estimator(source)
    if options.data == "tips":
        return evaluate_tips(options.root, estimator, options.sheet)
    if options.data == "no-hand":
        return evaluate_no_hand(options.root, estimator)
    if options.data == "synthetic":
        predictions = [predict_synthetic(estimator)]
    else:
        predict = CENTRES[options.centre]
        predictions = [predict(name, records, estimator) for name, records in sequences.items()]
    values = report(predictions, np.array(BONES_MM, np.float32) if options.data == "cvar" else None)
    if options.plot:
        save_plot(options.plot, predictions, after_offsets(predictions))
    if options.reliability:
        save_reliability(options.reliability, predictions)
    if options.sheet:
        save_sheet(options.sheet, predictions)
    _print_report(values, predictions)
    return {"centre": "as drawn" if options.data == "synthetic" else options.centre, **values}


def _evaluate_published(options: argparse.Namespace) -> dict[str, Any]:
    """Measure published joints as the command line asks, print the figures and give them."""
    benchmark = BENCHMARKS[options.benchmark]
    errors = published_errors(options.predictions, options.root, benchmark)
    values = error_figures(errors, benchmark.joints)
    if options.plot:
        save_within(options.plot, {options.predictions.stem: errors})
    print(
        f"{options.predictions.name} on {benchmark.name}, {values['frames']} frames: mean {values['mean_mm']:.2f} mm, "
        f"median {values['median_mm']:.2f} mm; every joint within 20 mm in {values['within_20mm']:.1%}, within 30 mm "
        f"in {values['within_30mm']:.1%} of the frames"
    )
    print("mean a joint, mm: " + ", ".join(f"{name} {mean:.2f}" for name, mean in values["per_joint_mm"].items()))
    return values


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; see the module."""
    options = _parse(arguments)
    return exit_status(lambda: _run(options))


def _run(options: argparse.Namespace) -> None:
    if options.predictions is not None:
        source = {"benchmark": options.benchmark, "predictions": str(options.predictions)}
        values = {**source, **_evaluate_published(options)}
    else:
        network = {"weights": str(options.weights), "backend": options.backend, "precision": options.precision}
        values = {"data": options.data, **network, **_evaluate(options)}
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(values, indent=2, allow_nan=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
