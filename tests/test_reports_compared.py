"""The AI beside people and beside a baseline: slices, clocks, handovers, case mix, and what flipped."""

from __future__ import annotations

import importlib
import random
import re
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest

from chatparity.exchange import Exchange, Reply, ReplyRecord, Score
from chatparity.gate import decide
from chatparity.gate.echoes import echoes
from chatparity.gate.measure import Table, rate_of
from chatparity.gate.result import SliceRate
from chatparity.grading import grader
from chatparity.grading.rows import Arm, ScoreRow
from chatparity.run.folder import Looks, RunFolder
from chatparity.suite import GateTable, Settings, SuiteTable, load_suite
from chatparity.transcript import EscalationLabel, Labels, Outcome, ToolCall, Transcript, Turn

from .reports_sample import Sample, findings_of, gate, run_at, usual_gates

load_suite()


def part(name: str) -> ModuleType:
    return importlib.import_module(f"chatparity_suite.reports.{name}")


slices, clocks, timing, mix, thousand, spread = map(part, ("slices", "clocks", "timing", "mix", "thousand", "spread"))
words, material_, report, verdict = map(part, ("words", "material", "report", "verdict"))
duels, escalation = map(part, ("duels", "escalation"))
MEASURE = slices.Measure("accuracy", "rate", "accuracy", good_is_high=True, margin=0.05)


@grader(dimension="accuracy")
def accuracy(exchange: Exchange) -> Score:
    """Pass everything."""
    return Score.passed("fine")


def score(name: str, arm: Arm, good: bool, value: float | None = None, /, **of: str) -> ScoreRow:
    return ScoreRow(
        id=name,
        turn=1,
        trial=0,
        arm=arm,
        grader="accuracy",
        dimension="accuracy",
        state="graded",
        cluster=name,
        slices=of,
        verdict="pass" if good else "fail",
        value=float(good) if value is None else value,
        metrics={"rate": good},
    )


def both(name: str, mine: bool, theirs: bool, **of: str) -> list[ScoreRow]:
    return [score(name, "ai", mine, None, **of), score(name, "human", theirs, None, **of)]


def compared(rows: Sequence[ScoreRow]) -> list[Any]:
    table = Table.of(rows)
    found: list[Any] = slices.by_slice(table, table, "human", [MEASURE])
    return found


def test_a_bad_slice_is_called_worse_and_stands_first_and_small_ones_are_not_judged() -> None:
    rows = [one for number in range(40) for one in both(f"pl{number}", number % 2 == 0, True, language="pl")]
    rows += [one for number in range(40) for one in both(f"en{number}", True, True, language="en")]
    rows += [one for number in range(19) for one in both(f"ar{number}", False, True, language="ar")]
    found = compared(rows)
    assert [(one.slice, one.said) for one in found] == [
        ("language=pl", "worse"),
        ("language=en", "unclear"),
        ("language=ar", "not judged"),
    ]
    assert found[0].p < 0.001
    assert found[2].p is None
    assert "worse than people in 1: Polish (accurate answers)" in slices.summary(found, words.Names([]), "people")


def test_a_slice_that_is_bad_by_itself_is_unclear_among_many() -> None:
    """Seven losses in thirty are below 5 % alone, and not after Holm's correction over twenty slices."""
    rows = []
    for slice_ in range(20):
        for number in range(30):
            good = not (slice_ == 0 and number < 7)
            rows += both(f"s{slice_}-{number}", good, True, intent=f"i{slice_:02d}")
    first = compared(rows)[0]
    assert first.slice == "intent=i00"
    assert first.rate.high < 0
    assert first.said == "unclear"
    assert len([one for one in compared([one for one in rows if one.slices["intent"] < "i02"]) if one.p < 0.05]) == 1


@pytest.mark.slow
def test_among_slices_that_do_not_differ_a_false_word_comes_in_at_most_five_percent_of_runs() -> None:
    dice, false = random.Random(3), 0
    for _ in range(100):
        rows = []
        for number in range(240):
            rows += both(f"c{number}", dice.random() < 0.9, dice.random() < 0.9, intent=f"i{number % 8}")
        false += any(one.said in ("worse", "better") for one in compared(rows))
    # At exactly 5 % more than 12 of 100 would be seen in one of 700 tries.
    assert false <= 12


