"""Open3D's window, in a process of its own on a screen of its own: it is this file, run as a program."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from app.viewer.colours import FINGER_COLOURS
from app.viewer.open3d_window import _TRIANGLES, POINTS, Open3DWindow, _Rays, solid
from app.viewer.scale import SCENE
from lighthand.errors import SourceError
from lighthand.geometry import project, unproject
from lighthand.skeleton import BONES, TIPS
from lighthand.types import Frame, Intrinsics, Result
from tests.app.scripted import SIZE, ScriptedCamera, frame, hand_at, result

ROOT = Path(__file__).resolve().parents[3]
VGA = Intrinsics(width=640, height=480, fx=580.0, fy=580.0, cx=319.5, cy=239.5)

Facts = dict[str, object]


def near_hand(seq: int) -> Result:
    """A hand before a wall."""
    return replace(result(frame(seq, depth=700)), hands=(hand_at(560.0),))


def picture(window: Open3DWindow) -> np.ndarray:
    return np.asarray(window._window.capture_screen_float_buffer(do_render=True)) * 255


def coloured(image: np.ndarray) -> list[int]:
    """Count the pixels of each finger's colour."""
    return [int((np.abs(image - colour).max(axis=-1) < 12).sum()) for colour in FINGER_COLOURS]


def places(window: Open3DWindow, points_mm: np.ndarray) -> np.ndarray:
    """Give where (n, 3) points stand in the window: (n, 2) pixels."""
    view = window._window.get_view_control().convert_to_pinhole_camera_parameters()
    (fx, _, cx), (_, fy, cy), _ = view.intrinsic.intrinsic_matrix
    camera = Intrinsics(width=view.intrinsic.width, height=view.intrinsic.height, fx=fx, fy=fy, cx=cx, cy=cy)
    return project(points_mm @ view.extrinsic[:3, :3].T + view.extrinsic[:3, 3], camera)[:, :2]


def at_tips(window: Open3DWindow, shown: Result, image: np.ndarray) -> list[list[float]]:
    """Give the colour where each tip stands in the window's view."""
    tips = places(window, shown.hands[0].joints_mm[list(TIPS)])
    return [image[round(float(v)), round(float(u))].tolist() for u, v in tips]


def seen_mm() -> np.ndarray:
    """Give the camera, and the corners of its picture at some distances."""
    edges = [
        (u, v, z) for z in (50, 300, 600, 1500) for u in (-0.5, SIZE.width - 0.5) for v in (-0.5, SIZE.height - 0.5)
    ]
    return np.vstack([np.zeros(3), unproject(edges, SIZE)])


def child() -> Facts:
    window = Open3DWindow(ScriptedCamera([]).info)
    facts: Facts = {"title": window._window.get_window_name(), "waits": window.poll()}
    facts["first"] = window.show(result(frame(0, depth=700), hand=False))
    facts["empty"] = coloured(picture(window))
    facts["places"] = places(window, seen_mm()).tolist()
    shown = near_hand(1)
    facts["second"] = window.show(shown)
    image = picture(window)
    facts["hand"], facts["tips"] = coloured(image), at_tips(window, shown, image)
    window.show(result(frame(2, depth=700), hand=False))
    facts["gone"] = coloured(picture(window))
    window.show(near_hand(3))
    facts["again"] = coloured(picture(window))
    time.sleep(0.35)
    facts["poll"] = window.poll()
    facts["silent"] = coloured(picture(window))
    window.show(replace(near_hand(4), stamps=replace(near_hand(4).stamps, arrival_s=time.perf_counter() - 1)))
    facts["late"] = coloured(picture(window))
    window._window.close()  # what Q, Esc and the frame's cross do
    facts["closed"] = [window.poll(), window.show(near_hand(5)), window.poll()]
    window.close()
    return facts


@pytest.fixture(scope="module")
def facts() -> Facts:
    xvfb = shutil.which("xvfb-run")
    if xvfb is None:
        pytest.skip("Xvfb is not installed: apt-get install xvfb")
    words = [xvfb, "-a", "-s", "-screen 0 1280x720x24", sys.executable, __file__]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "QT_QPA_PLATFORM": "xcb"}
    run = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_the_window_opens_and_waits(facts: Facts) -> None:
    assert facts["title"] == "LightHand: scripted camera, 1"
    assert [facts[name] for name in ("waits", "first", "second", "poll")] == [True] * 4


