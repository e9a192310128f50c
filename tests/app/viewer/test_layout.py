"""What lies on the views takes no room from them, and lies where there is room for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PyQt6 import QtCore, QtWidgets
from pytestqt.qtbot import QtBot

from app.look import ViewConfig
from app.viewer.keys import HelpCard
from app.viewer.legend import legend_place
from app.viewer.theme import THEMES, style_sheet
from app.viewer.views import Views
from tests.app.scripted import frame, result

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
    legend = legend_place(picture.width(), picture.height()).toRect()
    assert not legend.intersects(views.hint.geometry())
    assert picture.rect().contains(views.hint.geometry())
    assert views.hint.height() >= views.hint.heightForWidth(views.hint.width())


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
