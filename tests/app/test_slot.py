from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.slot import Slot, SlotClosedError


@given(st.lists(st.sampled_from(["put", "take"]), max_size=60))
def test_never_repeats_never_reorders_and_counts_what_it_skips(actions: list[str]) -> None:
    slot: Slot[int] = Slot()
    put = number = seen = 0
    for action in actions:
        if action == "put":
            put += 1
            assert slot.put(put)
        elif (taken := slot.take(number, 0)) is not None:
            assert taken.value == put
            assert taken.number > number
            seen += 1 + taken.skipped
            number = taken.number
            assert seen == put
        else:
            assert seen == put
    slot.close()
    if seen < put:
        assert slot.take(number).value == put  # type: ignore[union-attr]
        number = put
    with pytest.raises(SlotClosedError):
        slot.take(number)


@given(st.integers(1, 200), st.booleans())
def test_between_threads_values_rise_and_lock_step_loses_none(count: int, lockstep: bool) -> None:
    slot: Slot[int] = Slot()

    def produce() -> None:
        for value in range(count):
            slot.put(value, wait=lockstep)
        slot.close()

    thread = threading.Thread(target=produce)
    thread.start()
    values, skipped, number = [], 0, 0
    while not values or values[-1] != count - 1:
        taken = slot.take(number)
        assert taken is not None
        values.append(taken.value)
        skipped += taken.skipped
        number = taken.number
    with pytest.raises(SlotClosedError):
        slot.take(number)
    thread.join()
    assert values == sorted(set(values))
    assert len(values) + skipped == count
    if lockstep:
        assert values == list(range(count))


def test_close_gives_the_taker_the_cause_after_the_last_value() -> None:
    slot: Slot[str] = Slot()
    error = OSError("unplugged")
    slot.put("last")
    slot.close(error)
    slot.close(ValueError("later, so not the cause"))
    taken = slot.take(0)
    assert taken is not None
    assert taken.value == "last"
    with pytest.raises(SlotClosedError) as caught:
        slot.take(1)
    assert caught.value.__cause__ is error
    assert not slot.put("after")


@pytest.mark.parametrize("waits_in", ["take", "put"])
def test_close_wakes_whoever_waits(waits_in: str) -> None:
    slot: Slot[int] = Slot()
    slot.put(1)
    answers: list[object] = []

    def wait() -> None:
        try:
            answers.append(slot.take(1) if waits_in == "take" else slot.put(2, wait=True))
        except SlotClosedError as error:
            answers.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    slot.close()
    thread.join(2)
    assert not thread.is_alive()
    assert len(answers) == 1
    assert answers[0] is False or isinstance(answers[0], SlotClosedError)


def test_take_gives_none_when_nothing_comes_in_time() -> None:
    slot: Slot[int] = Slot()
    assert slot.take(0, 0) is None
    assert slot.take(0, 0.01) is None
