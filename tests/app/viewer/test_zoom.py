from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.viewer.zoom import Point, Zoom


@pytest.fixture
def zoom() -> Zoom:
    made = Zoom()
    made.show(64, 48)
    made.resize(640, 600)
    return made


def test_the_whole_picture_is_in_the_middle(zoom: Zoom) -> None:
    assert zoom.scale == 10
    assert zoom.origin == (0, 60)
    assert zoom.to_widget(np.array([[0, 0], [63, 47]], np.float32)).tolist() == [[5, 65], [635, 535]]


def test_what_is_under_the_cursor_stays_there(zoom: Zoom) -> None:
    before = zoom.to_picture((200, 300))
    zoom.magnify(2.0, (200, 300))
    assert zoom.scale == 20
    assert zoom.to_picture((200, 300)) == pytest.approx(before)
    zoom.magnify(0.5, (200, 300))
    assert zoom.scale == 10
    assert zoom.origin == pytest.approx((0, 60))


def test_it_goes_neither_beyond_the_whole_nor_beyond_64(zoom: Zoom) -> None:
    zoom.magnify(0.1, (0, 0))
    assert zoom.scale == 10
    zoom.magnify(1e6, (320, 300))
    assert zoom.scale == pytest.approx(64)


def test_only_another_size_or_a_reset_shows_the_whole_again(zoom: Zoom) -> None:
    zoom.magnify(4.0, (320, 300))
    middle = zoom.to_picture((320, 300))
    zoom.show(64, 48)
    zoom.resize(320, 300)
    assert zoom.scale == 20
    assert zoom.to_picture((160, 150)) == pytest.approx(middle)
    zoom.show(32, 24)
    assert zoom.factor == 1
    zoom.magnify(4.0, (1, 1))
    zoom.reset()
    assert zoom.to_picture((160, 150)) == (16, 12)


steps = st.lists(
    st.tuples(st.floats(0.2, 5), st.tuples(st.floats(0, 640), st.floats(0, 600)), st.floats(-900, 900)), max_size=6
)


@given(steps)
def test_the_picture_never_leaves_room_that_it_could_fill(turns: list[tuple[float, Point, float]]) -> None:
    zoom = Zoom()
    zoom.show(64, 48)
    zoom.resize(640, 600)
    for times, at, way in turns:
        zoom.magnify(times, at)
        zoom.drag(way, -way)
    for start, picture, widget in zip(zoom.origin, (64, 48), (640, 600), strict=True):
        size = picture * zoom.scale
        if size >= widget:
            assert start <= 1e-6
            assert start + size >= widget - 1e-6
        else:
            assert start == pytest.approx((widget - size) / 2)
