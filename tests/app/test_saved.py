"""What the window keeps from one start to the next."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from app.config import AppConfig, CameraConfig
from app.look import ViewConfig
from app.options import make_parser, resolve
from app.saved import load_saved, save_settings, saved_path
from lighthand.segment import SegmentConfig
from lighthand.track import TrackConfig

PLAIN = AppConfig()
CHANGED = AppConfig(
    segment=SegmentConfig(near_mm=1600.0, far_mm=2500.0),
    track=TrackConfig(side="left", min_cutoff_hz=1e6),
    view=ViewConfig(theme="light", grid=False),
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert saved_path() == tmp_path / "lighthand" / "window.yaml"
    return tmp_path


def written() -> object:
    return yaml.safe_load(saved_path().read_text())


def write(text: str) -> None:
    saved_path().parent.mkdir()
    saved_path().write_text(text)


def test_without_the_variable_it_lies_in_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for value in (None, ""):
        monkeypatch.delenv("XDG_CONFIG_HOME") if value is None else monkeypatch.setenv("XDG_CONFIG_HOME", value)
        assert saved_path() == tmp_path / ".config" / "lighthand" / "window.yaml"


def test_nothing_kept_gives_the_defaults_and_nothing_changed_writes_nothing() -> None:
    assert load_saved() == PLAIN
    save_settings(PLAIN, PLAIN)
    assert not saved_path().exists()


def test_what_was_changed_comes_back_and_only_that_is_written() -> None:
    save_settings(CHANGED, PLAIN)
    assert load_saved() == CHANGED
    assert written() == {
        "segment": {"near_mm": 1600.0, "far_mm": 2500.0},
        "track": {"side": "left", "min_cutoff_hz": 1e6},
        "view": {"theme": "light", "grid": False},
    }
    assert [path.name for path in saved_path().parent.iterdir()] == ["window.yaml"]


def test_what_was_changed_back_is_kept_no_longer() -> None:
    save_settings(CHANGED, PLAIN)
    save_settings(replace(CHANGED, segment=PLAIN.segment, view=replace(CHANGED.view, grid=True)), CHANGED)
    assert written() == {"track": {"side": "left", "min_cutoff_hz": 1e6}, "view": {"theme": "light"}}
    save_settings(PLAIN, load_saved())
    assert load_saved() == PLAIN


def test_what_an_option_asked_for_is_not_kept_but_what_was_kept_stays() -> None:
    save_settings(replace(PLAIN, view=ViewConfig(theme="light")), PLAIN)
    start = replace(load_saved(), segment=SegmentConfig(far_mm=900.0))  # --set segment.far_mm=900
    save_settings(replace(start, view=replace(start.view, cloud=False)), start)
    assert written() == {"view": {"theme": "light", "cloud": False}}


def test_a_camera_is_never_kept() -> None:
    save_settings(replace(PLAIN, camera=CameraConfig(kind="synthetic")), PLAIN)
    assert load_saved() == PLAIN
    write("camera: {kind: synthetic}\nview: {grid: false}\n")
    assert load_saved() == AppConfig(view=ViewConfig(grid=False))


@pytest.mark.parametrize(
    "text",
    ["view: [", "view: {colour: 3}", "view: {theme: pink}", "segment: {near_mm: 900, far_mm: 300}", "7", "\xff\x00"],
)
def test_a_broken_or_outdated_file_is_warned_of_and_the_next_change_mends_it(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    write(text)
    with caplog.at_level(logging.WARNING):
        assert load_saved() == PLAIN
    (message,) = caplog.messages
    assert message.startswith(f"{saved_path()} is ignored: ")
    assert message.count(str(saved_path())) == 1
    save_settings(CHANGED, PLAIN)
    assert load_saved() == CHANGED


def test_a_folder_that_cannot_be_made_is_warned_of(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    (home / "lighthand").touch()
    with caplog.at_level(logging.WARNING):
        save_settings(CHANGED, PLAIN)
    (message,) = caplog.messages
    assert message.startswith(f"{saved_path()} cannot be written")


def asked(*arguments: str) -> AppConfig:
    return resolve(make_parser().parse_args(arguments), load_saved())


def test_files_and_options_win_over_what_was_kept(home: Path) -> None:
    save_settings(CHANGED, PLAIN)
    file = home / "site.yaml"
    file.write_text("track: {side: right}\nview: {box: false}\n")
    config = asked("--config", str(file), "--set", "view.grid=true")
    assert config.segment == CHANGED.segment
    assert config.track == replace(CHANGED.track, side="right")
    assert config.view == ViewConfig(theme="light", box=False)


def test_what_was_kept_gives_way_where_it_does_not_go_with_what_is_asked(caplog: pytest.LogCaptureFixture) -> None:
    save_settings(CHANGED, PLAIN)  # from 1600 mm on
    with caplog.at_level(logging.WARNING):
        config = asked("--set", "segment.far_mm=1000")
    assert config == replace(PLAIN, segment=SegmentConfig(far_mm=1000.0))
    (message,) = caplog.messages
    assert str(saved_path()) in message
