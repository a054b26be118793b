"""What GitHub Actions is told: lines and a summary that it takes for nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatparity._pytest.github import SUMMARY_LIMIT, Annotation, harmless, summary, write_summary
from chatparity.naming import anchor


def unescaped(text: str, *, of_property: bool) -> str:
    """Undo the escapes as GitHub's runner does, in its order."""
    pairs = [("%0D", "\r"), ("%0A", "\n"), *([("%3A", ":"), ("%2C", ",")] if of_property else []), ("%25", "%")]
    for escape, character in pairs:
        text = text.replace(escape, character)
    return text


@given(title=st.text(min_size=1), text=st.text())
def test_an_annotation_is_one_line_from_which_the_runner_reads_what_was_said(title: str, text: str) -> None:
    line = str(Annotation("error", title, text, "evals/suite.toml", 7))
    assert "\n" not in line
    assert "\r" not in line
    head, _, said = line[2:].partition("::")
    command, _, listed = head.partition(" ")
    named = dict(part.split("=", 1) for part in listed.split(","))
    assert (command, named["file"], named["line"]) == ("error", "evals/suite.toml", "7")
    assert unescaped(named["title"], of_property=True) == title
    assert unescaped(said, of_property=False) == text


@given(st.text(alphabet="#[]: \nab"))
def test_no_printed_text_holds_a_command(text: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GITHUB_ACTIONS", "true")
        shown = harmless(text)
        assert "##[" not in shown
        assert [line for line in shown.split("\n") if line.lstrip().startswith("::")] == []
        patch.setenv("GITHUB_ACTIONS", "false")
        assert harmless(text) == text


def test_a_summary_has_no_link_that_leads_nowhere_and_real_ones_where_the_page_has_an_address() -> None:
    report = (
        "[**pl-1**](report.html#conv-pl-1) and [our rules](docs/rules.md), [the web](https://example.com)\n"
        "![The scorecard](figures/scorecard.png) ![](figures/b.svg) ![far](https://example.com/a.png)\n"
        "\\[no link\\](report.html)\n"
    )
    assert summary(report) == (
        "**pl-1** and our rules, [the web](https://example.com)\n"
        "The scorecard (figures/scorecard.png in the run's folder) Picture (figures/b.svg in the run's folder) "
        "![far](https://example.com/a.png)\n\\[no link\\](report.html)\n"
    )
    linked = summary(report, "https://ci.example.com/9/report")
    assert "[**pl-1**](https://ci.example.com/9/report#conv-pl-1) and our rules" in linked


def test_an_escaped_bracket_before_a_link_is_no_beginning_of_it() -> None:
    report = "in 80.6 % \\[69.3, 88.4\\] of 72\n\n1. [**en-1**](report.html#conv-en-1) says \\[x\\](y)\n"
    assert summary(report) == report.replace("[**en-1**](report.html#conv-en-1)", "**en-1**")


@given(st.text(alphabet="[]()!\\#ab \n", max_size=60))
def test_a_text_without_markup_is_left_as_it_is(text: str) -> None:
    shown = re.sub(r"([\\\[\]])", r"\\\1", text)
    assert summary(shown) == shown


def test_a_long_report_is_cut_and_says_so() -> None:
    text = summary("a line of it\n" * 10_000)
    assert len(text) < SUMMARY_LIMIT
    assert text.endswith("The rest stands in report.html, among the artefacts of this run.\n")


def test_the_summary_is_added_to_what_the_step_has_said_and_never_overfills_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, target = tmp_path / "run", tmp_path / "summary.md"
    run.mkdir()
    monkeypatch.delenv("CHATPARITY_REPORT_URL", raising=False)
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(target))
    write_summary(run)
    assert not target.exists()
    (run / "report.md").write_text("verdict\n")
    target.write_text("before\n")
    write_summary(run)
    assert target.read_text() == "before\nverdict\n"
    target.write_text("x" * (1024 * 1024 - 200))
    (run / "report.md").write_text("verdict\n" * 100)
    write_summary(run)
    assert target.read_text().endswith("the report is among the artefacts of this run.\n")
    assert target.stat().st_size < 1024 * 1024


@given(st.text(min_size=1, max_size=40))
def test_an_anchor_needs_no_escape_and_is_one_conversations_own(conversation: str) -> None:
    made = anchor(conversation)
    assert made.startswith("conv-")
    assert all(one.isascii() and (one.isalnum() or one in "._-") for one in made)
    assert anchor(conversation + "/") != anchor(conversation + ":")


def test_an_ordinary_id_is_its_own_anchor() -> None:
    assert anchor("pl-0412") == "conv-pl-0412"
