"""Rates corrected for a judge's errors: they cover the truth, and gates trust them no further than they go."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatparity.calibrate.shares import share_of
from chatparity.exchange import Score
from chatparity.gate.corrected import boxed, corrected_rate
from chatparity.gate.decide import gates_of
from chatparity.gate.looks import ONE_LOOK
from chatparity.gate.measure import Pairs, difference_of, rate_of
from chatparity.gate.slices import expand, planned_rows
from chatparity.gate.trust import Trust
from chatparity.grading import Grader
from chatparity.grading.fingerprint import Fingerprint
from chatparity.grading.rows import Arm, ScoreRow, State
from chatparity.licence import Entry, Evidence, Licence, Share
from chatparity.stats import roc_auc, weighted_sum
from chatparity.suite import GateTable, LicenceTable, Settings, SuiteTable

BENCHMARK = Path(__file__).parents[1] / "benchmarks" / "calibration.py"
BY = Fingerprint(version="1", judge="j", prompt="p")
JUDGE = Grader(
    name="judge",
    dimension="accuracy",
    version="1",
    grade=lambda _: Score.abstained("made up"),
    kind="llm",
    needs_judge=True,
)


def share(good: int, n: int) -> Share:
    return share_of([True] * good + [False] * (n - good), list(range(n)), [1.0] * n, 0.95)


def entry(language: str = "en", found: int = 90, cleared: int = 190) -> Entry:
    kappa = Share(n=300, clusters=300, estimate=0.8, low=0.7, high=0.9, method="made up")
    evidence = Evidence(
        n=300,
        clusters=300,
        faults=100,
        abstained=0,
        kappa=kappa,
        alpha=kappa,
        sensitivity=share(found, 100),
        specificity=share(cleared, 200),
        auc=kappa,
        brier=0.1,
        confidence=0.95,
    )
    return Entry(
        grader="judge",
        kind="llm",
        dimension="accuracy",
        metric="rate",
        language=language,
        granted=True,
        why="made up",
        graded_by=BY,
        needs=LicenceTable(),
        evidence=evidence,
        labels="made up",
        on=dt.date(2026, 1, 1),
    )


def trust(*entries: Entry) -> Trust:
    return Trust(licence=Licence(entries=entries or (entry(),)), graded_by={"judge": BY})


def row(number: int, passed: bool, *, arm: Arm = "ai", language: str = "en", state: State = "graded") -> ScoreRow:
    told: dict[str, Any] = {"verdict": "pass" if passed else "fail", "value": float(passed)}
    return ScoreRow(
        id=f"t{number}",
        turn=1,
        trial=0,
        arm=arm,
        grader="judge",
        dimension="accuracy",
        state=state,
        cluster=f"t{number}",
        slices={"language": language},
        metrics={"rate": passed if state == "graded" else None},
        **(told if state == "graded" else {}),
    )


def rows(good: int, n: int, **more: Any) -> list[ScoreRow]:
    return [row(number, number < good, **more) for number in range(n)]


def decided(given: list[ScoreRow], known: Trust, **gate: Any) -> Any:
    table = GateTable(dimension="accuracy", **gate)
    settings = Settings(suite=SuiteTable(name="t"), gate=(table,))
    asked = expand(settings, [JUDGE], planned_rows(given))
    (result,) = gates_of(
        asked,
        given,
        settings,
        baseline=(),
        way=ONE_LOOK,
        sampled=None,
        synthetic=False,
        day=dt.date(2026, 1, 1),
        trust=known,
    )
    return result


def test_the_corrected_rate_is_rogan_and_gladens_and_adds_up_by_language() -> None:
    given = rows(420, 500)
    found = corrected_rate(given, JUDGE, "rate", trust(), rate_of(given, "rate", 0.95).rate)
    assert found is not None
    # Faults as judged 80 / 500; (0.16 + 0.95 − 1) / (0.90 + 0.95 − 1).
    assert found.estimate == pytest.approx(1 - 0.11 / 0.85)
    both = [*given, *rows(300, 500, language="pl")]
    raw = rate_of(both, "rate", 0.95).rate
    two = corrected_rate(both, JUDGE, "rate", trust(entry(), entry("pl", found=80, cleared=180)), raw)
    assert two is not None
    polish = 1 - (0.40 + 0.90 - 1) / (0.80 + 0.90 - 1)
    assert two.estimate == pytest.approx((1 - 0.11 / 0.85 + polish) / 2)
    assert corrected_rate(both, JUDGE, "rate", trust(), raw) is None, "nothing tells its errors in Polish"


def test_answers_without_a_score_widen_the_corrected_rate_as_they_widen_the_raw_one() -> None:
    given = rows(420, 500)
    more = [*given, *(row(1000 + number, True, state="errored") for number in range(50))]
    known = corrected_rate(given, JUDGE, "rate", trust(), rate_of(given, "rate", 0.95).rate)
    wider = corrected_rate(more, JUDGE, "rate", trust(), rate_of(more, "rate", 0.95).rate)
    assert known is not None
    assert wider is not None
    assert wider.low == pytest.approx(known.low * 500 / 550)  # type: ignore[operator]
    assert wider.high == pytest.approx((known.high * 500 + 50) / 550)  # type: ignore[operator]


def test_a_difference_as_judged_is_smaller_than_the_true_one_so_its_bounds_are_stretched() -> None:
    pairs = Pairs(rows(400, 500), rows(430, 500, arm="human"))
    raw = difference_of(pairs, "rate", 0.95)
    found = boxed(raw, {"en": entry()}, 0.95, difference=True)
    assert found.estimate == pytest.approx(raw.rate.estimate / 0.85)  # type: ignore[operator]
    assert found.low < raw.rate.low / 0.85  # type: ignore[operator]
    assert found.high >= raw.rate.high  # type: ignore[operator]


def test_a_margin_that_only_the_judged_difference_keeps_is_open() -> None:
    given = [*rows(480, 500), *rows(490, 500, arm="human")]
    assert decided(given, trust(), margin=0.10).verdict == "PASS"
    near = decided(given, trust(), margin=0.04)
    assert near.difference.low > -0.04
    assert near.verdict == "INCONCLUSIVE"
    assert near.reason.startswith("as judged it is a PASS, but the interval corrected")


def test_a_fail_as_judged_is_open_where_the_judge_faults_good_answers() -> None:
    # It faults a sixth of the good answers: 83 % as judged is what an agent without a fault would get.
    wary = trust(entry(found=95, cleared=166))
    result = decided(rows(410, 500), wary, at_least=0.9)
    assert result.rate.high < 0.9
    assert result.verdict == "INCONCLUSIVE"
    assert decided(rows(300, 500), wary, at_least=0.9).verdict == "FAIL"


def test_zero_tolerance_is_decided_by_what_was_seen_and_needs_the_licence_too() -> None:
    assert decided(rows(499, 500), trust(), zero=True).verdict == "FAIL"
    assert decided(rows(499, 500), Trust(), zero=True).verdict == "INCONCLUSIVE"


@given(st.floats(0.01, 0.99), st.floats(0.05, 0.9), st.floats(0.05, 0.9))
def test_a_weighted_sum_of_one_is_that_one_and_of_several_holds_its_estimate(
    estimate: float, below: float, above: float
) -> None:
    one = (estimate, estimate * (1 - below), estimate + (1 - estimate) * above)
    assert weighted_sum([one], [1.0]) == pytest.approx(one)
    sum_, low, high = weighted_sum([one, one], [0.5, 0.5])
    assert low <= sum_ <= high
    assert high - low < one[2] - one[1]


def test_weights_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValueError, match="expected one an estimate"):
        weighted_sum([(0.5, 0.4, 0.6)], [])
    with pytest.raises(ValueError, match=r"weights\[0\]: expected 0 or above"):
        weighted_sum([(0.5, 0.4, 0.6)], [-1.0])


def test_the_area_under_the_curve_is_scikit_learns() -> None:
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(2)
    for _ in range(20):
        good = rng.random(50) < 0.4
        values = np.asarray(np.round(rng.random(50) + good * 0.3, 1), dtype=np.float64)
        assert roc_auc(values, good) == pytest.approx(roc_auc_score(good, values))
    assert np.isnan(roc_auc(rng.random(50), np.ones(50, dtype=bool)))


def test_weighted_shares_cover_where_flagged_answers_were_drawn_more_often() -> None:
    """Sensitivity from a sample in which what the judge faults is drawn five times as often as the rest."""
    hits = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        faulted = rng.random(800) < 0.8
        drawn = rng.random(800) < np.where(faulted, 0.25, 0.05)
        weights = np.where(faulted, 4.0, 20.0)[drawn]
        found = share_of(faulted[drawn].tolist(), list(range(int(drawn.sum()))), weights.tolist(), 0.95)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= 0.8 <= found.high
    assert hits >= 0.93 * 200


@given(st.lists(st.tuples(st.booleans(), st.floats(1, 50)), min_size=2, max_size=60), st.booleans())
def test_a_weighted_share_is_a_share_whatever_the_weights_add_up_to(
    drawn: list[tuple[bool, float]], all_: bool
) -> None:
    held, weights = [one or all_ for one, _ in drawn], [weight for _, weight in drawn]
    found = share_of(held, list(range(len(drawn))), weights, 0.95)
    assert found.low is not None
    assert found.high is not None
    assert found.estimate is not None
    assert 0 <= found.low <= found.estimate <= found.high <= 1


def test_a_weighted_share_of_all_is_one_where_rounding_would_make_it_more() -> None:
    weights = [6.9] * 40 + [1.7123] * 8 + [1.1499] * 3
    for seed in range(50):
        mixed = np.random.default_rng(seed).permutation(weights).tolist()
        found = share_of([True] * len(mixed), list(range(len(mixed))), mixed, 0.95)
        assert found.estimate == pytest.approx(1)
        assert found.high == 1


@pytest.mark.slow
def test_corrected_rates_cover_the_truth_and_judged_ones_do_not() -> None:
    command = [sys.executable, str(BENCHMARK), "--runs", "100"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert float(done.stdout.rpartition("lowest coverage of a corrected rate: ")[2].strip().rstrip(" %\n")) >= 90
    judged = [float(one) for one in re.findall(r"^ *\d+%.*?\d+  +(\d+\.\d) %", done.stdout, re.MULTILINE)]
    assert len(judged) == 5
    assert max(judged) < 50


def test_an_entry_is_written_and_read_as_it_was() -> None:
    licence = Licence(entries=(entry(),))
    assert msgspec.json.decode(msgspec.json.encode(licence), type=Licence) == licence
