"""What the user last set in the window, kept from one start to the next; a run without a window never reads it."""

from __future__ import annotations

import logging
import os
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

import yaml

from app.config import AppConfig
from app.look import ViewConfig
from lighthand.config import config_to_dict, load_config
from lighthand.errors import ConfigError

_LOG: Final = logging.getLogger(__name__)

KEPT: Final = (
    ("segment", ("near_mm", "far_mm")),  # they are checked against each other
    ("track", ("side",)),
    ("track", ("min_cutoff_hz",)),
    *(("view", (field.name,)) for field in fields(ViewConfig)),
    ("window", ("width", "height")),
    ("window", ("maximised",)),
)
"""The sections and keys that the window's controls change; those of one entry go together."""


def saved_path() -> Path:
    """Give the file: ``lighthand/window.yaml`` in the user's folder for settings."""
    folder = os.environ.get("XDG_CONFIG_HOME")
    return (Path(folder) if folder else Path.home() / ".config") / "lighthand" / "window.yaml"


def load_saved() -> AppConfig:
    """Read what was kept; what cannot be read or is no longer valid is warned of and left out as a whole.

    Returns:
        The settings that take the place of the defaults.
    """
    path = saved_path()
    if not path.exists():
        return AppConfig()
    try:
        return with_kept(AppConfig(), load_config(AppConfig, path))
    except ConfigError as error:
        _LOG.warning("%s is ignored: %s", path, str(error).removeprefix(f"{path}: "))
        return AppConfig()


def save_settings(config: AppConfig, start: AppConfig) -> None:
    """Keep what was changed in the window; what only an option or a file asked for is not the user's wish for ever.

    Args:
        config: the settings when the window closes.
        start: the settings when it opened.
    """
    kept = load_saved()
    for section, keys in KEPT:
        if _part(config, section, keys) != _part(start, section, keys):
            kept = _with(kept, section, _part(config, section, keys))
    path, plain = saved_path(), AppConfig()
    tree: dict[str, dict[str, Any]] = {}
    for section, keys in KEPT:
        if _part(kept, section, keys) != _part(plain, section, keys):
            written = config_to_dict(kept)[section]
            tree.setdefault(section, {}).update({key: written[key] for key in keys})
    if not tree and not path.exists():
        return
    partial = path.with_suffix(f".{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial.write_text(yaml.safe_dump(tree, sort_keys=False), encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        _LOG.warning("%s cannot be written, the window's settings are not kept: %s", path, error.strerror or error)


def with_kept(config: AppConfig, other: AppConfig) -> AppConfig:
    """Give a configuration with all that the window's controls change taken from another one."""
    for section, keys in KEPT:
        config = _with(config, section, _part(other, section, keys))
    return config


def _part(config: AppConfig, section: str, keys: tuple[str, ...]) -> dict[str, Any]:
    return {key: getattr(getattr(config, section), key) for key in keys}


def _with(config: AppConfig, section: str, part: dict[str, Any]) -> AppConfig:
    changed: Any = {section: replace(getattr(config, section), **part)}
    return replace(config, **changed)
