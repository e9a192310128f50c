"""What each key of the table does, and which control says the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PyQt6 import QtGui

from app.viewer.keys import KEYS

if TYPE_CHECKING:
    from app.viewer.window import HandWindow

_SWITCHES = ("skeleton", "box", "outline", "cloud", "frustum", "grid", "follow", "timeline", "panel")


def bind(window: HandWindow) -> None:
    """Make a shortcut of each key.

    Args:
        window: whose parts are built.
    """
    actions = _actions(window)
    for key in KEYS:
        for sequence in key.sequences:
            QtGui.QShortcut(QtGui.QKeySequence(sequence), window, actions[key.action])


def _actions(window: HandWindow) -> dict[str, Callable[[], object]]:
    transport = window.transport

    def change(name: str, value: object) -> None:
        changed: Any = {name: value}
        window.set_look(replace(window.look, **changed))

    def switch(name: str) -> None:
        change(name, not getattr(window.look, name))

    def choose(name: str, one: str, other: str) -> None:
        change(name, other if getattr(window.look, name) == one else one)

    return {
        "quit": window.close,
        "escape": window.escape,
        "help": window.toggle_help,
        "full screen": window.toggle_full_screen,
        "pause": window.toggle_pause,
        "step back": partial(transport.step, -1),
        "step forward": partial(transport.step, 1),
        "jump back": partial(transport.jump, -1.0),
        "jump forward": partial(transport.jump, 1.0),
        "slower": transport.slower,
        "faster": transport.faster,
        "loop": transport.toggle_loop,
        "record": window.toggle_recording,
        "snapshot": window.save_snapshot,
        "theme": partial(choose, "theme", "dark", "light"),
        "scale": partial(choose, "scale", "scene", "hand"),
        **{name: partial(switch, name) for name in _SWITCHES},
        **{name: partial(window.views.space.view_from, name) for name in ("front", "top", "side", "orbit")},
        "reset": window.views.reset,
    }
