"""The 3D view under a display: OpenGL draws nothing under Qt's offscreen platform."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.viewer.colours import finger_colour
from app.viewer.theme import THEMES

ROOT = Path(__file__).resolve().parents[3]
VIEWS = ("front", "top", "side", "orbit")


@pytest.fixture(scope="module")
def facts() -> dict[str, Any]:
    if shutil.which("xvfb-run") is None:
        pytest.skip("xvfb-run is not installed: no display for OpenGL")
    environment = os.environ | {"QT_QPA_PLATFORM": "xcb", "PYTHONPATH": str(ROOT)}
    environment.pop("QT_QPA_PLATFORM_PLUGIN_PATH", None)
    script = Path(__file__).with_name("space_drawn.py")
    ran = subprocess.run(
        ["xvfb-run", "-a", "-s", "-screen 0 1280x720x24", sys.executable, "-W", "error", script],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr == ""
    return json.loads(ran.stdout)  # type: ignore[no-any-return]


def test_opengl_draws_and_complains_of_nothing(facts: dict[str, Any]) -> None:
    assert facts["available"]
    assert facts["valid"]
    assert facts["messages"] == []


def test_each_part_is_seen_only_where_it_is_wanted(facts: dict[str, Any]) -> None:
    assert facts["nothing"] == 0
    for part, least in {"skeleton": 1000, "box": 500, "cloud": 3000, "frustum": 200, "grid": 200}.items():
        assert facts[part] > least, part
    assert facts["hand's points"] > 1000
    assert facts["skeleton, opacity 0"] == facts["box, opacity 0"] == facts["no hand"] == 0


@pytest.mark.parametrize("name", VIEWS)
def test_fingers_have_their_colours_where_their_tips_are(facts: dict[str, Any], name: str) -> None:
    assert min(facts["views"][name]["alike"]) > 0.97


@pytest.mark.parametrize("name", VIEWS)
def test_every_view_holds_the_hand_in_its_middle(facts: dict[str, Any], name: str) -> None:
    assert np.allclose(facts["views"][name]["centre"], (320, 250), atol=2)
    for x, y in facts["views"][name]["tips"]:
        assert 100 < x < 540
        assert 50 < y < 450


def test_views_look_from_where_they_say(facts: dict[str, Any]) -> None:
    """The tips lie above the wrist; from the thumb to the little finger they go right and away."""
    tips = {name: np.array(facts["views"][name]["tips"]) for name in VIEWS}
    wrist = {name: np.array(facts["views"][name]["wrist"]) for name in VIEWS}
    assert (np.diff(tips["front"][:, 0]) > 10).all()
    assert (tips["front"][:, 1] < wrist["front"][1]).all()
    assert (np.diff(tips["side"][:, 0]) > 10).all()  # away is right
    assert (tips["side"][:, 1] < wrist["side"][1]).all()
    assert (np.diff(tips["top"][:, 0]) > 10).all()
    assert (np.diff(tips["top"][:, 1]) < -10).all()  # away is up
    assert abs(tips["top"][2] - wrist["top"]).max() < 3  # the middle one's is right above the wrist


def test_faint_and_hidden_joints_are_told_apart(facts: dict[str, Any]) -> None:
    page = np.array(THEMES["dark"].page, float)
    away = {name: np.abs(np.array(facts[name]) - page).sum() for name in ("seen", "half", "unsure", "hidden")}
    assert away["seen"] > 0.7 * np.abs(np.array(finger_colour(8)) - page).sum()
    assert 0.4 < away["half"] / away["seen"] < 0.6
    assert 0.15 < away["unsure"] / away["seen"] < 0.35
    assert away["hidden"] < 6  # its core is the page's


def test_the_view_glides_after_the_hand_or_stays(facts: dict[str, Any]) -> None:
    places = np.array(facts["followed"])
    assert places[0] > 330  # not there at once
    assert abs(places[-1] - 320) < 3
    assert np.abs(np.diff(places)).max() < 60
    assert abs(facts["stays"] - places[-1]) < 3


def test_a_wall_is_closed_on_a_large_screen(facts: dict[str, Any]) -> None:
    assert facts["wall"] == [600, 600, 3]
    assert facts["gaps"] == 0


def test_updates_are_in_place_and_take_no_memory(facts: dict[str, Any]) -> None:
    assert facts["painted"] >= 250
    assert facts["new children"] == 0
    assert facts["grown_kb"] < 6000


def test_the_page_has_the_colour_of_the_theme(facts: dict[str, Any]) -> None:
    assert facts["light"] == list(THEMES["light"].page)


def test_a_driver_that_takes_no_program_leaves_its_error_to_be_read(facts: dict[str, Any]) -> None:
    assert facts["failed"] == {"available": False, "labels": ["OpenGL: no. Do this."]}
