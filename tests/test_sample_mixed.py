"""Mixtures drawn from real runs and logs: each kind is what it says, and the weights hold."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from chatparity.errors import InputError, UsageError
from chatparity.exchange import Ballot, Verdict
from chatparity.grading.rows import ScoreRow
from chatparity.grading.taxonomy import FILE, load_taxonomy
from chatparity.jsonl import scan, write_transcripts
from chatparity.points import points_of
from chatparity.sample import Sample, sample_mixture
from chatparity.sample.drawing import lettered
from chatparity.sample.kinds import Finder, disagree, turning
from chatparity.sample.mixture import parse_mix
from chatparity.sample.novelty import Seen
from chatparity.suite import Settings, Suite, SuiteTable, load_suite
from chatparity.transcript import EscalationLabel, Labels, Transcript, Turn

from .review_desk import ROOT, make_sample, talk, usual_talks

MARKETS = ("GB", "GB", "GB", "GB", "IE")


def log(number: int, *, asked: str = "Where is my parcel?", said: str = "It is on its way to you.") -> Transcript:
    turns = (Turn(speaker="customer", text=asked), Turn(speaker="human_agent", text=said))
    return Transcript(
        schema=1, id=f"t-{number:04d}", language="en", market=MARKETS[number % 5], turns=turns, synthetic=True
    )


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Write 200 conversations: every tenth answer is rude, every eighth customer speaks of a lawyer."""
    path = tmp_path / "logs.jsonl"
    talks = [
        log(
            number,
            asked="My lawyer will hear of this." if number % 8 == 0 else "Where is my parcel?",
            said="Shut up, you idiot." if number % 10 == 0 else "It is on its way to you.",
        )
        for number in range(200)
    ]
    write_transcripts(path, talks)
    return path


def draw(path: Path, out: Path, mix: str, *, n: int = 40, seed: int = 0, by: str = "", second: float = 0) -> Sample:
    shares, suite = parse_mix(mix), load_suite()
    finder = Finder(frozenset(shares) - {"uniform", "stratified"}, load_taxonomy(suite))
    made = sample_mixture(path, suite, out, finder, n=n, mix=shares, by=by, seed=seed, second=second)
    return asyncio.run(made)


def test_a_mix_of_a_log_holds_what_it_seeks_with_probabilities_that_weigh_it_back(logs: Path, tmp_path: Path) -> None:
    sample = draw(logs, tmp_path / "s", "uniform=0.5,failures=0.25,risk=0.25")
    assert (sample.population, len(sample.items)) == (200, 40)
    number = {item.item: int(item.id[2:]) for item in sample.items}
    for item in sample.items:
        kinds = {"failures"} if number[item.item] % 10 == 0 else set()
        kinds |= {"risk"} if number[item.item] % 8 == 0 else set()
        assert set(item.kinds) == kinds
    assert sum("failures" in item.kinds for item in sample.items) >= 10
    assert sum("risk" in item.kinds for item in sample.items) >= 10
    # Whatever was rounded, a cell of many items weighs what it is.
    for one in sample.strata:
        if one.drawn >= 5:
            assert one.drawn / one.inclusion_probability == pytest.approx(one.population, rel=0.2)
    assert sum(one.population for one in sample.strata) == 200
    assert {one.grader for one in sample.automatic} >= {"politeness"}


