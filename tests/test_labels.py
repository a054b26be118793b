"""The passes of labelling: complete, kept as they came, followed by the final labels; and how agreement is counted."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from sklearn.metrics import cohen_kappa_score

from chatparity.checks.said import due as facts_due
from chatparity.checks.said import find_fact
from chatparity.errors import InputError
from chatparity.jsonl import read_transcripts, write_transcripts
from chatparity.points import points_of, recorded_reply
from chatparity.transcript import Transcript, answer_turns

ROOT = Path(__file__).parents[1]
LABELS = ROOT / "datasets" / "labels"


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("benchmark_labels", ROOT / "benchmarks" / "labels.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


labels = load()


@pytest.fixture(scope="module")
def shipped() -> dict[str, Transcript]:
    return {one.id: one for one in read_transcripts([ROOT / "datasets" / "support"])}


def talk(name: str, answers: list[dict[str, Any]], **more: Any) -> Transcript:
    turns = [{"speaker": one, "text": "words"} for _ in answers for one in ("customer", "human_agent")]
    given = {"facts": [], "actions": [], "escalation": [], "answers": answers, **more}
    line = {"schema": 1, "id": name, "language": name[:2], "turns": turns, "labels": given}
    return msgspec.convert(line, Transcript)


def judged(turn: int, **values: Any) -> dict[str, Any]:
    plain = {"escalation": "none", "reason": "", "accuracy": 1, "politeness": 4, "hallucinated": False, "note": ""}
    return {"turn": turn, **plain, **values}


def a_line(name: str, *answers: dict[str, Any], guideline: int = 2, **more: Any) -> dict[str, Any]:
    return {"id": name, "guideline": guideline, "answers": list(answers), "facts": [], "actions": [], **more}


def folder_of(path: Path, first: list[dict[str, Any]], second: list[dict[str, Any]]) -> Path:
    path.mkdir(exist_ok=True)
    for name, lines in (("a", first), ("b", second)):
        text = "".join(json.dumps(line) + "\n" for line in lines)
        (path / f"pass-{name}.jsonl").write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("name", ["a", "b"])
def test_a_line_of_a_pass_judges_every_answer_of_its_conversation(name: str, shipped: dict[str, Transcript]) -> None:
    lines = labels.read_lines(LABELS / f"pass-{name}.jsonl", labels.Labelled)
    ids = [line.id for line in lines]
    assert ids == sorted(set(ids))
    for line in lines:
        assert [one.turn for one in line.answers] == answer_turns(shipped[line.id]), line.id
        assert line.guideline in (1, 2)
        for one in line.answers:
            assert (one.escalation == "none") == (one.reason == ""), line.id
            assert one.accuracy in (0, 0.5, 1), line.id
            assert one.politeness in range(1, 6), line.id
        for due in (*line.facts, *line.actions):
            assert due.turn in answer_turns(shipped[line.id]), line.id


def test_the_final_labels_follow_every_decision(shipped: dict[str, Transcript]) -> None:
    decisions = labels.read_lines(LABELS / "decisions.jsonl", labels.Decision)
    assert len(decisions) > 300
    assert list(labels.not_followed(decisions, shipped.values())) == []


@pytest.mark.slow
def test_a_recorded_answer_that_is_labelled_right_says_each_fact_due_in_it_in_an_accepted_form(
    shipped: dict[str, Transcript],
) -> None:
    silent = []
    for transcript in shipped.values():
        right = {one.turn for one in transcript.labels.answers or () if one.accuracy == 1}
        said: list[str] = []
        for point in points_of(transcript):
            reply = recorded_reply(transcript, point.turn)
            said.append(reply.text if reply else "")
            owed = facts_due(point) if point.turn in right else ()
            silent += [f"{transcript.id} {fact.id}" for fact in owed if not find_fact(fact, said, point)]
    assert silent == []


@pytest.mark.parametrize(
    ("decision", "followed"),
    [
        ({"turn": 1, "field": "accuracy", "value": 0.5}, True),
        ({"turn": 1, "field": "accuracy", "value": 1}, False),
        ({"turn": 1, "field": "escalation", "value": {"expect": "now", "reason": "hardship"}}, True),
        ({"turn": 1, "field": "escalation", "value": {"expect": "now", "reason": "fraud"}}, False),
        ({"turn": 3, "field": "escalation", "value": {"expect": "none", "reason": ""}}, True),
        ({"turn": 3, "field": "escalation", "value": {"expect": "offer", "reason": "complaint"}}, False),
        ({"turn": 1, "field": "fact", "value": {"id": "total", "do": "keep"}}, True),
        ({"turn": 1, "field": "fact", "value": {"id": "total", "do": "drop"}}, False),
        ({"turn": 1, "field": "fact", "value": {"id": "total", "do": "move", "due_by_turn": 3}}, False),
        ({"turn": 1, "field": "fact", "value": {"id": "total", "do": "move", "due_by_turn": 1}}, True),
        ({"turn": 1, "field": "action", "value": {"name": "cancel_order", "do": "keep"}}, False),
        ({"turn": 1, "field": "action", "value": {"name": "cancel_order", "do": "drop"}}, True),
        ({"turn": 1, "field": "fact_missing", "value": {"say": "the total", "due_by_turn": 1, "ids": ["total"]}}, True),
        ({"turn": 1, "field": "fact_missing", "value": {"say": "the date", "due_by_turn": 1, "ids": ["date"]}}, False),
        (
            {"turn": 3, "field": "fact_missing", "value": {"say": "the total", "due_by_turn": 3, "ids": ["total"]}},
            False,
        ),
        ({"turn": 1, "field": "fact_missing", "value": {"say": "the total", "due_by_turn": 1}}, False),
        ({"turn": 1, "field": "fact_missing", "value": {"say": "the total", "do": "drop"}}, False),
        ({"turn": 3, "field": "fact_missing", "value": {"say": "the date", "do": "drop"}}, True),
        ({"turn": 1, "field": "colour", "value": "red"}, False),
    ],
)
def test_a_decision_that_the_labels_do_not_follow_is_found(decision: dict[str, Any], followed: bool) -> None:
    one = talk(
        "en-1",
        [{"turn": 1, "accuracy": 0.5}, {"turn": 3, "accuracy": 1}],
        escalation=[{"turn": 1, "expect": "now", "reason": "hardship"}],
        facts=[{"id": "total", "accept": ["12"], "due_by_turn": 1}],
    )
    made = msgspec.convert({"id": "en-1", "why": "the rule of the market", **decision}, labels.Decision)
    assert (list(labels.not_followed([made], [one])) == []) is followed


def test_agreement_is_counted_per_answer_with_the_conversation_as_its_cluster(tmp_path: Path) -> None:
    ours, theirs = [1, 5, 4, 2, 3, 5], [2, 5, 4, 4, 3, 3]
    names = ["en-1", "en-1", "en-2", "en-2", "sv-1", "sv-1"]
    folder = folder_of(
        tmp_path / "labels",
        *(
            [
                a_line(name, *(judged(2 * n + 1, politeness=values[2 * place + n]) for n in (0, 1)))
                for place, name in enumerate(("en-1", "en-2", "sv-1"))
            ]
            for values in (ours, theirs)
        ),
    )
    final = [{"turn": turn, "accuracy": 1, "politeness": 4, "hallucinated": False} for turn in (1, 3)]
    write_transcripts(tmp_path / "x.jsonl", [talk(name, final) for name in sorted(set(names))])
    read = labels.read_labelling(folder, tmp_path / "x.jsonl")
    label = next(one for one in labels.ALL if one.field == "politeness")
    found, alpha = (measure(*read.passes, read.twice, label) for measure in (labels.kappa_at, labels.alpha_at))
    assert (found.n, found.clusters) == (6, 3)
    reference = cohen_kappa_score(ours, theirs, labels=[1, 2, 3, 4, 5], weights="quadratic")
    assert found.estimate == pytest.approx(float(reference))
    assert alpha.level == "ordinal"
    assert read.languages == ["en", "sv"]
    # Alike are 5, 4, 3, of which 4 is final; of the three that differ, pass b said the final 4 once.
    assert "| politeness (quadratic) | 1 | 2 | 3 | 0 | 1 | 2 | 0 |" in labels.adjudicated(read)


def test_the_versions_of_the_guideline_are_told_apart(tmp_path: Path) -> None:
    first = [a_line("en-1", judged(1, hallucinated=True), guideline=1), a_line("en-2", judged(1))]
    second = [a_line("en-1", judged(1), guideline=1), a_line("en-2", judged(1))]
    final = [{"turn": 1, "accuracy": 1, "politeness": 4, "hallucinated": False}]
    write_transcripts(tmp_path / "x.jsonl", [talk("en-1", final), talk("en-2", final)])
    table = labels.by_guideline(labels.read_labelling(folder_of(tmp_path / "l", first, second), tmp_path / "x.jsonl"))
    assert "| hallucinated | all | 2 | 2 | 50.0 % |" in table
    assert "| hallucinated | 1 | 1 | 1 | 0.0 % |" in table
    assert "| hallucinated | 2 | 1 | 1 | 100.0 % |" in table


def test_a_line_that_is_none_and_an_answer_that_is_not_there_are_errors(tmp_path: Path) -> None:
    write_transcripts(tmp_path / "x.jsonl", [talk("en-1", [{"turn": 1, "accuracy": 1}])])
    bad = folder_of(tmp_path / "bad", [a_line("en-1", judged(1)), {"id": "en-2"}], [])
    with pytest.raises(InputError, match=r"pass-a\.jsonl:2: .*guideline"):
        labels.read_labelling(bad, tmp_path / "x.jsonl")
    strange = folder_of(tmp_path / "strange", [a_line("en-1", judged(5))], [])
    with pytest.raises(InputError, match="en-1 turn 5"):
        labels.read_labelling(strange, tmp_path / "x.jsonl")
