from __future__ import annotations

import pytest

from app.cameras.base import Mode
from app.cameras.modes import Wanted
from lighthand.errors import SourceError

MODES = (Mode(640, 480, 60), Mode(640, 480, 30), Mode(320, 240, 60), Mode(640, 480, 60))


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (Wanted(), MODES[0]),
        (Wanted(fps=30), MODES[1]),
        (Wanted(width=320), MODES[2]),
        (Wanted(height=480, fps=30), MODES[1]),
        (Wanted(320, 240, 60), MODES[2]),
    ],
)
def test_the_first_mode_that_fits_is_chosen(wanted: Wanted, chosen: Mode) -> None:
    assert wanted.choose("x", MODES) == chosen


@pytest.mark.parametrize(
    ("more", "advice"), [("", "set camera.width"), ("use a USB 3 port", "use a USB 3 port, or set camera.width")]
)
def test_what_is_not_there_is_refused_with_what_is(more: str, advice: str) -> None:
    with pytest.raises(SourceError) as caught:
        Wanted(width=320, fps=30).choose("Xtion 7", MODES, more=more)
    assert str(caught.value).startswith(
        f"Xtion 7: no depth mode 320xany@30. It has 320x240@60, 640x480@30, 640x480@60: {advice}"
    )
