"""The README is true: its code runs, its commands parse, its files are read."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import typer.main

from chatparity.agents.template import read_table
from chatparity.cli import app
from chatparity.transcript import Transcript, problems

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    lines = [line for block in blocks("sh") for line in block.splitlines()]
    found = [shlex.split(line, comments=True) for line in lines if line.startswith("chatparity ")]
    assert len(found) >= 4
    return [words[1:] for words in found]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_a_command_of_the_readme_is_one_the_program_takes(words: list[str]) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    group.commands[words[0]].make_context(words[0], list(words[1:])).close()


def test_every_command_stands_in_the_readme() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    assert [name for name in group.commands if f"`chatparity {name} " not in README] == []


def test_the_grader_of_the_readme_works_and_its_test_passes(tmp_path: Path) -> None:
    grader, check = blocks("python")
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "suite.toml").write_text('[suite]\nname = "ours"\n')
    (tmp_path / "graders").mkdir()
    (tmp_path / "graders" / "greeting.py").write_text(grader)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_greeting.py").write_text(check)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:deepeval", "-p", "no:cacheprovider", "tests"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "1 passed in" in done.stdout, done.stdout + done.stderr


def test_the_agent_file_of_the_readme_is_read(tmp_path: Path) -> None:
    [table] = blocks("toml")
    (tmp_path / "agent.toml").write_text(table)
    assert read_table(tmp_path / "agent.toml").reply is not None


def test_the_transcript_of_the_readme_is_valid() -> None:
    [line] = blocks("json")
    assert problems(msgspec.json.decode(line, type=Transcript)) == []


def test_every_file_and_target_the_readme_names_is_there() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make (\w[\w-]*)", " ".join(blocks("sh"))):
        assert f"\n{target}:" in makefile
    named = re.findall(r"`((?:graders|datasets|evals|benchmarks|docs|src)/[\w./-]*)`", README)
    assert [name for name in named if not (ROOT / name).exists()] == []
    pictures = re.findall(r"!\[[^\]]+\]\(([^)]+)\)", README)
    assert pictures
    assert [name for name in pictures if not (ROOT / name).is_file()] == []
    assert "@@" not in README
