from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lighthand.datasets.annotations import read_annotations
from lighthand.datasets.cvar import read_cvar
from lighthand.errors import ConfigError
from lighthand.geometry import unproject
from lighthand.segment import SegmentConfig, find_hands
from lighthand.types import Frame, Intrinsics
from tests.lighthand.scenes import CAMERA, flat_hand, forearm_balls, hand_balls, render, turned

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


@settings(max_examples=30)
@given(
    x=st.floats(-0.2, 0.2),
    y=st.floats(-0.12, 0.12),
    z=st.floats(300, 1400),
    degrees=st.floats(0, 360),
    wall=st.booleans(),
)
def test_finds_hand_on_a_forearm_that_enters_from_any_side(x, y, z, degrees, wall):
    centre = np.array([x * z, y * z, z])
    frame = scene(centre, degrees, wall_mm=z + 400.0 if wall else 0.0)
    assert np.linalg.norm(best(frame) - centre) < 40


@settings(max_examples=20)
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


@pytest.mark.parametrize("sequence", ["P1", "P3", "P4", "P5"])
def test_cvar_hand_is_the_first_region(shared_data, sequence):
    records = read_cvar(shared_data, sequence)[::12]
    errors = np.array([np.linalg.norm(best(record.load()) - record.joints_mm.mean(axis=0)) for record in records])
    assert np.median(errors) < 22
    assert (errors < 60).mean() >= 0.98
    assert (errors < 40).mean() >= (0.85 if sequence == "P1" else 0.95)


@pytest.mark.parametrize("name", ["kinect2_scene", "sr305"])
def test_palm_is_in_the_first_region(shared_data, name):
    for item in read_annotations(shared_data / f"{name}.json"):
        frame = item.record.load()
        palm = unproject(item.hands[0].palm, frame.intrinsics)
        assert np.linalg.norm(best(frame) - palm) < 60, item.record.name
