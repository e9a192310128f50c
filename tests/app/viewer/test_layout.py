"""What lies on the views takes no room from them, and lies where there is room for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PyQt6 import QtCore, QtGui, QtWidgets
from pytestqt.qtbot import QtBot

from app.look import ViewConfig
from app.viewer.keys import HelpCard
from app.viewer.legend import legend_place
from app.viewer.theme import THEMES, style_sheet
from app.viewer.views import Views
from tests.app.scripted import frame, result
from tests.app.viewer.stage import plain

LONG = "Hold a hand 0.15 to 1.5 m from the camera, with nothing close around it"


@pytest.fixture
def views(qtbot: QtBot) -> Iterator[Views]:
    made = Views(THEMES["dark"])
    qtbot.addWidget(made)
    made.resize(960, 430)
    made.show()
    qtbot.waitExposed(made)
    yield made
    made.close()


@pytest.mark.parametrize("low", [False, True])
def test_a_banner_lies_on_the_views_and_moves_neither(views: Views, qtbot: QtBot, low: bool) -> None:
    views.banner.say("Camera lost", "no frame for 1.0 s. " * 8, low=low)
    views.resize(1060, 530)
    qtbot.wait(30)
    assert views.picture.width() + views.space.width() > 1050
    assert views.picture.height() == views.space.height() == 530
    banner = views.banner.geometry()
    assert views.rect().contains(banner)
    assert abs(banner.center().x() - views.rect().center().x()) <= 1
    assert banner.height() >= views.banner.heightForWidth(banner.width())


@pytest.mark.parametrize("width", [960, 1400, 3000])
def test_a_hint_lies_beside_the_colours(views: Views, qtbot: QtBot, width: int) -> None:
    views.resize(width, 430)
    views.hint.say(LONG)
    qtbot.wait(30)
    picture = views.picture
    legend = legend_place(picture.height()).toRect()
    assert not legend.intersects(views.hint.geometry())
    assert picture.rect().contains(views.hint.geometry())
    assert views.hint.height() >= views.hint.heightForWidth(views.hint.width())


COMMANDS = {
    "pip install pyrealsense2": "RealSense: No module named 'pyrealsense2'. Type: {}",
    ".venv/bin/python -m pip install -e '.[azure]'": "Azure Kinect: no depth engine (there is none). Install it: {}",
    "sudo apt-get install libopenni2-0": "OpenNI2 is not installed: {} (looked in /usr/lib, /opt/OpenNI2)",
    "`sudo modprobe -r gspca_kinect`": "The kernel has the camera until {}; then, plug it in again.",
    ".venv/bin/python -m lighthand.train": "weights/mine.safetensors: no such file. Choose another, or train one: {}.",
    "--camera synthetic": "No camera: --list shows the cameras that are there, {} needs none.",
    "/etc/udev/rules.d": "RealSense: no depth camera found. Copy the file of the rules to {}, plug it in again.",
}


def lines(label: QtWidgets.QLabel) -> list[str]:
    """What stands on each line of a label."""
    document = QtGui.QTextDocument()
    document.setDefaultFont(label.font())
    document.setDocumentMargin(0)
    document.setHtml(label.text())
    margins = label.contentsMargins()
    document.setTextWidth(label.width() - margins.left() - margins.right())
    document.size()  # lays it out
    found = []
    block = document.begin()
    while block.isValid():
        layout, text = block.layout(), block.text()
        assert layout is not None
        for number in range(layout.lineCount()):
            line = layout.lineAt(number)
            found.append(text[line.textStart() : line.textStart() + line.textLength()])
        block = block.next()
    return [text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{WORD JOINER}", "") for text in found]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_banner_keeps_a_command_on_one_line(views: Views, command: str) -> None:
    views.setStyleSheet(style_sheet(THEMES["dark"]))
    detail = COMMANDS[command].format(command)
    for width in range(500, 760, 20):
        views.resize(width, 430)
        views.banner.say("Stopped", detail, low=False)
        shown = lines(views.banner)
        assert any(command in line for line in shown), shown
        assert "".join(shown[1:]).replace(" ", "") == detail.replace(" ", "")


def test_a_banner_breaks_a_path_that_is_longer_than_a_line(views: Views) -> None:
    views.setStyleSheet(style_sheet(THEMES["dark"]))
    path = "/" + "/".join(["a-folder-of-mine"] * 10)
    views.banner.say("Stopped", f"{path}: no such file.", low=False)
    first, *rest = lines(views.banner)[1:]
    assert rest
    assert first.endswith(("/", "-"))


ADVICE = "Choose another source, or press Q to close."


@pytest.mark.parametrize("low", [False, True])
@pytest.mark.parametrize(
    ("count", "size_px"),
    [(1, 16), (13, None), (90, 12)],  # a few words, some that have room in a smaller font, far too many
)
def test_a_banner_shows_what_to_do_however_long_the_error(
    views: Views, low: bool, count: int, size_px: int | None
) -> None:
    views.setStyleSheet(style_sheet(THEMES["dark"]))
    views.resize(510, 350)  # in a window of 760x560
    error = "images: no camera.yaml. Choose: " + "\n".join(
        f"--intrinsics camera-{n}.yaml (1 mm);" for n in range(count)
    )
    views.banner.say("Stopped", f"{error}\n\n{ADVICE}", low=low)
    assert views.rect().contains(views.banner.geometry())
    assert views.banner.heightForWidth(views.banner.width()) <= views.banner.height()
    text = plain(views.banner)
    assert text.startswith("Stopped\nimages: no camera.yaml. Choose: --intrinsics camera-0.yaml")
    assert text.endswith(f"camera-{count - 1}.yaml (1 mm);\n\n{ADVICE}")
    assert ("…" in text) == (count == 90)
    (shown_px,) = re.findall(r"<div style='font-size:(\d+)px'", views.banner.text())
    assert int(shown_px) == size_px or (size_px is None and 12 <= int(shown_px) < 16)


def test_a_picture_that_is_not_live_stays_dim_whatever_is_switched(views: Views) -> None:
    shown = result(frame(0))
    views.show_result(shown, 0.0)
    assert not views.picture._dimmed
    views.drop_hands()
    views.set_look(replace(ViewConfig(), box=False))
    assert views.picture._dimmed
    assert views.picture._hands == ()
    views.show_result(shown, 1.0)
    assert not views.picture._dimmed
    assert views.picture._hands == shown.hands


@pytest.mark.parametrize("size", [(960, 540), (1280, 720)])
def test_the_help_shows_its_texts_whole_at_its_first_opening(qtbot: QtBot, size: tuple[int, int]) -> None:
    window = QtWidgets.QWidget()
    qtbot.addWidget(window)
    window.resize(*size)
    card = HelpCard(window)
    window.setStyleSheet(style_sheet(THEMES["dark"]))
    card.place(window.rect())
    window.show()
    qtbot.waitExposed(window)
    card.place(window.rect())
    qtbot.wait(30)
    card.setVisible(True)
    card.place(window.rect())
    qtbot.wait(30)
    table = card._card.widget()
    assert table is not None
    texts = table.findChildren(QtWidgets.QLabel)
    assert len(texts) > 40
    for text in texts:
        assert text.width() >= text.sizeHint().width(), text.text()
        place = QtCore.QRect(text.mapTo(table, QtCore.QPoint(0, 0)), text.size())
        assert table.rect().contains(place), text.text()
    viewport = card._card.viewport()
    assert viewport is not None
    assert viewport.width() >= table.width()
