from __future__ import annotations

import numpy as np
import pytest

from app.viewer.outline import hand_outline
from lighthand.crop import region_box
from lighthand.errors import SourceError
from lighthand.types import Frame, HandRegion, Intrinsics

CAMERA = Intrinsics(width=160, height=120, fx=200.0, fy=200.0, cx=79.5, cy=59.5)
REGION = HandRegion(np.array([0, 0, 600], np.float32), 240.0)  # the box: 80 x 80 about the middle, 480 to 720 mm


def scene(unit_mm: float = 1.0, **patches: tuple[slice, slice, float]) -> Frame:
    depth = np.zeros((120, 160), np.uint16)
    for rows, columns, depth_mm in patches.values():
        depth[rows, columns] = round(depth_mm / unit_mm)
    return Frame(0, depth, unit_mm, CAMERA, 0.0)


def lines(outline: np.ndarray) -> list[np.ndarray]:
    ends = np.flatnonzero(np.isnan(outline[:, 0]))
    return [part[~np.isnan(part[:, 0])] for part in np.split(outline, ends) if len(part) > 1]


@pytest.mark.parametrize("unit_mm", [1.0, 0.125])
def test_goes_about_what_is_in_the_cube_and_nothing_else(unit_mm: float) -> None:
    frame = scene(
        unit_mm,
        hand=(slice(50, 71), slice(60, 91), 600.0),
        behind=(slice(75, 90), slice(60, 90), 721.0),
        before=(slice(25, 40), slice(60, 90), 479.0),
        beside=(slice(50, 70), slice(125, 150), 600.0),
    )
    (line,) = lines(hand_outline(frame, REGION))
    assert np.array_equal(line[0], line[-1])  # closed
    assert line.min(axis=0).tolist() == [60, 50]
    assert line.max(axis=0).tolist() == [90, 70]


def test_the_faces_belong_to_the_cube_and_its_box_cuts_the_forearm() -> None:
    for depth_mm in (480.0, 720.0):
        (line,) = lines(hand_outline(scene(arm=(slice(0, 120), slice(70, 90), depth_mm)), REGION))
        _, top, _, bottom = region_box(REGION, CAMERA)
        assert line[:, 1].min() == np.ceil(top)
        assert line[:, 1].max() == np.floor(bottom)


def test_two_patches_are_two_lines_and_specks_are_none() -> None:
    frame = scene(
        one=(slice(30, 50), slice(50, 70), 600.0),
        two=(slice(60, 80), slice(80, 100), 600.0),
        speck=(slice(90, 92), slice(60, 62), 600.0),
    )
    assert len(lines(hand_outline(frame, REGION))) == 2


def test_the_line_keeps_to_the_hands_edge_within_a_pixel() -> None:
    rows, columns = np.mgrid[:120, :160]
    round_hand = np.hypot(columns - 80, rows - 60) <= 25
    frame = Frame(0, np.where(round_hand, 600, 0).astype(np.uint16), 1.0, CAMERA, 0.0)
    (line,) = lines(hand_outline(frame, REGION))
    radius = np.hypot(line[:, 0] - 80, line[:, 1] - 60)
    assert radius.min() > 24
    assert radius.max() <= 25
    assert len(line) > 15


def test_nothing_there_or_a_box_outside_the_image_has_no_line() -> None:
    assert len(hand_outline(scene(), REGION)) == 0
    hand = scene(hand=(slice(0, 120), slice(0, 160), 600.0))
    for x, y in ((2000, 0), (-2000, 0), (0, 2000), (0, -2000)):
        assert len(hand_outline(hand, HandRegion(np.array([x, y, 600], np.float32), 240.0))) == 0
    with pytest.raises(SourceError, match="z = 10 mm"):
        hand_outline(hand, HandRegion(np.array([0, 0, 10], np.float32), 240.0))
