"""What the window shows and how: a part of the settings, changed by its controls and kept for the next start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ThemeName = Literal["dark", "light"]
Scale = Literal["scene", "hand"]


@dataclass(frozen=True, slots=True)
class ViewConfig:
    """What the window shows.

    Attributes:
        theme: the window's colours.
        scale: what the colours of depth are spread over: the whole scene, or the hand's cube.
        skeleton: bones and joints, in both views.
        box: the crop that the network saw, in both views: a square there, a cube here.
        outline: where the depth image ends the hand within the crop.
        cloud: the points of the scene; those of the hand stay.
        frustum: the camera and the edges of what it sees.
        grid: the floor of the 3D view.
        follow: the 3D view turns about the hand, not about a fixed point.
        timeline: the latency of the last seconds, by stage.
        panel: the controls.
    """

    theme: ThemeName = "dark"
    scale: Scale = "scene"
    skeleton: bool = True
    box: bool = True
    outline: bool = True
    cloud: bool = True
    frustum: bool = True
    grid: bool = True
    follow: bool = True
    timeline: bool = True
    panel: bool = True
