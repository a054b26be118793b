"""docs/failures.md is true: its commands run and map a planted fault, its pictures are there, its tables hold."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
import typer.main

from chatparity.cli import app
from chatparity.grading.criteria import Criterion, wrong_criteria
from chatparity.grading.taxonomy import FailureKind, Taxonomy, load_taxonomy
from chatparity.suite import load_suite

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "failures.md").read_text(encoding="utf-8")


class _Criteria(msgspec.Struct):
    criteria: tuple[Criterion, ...]


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.slow
def test_the_commands_of_the_guide_map_the_planted_fault_as_new(tmp_path: Path) -> None:
    lines = [shlex.split(line) for line in blocks("sh")[0].splitlines()]
    assert len(lines) == 3
    for words in lines:
        placed = [str(tmp_path / one) if one.startswith("runs/") else one for one in words]
        done = subprocess.run([sys.executable, "-m", *placed], cwd=ROOT, capture_output=True, text=True)
        assert done.returncode in ((0,) if "failures" in words else (0, 1, 3)), done.stderr
    read = json.loads((tmp_path / "runs" / "candidate" / "failures" / "failures.json").read_text())
    new = [one["name"] for one in read["categories"] if one["change"] and one["change"]["said"] == "new"]
    assert new == ["invented policy"]


def test_every_picture_is_there() -> None:
    named = re.findall(r"\]\((images/[^)]+)\)", GUIDE)
    assert len(named) == 2
    assert [one for one in named if not (ROOT / "docs" / one).is_file()] == []


def test_every_option_that_the_guide_names_is_one_of_a_command() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    known = {name for command in group.commands.values() for option in command.params for name in option.opts}
    said = " ".join(re.findall(r"`[^`]+`|^    chatparity .*$", GUIDE, re.MULTILINE))
    assert set(re.findall(r"(?<![\w-])(--[a-z][a-z-]*)", said)) <= known


def test_the_keys_of_a_category_are_those_of_the_table() -> None:
    table = re.search(r"^\| key \|.*?\n\n", GUIDE, flags=re.MULTILINE | re.DOTALL)
    assert table is not None
    named = set(re.findall(r"`(\w+)`", table[0]))
    assert named == set(FailureKind.__struct_fields__) - {"name", "says"}


def test_what_the_guide_writes_into_files_can_be_read() -> None:
    failure, criterion = blocks("toml")
    msgspec.toml.decode(f'version = "1"\n{failure}'.encode(), type=Taxonomy)
    criteria = msgspec.toml.decode(criterion.encode(), type=_Criteria).criteria
    assert list(wrong_criteria(criteria)) == []
    kinds = {one.name for one in load_taxonomy(load_suite()).failures} | {"none", "other"}
    assert {one.value for one in criteria[0].answers} <= kinds


@pytest.mark.parametrize(
    ("reason", "kind"),
    [
        ('"90-day" is in no knowledge', "invented policy"),
        ('"3 %" is in no knowledge', "invented policy"),
        ('"90 يومًا" is in no knowledge', "invented policy"),
        ('"14日" is in no knowledge', "invented policy"),
        ('"30일" is in no knowledge', "invented policy"),
        ('"60 Tage" is in no knowledge', "invented policy"),
        ('"£39.60" is in no knowledge', "wrong fact"),
        ('"12 March 2026" is in no knowledge', "wrong fact"),
        ('"2026年3月20日" is in no knowledge', "wrong fact"),
        ('"3 月 5 日" is in no knowledge', "wrong fact"),
        ('"3월 20일" is in no knowledge', "wrong fact"),
        ('"4월3일" is in no knowledge', "wrong fact"),
    ],
)
def test_a_rule_is_told_from_a_fact_in_any_language(reason: str, kind: str) -> None:
    from .failure_runs import reply

    _, row = reply(1, "x", fails=True, reason=reason)
    assert load_taxonomy(load_suite()).kind_of(row) == kind
