"""Draws the 3D view and prints what is on it, as JSON: run under a display, by test_space_drawn.py."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from dataclasses import replace
from typing import Any

import numpy as np

from app.look import ViewConfig
from app.viewer import space_canvas
from app.viewer.colours import finger_colour

os.environ.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)

from PyQt6 import QtCore, QtGui, QtWidgets

from app.viewer.space import SpaceView
from app.viewer.theme import THEMES
from lighthand.errors import SourceError
from lighthand.types import HandPose, HandRegion, TrackedHand
from tests.app.scripted import frame

LARGE = (1800, 1800)  # the half of a window that fills a 4K screen
TIPS = (4, 8, 12, 16, 20)
NOTHING = ViewConfig(skeleton=False, box=False, cloud=False, frustum=False, grid=False)
BARE = replace(NOTHING, skeleton=True, follow=False)


def fan(shift_mm: float = 0.0, *, confidence: float = 1.0, hidden: int = -1) -> TrackedHand:
    """A hand whose fingers are apart from every side: each farther to the right lies farther away."""
    joints = np.zeros((21, 3), np.float32)
    joints[0] = (0, 60, 600)
    for finger in range(5):
        for step in range(4):
            reach = (step + 1) / 4
            joints[1 + 4 * finger + step] = (
                reach * (finger - 2) * 30,
                60 - 110 * reach,
                600 + reach * (finger - 2) * 25,
            )
    joints[:, 0] += shift_mm
    sure = np.full(21, confidence, np.float32)
    pose = HandPose(joints.copy(), "right", 0.9, 0.95, sure, np.arange(21) == hidden)
    return TrackedHand(1, "right", joints, pose, HandRegion(joints.mean(axis=0), 240.0))


class Drawn:
    """A view on the screen, and its pixels."""

    def __init__(self, application: QtWidgets.QApplication) -> None:
        self.application = application
        self.view = SpaceView()
        self.view.resize(640, 500)
        self.view.show()
        self.settle()

    def settle(self) -> None:
        for _ in range(3):
            self.application.processEvents()

    def pixels(self) -> np.ndarray:
        self.settle()
        image = self.view.image().convertToFormat(QtGui.QImage.Format.Format_RGB888)
        bits = image.constBits()
        assert bits is not None
        bits.setsize(image.sizeInBytes())
        lines = np.frombuffer(bytes(bits), np.uint8).reshape(image.height(), image.bytesPerLine())
        return lines[:, : image.width() * 3].reshape(image.height(), image.width(), 3)

    def place(self, point_mm: np.ndarray) -> tuple[float, float]:
        canvas = self.view._canvas
        assert canvas is not None
        projection, view = canvas.matrices()
        seen = (projection * view).map(QtGui.QVector3D(*map(float, point_mm)))
        return (seen.x() + 1) / 2 * canvas.width(), (1 - seen.y()) / 2 * canvas.height()

    def at(self, point_mm: np.ndarray) -> list[int]:
        x, y = self.place(point_mm)
        return [int(part) for part in self.pixels()[int(y), int(x)]]

    def ink(self) -> int:
        """Pixels that are not the page's, without the corner of the axes."""
        shown = (self.pixels() != THEMES["dark"].page).any(axis=2)
        shown[-90:, :90] = False
        return int(shown.sum())


def alike(shown: list[int], joint: int) -> float:
    """Cosine between a pixel's colour and that of a joint."""
    a, b = np.array(shown, float), np.array(finger_colour(joint), float)
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b) + 1e-9))


