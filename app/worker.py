"""The worker thread's work: newest frame -> pose -> log and result slot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from app.latency import FrameLog
from app.slot import Slot, SlotClosedError
from lighthand.types import Frame, Result

Process = Callable[[Frame], Result]


def track_frames(
    frames: Slot[Frame],
    results: Slot[Result],
    process: Process,
    log: FrameLog,
    rest: Callable[[], object],
    *,
    lockstep: bool,
) -> None:
    """Process the newest frame again and again until the slot closes; then close the results with the same cause.

    Args:
        frames: where capture puts frames.
        results: where the window takes results.
        process: ``Pipeline.process``.
        log: takes every result.
        rest: called after each frame, when its result can be taken.
        lockstep: wait until the result before was taken.
    """
    number = 0
    try:
        while True:
            try:
                taken = frames.take(number)
            except SlotClosedError as closed:
                results.close(closed.__cause__)
                return
            assert taken is not None
            number = taken.number
            result = replace(process(taken.value), skipped=taken.skipped)
            log.add(result)
            if not results.put(result, wait=lockstep):
                return
            rest()
    except BaseException as error:  # noqa: BLE001 - handed to the taker, who raises it
        frames.close()
        results.close(error)