def talk(
    name: str, *, due: int | None = None, expect: Any = "now", at: bool = True, by: Any = "human_agent"
) -> Transcript:
    """Make three questions and answers; the person answers after 10, 20 and 30 s and hands over at `due`."""
    turns: list[Turn] = []
    for number, wait in enumerate((10, 20, 30)):
        calls = (ToolCall(name="hand_over"),) if due == 2 * number + 1 else ()
        turns.append(Turn(speaker="customer", text="?", at=100.0 * number if at else None))
        turns.append(Turn(speaker=by, text="!", at=100.0 * number + wait if at else None, tool_calls=calls))
    labels = Labels(escalation=(EscalationLabel(turn=due, expect=expect),) if due is not None else ())
    return Transcript(schema=1, id=name, language="en", turns=tuple(turns), labels=labels, synthetic=True)


def reply(name: str, turn: int, *, handover: bool = False, latency: float | None = 0.5, text: str = "a") -> ReplyRecord:
    said = Reply(text=text, handover=handover, latency=latency)
    return ReplyRecord(id=name, turn=turn, trial=0, state="replied", reply=said)


def read(
    path: Path, transcripts: Sequence[Transcript], records: Sequence[ReplyRecord], rows: Sequence[ScoreRow]
) -> Any:
    folder = run_at(path, transcripts, records, rows)
    folder.replies.path.touch()
    return material_.Material.of(folder, findings_of(rows, []))


def test_each_clock_measures_what_it_says(tmp_path: Path) -> None:
    talks = [msgspec.structs.replace(talk(f"c{n}"), outcome=Outcome(handle_seconds=300)) for n in range(8)]
    records = [reply(one.id, turn, latency=turn / 10) for one in talks for turn in (1, 3, 5)]
    found, missing = clocks.times(read(tmp_path / "run", talks, records, []))
    by = {(one.clock, one.is_ai): one for one in found}
    assert missing == []
    assert by["first", True].values == (0.1,) * 8
    assert by["first", False].values == (10,) * 8
    assert len(by["answer", True].values) == 24
    assert by["whole", True].values == pytest.approx((0.9,) * 8)
    assert by["whole", False].values == (60,) * 8
    assert by["handling", False].values == (300,) * 8
    assert ("handling", True) not in by
    assert by["first", False].quantiles[0].text == "median 10 s [10,\u00a010]"


def test_a_conversation_with_an_answer_that_has_no_time_has_no_waiting_in_all(tmp_path: Path) -> None:
    talks = [talk("c1"), talk("c2")]
    records = [
        reply(one.id, turn, latency=None if (one.id, turn) == ("c1", 3) else 1) for one in talks for turn in (1, 3)
    ]
    found, _ = clocks.times(read(tmp_path / "run", talks, records, []))
    assert next(one for one in found if one.clock == "whole" and one.is_ai).values == (2,)


def test_the_interval_of_a_median_covers_it_as_often_as_it_says() -> None:
    dice, held = random.Random(5), 0
    for _ in range(400):
        median = clocks._ranked(sorted(dice.expovariate(1) for _ in range(25)))[0]
        held += median.low <= 0.6931 <= median.high
    assert held >= 372


def test_too_few_times_have_a_median_and_no_interval() -> None:
    assert "interval cannot be estimated" in clocks._ranked([1.0, 2.0, 3.0])[0].text


def test_handovers_are_counted_by_when_they_came(tmp_path: Path) -> None:
    """The person on record hands over at once, where it is due; the AI at once, too early, or not up to there."""
    talks = [talk(name, due=3) for name in ("once", "early", "never")]
    handed = {("once", 3), ("early", 1), ("never", 5)}
    records = [reply(one.id, turn, handover=(one.id, turn) in handed) for one in talks for turn in (1, 3, 5)]
    ai, people = timing.timings(read(tmp_path / "run", talks, records, []))
    assert dict(ai.named) == {"too early": 1, "at once": 1, "not at all": 1}
    assert dict(people.named) == {"at once": 3}


def test_a_late_handover_is_late_by_so_many_answers(tmp_path: Path) -> None:
    talks = [talk(f"c{late}", due=1) for late in range(3)]
    free = [
        msgspec.structs.replace(one, turns=tuple(msgspec.structs.replace(turn, tool_calls=()) for turn in one.turns))
        for one in talks
    ]
    records = [reply(f"c{late}", turn, handover=turn == 1 + 2 * late) for late in range(3) for turn in (1, 3, 5)]
    ai, people = timing.timings(read(tmp_path / "run", free, records, []))
    assert dict(ai.named) == {"at once": 1, "one answer late": 1, "two or more late": 1}
    assert dict(people.named) == {"not at all": 3}
    assert ai.shares[1].low is not None


