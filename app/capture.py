"""The capture thread's work: pull frames from a camera into the newest-frame slot."""

from __future__ import annotations

import logging
import threading
from typing import Final

from app.cameras.base import Camera, EndOfSourceError, NoFrameError, check_plausible, check_same_stream, nothing_between
from app.slot import Slot
from lighthand.segment import SegmentConfig
from lighthand.types import Frame

READ_TIMEOUT_S: Final = 1.0  # or three frames of a slow source

_LOG: Final = logging.getLogger(__name__)


def capture_frames(
    camera: Camera, frames: Slot[Frame], stop: threading.Event, segment: SegmentConfig, *, lockstep: bool
) -> None:
    """Read until the source ends, fails or ``stop`` is set; then close the slot, with the error if there is one.

    A camera that falls silent is asked again: one warning a silence. A frame with nothing in the segmenter's range
    is worth one warning a run.

    Args:
        camera: an open camera.
        frames: where the worker takes frames.
        stop: ends the loop at the next frame; ``camera.close`` wakes a waiting read.
        segment: where hands are looked for.
        lockstep: wait until the worker took the frame before.
    """
    try:
        info = camera.info
        timeout_s = max(READ_TIMEOUT_S, 3 / info.fps)
        judged = silent = warned = False
        while not stop.is_set():
            try:
                frame = camera.read(timeout_s)
            except NoFrameError as error:
                if not silent:
                    _LOG.warning("%s %s: %s; asking again", info.model, info.serial, error)
                silent = True
                continue
            silent = False
            check_same_stream(frame, info)
            judged = judged or check_plausible(frame)
            if not warned and (text := nothing_between(frame, segment.near_mm, segment.far_mm)):
                _LOG.warning("%s %s, frame %d: %s", info.model, info.serial, frame.seq, text)
                warned = True
            if not frames.put(frame, wait=lockstep):
                break
        frames.close()
    except EndOfSourceError:
        frames.close()
    except BaseException as error:  # noqa: BLE001 - handed to the taker, who raises it
        frames.close(error)
