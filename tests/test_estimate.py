"""`chatparity estimate`: from what people said of a sample to the rates of all that it was drawn from."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from chatparity.errors import UsageError
from chatparity.estimate import Estimate, FailureRate, estimate
from chatparity.estimate.measure import answering
from chatparity.estimate.text import estimate_text
from chatparity.jsonl import transcript_files, write_transcripts
from chatparity.sample.folder import read_sample
from chatparity.suite import load_suite
from chatparity.transcript import AnswerLabel, EscalationLabel, Labels

from .review_desk import ROOT, desk_of, make_sample, usual_talks


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a sample of 48 of 120 replies; every fourth first answer is rude, and the graders find it."""
    return make_sample(tmp_path_factory.mktemp("estimate"), talks=usual_talks(60), n=48)


def rude(folder: Path, name: str) -> bool:
    """Say whether an item's reply is one of the rude ones."""
    return "idiot" in desk_of(folder).bench.exhibit(name).reply.text


def copied(drawn: Path, to: Path) -> Path:
    """Return a sample's folder of its own, without labels, in a place of its own."""
    to.mkdir()
    for name in ("sample.json", "sample.csv", "transcripts.jsonl"):
        (to / name).write_bytes((drawn / name).read_bytes())
    return to


def judge(folder: Path, answers: Callable[[str], dict[str, str]], *, rater: str = "Ada") -> None:
    """Say of every item what `answers` gives, on the page's own store; nothing leaves an item open."""
    desk = desk_of(folder)
    for name in desk.bench.order:
        given = answers(name)
        if given:
            desk.store.save(name, {**given, "state": "done"}, author=rater)
    desk.store.close()