def test_each_finger_has_its_colour_where_its_tip_stands(facts: Facts) -> None:
    assert np.abs(np.array(facts["tips"]) - FINGER_COLOURS).max() < 12
    assert min(facts["hand"]) > 30
    assert min(facts["again"]) > 30


def test_all_that_the_camera_sees_is_in_view_at_the_start(facts: Facts) -> None:
    u, v = np.array(facts["places"]).T
    assert 0 < u.min() < u.max() < 1280
    assert 0 < v.min() < v.max() < 720
    assert v.max() - v.min() > 600  # and no smaller than it must be


@pytest.mark.parametrize("state", ["empty", "gone", "silent", "late"])
def test_no_live_hand_no_skeleton(facts: Facts, state: str) -> None:
    assert facts[state] == [0] * 5


def test_a_closed_window_says_so_and_stays_closed(facts: Facts) -> None:
    assert facts["closed"] == [False] * 3


@pytest.mark.parametrize("display", ["", ":77"])
def test_without_a_display_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch, display: str) -> None:
    monkeypatch.delenv("QT_QPA_PLATFORM")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setenv("DISPLAY", display)
    with pytest.raises(SourceError, match=r"no display .*DISPLAY.*--headless"):
        Open3DWindow(ScriptedCamera([]).info)


def scene(camera: Intrinsics, z_mm: int, unit_mm: float) -> Frame:
    return frame(0, depth=round(z_mm / unit_mm), unit_mm=unit_mm, camera=camera)


@pytest.mark.parametrize(("camera", "count"), [(SIZE, 64 * 48), (VGA, 160 * 120)])
@pytest.mark.parametrize("unit_mm", [1.0, 0.25])
def test_points_are_millimetres_and_not_too_many(camera: Intrinsics, count: int, unit_mm: float) -> None:
    points, colours = _Rays(camera).cloud(scene(camera, 800, unit_mm), [])
    assert len(points) == len(colours) == count <= POINTS
    assert np.allclose(points[:, 2], 800)
    uv = project(points, camera)[:, :2]
    assert np.allclose(uv[0], 0, atol=1e-3)
    assert np.allclose(uv, uv.round(), atol=1e-3)


def test_points_that_were_not_measured_or_are_far_are_left_out() -> None:
    depth = np.full((48, 64), 800, np.uint16)
    depth[0], depth[1] = 0, round(SCENE.far_mm) + 1
    points, _ = _Rays(SIZE).cloud(replace(frame(0), depth=depth), [])
    assert len(points) == 46 * 64


def test_points_of_the_hand_are_brighter() -> None:
    region = replace(hand_at(600.0).region, cube_mm=100.0)
    points, colours = _Rays(SIZE).cloud(frame(0), [region])
    near = (np.abs(points - region.centre_mm) < 50).all(axis=1)
    assert 0 < near.sum() < len(near)
    assert colours[near].min(axis=0).sum() > 1.35 * colours[~near].max(axis=0).sum()


def test_the_body_is_as_thick_as_its_radii_and_shows_its_outside() -> None:
    joints = np.random.default_rng(3).normal(0, 40, (21, 3)).astype(np.float32)
    vertices, normals = solid(joints)
    assert np.allclose(np.linalg.norm(normals, axis=1), 1)
    tubes = vertices[-len(BONES) * 20 :].reshape(len(BONES), 2, 10, 3)
    ends = joints[np.array(BONES)]
    assert np.allclose(np.linalg.norm(tubes - ends[:, :, None], axis=-1), 3.5, atol=1e-4)
    assert np.allclose(tubes.mean(axis=2), ends, atol=1e-4)
    a, b, c = (vertices[_TRIANGLES[:, corner]] for corner in range(3))
    outward = np.einsum("ij,ij->i", np.cross(b - a, c - a), normals[_TRIANGLES].sum(axis=1))
    assert (outward > -1e-6).all()


if __name__ == "__main__":
    sys.stdout.write(json.dumps(child()) + "\n")
