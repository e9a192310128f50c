"""The parts of the 3D view that need no display, and the view where there is none."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PyQt6 import QtWidgets
from pytestqt.qtbot import QtBot

from app.look import ViewConfig
from app.viewer.colours import depth_image, finger_colour
from app.viewer.space import NO_GL, SpaceView
from app.viewer.space_cloud import HAND_PIXELS, SCENE_PIXELS, hand_cloud, scene_cloud
from app.viewer.space_gaze import GLIDE_S, Aim, aim_at, glide, scene_of
from app.viewer.space_lines import axes, cubes, frustum, grid
from app.viewer.space_solid import BONE_MM, JOINT_MM, LEAST_OPACITY, solid, triangles
from app.viewer.theme import THEMES
from lighthand.geometry import pixels
from lighthand.skeleton import BONES, JOINTS
from lighthand.types import Frame, HandRegion, Intrinsics, TrackedHand
from tests.app.scripted import SIZE, frame, hand_at

VGA = Intrinsics(640, 480, 580.0, 580.0, 319.5, 239.5)
BENT = replace(VGA, distortion=(0.1, -0.25, 0.001, -0.002, 0.08))
BLACK = (0, 0, 0)
AROUND = 12


def wall(camera: Intrinsics, depth: int = 600, unit_mm: float = 1.0) -> Frame:
    return frame(0, depth=depth, camera=camera, unit_mm=unit_mm)


def region(z_mm: float = 600.0, x_mm: float = 0.0) -> HandRegion:
    return HandRegion(np.array([x_mm, 0, z_mm], np.float32), 240.0)


@pytest.mark.parametrize("camera", [SIZE, VGA, BENT, replace(VGA, width=1280, height=720, cx=639.5, cy=359.5)])
def test_points_lie_where_their_pixels_look(camera: Intrinsics) -> None:
    """Projected, they come out on whole pixels, also through a lens, and in the image."""
    for cloud in (scene_cloud(wall(camera, 900), (), BLACK), hand_cloud(wall(camera), (region(),))):
        u, v = pixels(cloud.vertices["position"], camera)
        assert np.abs(u - u.round()).max() < 0.01
        assert np.abs(v - v.round()).max() < 0.01
        assert u.round().min() >= 0
        assert u.round().max() < camera.width
        assert v.round().max() < camera.height


@pytest.mark.parametrize("unit_mm", [1.0, 0.25])
def test_the_unit_of_depth_is_kept_to(unit_mm: float) -> None:
    shown = wall(VGA, round(600 / unit_mm), unit_mm)
    assert np.allclose(scene_cloud(shown, (), BLACK).vertices["position"][:, 2], 600)
    assert np.allclose(hand_cloud(shown, (region(),)).vertices["position"][:, 2], 600)
    assert len(hand_cloud(shown, (region(800),)).vertices) == 0


@pytest.mark.parametrize("size", [(64, 48), (320, 240), (640, 480), (848, 480), (1280, 720), (1920, 1080)])
def test_points_are_many_but_bounded(size: tuple[int, int]) -> None:
    camera = Intrinsics(*size, 0.9 * size[0], 0.9 * size[0], size[0] / 2 - 0.5, size[1] / 2 - 0.5)
    scene = len(scene_cloud(wall(camera), (), BLACK).vertices)
    assert min(size[0] * size[1], 4000) * 0.9 < scene <= SCENE_PIXELS
    for z_mm in (200, 600, 1200):
        hand = len(hand_cloud(wall(camera, z_mm), (region(z_mm), region(z_mm, 100.0))).vertices)
        assert 0 < hand <= HAND_PIXELS * 1.05


def test_what_was_not_measured_is_no_point() -> None:
    depth = np.full((480, 640), 600, np.uint16)
    depth[:, :320] = 0
    half = Frame(0, depth, 1.0, VGA, 0.0)
    for cloud in (scene_cloud(half, (), BLACK), hand_cloud(half, (region(),))):
        assert len(cloud.vertices)
        assert (cloud.vertices["position"][:, 0] > 0).all()


def test_the_hand_is_the_cube_and_the_scene_the_rest() -> None:
    depth = np.full((480, 640), 1200, np.uint16)
    depth[:, 300:] = 600  # near, from well within the cube to the right edge
    shown = Frame(0, depth, 1.0, VGA, 0.0)
    hand = hand_cloud(shown, (region(),)).vertices["position"]
    assert (np.abs(hand - (0, 0, 600)) <= 121.5).all()
    scene = scene_cloud(shown, (region(),), BLACK).vertices["position"]
    inside = (np.abs(scene[:, :2]) < 115).all(axis=1) & (scene[:, 2] == 600)
    assert not inside.any()
    assert (scene[:, 2] == 600).any()
    assert (scene[:, 2] == 1200).any()


def test_a_hand_is_bright_and_the_scene_is_dimmed() -> None:
    shown = wall(VGA)
    colour = depth_image(shown)[0, 0].astype(float)
    assert np.allclose(scene_cloud(shown, (), BLACK).vertices["colour"][0, :3], colour / 2, atol=1)
    assert (hand_cloud(shown, (region(),)).vertices["colour"][0, :3] > colour).all()


def test_a_cube_out_of_the_image_has_no_points() -> None:
    assert len(hand_cloud(wall(VGA), (region(600, 2000.0),)).vertices) == 0


def test_a_hand_is_shaded_by_its_slope() -> None:
    slope = np.broadcast_to(np.linspace(550, 650, 640).astype(np.uint16), (480, 640)).copy()
    flat = hand_cloud(wall(VGA), (region(),)).vertices["normal"]
    tilted = hand_cloud(Frame(0, slope, 1.0, VGA, 0.0), (region(),)).vertices["normal"]
    assert np.median(flat[:, 2]) == -127  # towards the camera
    assert tilted[:, 0].mean() > 10  # what is farther to the right faces right
    assert abs(tilted[:, 1].mean()) < 5


def test_joints_are_spheres_and_bones_are_tubes() -> None:
    hand = hand_at()
    made = solid((hand,), 1.0)
    tubes = made["position"][: len(BONES) * 2 * AROUND].reshape(len(BONES), 2, AROUND, 3)
    spheres = made["position"][len(BONES) * 2 * AROUND :].reshape(JOINTS, -1, 3)
    radii = np.linalg.norm(spheres - hand.joints_mm[:, None], axis=2)
    shown = ~hand.pose.hidden
    assert np.allclose(radii[shown], JOINT_MM, atol=1e-3)
    assert (radii[~shown] < JOINT_MM).all()
    ends = hand.joints_mm[np.array(BONES)]
    assert np.allclose(tubes.mean(axis=2), ends, atol=1e-3)
    assert np.allclose(np.linalg.norm(tubes - ends[:, :, None], axis=3), BONE_MM, atol=1e-3)
    colours = made["colour"][len(BONES) * 2 * AROUND :].reshape(JOINTS, -1, 4)
    assert [tuple(colour[:3]) for colour in colours[:, 0].tolist()] == [finger_colour(joint) for joint in range(JOINTS)]


def test_triangles_face_outwards() -> None:
    """Each has its vertices counter-clockwise from outside: their normals agree with those of its vertices."""
    made = solid((hand_at(),), 1.0)
    corners = made["position"][triangles(1)].reshape(-1, 3, 3)
    across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = made["normal"][triangles(1)].reshape(-1, 3, 4)[..., :3].astype(float).mean(axis=1)
    assert ((across * normals).sum(axis=1) > -1e-3).all()
    assert (np.linalg.norm(across, axis=1) > 1e-6).mean() > 0.85  # those at the poles have no area


def test_opacity_follows_confidence_and_hidden_joints_are_hollow() -> None:
    hand = hand_at()
    confidence = np.linspace(0, 1, JOINTS).astype(np.float32)
    doubtful = replace(hand, pose=replace(hand.pose, confidence=confidence))
    made = solid((doubtful,), 0.5)[len(BONES) * 2 * AROUND :].reshape(JOINTS, -1)
    assert np.allclose(made["colour"][:, 0, 3], 127.5 * np.maximum(confidence, LEAST_OPACITY), atol=1)
    assert np.array_equal(made["normal"][:, :, 3] > 0, np.repeat(hand.pose.hidden[:, None], made.shape[1], axis=1))


def test_every_hand_has_its_own_part_of_the_mesh() -> None:
    one, two = solid((hand_at(),), 1.0), solid((hand_at(), hand_at(700.0)), 1.0)
    assert len(two) == 2 * len(one)
    assert triangles(2).max() == len(two) - 1
    assert len(triangles(2)) == 2 * len(triangles(1))
    assert len(solid((), 1.0)) == len(triangles(0)) == 0


def test_joints_in_one_place_make_finite_tubes() -> None:
    hand = hand_at()
    assert np.isfinite(solid((replace(hand, joints_mm=np.zeros((21, 3), np.float32)),), 1.0)["position"]).all()


@given(st.floats(0.001, 0.2), st.floats(50, 900), st.floats(-400, 400))
def test_gliding_comes_nearer_and_never_past(elapsed_s: float, radius_mm: float, x_mm: float) -> None:
    aim = Aim(np.zeros(3, np.float32), 200.0)
    target = Aim(np.array([x_mm, 10, 600], np.float32), radius_mm)
    once = glide(aim, target, elapsed_s)
    before, after = (np.linalg.norm(target.centre_mm - each.centre_mm) for each in (aim, once))
    assert after < before
    assert min(200.0, radius_mm) <= once.radius_mm <= max(200.0, radius_mm) + 1e-9
    twice = glide(glide(aim, target, elapsed_s / 2), target, elapsed_s / 2)
    assert np.allclose(twice.centre_mm, once.centre_mm, atol=0.05)  # whatever the frame rate
    assert np.linalg.norm(glide(aim, target, 10 * GLIDE_S).centre_mm - target.centre_mm) < 0.1


def test_the_aim_holds_every_hand() -> None:
    def moved(x_mm: float) -> TrackedHand:
        return replace(hand_at(), region=region(600, x_mm))

    assert aim_at(()) is None
    one, two = aim_at((moved(0),)), aim_at((moved(-150), moved(150)))
    assert one is not None
    assert two is not None
    assert np.allclose(two.centre_mm, (0, 0, 600))
    assert two.radius_mm == pytest.approx(one.radius_mm + 150)


def test_a_scene_is_measured_once_there_is_one() -> None:
    assert scene_of(wall(VGA, 0)) is None
    scene = scene_of(wall(VGA, 600))
    assert scene is not None
    assert np.allclose(scene.aim.centre_mm, (0, 0, 600), atol=5)
    assert scene.floor_mm % 50 == 0
    assert 200 < scene.floor_mm < 350  # the wall is 248 mm high below the axis
    assert scene.depth_mm == pytest.approx(660)


def test_the_floor_lies_in_round_centimetres() -> None:
    floor = grid(np.array([33, 0, 612], np.float32), 700.0, 250.0, BLACK)["position"]
    assert (floor[:, 1] == 250).all()
    assert (floor[:, [0, 2]] % 100 == 0).all()
    assert floor[:, 0].min() == -700
    assert floor[:, 2].max() == 1300


@pytest.mark.parametrize("camera", [VGA, BENT])
def test_the_frustum_ends_at_the_corners_of_the_image(camera: Intrinsics) -> None:
    places = frustum(camera, 800.0, BLACK)["position"]
    far = places[places[:, 2] > 799]
    u, v = pixels(far, camera)
    assert u.min() == pytest.approx(-0.5, abs=0.1)
    assert u.max() == pytest.approx(camera.width - 0.5, abs=0.1)
    assert v.max() == pytest.approx(camera.height - 0.5, abs=0.1)
    assert places[:, 2].max() == pytest.approx(800)
    assert (places == 0).all(axis=1).sum() == 4  # the camera's own place


def test_a_cube_has_twelve_edges() -> None:
    made = cubes((region(),), BLACK, 0.5)
    ends = made["position"].reshape(-1, 2, 3)
    assert len(np.unique(ends, axis=0)) == 12
    assert np.allclose(np.linalg.norm(ends[:, 1] - ends[:, 0], axis=1), 240)
    assert (made["colour"][:, 3] == 128).all()
    assert len(cubes((), BLACK, 0.5)) == 0


def test_an_axis_seen_from_its_end_is_not_drawn() -> None:
    opacities = axes(np.eye(3))["colour"][:, 3]
    assert set(opacities.tolist()) == {0, 255}
    assert (opacities == 0).sum() == 8  # z: its line and three strokes


def test_without_opengl_a_sentence_stands_there(qtbot: QtBot) -> None:
    view = SpaceView()
    qtbot.addWidget(view)
    view.resize(320, 240)
    view.show()
    assert not view.available
    view.show_frame(frame(0), (hand_at(),))
    view.show_hands((hand_at(),), 1.0)
    view.set_look(ViewConfig(theme="light", cloud=False))
    view.set_theme(THEMES["light"])
    for name in ("front", "top", "side", "orbit"):
        view.view_from(name)  # type: ignore[arg-type]
    view.reset()
    (label,) = view.findChildren(QtWidgets.QLabel)
    assert label.text() == NO_GL
    assert label.isVisible()
    assert label.heightForWidth(label.width()) <= label.height()
    assert view.image().width() == 320
