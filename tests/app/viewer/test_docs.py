"""What docs/viewer.md tells of the window is so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from app.viewer.keys import KEYS
from app.viewer.pictures import STATES, main

DOCS = Path(__file__).resolve().parents[3] / "docs"
TEXT = (DOCS / "viewer.md").read_text(encoding="utf-8")


def section(name: str) -> str:
    return TEXT.split(f"\n## {name}\n")[1].split("\n## ")[0]


def test_the_table_of_keys_is_that_of_the_window() -> None:
    rows = [f"| {', '.join(f'`{label}`' for label in (key.label, *key.sequences[1:]))} | {key.text} |" for key in KEYS]
    assert re.findall(r"^\| `.*", section("Keys"), re.MULTILINE) == rows


def test_every_state_has_its_picture() -> None:
    shown = re.findall(r"\(states/([\w-]+)\.png\)", section("What it says"))
    assert shown == list(STATES)
    assert {path.stem for path in (DOCS / "states").iterdir()} == set(STATES)


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\(([^)#]+)\)", TEXT))))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (DOCS / link).exists()


def test_pictures_without_a_display_say_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert main(["--out", str(tmp_path / "docs")]) == 2
    assert "no display" in capsys.readouterr().err
    assert not (tmp_path / "docs").exists()
