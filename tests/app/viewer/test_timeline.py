"""The time line of latency: what stands where, in which colour, and how calmly the axis moves."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PyQt6.QtGui import QColor
from pytestqt.qtbot import QtBot

from app.latency import STAGES
from app.viewer.colours import FINGER_COLOURS
from app.viewer.theme import THEMES, Colour
from app.viewer.timeline import _HEAD_PX, _LEFT_PX, _RIGHT_PX, STAGE_COLOURS, LatencyTimeline, _round_up
from lighthand.types import Stamps

DARK = THEMES["dark"]
WIDTH = 1000 + _LEFT_PX + _RIGHT_PX  # a column is 10 ms


@pytest.fixture
def line(qtbot: QtBot) -> LatencyTimeline:
    widget = LatencyTimeline(DARK)
    qtbot.addWidget(widget)
    widget.resize(WIDTH, widget.height())
    widget.show()
    return widget


def stamps(drawn_s: float, *stages_ms: float) -> Stamps:
    """Give the stamps of a result that was drawn at ``drawn_s``, from the milliseconds of its five stages."""
    ends_s = drawn_s - sum(stages_ms) / 1e3 + np.cumsum([0.0, *stages_ms]) / 1e3
    return Stamps(*ends_s.tolist())


def fill(line: LatencyTimeline, *stages_ms: float, fps: int = 30, until_s: float = 110.0) -> None:
    for back in range(10 * fps - 1, -1, -1):
        line.add(stamps(until_s - back / fps, *stages_ms))
    line.refresh(until_s)


def column(line: LatencyTimeline, ago_s: float) -> list[Colour]:
    """Give the colours from the bottom to the top of the area at a moment, without the lines of the axis."""
    picture = line.grab().toImage()
    x = WIDTH - _RIGHT_PX - 1 - round(ago_s * 100)
    colours = [QColor(picture.pixel(x, y)).getRgb()[:3] for y in range(picture.height() - 17, _HEAD_PX, -1)]
    return [colour for colour in colours if colour != DARK.line]


def runs(colours: list[Colour]) -> dict[Colour, int]:
    """Give how many pixels of each colour follow each other; each colour comes once."""
    order = list(dict.fromkeys(colours))
    assert colours == [colour for colour in order for _ in range(colours.count(colour))]
    return {colour: colours.count(colour) for colour in order}


def luminance(colour: Colour) -> float:
    shares = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return float(np.dot(shares, (0.2126, 0.7152, 0.0722)))


def test_the_stages_are_stacked_in_their_order_and_to_scale(line: LatencyTimeline) -> None:
    fill(line, 6.0, 4.0, 10.0, 2.0, 12.0)
    assert line.top_ms == 40
    found = runs(column(line, 3.0))
    assert list(found) == [*STAGE_COLOURS, DARK.panel]
    height = sum(found.values())
    shares = [found[colour] / height for colour in STAGE_COLOURS]
    assert shares == pytest.approx([0.15, 0.1, 0.25, 0.05, 0.3], abs=2.5 / height)


def test_now_is_at_the_right_edge_and_time_moves_left(line: LatencyTimeline) -> None:
    fill(line, 1.0, 1.0, 3.0, 1.0, 3.0)
    assert STAGE_COLOURS[0] in column(line, 0.0)
    line.refresh(112.0)
    assert set(column(line, 1.0)) == {DARK.panel}
    assert STAGE_COLOURS[0] in column(line, 2.05)
    line.refresh(121.0)
    assert all(set(column(line, ago_s)) == {DARK.panel} for ago_s in (0.0, 5.0, 9.9))


def test_a_pause_is_blank_up_to_the_next_picture(line: LatencyTimeline) -> None:
    for back in range(299, -1, -1):
        if not 90 < back < 150:
            line.add(stamps(110 - back / 30, 1.0, 1.0, 3.0, 1.0, 3.0))
    line.refresh(110.0)
    assert set(column(line, 4.0)) == {DARK.panel}
    assert set(column(line, 3.1)) == {DARK.panel}
    assert STAGE_COLOURS[0] in column(line, 2.9)


def test_the_longest_of_many_frames_in_a_column_is_seen_and_what_goes_beyond_the_axis_is_marked(
    line: LatencyTimeline,
) -> None:
    for back in range(1799, -1, -1):  # nearly two a column
        late = back == 900
        line.add(stamps(110 - back / 180, 0.0, 0.0, 5.0, 0.0, 300.0 if late else 2.0))
    line.refresh(110.0)
    assert line.top_ms == 10
    reds = [DARK.bad in column(line, 5.0 + shift) for shift in (-0.02, -0.01, 0.0, 0.01, 0.02)]
    assert reds.count(True) == 1
    assert "longest 305" in line._figures[-1]


def test_the_axis_rises_at_once_and_falls_only_with_room(line: LatencyTimeline) -> None:
    steps = ((8.0, 10.0), (16.0, 20.0), (18.0, 30.0), (16.0, 30.0), (12.0, 20.0), (90.0, 150.0))
    for turn, (total, top) in enumerate(steps):
        fill(line, 0.0, 0.0, total, 0.0, 0.0, until_s=110.0 + 20 * turn)
        assert line.top_ms == top, total
    line.clear()
    assert line.top_ms == 10


def test_tops_are_round() -> None:
    wanted = {0.0: 10, 10.0: 10, 10.1: 15, 31.0: 40, 60.0: 60, 81.0: 100, 101.0: 150, 1400.0: 1500, 70_000.0: 80_000}
    assert {needed: _round_up(needed) for needed in wanted} == wanted


def test_the_figures_are_medians_and_none_where_nothing_was_drawn(line: LatencyTimeline) -> None:
    assert set(line._figures) == {""}
    fill(line, 0.5, 1.0, 3.0, 0.2, 200.0)
    assert line._figures == ["0.5", "1.0", "3.0", "0.2", "200", "205 ms, longest 205"]
    line.clear()
    assert set(line._figures) == {""}
    assert set(column(line, 5.0)) == {DARK.panel}


def test_old_results_make_room_for_new_ones(line: LatencyTimeline) -> None:
    for index in range(5000):
        line.add(stamps(100 + index / 90, 0.0, 0.0, 2.0 if index < 4000 else 5.0, 0.0, 0.0))
    line.refresh(100 + 4999 / 90)
    assert line._figures[2] == "5.0"
    assert len(line._drawn_s) == 900


def test_colours_are_told_apart_on_dark_and_light() -> None:
    assert len(STAGE_COLOURS) == len(STAGES)
    for theme in THEMES.values():
        for colour in STAGE_COLOURS:
            bright, dim = sorted((luminance(colour), luminance(theme.panel)), reverse=True)
            assert (bright + 0.05) / (dim + 0.05) > 3
    others = [*STAGE_COLOURS, *FINGER_COLOURS]
    apart = {pair: float(np.linalg.norm(np.subtract(*pair))) for pair in combinations(others, 2)}
    assert min(distance for pair, distance in apart.items() if pair[0] in STAGE_COLOURS) > 60


def test_a_theme_takes_effect_at_once(line: LatencyTimeline) -> None:
    line.set_theme(THEMES["light"])
    assert QColor(line.grab().toImage().pixel(WIDTH - 3, 50)).getRgb()[:3] == THEMES["light"].panel


def test_every_stage_is_named_at_the_least_width(line: LatencyTimeline) -> None:
    fill(line, 99.9, 99.9, 99.9, 99.9, 99.9)

    def ink(width: int) -> int:
        line.resize(width, line.height())
        picture = line.grab().toImage()
        page = picture.pixel(0, 0)
        return sum(picture.pixel(x, y) != page for x in range(width) for y in range(_HEAD_PX - 6))

    assert line.minimumWidth() <= 510
    assert ink(line.minimumWidth()) == ink(640)