def chatparity(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the suite of this repository."""
    command = [sys.executable, "-m", "chatparity", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def rate(found: Estimate, name: str) -> FailureRate:
    return next(one for one in found.rates if one.name == name)


def test_a_rate_found_by_people_is_that_of_the_population_and_not_of_the_sample(drawn: Path, tmp_path: Path) -> None:
    folder = copied(drawn, tmp_path / "s")
    judge(folder, lambda name: {"politeness": "1" if rude(folder, name) else "4"})
    found = estimate(folder, load_suite())
    one = rate(found, "politeness")
    assert (found.population, found.items, found.judged, one.labels) == (120, 48, 48, 48)
    assert one.failed / one.labels > 0.18  # failures are drawn more often than they happen: 15 of 120
    assert one.corrected.estimate == pytest.approx(15 / 120, abs=0.01)
    assert one.corrected.low is not None
    assert one.corrected.high is not None
    assert one.corrected.low <= 15 / 120 <= one.corrected.high
    assert [(raw.grader, raw.failed, raw.graded) for raw in one.raw] == [("politeness", 15, 120)]
    assert one.effective_labels is not None
    assert one.effective_labels > 48
    assert next(iter(one.weights)) == "politeness"
    assert found.scores_from.endswith("run")


def test_the_sheet_gives_the_same_as_the_page(drawn: Path, tmp_path: Path) -> None:
    page, sheet = copied(drawn, tmp_path / "page"), copied(drawn, tmp_path / "sheet")
    judge(page, lambda name: {"politeness": "1" if rude(page, name) else "4"})
    rows = list(csv.reader(io.StringIO((sheet / "sample.csv").read_bytes().decode("utf-8-sig"), newline="")))
    column = next(number for number, heading in enumerate(rows[0]) if heading.startswith("politeness"))
    for row in rows[1:]:
        row[column] = "1" if rude(sheet, row[0]) else "4"
    with (sheet / "sample.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    of_page, of_sheet = estimate(page, load_suite()), estimate(sheet, load_suite())
    assert (of_page.labels_from, of_sheet.labels_from) == ("labels.sqlite", "sample.csv")
    assert of_page.rates == of_sheet.rates


def test_items_nobody_came_to_yet_are_taken_to_be_like_those_of_their_stratum(drawn: Path, tmp_path: Path) -> None:
    folder = copied(drawn, tmp_path / "s")
    order = desk_of(folder).bench.order
    judge(folder, lambda name: {"politeness": "1" if rude(folder, name) else "4"} if order.index(name) < 30 else {})
    one = rate(estimate(folder, load_suite()), "politeness")
    assert one.labels == 30
    assert one.corrected.estimate == pytest.approx(15 / 120, abs=0.02)


def test_any_failure_counts_the_items_with_an_answer_to_everything(drawn: Path, tmp_path: Path) -> None:
    folder = copied(drawn, tmp_path / "s")
    order = desk_of(folder).bench.order

    def said(name: str) -> dict[str, str]:
        answers = {"politeness": "1" if rude(folder, name) else "4"}
        return {**answers, "accuracy": "1"} if order.index(name) % 2 else answers

    judge(folder, said)
    found = estimate(folder, load_suite())
    assert [one.name for one in found.rates] == ["accuracy", "politeness", "any"]
    assert rate(found, "any").labels == rate(found, "accuracy").labels == 24


def test_an_escalation_fails_by_what_the_reply_did(drawn: Path, tmp_path: Path) -> None:
    folder = copied(drawn, tmp_path / "s")
    wanted = dict(zip(desk_of(folder).bench.order, ("now", "none", "offer", "none") * 12, strict=True))
    judge(folder, lambda name: {"escalation": wanted[name]})
    one = rate(estimate(folder, load_suite()), "escalation")
    assert (one.labels, one.failed) == (48, 12)


def test_what_is_disputed_is_no_label_and_is_said(drawn: Path, tmp_path: Path) -> None:
    folder = copied(drawn, tmp_path / "s")
    first = desk_of(folder).bench.order[0]
    judge(folder, lambda _: {"politeness": "4"})
    judge(folder, lambda name: {"politeness": "1" if name == first else "4"}, rater="Ben")
    found = estimate(folder, load_suite())
    assert rate(found, "politeness").labels == 47
    assert found.disputed == {"politeness": 1}
    assert "politeness: 1 item is disputed and left out: decide it in chatparity review" in estimate_text(found)
    ends = rate(found, "politeness").if_disputed
    assert ends is not None
    assert ends[0] <= (rate(found, "politeness").corrected.estimate or 0) < ends[1]
    assert f"{100 * ends[1]:.1f} % if all did" in estimate_text(found)


def test_without_its_run_the_scores_kept_with_the_sample_are_the_controls(drawn: Path, tmp_path: Path) -> None:
    folder = copied(drawn, tmp_path / "s")
    judge(folder, lambda name: {"politeness": "1" if rude(folder, name) else "4"})
    with_run = estimate(folder, load_suite())
    told = json.loads((folder / "sample.json").read_text())
    told["source"]["path"] = str(tmp_path / "gone")
    (folder / "sample.json").write_text(json.dumps(told))
    without = estimate(folder, load_suite())
    assert without.scores_from == "the sample's own"
    assert without.rates == with_run.rates


def test_a_run_with_other_answers_is_refused(drawn: Path, tmp_path: Path) -> None:
    folder = copied(drawn, tmp_path / "s")
    judge(folder, lambda _: {"politeness": "4"})
    other = make_sample(tmp_path, talks=usual_talks(10), n=5)
    with pytest.raises(UsageError, match="20 answers, and the sample was drawn from 120"):
        estimate(folder, load_suite(), run=other.parent / "run")


def test_logs_that_were_graded_on_the_way_bring_their_own_controls(tmp_path: Path) -> None:
    write_transcripts(tmp_path / "logs.jsonl", usual_talks(30))
    command = [sys.executable, "-m", "chatparity", "sample", str(tmp_path / "logs.jsonl"), "-n", "20"]
    subprocess.run([*command, "-o", str(tmp_path / "s")], cwd=ROOT, check=True, capture_output=True)
    sample = read_sample(tmp_path / "s")
    assert {one.grader for one in sample.automatic} >= {"politeness", "language"}
    assert all(0 <= value <= 1 for one in sample.items for value in one.scores.values())
    for one in sample.automatic:
        assert one.graded <= sample.population == 60
        assert 0 <= one.failed <= one.graded


def test_the_command_prints_a_line_a_failure_and_as_json_all_of_it(drawn: Path, tmp_path: Path) -> None:
    folder = copied(drawn, tmp_path / "s")
    command = [sys.executable, "-m", "chatparity", "estimate", str(folder)]
    empty = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert empty.returncode == 2
    assert "nothing is labelled yet: chatparity review" in empty.stderr
    judge(folder, lambda name: {"politeness": "1" if rude(folder, name) else "4"})
    text = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert text.returncode == 0, text.stderr
    assert "48 of 48 items judged (labels.sqlite), drawn from 120 answers (synthetic)" in text.stdout
    line = next(line for line in text.stdout.splitlines() if line.startswith("politeness"))
    assert "12.5 % of 120" in line
    told = json.loads(subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, text=True).stdout)
    assert told["format"] == 1
    assert told["rates"][0]["corrected"]["low"] < told["rates"][0]["corrected"]["estimate"]
    wrong = subprocess.run([*command, "--within", "0"], cwd=ROOT, capture_output=True, text=True)
    assert wrong.returncode == 2
    assert "--within: expected points above 0" in wrong.stderr


def test_small_strata_share_how_many_of_them_were_answered(drawn: Path) -> None:
    items = read_sample(drawn).items
    few = [msgspec.structs.replace(one, stratum=f"{one.stratum}{number % 9}") for number, one in enumerate(items)]
    answered = {one.item for one in few[:24]}
    sizes = {one.stratum: 50 for one in few}
    assert answering(few, answered, sizes) == {one.item: one.inclusion_probability / 2 for one in few[:24]}


def test_labels_of_a_stratum_of_many_items_stand_for_all_of_it(drawn: Path) -> None:
    sample = read_sample(drawn)
    sizes = {one.name: one.population for one in sample.strata}
    chances = answering(sample.items, {one.item for one in sample.items[::2]}, sizes)
    many = [one for one in sample.strata if one.drawn >= 10]
    assert many
    for one in many:
        stands_for = [1 / chances[item.item] for item in sample.items[::2] if item.stratum == one.name]
        assert sum(stands_for) == pytest.approx(one.population)


def test_what_was_judged_on_the_page_becomes_labels_without_a_step_between(drawn: Path, tmp_path: Path) -> None:
    folder = copied(drawn, tmp_path / "s")
    judge(folder, lambda name: {"accuracy": "1", "politeness": "1" if rude(folder, name) else "4"})
    run = str(drawn.parent / "run")
    made = chatparity("sample", "--labels", str(folder), "-o", str(tmp_path / "labelled.jsonl"))
    assert made.returncode == 0, made.stderr
    assert "48 answers" in made.stdout
    licence = ("--licence", str(tmp_path / "licence.json"), "--out", str(tmp_path / "c"), "--json")
    at = [folder, folder / "reviewed.jsonl", tmp_path / "labelled.jsonl"]
    found = [json.loads(chatparity("calibrate", run, "--labels", str(one), *licence).stdout) for one in at]
    assert [one["matched"] for one in found] == [48, 48, 48]
    assert found[0]["agreements"] == found[1]["agreements"] == found[2]["agreements"]
    assert f"{folder / 'reviewed.jsonl'}" in made.stderr


def test_a_sample_that_lies_among_transcripts_is_not_examined_with_them(drawn: Path, tmp_path: Path) -> None:
    folder = copied(drawn, tmp_path / "s")
    (folder / ".not-transcripts").write_bytes((drawn / ".not-transcripts").read_bytes())
    write_transcripts(tmp_path / "talks.jsonl", usual_talks(3))
    assert transcript_files([tmp_path]) == [tmp_path / "talks.jsonl"]


def test_labels_that_came_with_the_dataset_are_no_answers_to_the_sample(tmp_path: Path) -> None:
    gold = Labels(
        answers=(AnswerLabel(turn=1, accuracy=0.0), AnswerLabel(turn=3, accuracy=0.0)),
        escalation=(EscalationLabel(turn=1, expect="now", reason="review"),),
    )
    talks = [msgspec.structs.replace(one, labels=gold) for one in usual_talks(20)]
    write_transcripts(tmp_path / "logs.jsonl", talks)
    drawn = ["sample", str(tmp_path / "logs.jsonl"), "-n", "30", "--share-random", "1", "-o", str(tmp_path / "s")]
    assert chatparity(*drawn).returncode == 0
    rows = list(csv.reader(io.StringIO((tmp_path / "s" / "sample.csv").read_text(encoding="utf-8-sig"), newline="")))
    column = next(number for number, heading in enumerate(rows[0]) if heading.startswith("politeness"))
    for row in rows[1:]:
        row[column] = "4"
    with (tmp_path / "s" / "sample.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    found = estimate(tmp_path / "s", load_suite())
    assert [(one.name, one.labels, one.failed) for one in found.rates] == [("politeness", 30, 0)]
