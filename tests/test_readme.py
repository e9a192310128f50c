"""What the README and the Makefile tell a person to type exists."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")


def commands() -> list[list[str]]:
    """Give the words after ``python`` of every command in a code block of the README or in the Makefile."""
    blocks = "".join(re.findall(r"```sh\n(.*?)```", README, re.DOTALL)) + MAKEFILE.replace("$(RUN)", ".venv/bin/python")
    return [
        shlex.split(line[line.index(".venv/bin/python ") :], comments=True)[1:]
        for line in map(str.strip, blocks.splitlines())
        if ".venv/bin/python " in line
    ]


FOREIGN = (["ruff"], ["mypy"], ["pytest"], ["pip"])


@pytest.mark.parametrize("words", [words for words in commands() if words[1:2] not in FOREIGN])
def test_a_command_takes_its_options(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    script = words[0].removesuffix(".py").replace("/", ".") if words[0].startswith("tests/") else "app.main"
    module, rest = (words[1], words[2:]) if words[0] == "-m" else (script, words[1:])
    subcommand = [word for word in rest[:1] if not word.startswith("-")]
    found = importlib.import_module(module)
    command = importlib.import_module(f"{module}.__main__") if hasattr(found, "__path__") else found
    with pytest.raises(SystemExit, match="0"):
        command.main([*subcommand, "--help"])
    text = capsys.readouterr().out
    for option in (word for word in rest if word.startswith("--")):
        assert re.search(rf"{option}\b", text), f"{option} is unknown to {module}"


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake (\w+)\b", README))))
def test_a_make_target_exists(target: str) -> None:
    assert re.search(rf"^{target}:", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#]+)\)", README))
def test_a_link_leads_somewhere(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_readme_names_commands() -> None:
    assert len(commands()) > 8
