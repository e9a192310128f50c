from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from lighthand.config import config_to_dict, load_config
from lighthand.errors import ConfigError
from lighthand.recipe import TrainConfig


@dataclass(frozen=True, slots=True)
class Range:
    near_mm: float
    far_mm: float = 1500.0

    def __post_init__(self) -> None:
        if self.near_mm >= self.far_mm:
            raise ConfigError(f"near_mm={self.near_mm} is not below far_mm={self.far_mm}.")


@dataclass(frozen=True, slots=True)
class Camera:
    kind: Literal["replay", "synthetic"] = "synthetic"
    fps: int = 30
    source: Path | None = None
    loop: bool = False
    size: tuple[int, int] = (640, 480)
    gains: tuple[float, ...] = ()
    range: Range = field(default_factory=lambda: Range(100.0))


@dataclass(frozen=True, slots=True)
class Settings:
    camera: Camera = field(default_factory=Camera)
    extra: Range | None = None
    title: str = "live"


def write(folder: Path, text: str) -> Path:
    path = folder / "settings.yaml"
    path.write_text(text)
    return path


def test_no_file_gives_the_defaults() -> None:
    assert load_config(Settings, None, ()) == Settings()


def test_an_empty_file_gives_the_defaults(tmp_path: Path) -> None:
    assert load_config(Settings, write(tmp_path, "# nothing\n")) == Settings()


def test_a_section_changes_only_what_it_names(tmp_path: Path) -> None:
    settings = load_config(Settings, write(tmp_path, "camera: {fps: 60, range: {far_mm: 900}}"))
    assert settings == Settings(Camera(fps=60, range=Range(100.0, 900.0)))


def test_the_last_override_wins_over_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, "camera: {fps: 60, loop: true}")
    settings = load_config(Settings, path, ["camera.fps=90", "camera.fps=15"])
    assert settings.camera.fps == 15
    assert settings.camera.loop


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("camera.kind=replay", Camera(kind="replay")),
        ("camera.source=../shared/data", Camera(source=Path("../shared/data"))),
        ("camera.source=null", Camera(source=None)),
        ("camera.source=", Camera(source=None)),
        ("camera.size=[320, 240]", Camera(size=(320, 240))),
        ("camera.gains=[1, 2.5, 3e-1]", Camera(gains=(1.0, 2.5, 0.3))),
        ("camera.gains=[]", Camera(gains=())),
        ("camera.range.near_mm=3e2", Camera(range=Range(300.0))),
        ("camera.range={near_mm: 5}", Camera(range=Range(5.0))),
        ("camera.loop=true", Camera(loop=True)),
    ],
)
def test_values(override: str, expected: Camera) -> None:
    assert load_config(Settings, None, [override]).camera == expected


def test_an_optional_section() -> None:
    assert load_config(Settings, None, ["extra.near_mm=1"]).extra == Range(1.0)