def test_hallucinations_are_given_per_thousand_with_interval_and_n() -> None:
    rows = [
        msgspec.structs.replace(
            score(f"c{number}", "ai", number >= 3), dimension="hallucination", grader="hallucination"
        )
        for number in range(200)
    ]
    (only,) = thousand.thousands(Table.of(rows), "people")
    assert only.rate.estimate == pytest.approx(0.015)
    assert re.fullmatch(r"15\.0 \[\d+\.\d,\u00a0\d+\.\d\] per 1,000, n\u00a0=\u00a0200", only.text)


def test_scores_are_counted_by_value_on_each_side() -> None:
    rows = [score(f"c{number}", "ai", True, value) for number, value in enumerate((1, 0.75, 0.5, 0.2, 0, 0))]
    (only,) = spread.spreads(rows, "people")
    assert only.counts == (1, 2, 1, 2)
    assert only.mean == pytest.approx(2.45 / 6)


def test_in_a_paired_replay_the_case_mix_is_said_to_be_the_same(tmp_path: Path) -> None:
    rows = [one for number in range(5) for one in both(f"c{number}", True, True, intent="fee")]
    found = mix.mix(read(tmp_path / "run", [talk("x")], [], rows), words.Names([]))
    assert found.told.startswith("Both sides answered the same 5 messages, so their case mix is the same")
    assert found.rows == ()


def unpaired(share_easy_ai: float) -> list[ScoreRow]:
    """Make two sides, equally good (95 % of easy and 60 % of hard cases), that were given other shares of them."""
    rows = []
    arms: tuple[tuple[Arm, float], ...] = (("ai", share_easy_ai), ("human", 1 - share_easy_ai))
    for arm, easy in arms:
        for number in range(200):
            kind = "easy" if number < 200 * easy else "hard"
            good = number % 20 != 0 if kind == "easy" else number % 5 not in (0, 1)
            rows.append(score(f"{arm}{number}", arm, good, None, difficulty=kind))
    return rows


def test_where_the_ai_had_the_easy_cases_the_naive_figure_misleads_and_the_standardised_does_not(
    tmp_path: Path,
) -> None:
    found = mix.mix(read(tmp_path / "run", [talk("x")], [], unpaired(0.8)), words.Names([]))
    (only,) = found.rows
    assert found.told.startswith("The AI answered 200 conversations and people answered others (200)")
    assert only.naive.startswith("+21.0 [")
    assert only.standardised.startswith("0.0 [")
    assert [(one.value, one.ai, one.people) for one in found.shares] == [("easy", 160, 40), ("hard", 40, 160)]


def test_where_the_sides_had_nothing_in_common_it_says_that_they_cannot_be_compared(tmp_path: Path) -> None:
    found = mix.mix(read(tmp_path / "run", [talk("x")], [], unpaired(1.0)), words.Names([]))
    (only,) = found.rows
    assert only.standardised == "cannot be compared"
    assert only.reason == "both sides had only 0.0\u00a0% of the cases in common"
    assert only.naive != words.NONE


def handed(name: str, trial: int, right: bool) -> ScoreRow:
    made = score(name, "ai", right, None, language="en")
    return msgspec.structs.replace(
        made, trial=trial, dimension="escalation", grader="escalation", metrics={"recall": right}, outcome="correct"
    )


def test_over_repeated_trials_the_matrix_has_the_interval_of_the_gate(tmp_path: Path) -> None:
    talks = [talk(f"t{number}", due=1) for number in range(20)]
    seen = [(one.id, trial, trial > 0 or number > 3) for number, one in enumerate(talks) for trial in range(4)]
    records = [msgspec.structs.replace(reply(name, 1, handover=right), trial=trial) for name, trial, right in seen]
    rows = [handed(name, trial, right) for name, trial, right in seen]
    [matrix] = escalation.matrices(read(tmp_path / "run", talks, records, rows))
    [cell] = [one for one in matrix.cells if (one.expected, one.done) == ("now", "handed over")]
    gated = rate_of(rows, "recall", 0.95).rate
    assert (cell.rate.n, cell.rate.good) == (80, 76)
    assert (cell.rate.low, cell.rate.high, cell.rate.method) == (gated.low, gated.high, gated.method)
    assert gated.method.startswith("Wilson on effective n") or "Korn" in gated.method


