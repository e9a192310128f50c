from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from app.viewer.colours import (
    FAINTEST,
    FINGER_COLOURS,
    TEXT,
    depth_image,
    finger_colour,
    joints_px,
)
from app.viewer.overlay import Snapshot, draw_result
from app.viewer.scale import SCENE
from lighthand.crop import region_box
from lighthand.errors import SourceError
from lighthand.types import Result
from tests.app.scripted import frame, result


def test_depth_colours_go_by_millimetres_not_by_counts() -> None:
    one = depth_image(frame(0, depth=600))
    same = depth_image(frame(0, depth=4800, unit_mm=0.125))
    assert np.array_equal(one, same)
    brightness = [
        int(depth_image(frame(0, depth=depth))[0, 0].astype(int).sum())
        for depth in (300, 600, 1200, int(SCENE.far_mm), 0)
    ]
    assert brightness == sorted(brightness, reverse=True)
    assert len(set(brightness)) == 5


def test_each_finger_has_a_colour_of_its_own() -> None:
    assert len({*FINGER_COLOURS, finger_colour(0)}) == 6


def believed(confidence: float) -> Result:
    shown = result(frame(0))
    hand = shown.hands[0]
    pose = replace(hand.pose, confidence=np.full(21, confidence, np.float32))
    return replace(shown, hands=(replace(hand, pose=pose),))


def places(shown: Result, scale: int) -> list[tuple[int, int]]:
    points = (joints_px(shown.hands[0].joints_mm, shown.frame.intrinsics) + 0.5) * scale - 0.5
    return [(round(v), round(u)) for u, v in points.tolist()]


def test_joints_are_drawn_where_they_project() -> None:
    shown = believed(1.0)
    image, scale = draw_result(shown)
    assert image.shape == (48 * scale, 64 * scale, 3)
    for joint in (0, 4, 20):
        assert tuple(image[places(shown, scale)[joint]]) == finger_colour(joint)
    assert np.flatnonzero(shown.hands[0].pose.hidden).tolist() == [3]
    assert tuple(image[places(shown, scale)[3]]) == (0, 0, 0)  # hollow
    plain, _ = draw_result(result(frame(0), hand=False))
    assert np.array_equal(plain, np.broadcast_to(plain[0, 0], plain.shape))


def test_the_less_sure_the_fainter_but_never_gone() -> None:
    ground = draw_result(result(frame(0), hand=False))[0][0, 0].astype(int)
    seen = []
    for confidence in (0.0, FAINTEST, 0.6, 1.0):
        shown = believed(confidence)
        image, scale = draw_result(shown)
        seen.append(float(np.abs(image[places(shown, scale)[20]] - ground).sum()))
    assert seen[0] == seen[1] > 50
    assert seen[1] < seen[2] < seen[3]


def test_the_crops_box_is_drawn() -> None:
    shown = result(frame(0))
    image, scale = draw_result(shown)
    ground = draw_result(result(frame(0), hand=False))[0][0, 0].astype(int)
    edges = (np.array(region_box(shown.hands[0].region, shown.frame.intrinsics)) + 0.5) * scale - 0.5
    left, top, right, bottom = edges.round().astype(int)
    assert np.abs(image[top, left] - np.array(TEXT)).max() < 20
    edge, inside = image[(top + bottom) // 2 + 40, left], image[top + 40, left + 40]
    assert np.abs(inside - ground).max() == 0
    assert 20 < np.abs(edge - ground).max() < np.abs(image[top, left] - ground).max()
    assert right - left == 240 / 600 * 60 * scale


def test_joints_far_outside_the_picture_are_no_error() -> None:
    shown = result(frame(0))
    hand = shown.hands[0]
    away = replace(hand, joints_mm=hand.joints_mm + np.array([5000, 0, 0], np.float32))
    draw_result(replace(shown, hands=(away,)))


@pytest.mark.parametrize("count", [1, 7, 100])
def test_saves_a_video_of_all_frames_and_a_sheet(tmp_path: Path, count: int) -> None:
    snapshot = Snapshot(tmp_path / "out")
    for seq in range(count):
        if seq != 3:  # skipped: the picture before stands for it
            snapshot.add(result(frame(seq), hand=seq % 2 == 0), 30.0)
    video_path, sheet_path = snapshot.close()
    video = cv2.VideoCapture(str(video_path))
    frames = 0
    while video.read()[0]:
        frames += 1
    video.release()
    assert frames == count
    sheet = cv2.imread(str(sheet_path))
    assert sheet is not None
    assert sheet.std() > 5
    tiles = min(count - (count > 3), 20)
    assert sheet.shape == (320 * -(-tiles // 5), 320 * min(tiles, 5), 3)


def test_the_picture_before_a_gap_stands_for_it(tmp_path: Path) -> None:
    snapshot = Snapshot(tmp_path)
    near, far = result(frame(0, depth=300), hand=False), result(frame(4, depth=2500), hand=False)
    snapshot.add(near, 30.0)
    snapshot.add(far, 30.0)
    video = cv2.VideoCapture(str(snapshot.close()[0]))
    shown = [video.read()[1][100, 100].astype(int) for _ in range(5)]
    video.release()
    expected = [draw_result(near)[0][100, 100, ::-1].astype(int)] * 4 + [draw_result(far)[0][100, 100, ::-1]]
    assert np.abs(expected[0] - expected[4]).max() > 60
    assert np.abs(np.array(shown) - expected).max() < 20  # the codec's loss


def test_a_video_that_cannot_be_written_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "overlay.mp4").mkdir()
    snapshot = Snapshot(tmp_path)
    with pytest.raises(SourceError, match="cannot write this video"):
        snapshot.add(result(frame(0)), 30.0)
    assert snapshot.close() == ()


def test_nothing_shown_nothing_saved(tmp_path: Path) -> None:
    assert Snapshot(tmp_path / "out").close() == ()
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="cannot be made"):
        Snapshot(tmp_path / "file" / "out")
