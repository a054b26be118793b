"""Logs without labels: what can be graded all the same, what cannot and why, and which label would add what."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from chatparity.exchange import Exchange, Reply, Score
from chatparity.gate.folder import read_findings
from chatparity.grading import Grader, grader, load_graders
from chatparity.grading.needs import ADDS, Gradable, missing_labels, unlabelled_paragraph, what_can_be_graded
from chatparity.jsonl import write_transcripts
from chatparity.points import points_of
from chatparity.run.folder import RunFolder
from chatparity.suite import load_suite
from chatparity.transcript import EscalationLabel, Fact, Knowledge, Labels, ToolCall, Transcript, Turn

TURNS = (
    Turn(speaker="customer", text="Where is my refund of 40 pounds?"),
    Turn(speaker="human_agent", text="It will be with you on 19 January, £41.00, I am glad to say."),
    Turn(speaker="customer", text="Thank you."),
    Turn(speaker="human_agent", text="You are welcome, have a good day."),
)


def talk(number: int = 0, labels: Labels | None = None, *, known: bool = False) -> Transcript:
    knowledge = (Knowledge(id="refunds", text="A refund takes 5 days."),) if known else ()
    return Transcript(
        schema=1, id=f"t{number}", language="en", turns=TURNS, labels=labels or Labels(), knowledge=knowledge
    )


@pytest.fixture(scope="module")
def graders() -> list[Grader]:
    return load_graders(load_suite())


def by_name(found: list[Gradable]) -> dict[str, Gradable]:
    return {one.grader: one for one in found}


def test_logs_without_labels_can_be_graded_on_language_and_politeness_and_not_on_what_needs_labels(
    graders: list[Grader],
) -> None:
    found = by_name(what_can_be_graded([talk(0), talk(1)], graders))
    assert [found[name].gradable for name in ("language", "politeness", "hallucination")] == [4, 4, 4]
    assert [found[name].gradable for name in ("accuracy", "escalation", "actions")] == [0, 0, 0]
    assert found["accuracy"].missing == {"facts": 4}
    assert found["actions_overall"].unlabelled == 2, "a conversation grader counts conversations"
    assert (found["hallucination"].bare, found["hallucination"].missing) == (4, {"knowledge": 4, "records": 4})
    assert not found["accuracy_llm"].judged


def test_an_answer_at_which_nothing_is_due_lacks_no_label(graders: list[Grader]) -> None:
    labels = Labels(facts=(Fact(id="when", accept=("19 January",), due_by_turn=1),), escalation=(), actions=())
    found = by_name(what_can_be_graded([talk(0, labels, known=True), talk(1, known=True)], graders))
    assert (found["accuracy"].planned, found["accuracy"].gradable, found["accuracy"].unlabelled) == (4, 1, 2)
    assert (found["escalation"].gradable, found["escalation"].unlabelled) == (2, 2)
    assert found["hallucination"].bare == 0
    [accuracy] = [one for one in missing_labels(list(found.values())) if one.startswith("accuracy:")]
    assert accuracy == f"accuracy: 2 of 4 answers have no label for it: labels.facts would add {ADDS['facts']}"


def test_a_context_that_is_missing_where_nothing_is_to_be_graded_lacks_no_label() -> None:
    @grader(dimension="x", applies=lambda point: False, needs=["facts", "records"])
    def never(exchange: Exchange) -> Score:
        return Score.passed("")

    [found] = what_can_be_graded([talk(0, Labels(facts=()))], [never])
    assert (found.unlabelled, found.missing) == (0, {"records": 2})
    [found] = what_can_be_graded([talk(0)], [never])
    assert found.unlabelled == 2


def test_a_judge_makes_rubrics_gradable(graders: list[Grader]) -> None:
    assert by_name(what_can_be_graded([talk()], graders, judged=True))["accuracy_llm"].gradable == 2


def test_every_label_that_a_shipped_grader_reads_is_said_to_add_something(graders: list[Grader]) -> None:
    needed = {name for grader in graders for name in grader.needs}
    assert {"facts", "actions", "escalation", "knowledge", "records"} <= needed <= set(ADDS)


def test_labelled_data_needs_no_paragraph(graders: list[Grader]) -> None:
    labels = Labels(facts=(), actions=(), escalation=())
    assert unlabelled_paragraph(what_can_be_graded([talk(0, labels, known=True)], graders)) == ""


def test_escalation_labelled_at_some_answers_is_graded_at_those_alone(graders: list[Grader]) -> None:
    labels = Labels(escalation=(EscalationLabel(turn=3, expect="now"),), escalation_turns=(3,))
    found = by_name(what_can_be_graded([talk(0, labels)], graders))
    assert (found["escalation"].gradable, found["escalation"].unlabelled) == (1, 1)


def test_where_a_log_kept_nothing_to_hold_a_reply_against_hallucination_abstains(graders: list[Grader]) -> None:
    [hallucination] = [one for one in graders if one.name == "hallucination"]

    def verdict(transcript: Transcript) -> str:
        reply = Reply(text=TURNS[1].text)
        score = hallucination.grade(Exchange(points_of(transcript)[0], reply))  # type: ignore[arg-type]
        return score.verdict  # type: ignore[union-attr]

    assert verdict(talk()) == "abstained"
    assert verdict(talk(known=True)) == "fail"
    call = ToolCall(name="get_refund", result={"amount": "40.00"})
    early = Turn(speaker="human_agent", text="One moment.", tool_calls=(call,))
    looked_up = msgspec.structs.replace(talk(), turns=(TURNS[0], early, TURNS[2], TURNS[1]))
    points = points_of(looked_up)
    score = hallucination.grade(Exchange(points[1], Reply(text=TURNS[1].text)))  # type: ignore[arg-type]
    assert score.verdict == "fail"  # type: ignore[union-attr]


def chatparity(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "chatparity", *arguments], cwd=cwd, capture_output=True, text=True)


def test_run_and_grade_say_what_labels_would_add_and_the_findings_keep_it(tmp_path: Path) -> None:
    write_transcripts(tmp_path / "logs.jsonl", [talk(number) for number in range(3)])
    done = chatparity("run", "logs.jsonl", "--agent", "recorded:logs.jsonl", "--out", "r", cwd=tmp_path)
    assert done.returncode in (1, 3), done.stderr
    assert "not measured: accuracy: 6 of 6 answers have no label for it: labels.facts would add" in done.stdout
    assert "Labels are missing" in done.stderr
    kept = read_findings(RunFolder(tmp_path / "r")).not_measured
    assert any(one.startswith("escalation: 6 of 6 answers have no label") for one in kept)
    assert "labels.facts would add" in (tmp_path / "r" / "report.md").read_text().replace("\\", "")
    graded = chatparity("grade", "r", "--graders", "language,accuracy", cwd=tmp_path)
    assert "graded in full: language (6 answers)" in graded.stderr
    assert "labels.facts would add" in graded.stderr
    assert "escalation:" not in graded.stderr
    assert "chatparity sample r -n 50" in graded.stderr


def test_what_nobody_answered_is_no_failure_of_a_log(tmp_path: Path) -> None:
    silent = Transcript(schema=1, id="silent", language="en", turns=TURNS[:1])
    write_transcripts(tmp_path / "logs.jsonl", [talk(), silent])
    command = [sys.executable, "-m", "chatparity", "grade", "logs.jsonl", "--out", "run"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert "language (all that was recorded): 2/2 pass; planned 2: graded 2" in done.stdout
    assert "language (by people): 2/2 pass" in done.stdout
    assert "1 conversations in which nobody answered are left out" in done.stderr
    assert "errored" not in done.stdout + done.stderr


def test_a_grader_that_raises_is_said_once_before_all_else(tmp_path: Path) -> None:
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "suite.toml").write_text('[suite]\nname = "ours"\n')
    (tmp_path / "graders").mkdir()
    (tmp_path / "graders" / "odd.py").write_text(
        "from chatparity.grading import grader\n\n\n"
        "@grader(dimension='odd')\ndef odd(exchange):\n    raise ValueError(exchange.point.turn)\n"
    )
    write_transcripts(tmp_path / "logs.jsonl", [talk(0), talk(1)])
    command = [sys.executable, "-m", "chatparity", "grade", "logs.jsonl", "--out", "run"]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True).stderr
    assert said.startswith("odd errored 8 times, first at t0 turn 1: the grader raised:\n")
    assert said.count("Traceback") == 1
