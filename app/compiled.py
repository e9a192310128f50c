"""What takes Numba long is compiled by a process of its own: a thread that compiles could not be ended.

On two cores 7 s for the pipeline and 15 for the renderer, once: then it is in Numba's cache. The codec of recordings,
a third of a second, is compiled where it is used.
"""

from __future__ import annotations

import hashlib
import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final, Literal, get_args

import llvmlite.binding
import numba
import numpy as np

import lighthand
from app.cameras.base import EndOfSourceError
from lighthand.crop import PATCH
from lighthand.estimator import Estimate
from lighthand.handsize import keep_bones
from lighthand.limbtree import tree_cuts
from lighthand.pipeline import Pipeline, PipelineConfig
from lighthand.skeleton import BONES, JOINTS
from lighthand.types import FloatArray

Part = Literal["pipeline", "renderer"]

_LOG: Final = logging.getLogger(__name__)
_ROOT: Final = Path(__file__).resolve().parents[1]
_POLL_S: Final = 0.05


def compile_ahead(part: Part, stop: threading.Event) -> None:
    """Wait until what a part of the program needs is in Numba's cache; without cost where it is.

    Args:
        part: the pipeline, or what renders the hand of the synthetic camera.
        stop: gives up when another thread sets it.

    Raises:
        EndOfSourceError: it was set.
    """
    if numba.config.DISABLE_JIT:  # type: ignore[attr-defined] # set from the environment
        return
    marker, stamp = _marker(part), _stamp()
    if marker.is_file() and marker.read_text() == stamp:
        return
    with subprocess.Popen(
        [sys.executable, "-m", "app.compiled", part],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, (str(_ROOT), os.environ.get("PYTHONPATH"))))},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,  # ^C in a terminal reaches a whole group, and this one ends by ``stop``
    ) as compiler:
        while compiler.poll() is None:
            if stop.wait(_POLL_S):
                compiler.kill()
                raise EndOfSourceError("stopped while the program was compiled")
    if compiler.returncode:
        _LOG.warning("compiling in another process failed (%d); it is done in this one", compiler.returncode)


def main(part: Part) -> None:
    """Run a part once, and note that it was compiled."""
    stamp = _stamp()
    if part == "pipeline":
        Pipeline(_Blank(), PipelineConfig()).warm_up()
        keep_bones(np.zeros((JOINTS, 3), np.float32), np.ones(len(BONES), np.float32))
    else:
        from lighthand.synthesis.scene import HandAnimator

        HandAnimator(0).render(0.0)
    _marker(part).write_text(stamp)


def _marker(part: Part) -> Path:
    """Give the file beside Numba's that says of which sources and for which machine they are."""
    folder = tree_cuts.stats.cache_path
    assert folder is not None, "it is declared with a cache"
    return Path(folder) / f"{part}.{sys.implementation.cache_tag}.compiled"


def _stamp() -> str:
    """Sum up what Numba's cache depends on: the sources, itself, and the processor."""
    folder = Path(lighthand.__file__).parent
    found = [(str(path), path.stat().st_mtime_ns, path.stat().st_size) for path in sorted(folder.rglob("*.py"))]
    about = (found, numba.__version__, llvmlite.binding.get_host_cpu_name())
    return hashlib.sha256(repr(about).encode()).hexdigest()


class _Blank:
    """A network that sees a hand's joints all at one place; its loading would only take time."""

    def estimate(self, patches: FloatArray) -> Estimate:
        """See ``Estimator.estimate``."""
        count = len(patches)
        half, many = np.full(count, 0.5, np.float32), np.full((count, JOINTS), 0.5, np.float32)
        return Estimate(np.full((count, JOINTS, 3), PATCH / 2, np.float32), half, half.copy(), many, many.copy())


if __name__ == "__main__":
    (asked,) = (part for part in get_args(Part) if part == sys.argv[1])
    main(asked)