def test_of_a_run_that_was_stopped_early_the_page_shows_intervals_that_hold_at_every_look(tmp_path: Path) -> None:
    talks = [talk(f"t{number}", due=1) for number in range(60)]
    rows = [one for number in range(60) for one in both(f"t{number}", number % 9 > 0, True, language="en")]
    folder = run_at(tmp_path / "run", talks, [reply(one.id, 1) for one in talks], rows)
    sampled = tuple(f"t{number}" for number in range(40))
    looks = Looks(format=1, looks=2, stopped=True, sampled=sampled, swept=("t50",), graders=("accuracy",), asked=41)
    folder.write(folder.looks_file, msgspec.json.encode(looks))
    material = material_.Material.of(folder, findings_of(rows, []))
    table = material.table(material.own_rows)
    [row] = duels.duels(table, table, "human", [slice_rate()])
    assert row.duel.n == 40
    assert row.difference.method.startswith("always-valid")
    assert row.difference.low < -0.3
    assert escalation.share([(True, ("t1", "t1", 0))], material.most_in_one).method.startswith("always-valid")
    assert (material.drawn("t39"), material.drawn("t50")) == (True, False)


def slice_rate() -> SliceRate:
    rate = rate_of([score("x", "ai", True)], "rate", 0.95).rate
    of: Any = {"dimension": "accuracy", "metric": "rate", "grader": "accuracy", "slice": "all", "arm": "ai"}
    return SliceRate(**of, rate=rate, good_is_high=True)


def test_a_recording_of_people_is_not_compared_with_the_people_in_it(tmp_path: Path) -> None:
    talks = [talk(f"p{number}") for number in range(4)] + [talk(f"a{number}", by="ai_agent") for number in range(4)]
    records = [reply(one.id, turn, text="!") for one in talks for turn in (1, 3, 5)]
    rows = [score(one.id, "ai", True) for one in talks] + [score(one.id, "human", True) for one in talks[:4]]
    folder = run_at(tmp_path / "run", talks, records, rows)
    manifest = msgspec.structs.replace(folder.manifest(), agent="recorded:logs.jsonl")
    folder.write(folder.manifest_file, msgspec.json.encode(manifest))
    gates = [GateTable(dimension="accuracy", at_least=0.5), GateTable(dimension="accuracy", margin=0.1, min_n=1)]
    echoed = echoes(manifest, records, {one.id: one for one in talks}, ())
    settings = Settings(suite=SuiteTable(name="test"), gate=tuple(gates))
    labelled = [msgspec.structs.replace(one, slices={"language": "en"}) for one in rows]
    findings = decide(labelled, [accuracy], settings, manifest=manifest, echoes=echoed)
    assert len(echoed) == 12
    assert [one.verdict for one in findings.gates if one.kind == "margin"] == ["INCONCLUSIVE"]
    text = shown(report.build(folder, findings))
    assert "The agent is a recording, and 12 of its 24 answers are those of people" in text
    assert "nobody is compared with himself" in text
    assert "our people (synthetic): nothing to compare: both sides are the same recorded answers of people" in text
    assert "in 12 answers of it a person had answered" in text
    assert "The AI answered 4 conversations and people answered others (4)" in text
    assert "not worse than our people" not in text
    assert not (folder.figures / "parity.svg").exists()


def shown(page: Path) -> str:
    """Return the words of a page."""
    return " ".join(
        re.sub(r"<[^>]+>", " ", re.sub(r"<(style|svg).*?</\1>", "", page.read_text(), flags=re.DOTALL)).split()
    )


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RunFolder]:
    """Return the page of a run against a baseline in which three conversations are answered otherwise."""
    sample = Sample(tmp_path_factory.mktemp("new") / "new")
    flipped = {"pl-0001": False, "en-0002": True, "ar-0003": False}
    rows = []
    for one in sample.rows:
        mine = one.arm == "ai" and one.turn == 1 and one.dimension == "accuracy" and one.state == "graded"
        if mine and one.id in flipped:
            was = bool(one.metrics["rate"])
            rows.append(msgspec.structs.replace(one, metrics={"rate": not was}, reason="other in the baseline"))
        elif one.id != "en-0014":
            rows.append(one)
    before = run_at(tmp_path_factory.mktemp("old") / "last-release", sample.transcripts, sample.records, rows)
    manifest = msgspec.structs.replace(before.manifest(), graders=("accuracy@0", "escalation@1", "politeness@1"))
    before.write(before.manifest_file, msgspec.json.encode(manifest))
    page: Path = report.build(sample.folder, findings_of(sample.rows, usual_gates(sample.rows)), before)
    return page, sample.folder


