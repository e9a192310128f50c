"""A small recording of images, for what plays one."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
import yaml

from tests.app.playing import ABOUT, image


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images whose names sort otherwise as text, and a description in the folder."""
    path = tmp_path / "recording"
    path.mkdir()
    for number in (2, 10, 1):
        assert cv2.imwrite(str(path / f"{number}.png"), image(1000 + number))
    (path / "camera.yaml").write_text(yaml.safe_dump(ABOUT))
    return path
