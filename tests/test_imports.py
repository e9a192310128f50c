"""The data flow is the file tree: imports point down the lists below, never up."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

LAYERS: dict[str, list[set[str]]] = {
    "lighthand": [
        {"errors"},
        {"types", "skeleton", "config", "command"},
        {"geometry", "handsize"},
        {"crop", "surface", "limbtree", "segment", "charuco", "credible", "scatter"},
        {"network"},
        {"estimator"},
        {"weights"},
        {"backends"},
        {"track", "pipeline"},
        {"metrics", "drawing"},
        {"datasets"},
        {"synthesis"},
        {"recipe", "checkpoint", "predictions", "pictures", "published", "tips", "nohand", "reliability"},
        {"recorded", "source", "report"},
        {"train", "evaluate", "export", "benchmark", "paper", "calibrate"},
    ],
    "app": [
        {"formats"},
        {"cameras", "compiled"},
        {"slot", "latency", "pacing"},
        {"recording"},
        {"look", "config"},
        {"saved", "sources", "options", "capture", "worker"},
        {"session"},
        {"live"},
        {"viewer"},
        {"main"},
    ],
}
"""Parts by layer, the lowest first; a part may import its own layer and those before it."""

FOREIGN = {"app", "PyQt6", "pyqtgraph", "pyrealsense2", "openni", "threading", "concurrent", "multiprocessing"}
"""What the library never imports: the program, windows, cameras, threads."""

WINDOWS = {"PyQt6", "pyqtgraph"}
"""What nothing below the viewer imports."""


def name_of(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules(root: Path) -> dict[str, Path]:
    return {name_of(path, root): path for package in LAYERS for path in sorted((root / package).rglob("*.py"))}


def imports(name: str, path: Path, known: set[str]) -> set[str]:
    """Give every module that a file imports, anywhere in it; ``from package import module`` names the module."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
            base = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                longer = f"{source}.{alias.name}"
                found.add(longer if longer in known else source)
    return found


def layer(name: str) -> int | None:
    """Give the number of a module's layer; a package's own ``__init__`` is the lowest."""
    package, *rest = name.split(".")
    if not rest:
        return -1
    return next((number for number, parts in enumerate(LAYERS[package]) if rest[0] in parts), None)


def faults(root: Path) -> list[str]:
    """Give a line for each arrow that points back and each module without a place."""
    files = modules(root)
    lines = []
    for name, path in files.items():
        own = layer(name)
        if own is None:
            lines.append(f"{name} has no layer: add it to LAYERS in {Path(__file__).name}")
            continue
        for other in sorted(imports(name, path, set(files))):
            top = other.split(".")[0]
            if name.startswith("lighthand") and top in FOREIGN:
                lines.append(f"{name} imports {other}: the library is without it")
            elif top in WINDOWS and own < len(LAYERS["app"]) - 2:
                lines.append(f"{name} imports {other}: only the viewer and main know windows")
            elif top == name.split(".")[0] and other in files:
                its = layer(other)
                if its is not None and its > own:
                    lines.append(f"{name} imports {other}: an arrow back")
    return lines


def test_no_arrow_points_back() -> None:
    assert modules(ROOT)
    assert faults(ROOT) == []


def test_there_is_no_circle() -> None:
    files = modules(ROOT)
    known = set(files)
    graph = {name: (imports(name, path, known) & known) - {name} for name, path in files.items()}
    TopologicalSorter(graph).prepare()  # raises CycleError and names the circle


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("lighthand/segment.py", "from lighthand.pipeline import Pipeline", "segment imports lighthand.pipeline"),
        ("lighthand/segment.py", "from lighthand import pipeline", "segment imports lighthand.pipeline"),
        ("lighthand/segment.py", "from . import pipeline", "segment imports lighthand.pipeline"),
        ("lighthand/segment.py", "def f():\n    import app.main", "segment imports app.main: the library"),
        ("lighthand/synthesis/hand.py", "from ..train import main", "hand imports lighthand.train"),
        ("lighthand/crop.py", "import threading", "crop imports threading: the library"),
        ("lighthand/crop.py", "from PyQt6.QtCore import QTimer", "crop imports PyQt6.QtCore: the library"),
        ("app/cameras/replay.py", "from app.viewer.window import Window", "replay imports app.viewer.window"),
        ("app/worker.py", "import pyqtgraph", "worker imports pyqtgraph: only the viewer"),
        ("app/strange.py", "", "app.strange has no layer"),
    ],
)
def test_a_fault_is_named(tmp_path: Path, path: str, text: str, fault: str) -> None:
    for file, content in {"lighthand/pipeline.py": "", "lighthand/train.py": "", "app/main.py": ""}.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(content)
    (tmp_path / "app" / "viewer").mkdir()
    (tmp_path / "app" / "viewer" / "window.py").write_text("import PyQt6")
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_text(text)
    (line,) = faults(tmp_path)
    assert fault in line


def test_what_points_down_is_fine(tmp_path: Path) -> None:
    (tmp_path / "lighthand").mkdir()
    (tmp_path / "lighthand" / "types.py").write_text("import numpy")
    (tmp_path / "lighthand" / "pipeline.py").write_text("from lighthand.types import Frame\nfrom . import types")
    assert faults(tmp_path) == []