def test_against_a_baseline_the_page_says_what_flipped_and_what_weakens_the_comparison(pair: tuple[Path, Any]) -> None:
    text = shown(pair[0])
    assert "Against the baseline, last-release" in text
    assert "3 answers flipped" in text
    assert (
        "Only what both runs asked is compared: 3 messages of this run and 0 of the baseline have no partner." in text
    )
    assert "The graders are not the same (accuracy@0, accuracy@1)" in text
    flips = re.findall(r"[✗✓] (?:worse|better) accurate answers (\S+), turn 1", text)
    assert sorted(flips) == ["ar-0003", "en-0002", "pl-0001"]


def test_against_a_baseline_there_is_a_forest_plot_and_the_comment_tells_it_too(pair: tuple[Path, RunFolder]) -> None:
    _, folder = pair
    assert (folder.figures / "baseline.svg").is_file()
    comment = (folder.path / "report.md").read_text()
    assert "### Against the baseline, last-release" in comment
    assert len(comment) < 60_000


def test_without_a_baseline_an_earlier_figure_of_one_is_removed(pair: tuple[Path, RunFolder]) -> None:
    _, folder = pair
    sample_rows = folder.scores()
    page = report.build(folder, findings_of(sample_rows, usual_gates(sample_rows)))
    assert not (folder.figures / "baseline.svg").exists()
    assert 'id="baseline"' not in page.read_text()


def test_who_is_who_can_be_hidden_without_a_program(pair: tuple[Path, RunFolder]) -> None:
    page = pair[0].read_text()
    assert '<input type="checkbox" id="blind">' in page
    assert "#blind:checked ~ .readings .named { display: none; }" in page
    answers = re.findall(r'<div class="pair( swapped)?">.*?Answer ([AB]).*?Answer ([AB])', page, flags=re.DOTALL)
    assert len(answers) == 10
    assert all((first, second) == (("B", "A") if swapped else ("A", "B")) for swapped, first, second in answers)
    assert {swapped for swapped, _, _ in answers} == {"", " swapped"}


MARGINS = "their margins of 3 to 5\u00a0points"
BOTH_PASS = (
    f"On accuracy and escalation the AI is not worse than our people by more than {MARGINS}: "
    "nothing measured here speaks against widening its use."
)
ONE_FAILS = (
    "On accuracy the AI is not worse than our people by more than 5\u00a0points; on escalation it is worse by more "
    "than 3\u00a0points: so do not widen its use."
)
NONE_PASSES = (
    "On escalation the AI is worse than our people by more than 3\u00a0points; on accuracy it cannot be told yet "
    "whether it is worse by more than 5\u00a0points: so do not widen its use."
)
BOTH_OPEN = (
    "On accuracy and escalation it cannot be told yet whether the AI is worse than our people by more than "
    f"{MARGINS}: so do not widen its use before more conversations have told."
)


@pytest.mark.parametrize(
    ("verdicts", "said"),
    [
        (("PASS", "PASS"), BOTH_PASS),
        (("PASS", "FAIL"), ONE_FAILS),
        (("INCONCLUSIVE", "FAIL"), NONE_PASSES),
        (("INCONCLUSIVE", "INCONCLUSIVE"), BOTH_OPEN),
    ],
)
def test_what_the_comparisons_come_to_is_one_sentence(tmp_path: Path, verdicts: tuple[Any, Any], said: str) -> None:
    rows = Sample(tmp_path / "run").rows
    gates = [
        msgspec.structs.replace(gate(rows, "accuracy", "rate", "margin", 0.05), verdict=verdicts[0]),
        msgspec.structs.replace(gate(rows, "escalation", "recall", "margin", 0.03), verdict=verdicts[1]),
    ]
    assert verdict.advice(findings_of(rows, gates), "people") == said


def test_a_pass_against_people_does_not_hide_a_gate_that_failed(tmp_path: Path) -> None:
    rows = Sample(tmp_path / "run").rows
    gates = [
        msgspec.structs.replace(gate(rows, "accuracy", "rate", "margin", 0.05), verdict="PASS"),
        msgspec.structs.replace(gate(rows, "escalation", "recall", "at_least", 0.9), verdict="FAIL"),
    ]
    assert verdict.advice(findings_of(rows, gates), "people").endswith(
        ": but other gates failed, on escalation, so do not widen its use."
    )


def test_the_page_about_reports_names_every_figure_there_is() -> None:
    told = (Path(__file__).parents[1] / "docs" / "reports.md").read_text()
    named = {
        name for group in re.findall(r"\(((?:`[a-z-]+`(?:, )?)+)\)", told) for name in re.findall(r"[a-z-]+", group)
    }
    assert named == set(report.FIGURES)
