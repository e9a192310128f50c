"""The table of keys."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields

from PyQt6 import QtGui

from app.look import ViewConfig
from app.viewer.keys import BY_ACTION, KEYS, hint


def test_no_key_is_given_twice() -> None:
    read = [QtGui.QKeySequence(sequence).toString() for key in KEYS for sequence in key.sequences]
    assert all(read), "each is one that Qt knows"
    assert [name for name, count in Counter(read).items() if count > 1] == []


def test_no_action_is_listed_twice_and_every_part_of_the_view_has_one() -> None:
    assert len(BY_ACTION) == len(KEYS)
    assert {field.name for field in fields(ViewConfig)} <= set(BY_ACTION)


def test_groups_stand_together() -> None:
    order = [key.group for key in KEYS]
    assert order == sorted(order, key=order.index)


def test_labels_and_hints_are_what_stands_on_the_keyboard() -> None:
    assert BY_ACTION["jump back"].label == "Shift + ←"
    assert BY_ACTION["help"].label == "?"
    assert hint("Bones and joints", "skeleton") == "Bones and joints (K)"
