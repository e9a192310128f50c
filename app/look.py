"""What the window shows, how, and how large: settings that are changed in it and kept for the next start."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lighthand.errors import ConfigError

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


@dataclass(frozen=True, slots=True)
class WindowConfig:
    """How large the window is.

    Attributes:
        width: where it does not fill the screen, in Qt's pixels; a smaller screen cuts it.
        height: likewise.
        maximised: it fills the screen.
    """

    width: int = 1280
    height: int = 720
    maximised: bool = False

    def __post_init__(self) -> None:
        """Check the size.

        Raises:
            ConfigError: no screen has it.
        """
        if not (100 <= self.width <= 16384 and 100 <= self.height <= 16384):
            raise ConfigError(
                f"window.width={self.width}, window.height={self.height}: expected 100 to 16384 pixels each."
            )