def test_the_same_seed_writes_the_same_folder_byte_for_byte(logs: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        draw(logs, tmp_path / name, "uniform=0.5,risk=0.5", seed=3, second=0.25)
    for file in ("sample.csv", "sample.html", "sample.json", "transcripts.jsonl"):
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    other = draw(logs, tmp_path / "c", "uniform=0.5,risk=0.5", seed=4)
    assert {one.id for one in other.items} != {one.id for one in draw(logs, tmp_path / "d", "uniform=1", seed=3).items}


def test_strata_of_a_field_get_equal_parts(logs: Path, tmp_path: Path) -> None:
    sample = draw(logs, tmp_path / "s", "stratified=1", by="market", n=40)
    assert sum(int(one.id[2:]) % 5 == 4 for one in sample.items) == 20
    assert {one.what.partition(", ")[2] for one in sample.strata} == {"market GB", "market IE"}
    with pytest.raises(UsageError, match="--by and a share of stratified belong together"):
        draw(logs, tmp_path / "t", "uniform=1", by="language")


def test_the_blind_share_is_as_large_as_asked_for_whatever_the_items_are(logs: Path, tmp_path: Path) -> None:
    sample = draw(logs, tmp_path / "s", "uniform=0.5,failures=0.5", second=0.25)
    assert sum(item.second for item in sample.items) == 10
    least = draw(logs, tmp_path / "least", "uniform=1", n=2, second=0.1)
    assert sum(item.second for item in least.items) == 1
    assert "second" not in (tmp_path / "s" / "sample.csv").read_text()
    shares = []
    for seed in range(30):
        one = draw(logs, tmp_path / f"s{seed}", "uniform=0.5,failures=0.5", seed=seed, second=0.5)
        failed = [item.second for item in one.items if item.kinds]
        shares.append(sum(failed) / len(failed))
    assert sum(shares) / len(shares) == pytest.approx(0.5, abs=0.08)


def test_risk_and_uniform_ask_no_grader(logs: Path, tmp_path: Path) -> None:
    sample = draw(logs, tmp_path / "s", "uniform=0.5,risk=0.5")
    assert sample.graders == ()
    assert sample.automatic == ()


def test_a_mix_of_a_run_keeps_its_scores_as_controls(tmp_path: Path) -> None:
    run = make_sample(tmp_path, talks=usual_talks(20), n=4).parent / "run"
    sample = draw(run, tmp_path / "s", "uniform=0.4,failures=0.4,near=0.1,disagreement=0.1", n=20)
    assert (sample.population, len(sample.items), sample.source.kind) == (40, 20, "run")
    assert all(item.failing for item in sample.items if "failures" in item.kinds)
    assert {one.grader for one in sample.automatic} >= {"politeness", "accuracy"}


def test_an_id_that_stands_twice_in_a_log_is_an_error_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "twice.jsonl"
    write_transcripts(path, [*[log(number) for number in range(20_000)], log(7)])
    with pytest.raises(InputError, match=r"twice.jsonl:20001: id: .*\"t-0007\", which stands in an earlier line too"):
        draw(path, tmp_path / "s", "uniform=1")
    both = [
        [(line, isinstance(item, Transcript)) for _, line, item in scan([path], compact=one)] for one in (False, True)
    ]
    assert both[0] == both[1]


def test_a_file_that_changes_while_it_is_read_is_noticed(
    logs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from chatparity.sample import mixed

    read_again: Callable[..., object] = mixed._read_again

    def changed(*given: object) -> object:
        logs.write_bytes(b"".join(reversed(logs.read_bytes().splitlines(keepends=True))))
        return read_again(*given)

    monkeypatch.setattr(mixed, "_read_again", changed)
    with pytest.raises(UsageError, match="changed while they were read: draw again"):
        draw(logs, tmp_path / "s", "uniform=1")


def row(grader: str, verdict: Verdict, value: float | None, **more: Any) -> ScoreRow:
    given: dict[str, Any] = {"id": "a", "turn": 1, "trial": 0, "arm": "ai", "dimension": "accuracy", "state": "graded"}
    return ScoreRow(
        **{**given, "cluster": "a", "slices": {}, "grader": grader, "verdict": verdict, "value": value, **more}
    )


def test_graders_of_one_dimension_or_judges_of_one_panel_disagree() -> None:
    assert disagree([row("a", "pass", 1.0), row("b", "fail", 0.0)])
    assert not disagree([row("a", "pass", 1.0), row("b", "fail", 0.0, dimension="politeness")])
    assert not disagree([row("a", "pass", 1.0), row("b", "abstained", None)])
    panel = (Ballot(judge="one", verdict="pass", reason=""), Ballot(judge="two", verdict="fail", reason=""))
    assert disagree([row("a", "pass", 0.5, panel=panel)])


def test_near_is_near_the_value_at_which_the_grader_turns() -> None:
    rows = [
        row("a", "fail", 0.2),
        row("a", "fail", 0.6),
        row("a", "pass", 0.8),
        row("b", "pass", 0.1),
        row("c", "fail", 1),
    ]
    assert turning(rows) == {"a": pytest.approx(0.7)}
    finder = Finder(frozenset({"near"}), load_taxonomy(load_suite()), None, turning(rows))
    (point,) = points_of(log(1))
    found = [bool(finder.kinds(point, [one])) for one in rows]
    assert found == [False, True, True, False, False]


@pytest.mark.parametrize(
    ("asked", "reasons"),
    [
        ("I will take LEGAL ACTION.", ["legal_threat"]),
        ("Mein Anwalt meldet sich.", ["legal_threat"]),
        ("Zgłoszę to do sądu, a sąd rozstrzygnie.", ["legal_threat"]),
        ("I want to speak to a human being, please.", ["explicit_request"]),
        ("My husband has died.", ["bereavement"]),
        ("The yard before the court is nice.", []),
        ("Where is my parcel?", []),
    ],
)
def test_words_of_a_risk_and_requests_for_a_person_are_found(asked: str, reasons: list[str]) -> None:
    finder = Finder(frozenset({"risk"}), load_taxonomy(load_suite()))
    (point,) = points_of(log(1, asked=asked))
    assert finder.risks(point) == reasons


def test_a_labelled_escalation_is_a_risk_with_its_reason() -> None:
    labels = Labels(escalation=(EscalationLabel(turn=1, expect="now", reason="manual_review"),))
    (point,) = points_of(msgspec.structs.replace(log(1), labels=labels))
    finder = Finder(frozenset({"risk"}), load_taxonomy(load_suite()))
    assert finder.risks(point) == ["manual_review"]


def test_what_is_unlike_all_that_was_seen_is_new() -> None:
    things = ("parcel", "refund", "invoice", "password", "delivery", "jacket", "lamp")
    messages = [f"Where is my {thing}? I ordered it {days} days ago." for thing in things for days in range(2, 60)]
    seen = Seen(messages)
    assert not seen.is_new("Where is my lamp? I ordered it 33 days ago.")
    assert seen.is_new("The battery of the scooter caught fire while it was charging in the garage.")
    assert not seen.is_new("  ")
    with pytest.raises(UsageError, match="at least 50 messages of customers, got 3"):
        Seen(["a b", "c d", " ", "e f"])


def test_the_taxonomy_names_what_is_wrong_with_it(tmp_path: Path) -> None:
    (tmp_path / "graders").mkdir()
    suite = Suite(tmp_path, tmp_path, Settings(suite=SuiteTable(name="t")))
    kind = '[[failures]]\nname = "tone"\nsays = "rude"\ndimensions = ["politeness"]\n'
    for text, said in (
        (f'version = "1"\n{kind}{kind}', 'failures: expected names that differ, got "tone" twice'),
        (f'version = "1"\n{kind.replace("tone", "other")}', '"other" is what fits no kind'),
        (f'version = "1"\n{kind}outcome = ["x"]', "outcome"),
        ("version = ", "expected TOML"),
    ):
        (tmp_path / FILE).write_text(text)
        with pytest.raises(InputError, match=said):
            load_taxonomy(suite)


def test_letters_of_strata_go_on_as_columns_do() -> None:
    assert [lettered(place) for place in (0, 25, 26, 51, 52, 701, 702)] == ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--mix", "failures=1"], "expected a share of uniform or stratified"),
        (["--mix", "uniform=0.5,novelty=0.5"], "--seen and a share of novelty belong together"),
        (["--mix", "uniform=1", "--share-random", "0.5"], "leave out --share-random"),
        (["--mix", "stratified=1", "--by", "weather"], "--by: expected one of language"),
        (["--by", "language"], "--by and --seen belong to a --mix"),
        (["--second", "2"], "--second: expected a share from 0 to 1"),
    ],
)
def test_options_that_do_not_fit_are_refused(logs: Path, tmp_path: Path, more: list[str], said: str) -> None:
    command = [sys.executable, "-m", "chatparity", "sample", str(logs), "-o", str(tmp_path / "s"), *more]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert said in done.stderr


def test_the_command_tells_what_was_drawn_and_which_kind_was_not_there(logs: Path, tmp_path: Path) -> None:
    write_transcripts(tmp_path / "seen.jsonl", [talk(number) for number in range(60)])
    command = [sys.executable, "-m", "chatparity", "sample", str(logs), "-n", "30", "-o", str(tmp_path / "s")]
    mix = ["--mix", "uniform=0.4,failures=0.3,disagreement=0.1,novelty=0.2", "--second", "0.2"]
    done = subprocess.run(
        [*command, *mix, "--seen", str(tmp_path / "seen.jsonl")], cwd=ROOT, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("30 of 200 answers, seed 0")
    assert "6 of them are for two people" in done.stdout
    assert "disagreement: no answer is of this kind; its share went to all of them" in done.stderr
    told = json.loads((tmp_path / "s" / "sample.json").read_text())
    assert told["mix"]["novelty"] == 0.2
