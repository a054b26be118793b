"""The recorded answers of two builds: complete, blind, readable as an agent; how two passes over them are settled."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from chatparity.agents.recorded import RecordedAgent
from chatparity.calibrate.rated import rated_in
from chatparity.errors import InputError
from chatparity.jsonl import read_transcripts
from chatparity.splits import split_of
from chatparity.suite import load_suite
from chatparity.transcript import Transcript, answer_turns

ROOT = Path(__file__).parents[1]
CLAIMED = {"en", "de", "sv", "pl", "es", "ar"}


@pytest.fixture(scope="module")
def modules() -> tuple[ModuleType, ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        return importlib.import_module("recordings"), importlib.import_module("recording_labels")


@pytest.fixture(scope="module")
def claimed() -> dict[str, Transcript]:
    return {one.id: one for one in read_transcripts([ROOT / "datasets" / "support"]) if one.language in CLAIMED}


def test_both_letters_hold_an_answer_to_every_question_in_the_languages_of_the_sandbox(
    modules: tuple[ModuleType, ModuleType], claimed: dict[str, Transcript]
) -> None:
    wanted = {name: set(answer_turns(one)) for name, one in claimed.items()}
    for letter in ("p", "q"):
        assert {name: set(found) for name, found in modules[0].read_letter(letter).items()} == wanted


def test_which_build_spoke_is_drawn_anew_for_each_conversation(modules: tuple[ModuleType, ModuleType]) -> None:
    key = modules[0].read_key()
    assert all({one.p, one.q} == {"sound", "faulty"} for one in key.values())
    assert 0.3 < sum(one.p == "sound" for one in key.values()) / len(key) < 0.7


def test_the_key_names_the_turns_at_which_the_builds_differ(modules: tuple[ModuleType, ModuleType]) -> None:
    recordings = modules[0]
    sound, faulty = recordings.answers_of("sound"), recordings.answers_of("faulty")
    for name, one in recordings.read_key().items():
        assert recordings.difference(sound[name], faulty[name]) == one.touched, name


def test_one_build_taken_out_of_the_recording_is_an_agent(
    modules: tuple[ModuleType, ModuleType], tmp_path: Path
) -> None:
    modules[0].build("faulty", tmp_path / "faulty.jsonl")
    agent = RecordedAgent.read("recorded", str(tmp_path / "faulty.jsonl"), load_suite(ROOT))
    wanted = {
        (name, turn, 0): one for name, found in modules[0].answers_of("faulty").items() for turn, one in found.items()
    }
    assert agent._replies == wanted


def said(folder: Path, name: str, **values: Any) -> None:
    plain = {"turn": 1, "accuracy": 1, "politeness": 4, "hallucinated": False, "handover_right": True, "note": ""}
    line = {"id": "sv-0001", "recording": "p", "guideline": 3, "answers": [{**plain, **values}]}
    (folder / f"{name}.jsonl").write_text(json.dumps(line) + "\n", encoding="utf-8")


@pytest.fixture
def folder(modules: tuple[ModuleType, ModuleType], tmp_path: Path) -> Path:
    for name in ("p.jsonl", "q.jsonl", "key.jsonl"):
        (tmp_path / name).write_bytes((modules[0].RECORDINGS / name).read_bytes())
    return tmp_path


def test_where_the_passes_differ_only_a_decision_settles_it(
    modules: tuple[ModuleType, ModuleType], folder: Path
) -> None:
    said(folder, "labels-a", accuracy=1, politeness=5)
    said(folder, "labels-b", accuracy=0.5, politeness=2)
    assert [one["field"] for one in modules[1].differences(folder)] == ["accuracy", "politeness"]
    where = {"id": "sv-0001", "recording": "p", "turn": 1}
    decided = {**where, "field": "accuracy", "value": 0.5, "why": "half of what was asked is missing"}
    (folder / "decisions.jsonl").write_text(json.dumps(decided) + "\n", encoding="utf-8")
    modules[1].adjudicate(folder)
    final = json.loads((folder / "labels.jsonl").read_text())["answers"][0]
    assert (final["accuracy"], final["politeness"], final["hallucinated"], final["handover_right"]) == (
        0.5,
        None,
        False,
        True,
    )


def test_a_politeness_that_differs_by_one_point_is_one_of_the_two(
    modules: tuple[ModuleType, ModuleType], folder: Path
) -> None:
    said(folder, "labels-a", politeness=3)
    said(folder, "labels-b", politeness=4)
    assert modules[1].differences(folder) == []
    modules[1].adjudicate(folder)
    assert json.loads((folder / "labels.jsonl").read_text())["answers"][0]["politeness"] in (3, 4)


def test_a_label_of_an_answer_that_is_not_recorded_is_refused(
    modules: tuple[ModuleType, ModuleType], folder: Path
) -> None:
    said(folder, "labels-a", turn=2)
    with pytest.raises(InputError, match="sv-0001 p turn 2 is not recorded"):
        modules[1].read_said(folder / "labels-a.jsonl", modules[1].recorded(folder))


def test_labels_that_are_there_judge_every_recorded_answer(modules: tuple[ModuleType, ModuleType]) -> None:
    labels = modules[1]
    for name in ("labels-a.jsonl", "labels-b.jsonl", "labels.jsonl"):
        assert set(labels.read_said(labels.RECORDINGS / name, labels.recorded())) == labels.recorded(), name


def test_the_labels_in_the_end_follow_from_passes_and_decisions_and_leave_nothing_open(
    modules: tuple[ModuleType, ModuleType], folder: Path
) -> None:
    labels = modules[1]
    for name in ("labels-a.jsonl", "labels-b.jsonl", "decisions.jsonl"):
        (folder / name).write_bytes((labels.RECORDINGS / name).read_bytes())
    assert labels.differences(folder) == []
    labels.adjudicate(folder)
    assert (folder / "labels.jsonl").read_bytes() == (labels.RECORDINGS / "labels.jsonl").read_bytes()
    final = labels.read_said(folder / "labels.jsonl", labels.recorded())
    assert all(getattr(one, field) is not None for one in final.values() for field in labels.FIELDS)


def test_the_same_words_at_the_same_place_have_the_same_labels(modules: tuple[ModuleType, ModuleType]) -> None:
    recordings, labels = modules
    final = labels.read_said(labels.RECORDINGS / "labels.jsonl", labels.recorded())
    p, q = recordings.read_letter("p"), recordings.read_letter("q")
    same = [(name, turn) for name in p for turn in p[name] if turn not in recordings.difference(p[name], q[name])]
    assert len(same) > 200
    for name, turn in same:
        one, other = (final[name, letter, turn] for letter in ("p", "q"))
        assert one._replace(politeness=None) == other._replace(politeness=None), (name, turn)
        assert abs(one.politeness - other.politeness) <= 1, (name, turn)


def test_passes_are_compared_across_the_sheets_on_which_the_same_words_stand(
    modules: tuple[ModuleType, ModuleType],
) -> None:
    recordings, labels = modules
    same = labels.unchanged(labels.RECORDINGS)
    p, q = recordings.read_letter("p"), recordings.read_letter("q")
    assert all(p[name][turn].text == q[name][turn].text for name, _, turn in same)
    plain = labels.Values(1.0, 4, False, True, False)
    wrong = plain._replace(accuracy=0.0)
    first = {place: wrong if place[1] == "p" else plain for place in same}
    second = {place: wrong if place[1] == "q" else plain for place in same}
    told = [line for line in labels.across(first, second, same).splitlines() if line.startswith("| accuracy")]
    assert ["| 0.0 % |" in line for line in told] == [True, False]
    assert ["| 100.0 % |" in line for line in told] == [False, True]


def test_the_differences_were_decided_by_the_guideline_as_it_is(modules: tuple[ModuleType, ModuleType]) -> None:
    guideline = (ROOT / "datasets" / "GUIDELINE.md").read_text(encoding="utf-8")
    assert f"\nVersion {modules[1].GUIDELINE}. " in guideline


@pytest.fixture(scope="module")
def bridge(modules: tuple[ModuleType, ModuleType]) -> ModuleType:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "benchmarks")
        return importlib.import_module("recording_graders")


def test_a_labelled_answer_becomes_a_rated_transcript_that_ends_with_it(
    modules: tuple[ModuleType, ModuleType], bridge: ModuleType, folder: Path, tmp_path: Path
) -> None:
    said(folder, "labels", accuracy=0.5, politeness=2, hallucinated=True)
    bridge.write(tmp_path / "halves", load_suite(ROOT), folder)
    original = next(one for one in read_transcripts([ROOT / "datasets" / "support"]) if one.id == "sv-0001")
    (path,) = (tmp_path / "halves").iterdir()
    assert path.name == f"{split_of(original)}.jsonl"
    (one,) = read_transcripts([path])
    assert (one.turns[:1], one.turns[1].text) == (
        original.turns[:1],
        modules[0].read_letter("p", folder)["sv-0001"][1].text,
    )
    (rated,) = rated_in(one, load_suite(ROOT))
    assert {name: truth.value for name, truth in rated.truths.items() if name != "escalation"} == {
        "accuracy": 0.5,
        "politeness": 0.25,
        "hallucination": 0.0,
    }


def test_a_rule_that_clears_an_answer_that_is_labelled_as_hallucinated_has_not_found_it(
    bridge: ModuleType, folder: Path
) -> None:
    said(folder, "labels", hallucinated=True, handover_right=False)
    found = {name: one for _, name, one in bridge.measured(load_suite(ROOT), folder) if one.n}
    assert set(found) == {"accuracy", "hallucination", "politeness", "escalation"}
    assert (found["hallucination"].faults, found["hallucination"].sensitivity.estimate) == (1, 0.0)
    assert (found["escalation"].faults, found["escalation"].sensitivity.estimate) == (1, 0.0)
    assert (found["politeness"].faults, found["politeness"].specificity.estimate) == (0, 1.0)