def test_text_keeps_an_equals_sign() -> None:
    assert load_config(Settings, None, ["title=a=b"]).title == "a=b"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("camera.fsp=3", r"--set camera\.fsp=3: unknown key camera\.fsp\. The nearest valid name is camera\.fps\."),
        ("near_mm=3", r"unknown key near_mm\. The nearest valid name is extra\.near_mm\."),
        ("zzz=3", r"unknown key zzz\. Valid here: .*camera, "),
        ("camera.fps=true", r"camera\.fps is True \(bool\), expected int"),
        ("camera.fps=30.0", r"camera\.fps is 30\.0 \(float\), expected int"),
        ("camera.loop=1", r"camera\.loop is 1 \(int\), expected bool"),
        ("camera.range.near_mm=.nan", r"near_mm is nan \(float\), expected a finite number"),
        ("camera.range.near_mm=.inf", r"expected a finite number"),
        ("camera.range.near_mm=false", r"expected a finite number"),
        ("camera.range.near_mm=wide", r"'wide' \(text\), expected a finite number"),
        ("camera.kind=kinect", r"'kinect' \(text\), expected 'replay' or 'synthetic'"),
        ("camera.size=[1, 2, 3]", r"expected \[int, int\]"),
        ("camera.size=[1, 2.5]", r"expected \[int, int\]"),
        ("camera.size=640", r"expected \[int, int\]"),
        ("camera.gains=[a]", r"expected a list of a finite number"),
        ("camera.source=3", r"3 \(int\), expected a path or null"),
        ("camera.fps=null", r"camera\.fps is empty, expected int"),
        ("camera=3", r"camera is 3 \(int\), expected a section"),
        ("camera.fps.x=3", r"camera\.fps is a section there, expected int"),
        ("title=3", r"3 \(int\), expected text"),
        ("camera.fps", r"expected section\.key=value"),
        ("=3", r"expected section\.key=value"),
        ("camera..fps=3", r"expected section\.key=value"),
        ("camera.size=[1", r"not YAML"),
        ("extra.far_mm=3", r"extra\.near_mm is missing"),
        ("camera.range.near_mm=2000", r"--set: camera\.range: near_mm=2000\.0 is not below"),
    ],
)
def test_refused(override: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        load_config(Settings, None, [override])


def test_an_error_names_the_file_and_the_key(tmp_path: Path) -> None:
    path = write(tmp_path, "camera:\n  fps: fast\n")
    with pytest.raises(ConfigError, match=r"settings\.yaml: camera\.fps is 'fast' \(text\), expected int"):
        load_config(Settings, path, ["title=x"])


@pytest.mark.parametrize("text", ["- 1\n- 2\n", "just words", "7"])
def test_a_file_that_is_not_a_mapping(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigError, match=r"settings\.yaml: holds .* expected sections"):
        load_config(Settings, write(tmp_path, text))


def test_a_file_that_is_not_yaml(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"settings\.yaml: not YAML"):
        load_config(Settings, write(tmp_path, "camera: [1\n"))


def test_a_key_that_stands_twice(tmp_path: Path) -> None:
    path = write(tmp_path, "camera:\n  fps: 3\ntitle: a\ncamera:\n  loop: true\n")
    with pytest.raises(ConfigError, match=r"settings\.yaml: not YAML: camera stands there twice\n.*line 4"):
        load_config(Settings, path)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read"):
        load_config(Settings, tmp_path / "none.yaml")


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_bytes(b"\xff\xfe\x00\x80")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(Settings, path)


def test_a_setting_that_must_be_given() -> None:
    with pytest.raises(ConfigError, match="Range: near_mm is missing"):
        load_config(Range)


@given(
    fps=st.integers(),
    near=st.floats(allow_nan=False, allow_infinity=False, max_value=1e3),
    gains=st.lists(st.floats(allow_nan=False, allow_infinity=False)),
    title=st.text(),
    source=st.none() | st.just(Path("a/b")),
)
def test_what_is_written_reads_back(fps: int, near: float, gains: list[float], title: str, source: Path | None) -> None:
    settings = Settings(Camera(fps=fps, gains=tuple(gains), source=source, range=Range(near)), None, title)
    plain = config_to_dict(settings)
    assert json.loads(json.dumps(plain)) == plain
    overrides = [f"{key}={yaml.safe_dump(value, default_flow_style=True)}" for key, value in plain.items()]
    assert load_config(Settings, None, overrides) == settings


def test_the_shipped_recipe_is_valid() -> None:
    path = Path(__file__).parents[2] / "weights" / "train.yaml"
    config = load_config(TrainConfig, path, ["small.learning_rate=6e-3"])
    assert config.full.patch == 128


def test_a_base_takes_the_place_of_the_defaults(tmp_path: Path) -> None:
    base = Settings(Camera(fps=90, loop=True), Range(5.0), "base")
    path = write(tmp_path, "camera: {fps: 60}\n")
    assert load_config(Settings, path, ["title=mine"], base) == Settings(Camera(fps=60, loop=True), Range(5.0), "mine")
