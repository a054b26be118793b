"""docs/reviewing.md is true: its commands are there, its pictures too, and its keys are those of the page."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import typer.main

from chatparity.cli import app

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "reviewing.md").read_text(encoding="utf-8")


def test_every_picture_is_there() -> None:
    named = re.findall(r"(?:\]\(|src=\")(images/[^)\"]+)", GUIDE)
    assert len(named) >= 5
    assert [one for one in named if not (ROOT / "docs" / one).is_file()] == []


def test_every_option_that_the_guide_names_is_one_of_the_command() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    known = {name for command in group.commands.values() for option in command.params for name in option.opts}
    named = set(
        re.findall(r"(?<![\w-])(--?[a-z][a-z-]*)", " ".join(re.findall(r"`[^`]+`|```.*?```", GUIDE, re.DOTALL)))
    )
    assert named - known == {"-L"} & named


def test_every_key_of_the_guide_is_one_of_the_page() -> None:
    script = (ROOT / "reports" / "templates" / "review.js").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.+?) \|", GUIDE, re.MULTILINE)
    keys = {key for row in rows if "--" not in row for key in re.findall(r"`(\w)`", row) if key.isalpha()}
    assert keys == set("fsucgnp")
    assert all(re.search(rf"^    {key}: \(\) =>", script, re.MULTILINE) for key in keys)


def test_the_number_of_payloads_is_the_one_named() -> None:
    kinds = tomllib.loads((ROOT / "tests" / "payloads.toml").read_text(encoding="utf-8"))
    assert f"{sum(map(len, kinds.values()))} payloads" in " ".join(GUIDE.split())
