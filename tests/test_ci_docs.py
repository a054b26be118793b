"""docs/ci.md is true: its commands parse, its properties are all, its settings are read, its pipelines fit together."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from chatparity._pytest.junit import properties
from chatparity._pytest.options import CHOICES, HELP
from chatparity.cli import app
from chatparity.gate import Example, GateResult, Rate
from chatparity.starter.layout import template
from chatparity.suite import read_settings

PAGE = (Path(__file__).parents[1] / "docs" / "ci.md").read_text()
PYTEST = re.compile(r"python -m pytest evals/[^'\n]*")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def commands() -> list[list[str]]:
    return [shlex.split(line) for block in blocks("sh") for line in block.splitlines()]


@pytest.mark.parametrize("words", [one for one in commands() if one[0] == "chatparity"], ids=" ".join)
def test_a_command_of_the_page_is_one_the_program_takes(words: list[str]) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    group.commands[words[1]].make_context(words[1], words[2:]).close()


def test_every_line_of_the_page_is_a_command_that_is_known() -> None:
    assert {words[0] for words in commands()} == {"chatparity", "python"}
    known = (["-m", "pytest", "evals/"], ["-m", "pip", "wheel"])
    assert all(words[1:4] in known for words in commands() if words[0] == "python")


@pytest.mark.parametrize("line", sorted({*PYTEST.findall(PAGE), *PYTEST.findall(template("workflow.yml"))}))
def test_a_session_of_the_page_has_options_that_there_are(line: str, pytestconfig: pytest.Config) -> None:
    words = shlex.split(line)[4:]
    ours = {f"--{name}" for name in HELP}
    for place, word in enumerate(words):
        if not word.startswith("-"):
            continue
        name = word.split("=")[0]
        assert name in ours | {"-n", "--junitxml"}
        if name == "--inconclusive":
            assert words[place + 1] in CHOICES["inconclusive"]


def test_the_table_of_properties_is_all_that_a_red_gate_leaves() -> None:
    rate = Rate(
        n=9,
        good=5,
        unknown=0,
        clusters=4,
        estimate=0.5,
        low=0.2,
        high=0.8,
        confidence=0.95,
        method="a made-up interval",
    )
    example = Example(id="pl-1", turn=1, outcome="missed", quote="", reason="")
    gate = GateResult(
        name="tone[all] rate",
        dimension="tone",
        metric="rate",
        grader="tone",
        slice="all",
        kind="at_least",
        threshold=0.9,
        good_is_high=True,
        verdict="FAIL",
        reason="too low",
        rate=rate,
        failures=(example,),
    )
    table = PAGE.split("| property | is |")[1].split("\n\n")[0]
    listed = {
        name
        for line in table.splitlines()
        for name in re.findall(r"`(\w+)`", line.split("|")[1] if "|" in line else "")
    }
    assert {name for name, _ in properties(gate, Path("run"))} == listed


def test_the_settings_of_the_page_are_read(tmp_path: Path) -> None:
    path = tmp_path / "suite.toml"
    path.write_text('[suite]\nname = "ours"\n' + "".join(blocks("toml")))
    assert read_settings(path).budget.minutes == 15


def test_the_pipelines_of_the_page_keep_what_they_write() -> None:
    [gitlab], [jenkins] = blocks("yaml"), blocks("groovy")
    assert gitlab.count("reports/runs/junit.xml") == 2
    assert "paths: [reports/runs/]" in gitlab
    assert jenkins.count("reports/runs/junit.xml") == 2
    assert "'reports/runs/**'" in jenkins
