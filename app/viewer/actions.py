"""What the keys of the table do."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from PyQt6 import QtGui, QtWidgets

from app.look import ViewConfig
from app.viewer.keys import KEYS
from app.viewer.transport import Transport
from app.viewer.views import Views

Actions = dict[str, Callable[[], object]]

_SWITCHES: Final = ("skeleton", "box", "outline", "cloud", "frustum", "grid", "follow", "timeline", "panel")
_CHOICES: Final = (("theme", "dark", "light"), ("scale", "scene", "hand"))


def bind(window: QtWidgets.QWidget, actions: Mapping[str, Callable[[], object]]) -> None:
    """Make a shortcut of each key.

    Args:
        window: where they hold.
        actions: by the names in the table, all of them.
    """
    for key in KEYS:
        for sequence in key.sequences:
            shortcut = QtGui.QShortcut(QtGui.QKeySequence(sequence), window, actions[key.action])
            shortcut.setAutoRepeat(key.action.startswith(("step", "jump")))


def look_actions(look: Callable[[], ViewConfig], set_look: Callable[[ViewConfig], object]) -> Actions:
    """Give what turns the parts of the view on and off.

    Args:
        look: gives the settings as they are.
        set_look: takes others.
    """

    def change(name: str, value: object) -> None:
        changed: Any = {name: value}
        set_look(replace(look(), **changed))

    def switch(name: str) -> None:
        change(name, not getattr(look(), name))

    def choose(name: str, one: str, other: str) -> None:
        change(name, other if getattr(look(), name) == one else one)

    return {
        **{name: partial(switch, name) for name in _SWITCHES},
        **{name: partial(choose, name, one, other) for name, one, other in _CHOICES},
    }


def view_actions(views: Views, transport: Transport) -> Actions:
    """Give what moves the views and the recording."""
    return {
        **{name: partial(views.space.view_from, name) for name in ("front", "top", "side", "orbit")},
        "reset": views.reset,
        "step back": partial(transport.step, -1),
        "step forward": partial(transport.step, 1),
        "jump back": partial(transport.jump, -1.0),
        "jump forward": partial(transport.jump, 1.0),
        "slower": transport.slower,
        "faster": transport.faster,
        "loop": transport.toggle_loop,
    }
