"""Against a baseline run: what got better, what worse, which conversations flipped, and what cannot be told."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import msgspec
import pytest
from statsmodels.stats.contingency_tables import mcnemar

from chatparity.exchange import Exchange, Score
from chatparity.gate import Findings, decide, scorecard
from chatparity.gate.flips import _told
from chatparity.gate.measure import rate_of
from chatparity.grading import Metric, grader
from chatparity.grading.rows import ScoreRow, State
from chatparity.run.folder import Manifest
from chatparity.suite import GateTable, Settings, SuiteTable


@grader(dimension="accuracy")
def accuracy(exchange: Exchange) -> Score:
    """Pass everything."""
    return Score.passed("fine")


@grader(dimension="escalation", metrics=[Metric("needless", good_is_high=False)])
def escalation(exchange: Exchange) -> Score:
    """Pass everything."""
    return Score.passed("fine")


def row(number: int, holds: bool, *, of: str = "accuracy", metric: str = "rate", state: State = "graded") -> ScoreRow:
    return ScoreRow(
        id=f"talk-{number:03}",
        turn=1,
        trial=0,
        arm="ai",
        grader=of,
        dimension=of,
        state=state,
        cluster=f"talk-{number:03}",
        slices={"language": "en"},
        verdict="pass",
        value=1.0,
        outcome="held" if holds else "not held",
        metrics={metric: holds if state == "graded" else None},
        quote=f"question {number}",
    )


@pytest.fixture
def manifest() -> Manifest:
    empty = {"datasets": [], "invalid_lines": [], "graders": [], "languages": ["*"], "selection": {}}
    plain = dict.fromkeys(("chatparity", "python", "suite", "settings_sha256", "agent"), "")
    numbers = {"format": 1, "trials": 1, "planned": 200, "asked_in_languages_not_claimed": 0}
    rest = {"mode": "teacher_forced", "judge": "none", "synthetic": True, "created_at": "2026-01-01T00:00:00Z"}
    return msgspec.convert(empty | plain | numbers | rest, type=Manifest)


def found(
    manifest: Manifest, now: Sequence[ScoreRow], before: Sequence[ScoreRow] | None, *gates: GateTable
) -> Findings:
    settings = Settings(suite=SuiteTable(name="test"), gate=gates)
    return decide(now, [accuracy, escalation], settings, manifest=manifest, baseline=before, day=dt.date(2026, 1, 1))


def test_each_exchange_that_flipped_is_named_with_what_it_was_and_what_it_is(manifest: Manifest) -> None:
    before = [row(number, number >= 20) for number in range(100)]
    now = [row(number, number >= 2 and number != 50) for number in range(100)]
    (one,) = found(manifest, now, before).flips
    assert (one.n, one.both_good, one.both_bad, len(one.better), len(one.worse)) == (100, 79, 2, 18, 1)
    assert [(flip.id, flip.before, flip.now) for flip in one.worse] == [("talk-050", "held", "not held")]
    assert one.better[0].id == "talk-002"
    assert one.told == "better"
    assert one.difference.estimate == pytest.approx(0.17)
    table = [[one.both_good, len(one.better)], [len(one.worse), one.both_bad]]
    assert mcnemar(table, exact=True).pvalue < 0.05


def test_where_the_metric_counts_something_bad_fewer_is_better(manifest: Manifest) -> None:
    before = [row(number, number < 30, of="escalation", metric="needless") for number in range(100)]
    now = [row(number, number < 2, of="escalation", metric="needless") for number in range(100)]
    (one,) = found(manifest, now, before).flips
    assert (len(one.better), len(one.worse), one.told) == (28, 0, "better")
    assert one.difference.estimate == pytest.approx(-0.28)
    assert found(manifest, before, now).flips[0].told == "worse"


def test_a_small_difference_is_not_called_one(manifest: Manifest) -> None:
    before = [row(number, number >= 4) for number in range(100)]
    now = [row(number, number >= 2) for number in range(100)]
    one = found(manifest, now, before)
    assert one.flips[0].told == "not known"
    text = scorecard(one)
    assert "against the baseline" in text
    assert "accuracy rate: 2 better, 0 worse of 100: no difference told, +2.0 points [" in text
    assert "better talk-002, talk-003" in text


def test_a_difference_whose_interval_only_touches_zero_is_not_told() -> None:
    rate = rate_of([], "rate", 0.95).rate
    seen = {
        ends: _told(msgspec.structs.replace(rate, low=ends[0], high=ends[1]), good_is_high=True)
        for ends in ((0.0, 0.2), (-0.2, 0.0), (0.01, 0.2), (-0.2, -0.01), (None, None))
    }
    assert list(seen.values()) == ["not known", "not known", "better", "worse", "not known"]
    turned = msgspec.structs.replace(rate, low=0.01, high=0.2)
    assert _told(turned, good_is_high=False) == "worse"


def test_what_has_no_score_in_one_of_the_runs_is_counted_apart(manifest: Manifest) -> None:
    before = [row(number, True) for number in range(90)]
    now = [*[row(number, True) for number in range(80)], *[row(n, True, state="errored") for n in range(80, 100)]]
    (one,) = found(manifest, now, before).flips
    assert (one.n, one.unpaired) == (80, 10)


def test_without_a_baseline_nothing_is_compared_and_its_gate_is_said_to_be_undecided(manifest: Manifest) -> None:
    one = found(manifest, [row(1, True)], None, GateTable(dimension="accuracy", no_worse_than=0.05))
    assert one.flips == ()
    assert one.gates == ()
    assert "accuracy[all] rate AI − baseline: no baseline run was given (--baseline RUN)" in one.not_measured


def test_they_survive_being_written_and_read(manifest: Manifest) -> None:
    before = [row(number, number >= 20) for number in range(100)]
    one = found(manifest, [row(number, True) for number in range(100)], before)
    assert msgspec.json.decode(msgspec.json.encode(one), type=Findings) == one
