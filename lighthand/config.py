"""Settings: defaults, then a YAML file, then ``--set key=value``, into nested frozen dataclasses.

A configuration is a dataclass whose fields are plain values or further dataclasses. Its defaults are the
defaults of its fields; a section of the file changes only the fields that it names.
"""

from __future__ import annotations

import dataclasses
import difflib
import math
import re
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeVar, Union

import yaml

from lighthand.errors import ConfigError

T = TypeVar("T")

_EXPONENT = re.compile(r"[-+]?\d+[eE][-+]?\d+")
"""A number that YAML 1.1 reads as text: 6e-3."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Leaf:
    """A value as YAML gave it, and where it stood."""

    value: object
    origin: str


_Tree = dict[str, "_Leaf | _Tree"]


def load_config(cls: type[T], path: Path | None = None, overrides: Sequence[str] = (), base: T | None = None) -> T:
    """Read a configuration.

    Args:
        cls: a frozen dataclass; its fields may be bool, int, float, str, Path, Literal, tuple, a dataclass, or
            one of these or None.
        path: a YAML file, or None for the defaults.
        overrides: ``section.key=value`` each, the value in YAML; the last one wins.
        base: takes the place of the defaults.

    Returns:
        An instance of ``cls``.

    Raises:
        ConfigError: the file cannot be read, a key is unknown or missing, or a value has the wrong type or is
            refused by its dataclass.
    """
    tree: _Tree = {}
    if path is not None:
        _merge(tree, _read(path), str(path))
    for override in overrides:
        _merge(tree, _parse_override(override), f"--set {override}")
    origin = " and ".join(([str(path)] if path else []) + (["--set"] if overrides else [])) or cls.__name__
    names = tuple(_names(cls, ""))
    try:
        return typing.cast(T, _build(cls, dataclasses.MISSING if base is None else base, tree, "", names))
    except _RefusedError as error:
        raise ConfigError(f"{origin}: {error}") from error.__cause__


def config_to_dict(config: object) -> dict[str, Any]:
    """Turn a configuration into what YAML and JSON can write: ``load_config`` reads it back as it was.

    Args:
        config: an instance of a dataclass.

    Returns:
        Nested dictionaries; tuples as lists, paths as text.
    """
    assert dataclasses.is_dataclass(config)
    return {field.name: _plain(getattr(config, field.name)) for field in dataclasses.fields(config)}


def _plain(value: object) -> object:
    if dataclasses.is_dataclass(value):
        return config_to_dict(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


class _RefusedError(Exception):
    """A dataclass refused its values in ``__post_init__``, or lacks one."""


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in a section; YAML's own loader takes the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode):
                if key.value in seen:
                    problem = f"{key.value} stands there twice"
                    raise yaml.constructor.ConstructorError(None, None, problem, key.start_mark)
                seen.add(key.value)
        return super().construct_mapping(node, deep)


def _read(path: Path) -> Mapping[object, object]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}). Give the path of a YAML file.") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not YAML: {error}") from error
    if content is None:
        return {}
    if not isinstance(content, Mapping):
        raise ConfigError(f"{path}: holds {_describe(content)}, expected sections and keys such as 'key: value'.")
    return content


def _parse_override(override: str) -> Mapping[object, object]:
    key, equals, text = override.partition("=")
    if not equals or not all(key.strip().split(".")):
        raise ConfigError(f"--set {override}: expected section.key=value.")
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"--set {override}: the value is not YAML: {error}") from error
    for name in reversed(key.strip().split(".")):
        value = {name: value}
    return typing.cast("Mapping[object, object]", value)


def _merge(tree: _Tree, values: Mapping[object, object], origin: str) -> None:
    for key, value in values.items():
        name = str(key)
        if isinstance(value, Mapping):
            below = tree.get(name)
            if not isinstance(below, dict):
                below = tree[name] = {}
            _merge(below, value, origin)
            if not value:
                below.clear()
        else:
            tree[name] = _Leaf(value, origin)


def _names(cls: type, prefix: str) -> Iterator[str]:
    """Give the dotted name of every section and key."""
    for name, hint in typing.get_type_hints(cls).items():
        yield prefix + name
        section = _section(hint)
        if section is not None:
            yield from _names(section, f"{prefix}{name}.")


def _section(hint: Any) -> type | None:
    """Give the dataclass that ``hint`` names, alone or beside None."""
    return next(
        (option for option in _options(hint) if isinstance(option, type) and dataclasses.is_dataclass(option)), None
    )


def _options(hint: Any) -> tuple[Any, ...]:
    if typing.get_origin(hint) in (Union, types.UnionType):
        return typing.get_args(hint)
    return (hint,)


def _origin(tree: _Tree) -> str:
    """Tell where a part of the tree came from."""
    for below in tree.values():
        return below.origin if isinstance(below, _Leaf) else _origin(below)
    return "config"


def _build(cls: type, default: object, tree: _Tree, prefix: str, names: tuple[str, ...]) -> object:
    """Make a section: its default, with what the tree says in place."""
    hints = typing.get_type_hints(cls)
    fields = {field.name: field for field in dataclasses.fields(cls)}
    given: dict[str, object] = {}
    for name, below in tree.items():
        key = prefix + name
        origin = below.origin if isinstance(below, _Leaf) else _origin(below)
        if name not in fields:
            nearest = difflib.get_close_matches(key, names, n=1, cutoff=0.5)
            valid = f"The nearest valid name is {nearest[0]}" if nearest else f"Valid here: {', '.join(fields)}"
            raise ConfigError(f"{origin}: unknown key {key}. {valid}.")
        section = _section(hints[name])
        if isinstance(below, dict):
            if section is None:
                raise ConfigError(f"{origin}: {key} is a section there, expected {_expected(hints[name])}.")
            base = getattr(default, name) if default is not dataclasses.MISSING else _default(fields[name])
            base = dataclasses.MISSING if base is None else base
            given[name] = _build(section, base, below, key + ".", names)
        else:
            given[name] = _convert(below, hints[name], key)
    try:
        if default is not dataclasses.MISSING:
            return dataclasses.replace(typing.cast(Any, default), **given)
        missing = [n for n, f in fields.items() if n not in given and _default(f) is dataclasses.MISSING]
        if missing:
            raise _RefusedError(f"{prefix}{missing[0]} is missing and has no default.")
        return cls(**given)
    except ConfigError as error:
        named = str(error).startswith(prefix)  # the message names the section itself
        raise _RefusedError(str(error) if named else f"{prefix.rstrip('.')}: {error}") from error


def _default(field: dataclasses.Field[Any]) -> object:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _convert(leaf: _Leaf, hint: Any, key: str) -> object:
    for option in _options(hint):
        converted = _as(leaf.value, option)
        if converted is not dataclasses.MISSING:
            return converted
    raise ConfigError(f"{leaf.origin}: {key} is {_describe(leaf.value)}, expected {_expected(hint)}.")


def _as(value: object, hint: Any) -> object:
    """Give ``value`` as ``hint``, or MISSING where it is not one."""
    if hint is type(None):
        return None if value is None else dataclasses.MISSING
    if typing.get_origin(hint) is Literal:
        return next((v for v in typing.get_args(hint) if v == value and type(v) is type(value)), dataclasses.MISSING)
    if typing.get_origin(hint) is tuple:
        return _as_tuple(value, typing.get_args(hint))
    if hint is float:
        if isinstance(value, str) and _EXPONENT.fullmatch(value):
            value = float(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return float(value)
    elif hint is Path:
        return Path(value) if isinstance(value, str) else dataclasses.MISSING
    elif hint in (bool, int, str) and type(value) is hint:
        return value
    return dataclasses.MISSING


def _as_tuple(value: object, hints: tuple[Any, ...]) -> object:
    if not isinstance(value, list):
        return dataclasses.MISSING
    wanted = [hints[0]] * len(value) if hints[-1] is Ellipsis else list(hints)
    if len(wanted) != len(value):
        return dataclasses.MISSING
    items = [_as(item, hint) for item, hint in zip(value, wanted, strict=True)]
    return dataclasses.MISSING if any(item is dataclasses.MISSING for item in items) else tuple(items)


def _describe(value: object) -> str:
    names = {bool: "bool", int: "int", float: "float", str: "text", list: "a list"}
    return "empty" if value is None else f"{value!r} ({names.get(type(value), type(value).__name__)})"


def _expected(hint: Any) -> str:
    texts = []
    for option in _options(hint):
        if option is type(None):
            texts.append("null")
        elif typing.get_origin(option) is Literal:
            texts.append(" or ".join(map(repr, typing.get_args(option))))
        elif typing.get_origin(option) is tuple:
            texts.append(_expected_list(typing.get_args(option)))
        elif dataclasses.is_dataclass(option):
            texts.append("a section with keys")
        else:
            texts.append({float: "a finite number", str: "text", Path: "a path"}.get(option, option.__name__))
    return " or ".join(texts)


def _expected_list(hints: tuple[Any, ...]) -> str:
    if hints[-1] is Ellipsis:
        return f"a list of {_expected(hints[0])}"
    return "[" + ", ".join(_expected(hint) for hint in hints) + "]"
