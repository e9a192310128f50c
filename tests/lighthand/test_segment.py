from __future__ import annotations

import csv
import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lighthand.errors import ConfigError
from lighthand.geometry import project, unproject
from lighthand.segment import SegmentConfig, find_hands
from lighthand.types import Frame, Intrinsics
from tests.lighthand.scenes import CAMERA, flat_hand, forearm_balls, hand_balls, render, turned

DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
CONFIG = SegmentConfig()
CUBE_MM = 240.0


def scene(centre_mm, degrees=0.0, **how):
    """An open hand with its joints' mean at centre_mm, on a forearm from beyond the image."""
    joints = turned(flat_hand(), degrees)
    joints = joints - joints.mean(axis=0) + np.asarray(centre_mm, float)
    return render(hand_balls(joints) + forearm_balls(joints, 1500), **how)


def best(frame: Frame):
    regions = find_hands(frame, CONFIG, CUBE_MM)
    assert regions
    return regions[0].centre_mm.astype(float)


def blank(camera: Intrinsics = CAMERA, depth: int = 0) -> Frame:
    return Frame(0, np.full((camera.height, camera.width), depth, np.uint16), 1.0, camera, 0.0)


@settings(max_examples=30, deadline=None)
@given(
    x=st.floats(-0.2, 0.2),
    y=st.floats(-0.12, 0.12),
    z=st.floats(300, 900),
    degrees=st.floats(0, 360),
    wall=st.booleans(),
)
def test_finds_hand_on_a_forearm_that_enters_from_any_side(x, y, z, degrees, wall):
    centre = np.array([x * z, y * z, z])
    frame = scene(centre, degrees, wall_mm=1400.0 if wall else 0.0)
    assert np.linalg.norm(best(frame) - centre) < 40


@settings(max_examples=20, deadline=None)
@given(dx=st.floats(-60, 60), dy=st.floats(-30, 30), dz=st.floats(-80, 80))
def test_moved_scene_moves_the_region(dx, dy, dz):
    start = np.array([0.0, 0.0, 500.0])
    moved = best(scene(start + [dx, dy, dz])) - best(scene(start))
    assert np.linalg.norm(moved - [dx, dy, dz]) < 20


@pytest.mark.parametrize("unit_mm", [0.25, 0.1])
@pytest.mark.parametrize("degrees", [0, 100, 215])
def test_unit_does_not_change_the_region(unit_mm, degrees):
    centre = [20.0, -10.0, 480.0]
    assert np.linalg.norm(best(scene(centre, degrees)) - best(scene(centre, degrees, unit_mm=unit_mm))) < 10


@pytest.mark.parametrize(("width", "height"), [(160, 120), (321, 240), (512, 424), (640, 480), (848, 480), (1280, 720)])
def test_any_resolution(width, height):
    camera = Intrinsics(width, height, 0.7 * width, 0.7 * width, (width - 1) / 2, (height - 1) / 2)
    centre = np.array([10.0, 5.0, 450.0])
    assert np.linalg.norm(best(scene(centre, 30, camera=camera)) - centre) < 40


def test_island_hand_and_person():
    # A raised hand without a visible forearm before a torso and a head that are thicker than any limb.
    joints = flat_hand() - flat_hand().mean(axis=0) + [150.0, -20.0, 550.0]
    torso = [(np.array([x, y, 1150.0]), 120.0) for x in (-120.0, 0.0, 120.0) for y in (50.0, 200.0, 350.0)]
    head = [(np.array([0.0, -230.0, 1100.0]), 85.0)]
    frame = render(hand_balls(joints) + torso + head)
    assert np.linalg.norm(best(frame) - joints.mean(axis=0)) < 40


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(blank(), id="nothing measured"),
        pytest.param(blank(depth=800), id="wall"),
        pytest.param(blank(depth=65535), id="beyond the range"),
        pytest.param(blank(Intrinsics(7, 5, 10, 10, 3, 2), 500), id="tiny"),
        pytest.param(scene([0.0, 0.0, 2200.0]), id="hand beyond the range"),
        pytest.param(scene([0.0, 0.0, 2200.0], wall_mm=1200.0), id="hand behind a wall"),
        pytest.param(render([(np.array([0.0, 0.0, 700.0]), 110.0)], wall_mm=1300.0), id="ball before a wall"),
    ],
)
def test_no_hand(frame):
    assert find_hands(frame, CONFIG, CUBE_MM) == ()


