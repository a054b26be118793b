"""docs/judge.md is true: its settings are read, its options exist, and it names every rubric and every reason."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from chatparity.cli import main
from chatparity.grading.rubric import load_rubric, rubric_grader
from chatparity.judge.injections import attacks
from chatparity.suite import JudgeTable

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "judge.md").read_text()


def test_its_settings_are_settings() -> None:
    blocks = re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 2
    for block in blocks:
        msgspec.convert(tomllib.loads(block)["judge"], JudgeTable)


def test_it_names_every_setting_of_the_judge_but_those_that_explain_themselves() -> None:
    told = {name for name in JudgeTable.__struct_fields__ if re.search(rf"\b{name}\b", PAGE)}
    assert set(JudgeTable.__struct_fields__) - told <= {"timeout_seconds"}


@pytest.mark.parametrize("command", ["run", "grade"])
def test_its_options_exist(command: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        main([command, "--help"])
    shown = capsys.readouterr().out
    for option in ("--judge", "--offline", "--max-judge-cost", "--max-judge-tokens", "--max-judge-requests"):
        assert option in PAGE
        assert option in shown


def test_it_names_every_rubric_with_its_grader() -> None:
    for path in sorted((ROOT / "graders").glob("*.md")):
        rubric = load_rubric(path)
        assert rubric.name in PAGE, path.name
        assert path.name in PAGE or path.name.startswith("deepeval_")
        assert rubric.languages == (), "no rubric has been calibrated, as the page says"
        listed = re.search(rf"^\| `{path.name}` .*$", PAGE, re.MULTILINE)
        assert listed is None or ("optional" in listed[0]) == rubric_grader(rubric, None).optional


def test_every_word_for_an_abstention_is_explained() -> None:
    files = (ROOT / "src" / "chatparity" / "grading").glob("*.py")
    source = "".join(path.read_text() for path in files if path.name != "learned.py")
    outcomes = set(re.findall(r'outcome="(\w+)"', source)) - {"nothing"}
    assert {"unsure", "unfounded", "inconsistent", "divided", "no_quorum", "same"} <= outcomes
    assert [one for one in sorted(outcomes) if f"`{one}`" not in PAGE] == []


def test_it_counts_the_attacks() -> None:
    assert f"holds {len(attacks())} ways" in PAGE
    assert f"orders in {len({one.language for one in attacks()})} languages" in PAGE
