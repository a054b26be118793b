"""What becomes of labels: the scorecard, one answer out of several, agreement, exports and their way back."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import msgspec
import pytest

from chatparity.errors import InputError, UsageError
from chatparity.jsonl import read_transcripts
from chatparity.review.agreement import agreement
from chatparity.review.desk import Desk, Filter, cleaned, person
from chatparity.review.export import history, lines, sheet, write_lines
from chatparity.review.label_studio import labelling_page, read_results, tasks
from chatparity.review.resolve import resolve, resolved
from chatparity.review.scorecard import load_scorecard
from chatparity.review.store import DECISION
from chatparity.sample import read_labels
from chatparity.stats import krippendorff_alpha
from chatparity.suite import Settings, Suite, SuiteTable

from .review_desk import FULL, ROOT, chatparity, desk_of, judge, make_sample, usual_talks


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_sample(tmp_path_factory.mktemp("labels"), talks=usual_talks(), n=20)


@pytest.fixture
def desk(sample: Path) -> Desk:
    for file in sample.glob("labels.sqlite*"):
        file.unlink()
    return desk_of(sample)


def suite_of(folder: Path) -> Suite:
    (folder / "graders").mkdir()
    return Suite(folder, ROOT, Settings(suite=SuiteTable(name="x")))


CRITERION = """
[[criteria]]
name = "opening"
ask = "Did it greet?"
answers = [{ value = "yes", says = "it did", points = 1 }, { value = "no", says = "it did not", points = 0 }]
"""


def test_the_shipped_card_asks_what_the_labels_of_a_transcript_know() -> None:
    card = desk_scorecard()
    assert [one.name for one in card.criteria] == ["accuracy", "hallucinated", "politeness", "escalation"]


def desk_scorecard() -> Any:
    return load_scorecard(Suite(ROOT, ROOT, Settings(suite=SuiteTable(name="x"))))


@pytest.mark.parametrize(
    ("said", "handed_over", "score", "zeroed", "failed"),
    [
        (FULL, False, (1 + 1 + 0.75 + 1) / 4, (), ()),
        (FULL | {"hallucinated": "yes"}, False, 0.0, ("hallucinated",), ("hallucinated",)),
        (FULL | {"accuracy": "0.5"}, False, (0.5 + 1 + 0.75 + 1) / 4, (), ("accuracy",)),
        (FULL | {"politeness": "1"}, False, (1 + 1 + 0 + 1) / 4, (), ("politeness",)),
        (FULL | {"escalation": "now"}, False, 0.0, ("escalation",), ("escalation",)),
        (FULL | {"escalation": "now"}, True, (1 + 1 + 0.75 + 1) / 4, (), ()),
        (FULL, True, 0.0, ("escalation",), ("escalation",)),
        (FULL | {"escalation": "offer"}, True, (1 + 1 + 0.75) / 3, (), ()),
        ({}, False, None, (), ()),
    ],
)
def test_a_card_is_the_mean_of_its_points_and_zero_where_a_critical_criterion_fails(
    said: dict[str, str], handed_over: bool, score: float | None, zeroed: tuple[str, ...], failed: tuple[str, ...]
) -> None:
    card = desk_scorecard().card(said, handed_over=handed_over)
    assert card.score == (None if score is None else pytest.approx(score))
    assert (card.zeroed, card.failed) == (zeroed, failed)
    assert set(card.open) == set(FULL) - set(said)


def test_a_rubric_adds_its_own_criteria_to_the_card(tmp_path: Path) -> None:
    suite = suite_of(tmp_path)
    rubric = (ROOT / "graders" / "accuracy.md").read_text()
    (tmp_path / "graders" / "accuracy.md").write_text(rubric.replace("\n+++\n\n#", f"\n{CRITERION}+++\n\n#", 1))
    assert [one.name for one in load_scorecard(suite).criteria][-1] == "opening"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("version = '1'\ncriteria = []", "at least one"),
        ("version = '1'" + CRITERION + CRITERION, 'names that differ, got "opening"'),
        ("version = '1'" + CRITERION.replace("points = 0", "points = 2"), "criteria[0].answers[1].points"),
        ("version = '1'" + CRITERION.replace('value = "no"', 'value = "yes"'), 'got "yes" twice'),
        ("version = '1'" + CRITERION.replace('"opening"', '"note"'), "stands for something else"),
        ("version = '1'" + CRITERION.replace("points = 0", "points = 0, handover = true"), "got both"),
        ("version = '1'" + CRITERION.replace(", points = 1", "").replace(", points = 0", ""), "expected points"),
        ("version = '1'" + CRITERION + "weights = 2", "weights"),
        ("version =", "expected TOML"),
    ],
)
def test_a_card_that_cannot_be_used_is_named_by_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    suite = suite_of(tmp_path)
    (tmp_path / "graders" / "scorecard.toml").write_text(text)
    with pytest.raises(InputError) as error:
        load_scorecard(suite)
    assert said in str(error.value)
    assert "scorecard.toml" in str(error.value)


@pytest.mark.parametrize(
    ("values", "decided", "answer", "how"),
    [
        (["1"], None, "1", "one"),
        (["1", "1"], None, "1", "agreed"),
        (["1", "1", "0"], None, "1", "majority"),
        (["1", "0"], None, None, "disputed"),
        (["1", "1", "0", "0"], None, None, "disputed"),
        (["1", "0.5", "0"], None, None, "disputed"),
        (["1", "0"], "0.5", "0.5", "decided"),
    ],
)
def test_one_answer_is_what_was_decided_or_most_people_say_and_else_none(
    values: list[str], decided: str | None, answer: str | None, how: str
) -> None:
    said = {f"p{number}": {"accuracy": value, "state": "done"} for number, value in enumerate(values)}
    said["half"] = {"accuracy": "0"}  # not finished, so not counted
    if decided:
        said[DECISION] = {"accuracy": decided}
    found = resolve("a", said, ["accuracy"])
    assert found is not None
    assert (found.answers.get("accuracy"), found.how["accuracy"]) == (answer, how)


def test_the_next_item_is_the_first_open_one_after_this_and_then_from_the_beginning(desk: Desk) -> None:
    order = desk.bench.order
    judge(desk, "Ada", order[1])
    assert desk.following("Ada", None, Filter()) == order[0]
    assert desk.following("Ada", order[0], Filter()) == order[2]
    assert desk.following("Ada", order[-1], Filter()) == order[0]
    for name in order:
        judge(desk, "Ada", name)
    assert desk.following("Ada", order[0], Filter()) is None
    assert desk.following("Ben", None, Filter()) == order[0]


def test_agreement_is_the_alpha_of_the_points_with_whole_conversations_resampled(desk: Desk) -> None:
    order = desk.bench.order
    said = {"Ada": ["1", "1", "0", "0.5"], "Ben": ["1", "0.5", "0", "0.5"], "Cleo": ["1", "1", "0.5", "0"]}
    for who, values in said.items():
        for number, name in enumerate(order):
            judge(desk, who, name, accuracy=values[number % 4])
    found = agreement(desk).criteria[0]
    rows = [[float(values[number % 4]) for values in said.values()] for number in range(len(order))]
    clusters = [desk.bench.items[name].cluster for name in order]
    expected = krippendorff_alpha(rows, level="ordinal", clusters=clusters)
    assert (found.people.alpha, found.people.low, found.people.high) == (expected.estimate, expected.low, expected.high)
    assert found.people.items == len(order)


def test_who_is_strict_is_named_and_who_is_not_is_not(desk: Desk) -> None:
    for number, name in enumerate(desk.bench.order):
        for who, shift in (("Ada", 0), ("Ben", 0), ("Stern", -2)):
            base = 3 + (number % 2) + (1 if (number + len(who)) % 5 == 0 else 0)
            judge(desk, who, name, politeness=str(max(base + shift, 1)))
    politeness = next(one for one in agreement(desk).criteria if one.criterion == "politeness")
    verdicts = {one.rater: one for one in politeness.leanings}
    assert verdicts["Stern"].verdict == "stricter"
    assert verdicts["Stern"].difference == pytest.approx(-0.5, abs=0.15)
    assert verdicts["Ada"].verdict == "more lenient"
    assert verdicts["Ada"].n == len(desk.bench.order)


def test_graders_of_the_run_are_raters_too_and_told_apart_from_people(desk: Desk) -> None:
    rude = {name for name in desk.bench.order if "idiot" in desk.bench.exhibit(name).reply.text}
    assert rude
    for name in desk.bench.order:
        judge(desk, "Ada", name, politeness="1" if name in rude else "4")
        judge(desk, "Ben", name, politeness="2" if name in rude else "5")
    politeness = next(one for one in agreement(desk).criteria if one.criterion == "politeness")
    (grader,) = politeness.graders
    assert (grader.grader, grader.same, grader.alone) == ("politeness", grader.n, 0)
    assert grader.alpha.alpha == 1
    for name in rude:
        judge(desk, "Ada", name, politeness="5")
        judge(desk, "Ben", name, politeness="5")
    politeness = next(one for one in agreement(desk).criteria if one.criterion == "politeness")
    assert politeness.graders[0].alone == len(rude)


def test_disputes_are_listed_widest_first_and_leave_the_list_when_decided(desk: Desk) -> None:
    first, second = desk.bench.order[:2]
    judge(desk, "Ada", first, accuracy="1")
    judge(desk, "Ben", first, accuracy="0.5", comment="half of it")
    judge(desk, "Ada", second, accuracy="1")
    judge(desk, "Ben", second, accuracy="0")
    found = agreement(desk)
    assert [(one.item, one.spread, one.decided) for one in found.disputes] == [(second, 1.0, None), (first, 0.5, None)]
    assert found.disputes[1].comments == {"Ben": "half of it"}
    desk.store.save(second, {"accuracy": "0"}, author="Lea", rater=DECISION)
    assert [(one.item, one.decided) for one in agreement(desk).disputes] == [(first, None), (second, "0")]
    assert agreement(desk, only=[first]).items == 1


def test_preferences_are_counted_as_the_side_they_were_for(desk: Desk) -> None:
    for number, name in enumerate(desk.bench.order):
        desk.store.save(name, {"preference": "human" if number % 4 else "ai"}, author="Ada")
    found = agreement(desk).preferred
    assert (found.ai + found.human, found.n, found.alike) == (20, 20, 0)
    assert found.lead == pytest.approx((found.ai - found.human) / 20)
    assert found.low is not None
    assert found.lead is not None
    assert found.low < found.lead < 0


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_what_is_exported_is_what_sample_labels_reads_back(desk: Desk, tmp_path: Path, suffix: str) -> None:
    order = desk.bench.order
    judge(desk, "Ada", order[0], accuracy="0", hallucinated="yes", escalation="now", comment='=HYPERLINK("x")')
    judge(desk, "Ada", order[1])
    judge(desk, "Ben", order[1], accuracy="0")
    desk.store.save(order[2], {"accuracy": "1"}, author="Ada")  # not finished
    path = tmp_path / f"labels.{suffix}"
    if suffix == "csv":
        path.write_bytes(sheet(desk))
    else:
        assert write_lines(path, lines(desk)) == 2
    found = read_labels(desk.bench.folder, path)
    assert (found.filled, found.empty) == (2, len(order) - 2)
    by_item = {one.meta["review"][-1]["item"]: one for one in found.transcripts}
    first = by_item[order[0]]
    label = next(one for one in first.labels.answers or () if one.turn == desk.bench.items[order[0]].label_turn)
    assert (label.accuracy, label.hallucinated, label.politeness) == (0, True, 4)
    assert label.note.removeprefix("'") == '=HYPERLINK("x")'
    assert [one.expect for one in first.labels.escalation or ()] == ["now"]
    second = by_item[order[1]].labels.answers or ()
    assert [one.accuracy for one in second] == [None]  # in dispute: a guess would be no label


def test_lines_say_how_each_answer_was_settled_and_what_each_person_said(desk: Desk) -> None:
    name = desk.bench.order[0]
    judge(desk, "Ada", name, accuracy="0.5")
    judge(desk, "Ben", name, accuracy="0", comment="wrong day")
    (line,) = lines(desk)
    assert (line["accuracy"], line["how"]["accuracy"], line["disputed"]) == (None, "disputed", ["accuracy"])
    assert line["inclusion_probability"] == desk.bench.items[name].inclusion_probability
    assert [one["reviewer"] for one in line["reviews"]] == ["Ada", "Ben"]
    assert line["reviews"][1]["comment"] == "wrong day"
    changes = list(history(desk))
    assert {one["author"] for one in changes} == {"Ada", "Ben"}
    assert json.loads(msgspec.json.encode(changes[0]))["at"]


def test_a_bad_line_of_labels_is_named(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "labels.jsonl"
    path.write_text('{"item": "nothing", "accuracy": "1"}\nnot json\n')
    with pytest.raises(InputError, match=r"labels\.jsonl"):
        read_labels(desk.bench.folder, path)


def annotated(task: dict[str, Any], who: Any, **said: str) -> dict[str, Any]:
    results = [
        {"from_name": name, "to_name": "reply", "type": "choices", "value": {"choices": [value]}}
        for name, value in said.items()
        if name != "comment"
    ]
    if "comment" in said:
        results.append({"from_name": "comment", "type": "textarea", "value": {"text": [said["comment"]]}})
    made = {"completed_by": who, "created_at": "2026-03-01T10:00:00Z", "was_cancelled": False, "result": results}
    return {**task, "annotations": [made]}


def test_label_studio_gets_tasks_and_gives_back_labels(desk: Desk, tmp_path: Path) -> None:
    made = list(tasks(desk))
    assert len(made) == len(desk.bench.order)
    assert "idiot" in json.dumps([one["data"]["reply"] for one in made])
    assert "fact" not in json.dumps(made[0])
    page = ElementTree.fromstring(labelling_page(desk))  # noqa: S314 - our own
    assert [one.get("name") for one in page.iter("Choices")] == ["accuracy", "hallucinated", "politeness", "escalation"]
    assert {one.get("value", "")[1:] for one in page.iter("Text")} <= set(made[0]["data"])
    done = [
        annotated(made[0], {"email": "ada@example.com"}, accuracy="0.5", comment="half"),
        annotated(made[1], 7, accuracy="0: wrong, or the question was passed over", politeness="2"),
        {**made[2], "annotations": [{"was_cancelled": True, "result": []}]},
    ]
    (tmp_path / "out.json").write_text(json.dumps(done))
    assert read_results(desk, tmp_path / "out.json") == 2
    assert desk.store.of("ada@example.com", desk.bench.order[0]) == {
        "accuracy": "0.5",
        "comment": "half",
        "state": "done",
    }
    assert desk.store.of("7", desk.bench.order[1])["accuracy"] == "0"
    change = desk.store.history(desk.bench.order[0])[0]
    assert (change.source, change.at) == ("label-studio", "2026-03-01T10:00:00Z")
    before = len(desk.store.history())
    assert read_results(desk, tmp_path / "out.json") == 2
    assert len(desk.store.history()) == before


def test_label_studio_results_that_cannot_be_read_are_all_named_and_nothing_is_taken(
    desk: Desk, tmp_path: Path
) -> None:
    made = list(tasks(desk))
    done = [
        annotated(made[0], 1, accuracy="1"),
        annotated(made[1], 1, accuracy="7"),
        annotated(made[1], 1, colour="red"),
        {"data": {"item": "nothing"}, "annotations": []},
        {"annotations": 3},
    ]
    (tmp_path / "out.json").write_text(json.dumps(done))
    with pytest.raises(InputError) as error:
        read_results(desk, tmp_path / "out.json")
    assert [one.field for one in error.value.problems] == ["[1]", "[2]", "[3]", "[4]"]
    assert desk.store.history() == []


@pytest.mark.parametrize(
    ("text", "name"), [(" Ada  Lovelace ", "Ada Lovelace"), ("ada", "Ada"), ("Łukasz", "Łukasz"), ("Z\u202eo", "Zo")]
)
def test_a_name_is_written_as_it_is_known(text: str, name: str) -> None:
    assert person(text, ["Ada", "Ben"]) == name


def test_a_comment_keeps_its_lines_and_loses_what_acts() -> None:
    assert cleaned("a\r\nb\x1b[31m\u202e\u200d\x00 ") == "a\nb[31m\u200d"


def test_the_command_exports_calibrates_and_leads_to_labelled_transcripts(desk: Desk, tmp_path: Path) -> None:
    for name in desk.bench.order:
        judge(desk, "Ada", name)
        judge(desk, "Ben", name, politeness="5")
    folder = str(desk.bench.folder)
    labels = desk.bench.folder / "labels.jsonl"
    done = chatparity("review", folder, "--export", "jsonl", "-o", str(labels))
    assert (done.returncode, "20 items of 20" in done.stdout) == (0, True), done.stderr
    assert "20 items have answers in dispute" in done.stderr
    done = chatparity("sample", "--labels", str(labels), "-o", str(tmp_path / "labelled.jsonl"))
    assert done.returncode == 0, done.stderr
    assert len(read_transcripts([tmp_path / "labelled.jsonl"])) == 20
    done = chatparity("review", folder, "--session", "march", "--items", "5", "--agreement", "--json")
    assert json.loads(done.stdout)["items"] == 5
    done = chatparity("review", folder, "--session", "march", "--agreement")
    assert "politeness: people α" in done.stdout
    assert "in dispute: 5 of 5" in done.stdout
    labels.unlink()
    for kind in ("csv", "history", "label-studio"):
        assert chatparity("review", folder, "--export", kind, "-o", str(tmp_path / f"{kind}.out")).returncode == 0
    rows = list(csv.reader(io.StringIO((tmp_path / "csv.out").read_text("utf-8-sig"), newline="")))
    assert len({len(row) for row in rows}) == 1
    assert (tmp_path / "label-studio.xml").is_file()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--export", "xml", "-o", "x"], "--export: expected one of csv, jsonl"),
        (["--export", "csv"], "belong together"),
        (["--agreement", "--export", "csv", "-o", "x"], "one at a time"),
        (["--items", "5"], "--session"),
        (["--never", "x"], "--to-test"),
        (["--run", "nowhere"], "no run here"),
        (["--to-test", "nothing"], "no item of this sample is called nothing"),
        (["--import", "nowhere.json"], "cannot be read"),
        (["--host", "300.1.1.1"], "cannot be used"),
    ],
)
def test_bad_usage_is_one_message_and_exit_code_two(desk: Desk, options: list[str], said: str) -> None:
    done = chatparity("review", str(desk.bench.folder), *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_folder_without_a_sample_is_said(tmp_path: Path) -> None:
    done = chatparity("review", str(tmp_path))
    assert done.returncode == 2
    assert "no sample here" in done.stderr


def test_a_decision_of_what_nobody_judged_is_no_label(desk: Desk) -> None:
    desk.store.save(desk.bench.order[0], {"accuracy": "0"}, author="Lea", rater=DECISION)
    assert list(resolved(desk)) == []
    with pytest.raises(UsageError):
        desk.checked({"colour": "red"})
