"""Every key of the window: what it does, where the help lists it, and the name of the action that it asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_SIGNS: Final = {"Left": "←", "Right": "→"}


@dataclass(frozen=True, slots=True)
class Key:
    """One action and the keys that ask for it.

    Attributes:
        sequences: as ``QKeySequence`` reads them; the help and the tooltips name the first.
        group: of the help.
        text: what it does, as the help says it.
        action: its name. Those that switch a bool of ``app.look.ViewConfig`` have the name of that field.
    """

    sequences: tuple[str, ...]
    group: str
    text: str
    action: str

    @property
    def label(self) -> str:
        """Give the first sequence as the user reads it: "Shift + ←"."""
        return " + ".join(_SIGNS.get(part, part) for part in self.sequences[0].split("+"))


KEYS: Final = (
    Key(("R",), "Record", "start or end a recording", "record"),
    Key(("S",), "Record", "snapshot: save the picture and the pose", "snapshot"),
    Key(("Space",), "Play", "pause or go on", "pause"),
    Key((".",), "Play", "one frame forward", "step_forward"),
    Key((",",), "Play", "one frame back", "step_back"),
    Key(("Shift+Right",), "Play", "one second forward", "second_forward"),
    Key(("Shift+Left",), "Play", "one second back", "second_back"),
    Key(("]",), "Play", "faster", "faster"),
    Key(("[",), "Play", "slower", "slower"),
    Key(("Shift+L",), "Play", "play again and again", "loop"),
    Key(("1",), "3D view", "from the front", "front"),
    Key(("2",), "3D view", "from the top", "top"),
    Key(("3",), "3D view", "from the side", "side"),
    Key(("4",), "3D view", "orbit: turn on its own", "orbit"),
    Key(("0",), "3D view", "both views as they began", "reset"),
    Key(("H",), "3D view", "follow the hand", "follow"),
    Key(("K",), "Show", "skeleton: bones and joints", "skeleton"),
    Key(("B",), "Show", "box: what the network saw", "box"),
    Key(("O",), "Show", "outline of the hand", "outline"),
    Key(("C",), "Show", "cloud: the points of the scene", "cloud"),
    Key(("F",), "Show", "frustum: what the camera sees", "frustum"),
    Key(("G",), "Show", "grid: the floor", "grid"),
    Key(("M",), "Show", "colours over the scene or the hand", "scale"),
    Key(("L",), "Window", "time line of the latency", "timeline"),
    Key(("Tab",), "Window", "the controls", "panel"),
    Key(("T",), "Window", "dark or light", "theme"),
    Key(("F11",), "Window", "full screen", "full_screen"),
    Key(("?", "F1"), "Window", "this help", "help"),
    Key(("Esc",), "Window", "close the help, else quit", "leave"),
    Key(("Q",), "Window", "quit", "quit"),
)

BY_ACTION: Final = {key.action: key for key in KEYS}


def hint(text: str, action: str) -> str:
    """Write a tooltip that names the key of its control: "Bones and joints (K)"."""
    return f"{text} ({BY_ACTION[action].label})"
