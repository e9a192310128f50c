"""The worker thread's work: newest frame -> pose -> log, recorder and result slot."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from app.cameras.base import EndOfSourceError
from app.latency import FrameLog
from app.slot import Slot, SlotClosedError
from lighthand.types import Frame, Result

AGE_LIMIT_S: Final = 0.3
"""What is older is not live: such a frame gets no pose, such a pose is not drawn."""

Process = Callable[[Frame], Result]


def track_frames(
    frames: Slot[Frame],
    results: Slot[Result],
    make_process: Callable[[], Process],
    log: FrameLog,
    rest: Callable[[Result], object],
    *,
    lockstep: bool,
) -> None:
    """Process the newest frame again and again until the slot closes; then close the results with the same cause.

    Args:
        frames: where capture puts frames.
        results: where the window takes results.
        make_process: gives ``Pipeline.process``; called first, on this thread. Stopped, it raises EndOfSourceError.
        log: takes every result.
        rest: given every result that the log has, when it can be taken, or never will be.
        lockstep: wait until the result before was taken, and take frames however old.
    """
    number = skipped = 0
    try:
        process = make_process()
        while True:
            try:
                taken = frames.take(number)
            except SlotClosedError as closed:
                results.close(closed.__cause__)
                return
            assert taken is not None
            number = taken.number
            skipped += taken.skipped
            if not lockstep and time.perf_counter() - taken.value.arrival_s > AGE_LIMIT_S:
                skipped += 1
                continue
            result = replace(process(taken.value), skipped=skipped)
            skipped = 0
            log.add(result)
            is_open = results.put(result, wait=lockstep)
            rest(result)
            if not is_open:
                return
    except EndOfSourceError:  # stopped while ``make_process`` ran
        frames.close()
        results.close()
    except BaseException as error:  # noqa: BLE001 - handed to the taker, who raises it
        frames.close()
        results.close(error)
