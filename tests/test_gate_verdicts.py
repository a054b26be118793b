"""Verdicts: what each kind of gate says, about what it counts and about what is missing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec
import pytest

from chatparity.errors import InputError
from chatparity.exchange import Exchange, Score
from chatparity.gate import Findings, GateResult, decide, scorecard
from chatparity.grading import Grader, Metric, grader
from chatparity.grading.rows import Arm, ScoreRow, State
from chatparity.run.folder import EarlyPlan, Looks, Manifest
from chatparity.stats import REPEATED_ICC, WORKING_ICC, cluster_rate, paired_difference
from chatparity.suite import GateTable, Settings, SuiteTable


@grader(dimension="accuracy")
def accuracy(exchange: Exchange) -> Score:
    """Pass everything."""
    return Score.passed("fine")


@grader(
    dimension="escalation",
    metrics=[Metric("needless", good=lambda score: score.outcome == "unnecessary", good_is_high=False)],
)
def escalation(exchange: Exchange) -> Score:
    """Pass everything."""
    return Score.passed("fine")


MANIFEST = Manifest(
    format=1,
    chatparity="0",
    python="3",
    created_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    suite="test",
    settings_sha256="",
    agent="sandbox",
    mode="teacher_forced",
    judge="none",
    trials=1,
    languages=("*",),
    datasets=(),
    invalid_lines=(),
    selection={},
    graders=("accuracy@1",),
    planned=0,
    asked_in_languages_not_claimed=0,
    synthetic=True,
)


def row(
    number: int,
    good: bool | None,
    *,
    arm: Arm = "ai",
    of: Grader = accuracy,
    state: State | None = None,
    cluster: str | None = None,
    language: str = "en",
    value: float | None = None,
) -> ScoreRow:
    state = state or ("errored" if good is None else "graded")
    return ScoreRow(
        id=f"{language}-{number:04}",
        turn=1,
        trial=0,
        arm=arm,
        grader=of.name,
        dimension=of.dimension,
        state=state,
        cluster=cluster or f"{language}-{number:04}",
        slices={"language": language},
        value=value,
        outcome=None if state != "graded" else "missing" if not good else "correct",
        metrics={of.metrics[0].name: good if state == "graded" else None},
        reason="no judge is configured" if state == "not_run" else "",
        quote=f"question {number}",
    )


def rows(good: int, bad: int, **more: object) -> list[ScoreRow]:
    return [row(number, number < good, **more) for number in range(good + bad)]  # type: ignore[arg-type]


def verdicts(
    made: Sequence[ScoreRow],
    *gates: GateTable,
    baseline: Sequence[ScoreRow] | None = None,
    graders: Sequence[Grader] = (accuracy, escalation),
) -> Findings:
    settings = Settings(suite=SuiteTable(name="test"), gate=gates)
    return decide(made, graders, settings, manifest=MANIFEST, baseline=baseline)


def only(made: Sequence[ScoreRow], gate: GateTable, *, baseline: Sequence[ScoreRow] | None = None) -> GateResult:
    (result,) = verdicts(made, gate, baseline=baseline).gates
    return result


MARGIN = GateTable(dimension="accuracy", margin=0.1)


def test_people_are_not_compared_with_themselves_where_the_agent_is_a_recording_of_them() -> None:
    made = [*rows(100, 0), *rows(100, 0, arm="human")]
    settings = Settings(suite=SuiteTable(name="test"), gate=(MARGIN,))
    (free,) = decide(made, (accuracy,), settings, manifest=MANIFEST).gates
    everything = frozenset(one.key for one in made)
    found = decide(made, (accuracy,), settings, manifest=MANIFEST, echoes=everything)
    (echoed,) = found.gates
    assert (free.verdict, echoed.verdict, found.verdict) == ("PASS", "INCONCLUSIVE", "INCONCLUSIVE")
    assert echoed.reason == "nothing to compare: both sides are the same recorded answers of people"
    assert found.differences == ()


def test_a_recording_of_an_ai_that_chose_a_person_s_words_here_and_there_is_compared_on_all_answers() -> None:
    mine = [row(number, number >= 4) for number in range(200)]
    people = [row(number, True, arm="human") for number in range(200)]
    settings = Settings(suite=SuiteTable(name="test"), gate=(MARGIN,))
    echoed = frozenset(one.key for one in mine[4:])
    (result,) = decide([*mine, *people], (accuracy,), settings, manifest=MANIFEST, echoes=echoed).gates
    assert result.difference is not None
    assert (result.verdict, result.difference.n, result.difference.estimate) == ("PASS", 200, -0.02)


AT_LEAST = GateTable(dimension="accuracy", at_least=0.9)


@pytest.mark.parametrize(("good", "bad", "verdict"), [(197, 3, "PASS"), (160, 40, "FAIL"), (186, 14, "INCONCLUSIVE")])
def test_a_gate_passes_fails_or_leaves_it_open_by_its_interval(good: int, bad: int, verdict: str) -> None:
    result = only(rows(good, bad), AT_LEAST)
    assert result.verdict == verdict
    assert (result.rate.n, result.rate.good) == (good + bad, good)


def test_an_inconclusive_gate_says_how_many_more_conversations_it_takes_and_they_do() -> None:
    result = only(rows(186, 14), AT_LEAST)
    assert result.needed is not None
    assert only(rows(279, 21), AT_LEAST).verdict == "INCONCLUSIVE"
    assert only(rows(372, 28), AT_LEAST).verdict == "PASS"
    assert 300 < 200 + result.needed <= 400


def test_when_the_estimate_misses_the_threshold_the_number_named_would_make_it_fail() -> None:
    result = only(rows(174, 26), AT_LEAST)
    assert (result.verdict, result.needed) == ("INCONCLUSIVE", 185)
    assert "the estimate misses it; about 185 more conversations like these would decide, as a FAIL" in result.reason
    assert only(rows(261, 39), AT_LEAST).verdict == "INCONCLUSIVE"
    assert only(rows(348, 52), AT_LEAST).verdict == "FAIL"


def test_of_a_run_stopped_early_no_number_is_named_for_a_gate_that_is_still_open() -> None:
    made = rows(88, 12)
    looks = Looks(format=1, looks=2, stopped=True, sampled=tuple(one.cluster for one in made), asked=100)
    manifest = msgspec.structs.replace(MANIFEST, early=EarlyPlan(seed=1, batch=10))
    settings = Settings(suite=SuiteTable(name="test"), gate=(AT_LEAST,))
    people = [msgspec.structs.replace(one, arm="human") for one in made]
    found = decide([*made, *people], (accuracy,), settings, manifest=manifest, looks=looks)
    (result,) = found.gates
    shown = [one.rate.method for one in (*found.rates, *found.differences) if one.slice == "all"]
    assert len(shown) == 2
    assert all(method.startswith("always-valid") for method in shown)
    assert (result.verdict, result.needed) == ("INCONCLUSIVE", None)
    assert result.rate.method.startswith("always-valid")
    assert result.reason.endswith("the run was stopped early, and a whole run would tell more")


def test_no_number_is_named_when_none_within_reach_would_decide() -> None:
    result = only(rows(180, 20), AT_LEAST)
    assert (result.verdict, result.needed) == ("INCONCLUSIVE", None)
    assert "100,000 conversations would not decide" in result.reason


def test_a_gate_that_would_fail_but_for_what_is_unknown_says_so() -> None:
    result = only([*rows(160, 40), *[row(number, None) for number in range(500, 620)]], AT_LEAST)
    assert result.reason == "it would fail but for 120 exchanges without a score"


def test_errored_exchanges_are_counted_as_worst_and_as_best() -> None:
    result = only([*rows(186, 0), *[row(number, None) for number in range(500, 514)]], AT_LEAST)
    assert result.verdict == "INCONCLUSIVE"
    assert (result.rate.n, result.rate.unknown, result.rate.estimate) == (186, 14, 1.0)
    assert result.rate.low is not None
    assert result.rate.low < 0.9
    assert result.reason == "it would pass but for 14 exchanges without a score"
    assert result.failures[0].outcome == "errored"


def test_abstained_and_diverged_are_neither_good_nor_bad_and_are_counted() -> None:
    out = [
        *[row(number, None, state="abstained") for number in range(500, 540)],
        *[row(number, None, state="diverged") for number in range(600, 603)],
    ]
    plain, with_them = only(rows(197, 3), AT_LEAST).rate, only([*rows(197, 3), *out], AT_LEAST).rate
    assert (with_them.n, with_them.low, with_them.high) == (plain.n, plain.low, plain.high)
    assert (with_them.abstained, with_them.diverged) == (40, 3)


def test_languages_that_are_not_claimed_change_nothing() -> None:
    skipped = [row(number, None, state="skipped", language="fi") for number in range(90)]
    gate = GateTable(dimension="accuracy", at_least=0.9, slices=("language",))
    assert verdicts([*rows(197, 3), *skipped], gate).gates == verdicts(rows(197, 3), gate).gates


def test_it_is_said_how_much_is_in_languages_that_are_not_claimed() -> None:
    manifest = msgspec.structs.replace(MANIFEST, asked_in_languages_not_claimed=7, conversations_not_claimed=3)
    found = decide(rows(3, 0), (accuracy,), Settings(suite=SuiteTable(name="test")), manifest=manifest, baseline=None)
    said = "7 exchanges in languages that the agent does not claim (3 conversations)"
    assert said in found.not_measured
    assert said in scorecard(found)


def test_answers_of_one_task_weigh_less_than_answers_of_many() -> None:
    apart = only(rows(188, 12), GateTable(dimension="accuracy", at_least=0.89))
    made = [row(number, number < 188, cluster=f"task {number // 10}") for number in range(200)]
    together = only(made, GateTable(dimension="accuracy", at_least=0.89))
    assert (apart.verdict, together.verdict) == ("PASS", "INCONCLUSIVE")
    assert together.rate.clusters == 20


def test_the_least_number_of_planned_answers_is_enough() -> None:
    enough, short = (only(rows(60, 0), GateTable(dimension="accuracy", at_least=0.8, min_n=n)) for n in (60, 61))
    assert (enough.verdict, short.verdict) == ("PASS", "INCONCLUSIVE")
    assert short.reason == "60 planned, a verdict needs 61 (min_n)"


def test_a_bad_event_is_gated_from_above() -> None:
    gate = GateTable(dimension="escalation", metric="needless", at_most=0.05)
    assert only(rows(0, 200, of=escalation), gate).verdict == "PASS"
    assert only(rows(40, 160, of=escalation), gate).verdict == "FAIL"
    failed = only(rows(3, 200, of=escalation), gate)
    assert [example.id for example in failed.failures] == ["en-0000", "en-0001", "en-0002"]


def test_an_errored_exchange_counts_against_a_gate_from_above_too() -> None:
    gate = GateTable(dimension="escalation", metric="needless", at_most=0.05)
    errored = [row(number, None, of=escalation) for number in range(500, 520)]
    assert only([*rows(0, 200, of=escalation), *errored], gate).verdict == "INCONCLUSIVE"


def test_zero_tolerance_fails_on_one_and_stays_open_while_one_is_unknown() -> None:
    gate = GateTable(dimension="escalation", metric="needless", zero=True)
    assert only(rows(1, 499, of=escalation), gate).verdict == "FAIL"
    assert only([*rows(0, 99, of=escalation), row(500, None, of=escalation)], gate).verdict == "INCONCLUSIVE"
    passed = only(rows(0, 60, of=escalation), gate)
    assert passed.verdict == "PASS"
    assert passed.reason == "none in 60: at 95% confidence it is below 6.0 %"


def test_how_rare_the_event_may_be_is_told_of_a_metric_that_counts_something_good_too() -> None:
    gate = GateTable(dimension="accuracy", zero=True)
    assert only(rows(60, 0), gate).reason == "none in 60: at 95% confidence it is below 6.0 %"
    assert only(rows(59, 1), gate).reason == "1 of 60, and not one is allowed"


@pytest.mark.parametrize(("state", "told"), [("abstained", "1 abstained"), ("diverged", "1 diverged")])
def test_zero_tolerance_stays_open_while_an_answer_was_seen_and_has_no_score(state: State, told: str) -> None:
    gate = GateTable(dimension="escalation", metric="needless", zero=True)
    found = only([*rows(0, 99, of=escalation), row(500, None, of=escalation, state=state)], gate)
    assert (found.verdict, found.reason) == ("INCONCLUSIVE", f"none in 99, but {told}: nobody knows of those")


def test_a_run_of_which_no_gate_was_decided_has_not_passed() -> None:
    bare = verdicts(rows(200, 0))
    waiting = verdicts(rows(200, 0), GateTable(dimension="accuracy", no_worse_than=0.05))
    assert (bare.verdict, waiting.verdict) == ("INCONCLUSIVE", "INCONCLUSIVE")
    assert bare.not_measured[0].startswith("no gate was decided")
    assert not any("no gate was decided" in one for one in verdicts(rows(200, 0), AT_LEAST).not_measured)


def test_a_person_s_answer_is_counted_once_however_often_the_agent_was_tried() -> None:
    made = [*rows(60, 0), *rows(50, 10, arm="human")]
    tried = [msgspec.structs.replace(one, trial=trial) for one in made for trial in range(3)]
    people = [one.rate for one in verdicts(tried).rates if one.arm == "human" and one.slice == "all"]
    once = [one.rate for one in verdicts(made).rates if one.arm == "human" and one.slice == "all"]
    assert people == once
    assert [one.rate.n for one in verdicts(tried).rates if one.arm == "ai"] == [180]


def test_the_scorecard_counts_beside_a_figure_what_is_not_in_it() -> None:
    out = [row(500, None), row(501, None, state="diverged"), row(502, None, state="abstained")]
    text = scorecard(verdicts([*rows(197, 3), *out], AT_LEAST))
    assert "(1 unknown, 1 abstained, 1 diverged)" in text


def both(same: int, lost: int, won: int) -> list[ScoreRow]:
    made = []
    for number in range(same + lost + won):
        made.append(row(number, not same <= number < same + lost))
        made.append(row(number, number < same + lost, arm="human"))
    return made


@pytest.mark.parametrize(
    ("same", "lost", "won", "verdict"),
    [(196, 2, 2, "PASS"), (150, 45, 5, "FAIL"), (180, 12, 8, "INCONCLUSIVE"), (200, 0, 0, "PASS")],
)
def test_against_people_the_pairs_decide(same: int, lost: int, won: int, verdict: str) -> None:
    result = only(both(same, lost, won), GateTable(dimension="accuracy", margin=0.05))
    assert result.verdict == verdict
    assert result.difference is not None
    assert result.other is not None
    assert result.difference.estimate == pytest.approx((won - lost) / 200)
    assert result.other.good - result.rate.good == lost - won


def test_answers_without_a_graded_counterpart_are_not_compared() -> None:
    made = [*both(100, 0, 0), *[row(number, False) for number in range(500, 560)]]
    result = only(made, GateTable(dimension="accuracy", margin=0.1))
    assert (result.verdict, result.rate.n) == ("PASS", 100)


def test_what_errored_on_either_side_of_a_comparison_counts_as_worst_and_as_best() -> None:
    gate = GateTable(dimension="accuracy", no_worse_than=0.05)
    before = [*rows(200, 0), *[row(number, None) for number in range(500, 530)]]
    now = [*rows(200, 0), *[row(number, True) for number in range(500, 530)]]
    assert only(now, gate, baseline=rows(200, 0)).verdict == "PASS"
    lost, hidden = only(before, gate, baseline=now), only(now, gate, baseline=before)
    for result in (lost, hidden):
        assert result.difference is not None
        assert (result.difference.n, result.difference.unknown) == (200, 30)
    assert (lost.verdict, lost.reason) == ("INCONCLUSIVE", "it would pass but for 30 exchanges without a score")
    # The baseline was at best as good as the agent: what it lacks can only have been worse or the same.
    assert hidden.verdict == "PASS"


def test_what_errored_of_people_alone_is_taken_as_good_at_the_low_end_and_as_bad_at_the_high_one() -> None:
    made = [row(number, True) for number in range(100)]
    made += [row(number, True if number < 80 else None, arm="human") for number in range(100)]
    found = only(made, MARGIN).difference
    clusters = list(range(100))
    worst = paired_difference([True] * 100, [True] * 100, clusters)
    best = paired_difference([True] * 100, [True] * 80 + [False] * 20, clusters)
    assert found is not None
    assert (found.n, found.unknown, found.low, found.high) == (80, 20, worst.low, best.high)


def test_repeated_trials_are_taken_as_more_alike_than_the_answers_of_a_conversation() -> None:
    mine = [row(number, number > 2) for number in range(40)]
    people = [row(number, True, arm="human") for number in range(40)]
    tried = [msgspec.structs.replace(one, trial=trial) for one in [*mine, *people] for trial in range(4)]
    # One trial in four of three tasks goes wrong.
    held = [one if one.trial == 0 or one.arm == "human" else good_one(one) for one in tried]
    values = [bool(one.metrics["rate"]) for one in held if one.arm == "ai"]
    clusters = [one.cluster for one in held if one.arm == "ai"]
    rate = only(held, AT_LEAST).rate
    assert rate.low == cluster_rate(values, clusters, working_icc=REPEATED_ICC).low
    assert rate.low != cluster_rate(values, clusters, working_icc=WORKING_ICC).low
    gap = only(held, MARGIN).difference
    assert gap is not None
    assert gap.low == paired_difference(values, [True] * 160, clusters, working_icc=REPEATED_ICC).low
    assert gap.low != paired_difference(values, [True] * 160, clusters, working_icc=WORKING_ICC).low


def good_one(one: ScoreRow) -> ScoreRow:
    return msgspec.structs.replace(one, metrics={"rate": True})


def test_without_people_a_comparison_is_inconclusive_and_says_so() -> None:
    findings = verdicts(rows(200, 0), GateTable(dimension="accuracy", margin=0.1))
    assert findings.verdict == "INCONCLUSIVE"
    assert findings.gates[0].reason == "no pairs"
    assert "AI against human: no person answered in these transcripts" in findings.not_measured


def test_without_a_baseline_its_gate_is_not_measured_and_with_one_it_is() -> None:
    gate = GateTable(dimension="accuracy", no_worse_than=0.05)
    without = verdicts(rows(200, 0), gate)
    assert without.gates == ()
    assert any("no baseline run was given" in text for text in without.not_measured)
    assert only(rows(200, 0), gate, baseline=rows(200, 0)).verdict == "PASS"
    assert only(rows(150, 50), gate, baseline=rows(200, 0)).verdict == "FAIL"


def test_a_grader_that_was_not_run_leaves_its_gate_open() -> None:
    made = [row(number, None, state="not_run") for number in range(100)]
    findings = verdicts(made, AT_LEAST)
    assert findings.gates[0].verdict == "INCONCLUSIVE"
    assert findings.gates[0].reason == "not run: no judge is configured"
    assert "accuracy: 100 exchanges not run: no judge is configured" in findings.not_measured


def test_small_slices_are_reported_and_not_gated() -> None:
    gate = GateTable(dimension="accuracy", at_least=0.9, slices=("language",), min_n=30)
    findings = verdicts([*rows(100, 0), *rows(0, 12, language="pl")], gate)
    assert [one.slice for one in findings.gates] == ["all", "language=en"]
    (polish,) = [one for one in findings.rates if one.slice == "language=pl"]
    assert (polish.rate.n, polish.why) == (12, "12 planned, a gate needs 30")


def test_people_are_reported_and_every_pair_makes_a_difference_to_draw() -> None:
    findings = verdicts(both(90, 6, 4), AT_LEAST)
    assert [(one.arm, one.slice) for one in findings.rates] == [("human", "all")]
    (difference,) = findings.differences
    assert difference.rate.estimate == pytest.approx(-0.02)


def test_one_failing_gate_fails_the_run_whatever_else_is_open() -> None:
    strict = GateTable(dimension="accuracy", at_least=0.99)
    loose = GateTable(dimension="accuracy", at_least=0.5)
    assert verdicts(rows(186, 14), AT_LEAST, loose).verdict == "INCONCLUSIVE"
    assert verdicts(rows(186, 14), AT_LEAST, strict, loose).verdict == "FAIL"
    assert verdicts(rows(186, 14), loose).verdict == "PASS"


def test_the_worst_six_conversations_come_first_in_the_same_order_whatever_the_order_of_rows() -> None:
    made = [row(number, False, value=number % 4 / 4) for number in range(20)]
    result = only(made, AT_LEAST)
    assert [one.id for one in result.failures] == ["en-0000", "en-0004", "en-0008", "en-0012", "en-0016", "en-0001"]
    assert only(made[::-1], AT_LEAST).failures == result.failures


def test_a_gate_that_names_what_does_not_exist_is_refused_with_what_there_is() -> None:
    wrong = (
        GateTable(dimension="acuracy", at_least=0.9),
        GateTable(dimension="accuracy", metric="recall", at_least=0.9),
        GateTable(dimension="accuracy", grader="other", at_least=0.9),
        GateTable(dimension="escalation", metric="needless", at_least=0.9),
    )
    with pytest.raises(InputError) as caught:
        verdicts(rows(10, 0), *wrong)
    text = str(caught.value)
    assert 'gate[0] (acuracy rate at_least = 0.9): no grader measures the dimension "acuracy"' in text
    assert 'gate[1] (accuracy recall at_least = 0.9): no metric is called "recall": there are rate' in text
    assert 'no grader of accuracy is called "other": there are accuracy' in text
    assert '"needless" counts something bad: use at_most or zero, not at_least' in text


def test_the_findings_survive_being_written_and_read() -> None:
    findings = verdicts(both(90, 6, 4), AT_LEAST, GateTable(dimension="accuracy", margin=0.05))
    assert msgspec.json.decode(msgspec.json.encode(findings), type=Findings) == findings
