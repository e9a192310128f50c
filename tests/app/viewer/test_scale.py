from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from app.viewer.colours import depth_table, ramp
from app.viewer.scale import SCENE, STEP_MM, Span, level, span_of, ticks_mm
from app.viewer.theme import THEMES, Theme
from lighthand.types import HandRegion, TrackedHand
from tests.app.scripted import hand_at

HAND = Span(480.0, 720.0, even=True)


def rgb(table: np.ndarray, count: int) -> tuple[int, int, int]:
    value = int(table[count])
    return value >> 16 & 255, value >> 8 & 255, value & 255


def lightness(colours: np.ndarray) -> np.ndarray:
    """Give CIE L* of (n, 3) sRGB."""
    linear = np.where(colours / 255 <= 0.04045, colours / 255 / 12.92, ((colours / 255 + 0.055) / 1.055) ** 2.4)
    luminance = linear @ (0.2126, 0.7152, 0.0722)
    return np.asarray(np.where(luminance > 0.008856, 116 * np.cbrt(luminance) - 16, 903.3 * luminance))


def at(z_mm: float, cube_mm: float = 240.0) -> TrackedHand:
    return replace(hand_at(z_mm), region=HandRegion(np.array([0, 0, z_mm], np.float32), cube_mm))


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_the_near_stands_out_from_the_page_and_lightness_never_turns(theme: Theme) -> None:
    contrast = abs(lightness(ramp(theme).astype(float)) - lightness(np.array([theme.page])))
    assert (np.diff(contrast) > -0.6).all()  # eight bits a colour: each step is rounded
    assert (np.diff(contrast[::16]) > 1).all()
    assert contrast[0] > 3


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_a_scene_has_the_ramp_from_a_quarter_metre_to_three(theme: Theme) -> None:
    table = depth_table(1.0, SCENE, theme)
    assert rgb(table, 0) == theme.page
    for near in (1, 100, 250):
        assert rgb(table, near) == tuple(ramp(theme)[255])
    for far in (3000, 9000, 65535):
        assert rgb(table, far) == tuple(ramp(theme)[0])
    middle = ((1 / 500 - 1 / 3000) / (1 / 250 - 1 / 3000)) ** 0.8
    assert rgb(table, 500) == tuple(ramp(theme)[int(255 * middle)])


@pytest.mark.parametrize("theme", THEMES.values(), ids=THEMES)
def test_a_hand_has_the_whole_ramp_and_its_surroundings_none(theme: Theme) -> None:
    table = depth_table(1.0, HAND, theme)
    assert rgb(table, 0) == theme.page
    assert rgb(table, 480) == tuple(ramp(theme)[255])
    assert rgb(table, 720) == tuple(ramp(theme)[0])
    assert rgb(table, 600) == tuple(ramp(theme)[127])
    for outside in (1, 479, 721, 2000, 65535):
        assert rgb(table, outside) != theme.page
        assert max(rgb(table, outside)) - min(rgb(table, outside)) < 12  # grey
    towards = 1 if sum(theme.page) < 384 else -1
    assert sum(rgb(table, 300)) * towards > sum(rgb(table, 2000)) * towards


def test_colours_go_by_millimetres_and_a_span_may_leave_the_counts() -> None:
    assert np.array_equal(
        depth_table(0.125, HAND, THEMES["dark"])[8 * np.arange(1, 3000)],
        depth_table(1.0, HAND, THEMES["dark"])[np.arange(1, 3000)],
    )
    tiny = depth_table(0.01, HAND, THEMES["dark"])  # reaches to 655 mm: the span's far end has no count
    assert rgb(tiny, 48_000) == tuple(ramp(THEMES["dark"])[255])
    assert rgb(depth_table(1.0, Span(-40.0, 200.0, even=True), THEMES["dark"]), 0) == THEMES["dark"].page


def test_ticks_are_round_and_lie_within() -> None:
    assert ticks_mm(HAND) == (500, 550, 600, 650, 700)
    assert ticks_mm(Span(500.0, 1100.0, even=True)) == (600, 800, 1000)
    for near in range(100, 900, 35):
        for width in (160, 240, 500, 900):
            ticks = ticks_mm(Span(float(near), float(near + width), even=True))
            assert 2 <= len(ticks) <= 5
            assert near <= ticks[0] < ticks[-1] <= near + width
    assert [round(float(level(tick, SCENE)), 2) for tick in ticks_mm(SCENE)][::4] == [1.0, 0.0]


def test_a_hands_span_is_still_while_it_trembles_and_follows_when_it_moves() -> None:
    first = span_of((at(601.0),), None)
    assert first == Span(480.0, 720.0, even=True)
    held = first
    for tremble in (-4, 3, -2, 4, 0):
        held = span_of((at(600.0 + tremble),), held)
        assert held is first
    moved = span_of((at(612.0),), held)
    assert moved == Span(490.0, 730.0, even=True)
    assert moved.near_mm % STEP_MM == 0
    assert span_of((), moved) is moved
    assert span_of((), None) is None


def test_two_hands_share_a_span() -> None:
    assert span_of((at(600.0), at(900.0)), None) == Span(480.0, 1020.0, even=True)