def main() -> None:
    messages: list[str] = []
    QtCore.qInstallMessageHandler(lambda kind, context, text: messages.append(text or ""))
    application = QtWidgets.QApplication(sys.argv)
    drawn = Drawn(application)
    view, hand = drawn.view, fan()
    canvas = view._canvas
    facts: dict[str, Any] = {"available": view.available, "valid": bool(canvas and canvas.isValid())}
    assert canvas is not None

    view.set_look(NOTHING)
    view.show_frame(frame(0), ())
    facts["nothing"] = drawn.ink()
    for name in ("skeleton", "box", "cloud", "frustum", "grid"):
        view.set_look(replace(NOTHING, **{name: True}))
        view.view_from("orbit")
        view.show_hands((hand,), 1.0)
        facts[name] = drawn.ink()
        view.show_hands((hand,), 0.0)
        facts[f"{name}, opacity 0"] = drawn.ink()
    view.show_frame(frame(0), (hand,))
    view.set_look(NOTHING)
    facts["hand's points"] = drawn.ink()

    view.show_frame(replace(frame(0), depth=np.zeros((48, 64), np.uint16)), (hand,))
    view.set_look(BARE)
    view.show_hands((hand,), 1.0)
    facts["views"] = {}
    for name in ("front", "top", "side", "orbit"):
        view.view_from(name)  # type: ignore[arg-type]
        facts["views"][name] = {
            "alike": [alike(drawn.at(hand.joints_mm[tip]), tip) for tip in TIPS],
            "tips": [drawn.place(hand.joints_mm[tip]) for tip in TIPS],
            "wrist": drawn.place(hand.joints_mm[0]),
            "centre": drawn.place(hand.region.centre_mm),
        }
    view.view_from("front")
    for name, shown, opacity in (
        ("seen", hand, 1.0), ("half", hand, 0.5), ("unsure", fan(confidence=0.0), 1.0), ("hidden", fan(hidden=8), 1.0),
    ):  # fmt: skip
        view.show_hands((shown,), opacity)
        facts[name] = drawn.at(hand.joints_mm[8])
    view.show_hands((), 1.0)
    facts["no hand"] = drawn.ink()

    view.set_look(replace(BARE, follow=True))
    places = []
    for _ in range(60):
        view.show_frame(frame(0), (fan(80.0),))
        drawn.settle()
        places.append(drawn.place(fan(80.0).region.centre_mm)[0])
        time.sleep(0.04)
    facts["followed"] = places
    view.set_look(BARE)
    view.show_frame(frame(0), (hand,))
    facts["stays"] = drawn.place(fan(80.0).region.centre_mm)[0]

    facts["painted"] = 0
    view.painted.connect(lambda: facts.update(painted=facts["painted"] + 1))
    view.set_look(ViewConfig())
    children = len(view.findChildren(QtCore.QObject))
    for count in range(300):
        if count == 50:
            grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        moved = fan(count % 40)
        view.show_frame(frame(count), (moved,))
        view.show_hands((moved,), 1.0)
        application.processEvents()
    facts["grown_kb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - grown
    facts["new children"] = len(view.findChildren(QtCore.QObject)) - children

    view.resize(*LARGE)
    view.show_frame(frame(0), ())
    view.set_look(replace(NOTHING, cloud=True))
    view.reset()
    view.view_from("front")
    wall = drawn.pixels()[LARGE[1] // 3 : -LARGE[1] // 3, LARGE[0] // 3 : -LARGE[0] // 3]
    facts["gaps"] = int((wall == THEMES["dark"].page).all(axis=2).sum())
    facts["wall"] = wall.shape

    view.set_look(NOTHING)
    view.set_theme(THEMES["light"])
    facts["light"] = drawn.pixels()[-1, -1].tolist()
    view.close()
    facts["failed"] = broken(application)
    facts["messages"] = messages
    sys.stdout.write(json.dumps(facts))


def broken(application: QtWidgets.QApplication) -> dict[str, object]:
    """Show a view whose driver takes no program."""

    def refuse() -> None:
        raise SourceError("OpenGL: no. Do this.")

    space_canvas.make_program = refuse  # type: ignore[assignment]
    drawn = Drawn(application)
    drawn.view.show_frame(frame(0), (fan(),))
    labels = [label.text() for label in drawn.view.findChildren(QtWidgets.QLabel) if label.isVisible()]
    available = drawn.view.available
    drawn.view.close()
    return {"available": available, "labels": labels}


if __name__ == "__main__":
    main()