def test_slanted_table_is_no_hand():
    rows = np.linspace(900, 500, CAMERA.height)[:, None]
    depth = np.broadcast_to(rows, (CAMERA.height, CAMERA.width)).astype(np.uint16)
    assert find_hands(Frame(0, depth, 1.0, CAMERA, 0.0), CONFIG, CUBE_MM) == ()


def test_regions_are_few_apart_and_repeatable():
    rng = np.random.default_rng(3)
    balls = [ball for i in range(8) for ball in hand_balls(flat_hand() + [*rng.uniform(-250, 250, 2), 500 + 100 * i])]
    frame = render(balls)
    regions = find_hands(frame, CONFIG, CUBE_MM)
    assert 1 < len(regions) <= CONFIG.candidates
    centres = np.array([region.centre_mm for region in regions])
    for i, centre in enumerate(centres):
        assert (np.linalg.norm(np.delete(centres, i, axis=0) - centre, axis=1) > 79).all()
    again = np.array([region.centre_mm for region in find_hands(frame, CONFIG, CUBE_MM)])
    assert (again == centres).all()


def test_depth_that_is_not_contiguous():
    frame = scene([0.0, 0.0, 500.0])
    turned_round = Frame(0, np.asfortranarray(frame.depth), 1.0, CAMERA, 0.0)
    assert (best(turned_round) == best(frame)).all()


@pytest.mark.parametrize(
    "values",
    [{"near_mm": 10.0}, {"near_mm": 900.0, "far_mm": 800.0}, {"far_mm": 1e5}, {"candidates": 0}, {"candidates": 99}],
)
def test_config_out_of_range(values):
    with pytest.raises(ConfigError, match=r"segment\."):
        SegmentConfig(**values)


def cvar(sequence: str, step: int, scale: float):
    folder = DATA / "cvar" / sequence
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    with (folder / "joint.txt").open() as lines:
        rows = [row for row in csv.reader(lines, delimiter=" ") if len(row) >= 64]
    for row in rows[::step]:
        depth = cv2.imread(str(folder / Path(row[0]).name), cv2.IMREAD_UNCHANGED)
        depth[depth >= 32001] = 0
        camera = Intrinsics(depth.shape[1], depth.shape[0], 224.502, 230.494, 160, 120)
        joints = np.array(row[1:64], float).reshape(21, 3) * [1, 1, scale]
        yield Frame(0, depth, scale, camera, 0.0, serial=sequence), unproject(joints, camera).mean(axis=0)


@pytest.mark.parametrize(("sequence", "scale"), [("P1", 0.7), ("P3", 0.7), ("P4", 1.0), ("P5", 1.0)])
def test_cvar_hand_is_the_first_region(sequence, scale):
    errors = np.array([np.linalg.norm(best(frame) - truth) for frame, truth in cvar(sequence, 12, scale)])
    assert np.median(errors) < 22
    assert (errors < 60).mean() >= 0.98
    assert (errors < 40).mean() >= (0.85 if sequence == "P1" else 0.95)


@pytest.mark.parametrize("name", ["kinect2_scene", "sr305"])
def test_palm_is_in_the_first_region(name):
    annotations = DATA / f"{name}.json"
    if not annotations.is_file():
        pytest.skip(f"{annotations} is not there")
    for item in json.loads(annotations.read_text()):
        depth = cv2.imread(str(DATA / item["file"]), cv2.IMREAD_UNCHANGED)
        camera = Intrinsics(item["width"], item["height"], item["fx"], item["fy"], item["cx"], item["cy"])
        frame = Frame(0, depth, item["depth_unit_mm"], camera, 0.0, serial=item["file"])
        palm = unproject(item["hands"][0]["palm"], camera)
        assert np.linalg.norm(best(frame) - palm) < 60, item["file"]
        u, v, _ = project(best(frame), camera)
        left, top, right, bottom = item["hands"][0]["box"]
        assert left <= u <= right, item["file"]
        assert top <= v <= bottom, item["file"]
