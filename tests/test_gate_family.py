"""A gate asked of many slices: each pass stands by itself, a fail is held against their number."""

from __future__ import annotations

import datetime as dt

import msgspec
import numpy as np
import pytest
from scipy.stats import binom
from statsmodels.stats.multitest import multipletests

from chatparity.exchange import Exchange, Score
from chatparity.gate.decide import gates_of
from chatparity.gate.looks import ONE_LOOK
from chatparity.gate.result import GateResult
from chatparity.gate.slices import expand, planned_rows
from chatparity.grading import grader
from chatparity.grading.rows import ScoreRow
from chatparity.stats import clopper_pearson, holm, wilson
from chatparity.suite import GateTable, Settings, SuiteTable

GATE = GateTable(dimension="accuracy", at_least=0.9, slices=("language",), whole=False)
DAY = dt.date(2026, 1, 1)


@grader(dimension="accuracy")
def accuracy(exchange: Exchange) -> Score:
    """Pass everything."""
    return Score.passed("fine")


def rows(language: str, good: int, n: int) -> list[ScoreRow]:
    return [
        ScoreRow(
            id=f"{language}-{number}",
            turn=1,
            trial=0,
            arm="ai",
            grader="accuracy",
            dimension="accuracy",
            state="graded",
            cluster=f"{language}-{number}",
            slices={"language": language},
            metrics={"rate": number < good},
        )
        for number in range(n)
    ]


def results(made: list[ScoreRow], gate: GateTable = GATE) -> list[GateResult]:
    settings = Settings(suite=SuiteTable(name="test"), gate=(gate,))
    asked = expand(settings, [accuracy], planned_rows(made))
    found = gates_of(asked, made, settings, baseline=(), way=ONE_LOOK, sampled=None, synthetic=True, day=DAY)
    return list(found)


def slices(*goods: int, n: int = 200) -> list[ScoreRow]:
    return [row for number, good in enumerate(goods) for row in rows(f"l{number:02}", good, n)]


def test_a_miss_that_does_not_survive_the_number_of_slices_is_inconclusive_and_says_why() -> None:
    found = results(slices(170, *[190] * 11))
    assert results(rows("l00", 170, 200))[0].verdict == "FAIL"
    assert found[0].verdict == "INCONCLUSIVE"
    assert "it misses by itself, but among 12 slices that may be chance: p = 0.0" in found[0].reason
    assert found[0].needed is not None
    assert f"about {found[0].needed} more conversations like these would decide, as a FAIL" in found[0].reason
    scaled = 200 + found[0].needed
    again = results([*rows("l00", round(0.85 * scaled), scaled), *slices(*[190] * 12)[200:]])
    assert again[0].verdict == "FAIL"


def test_a_clear_miss_fails_and_carries_its_p_and_what_became_of_it() -> None:
    found = results(slices(150, *[190] * 11))[0]
    assert found.verdict == "FAIL"
    assert found.family is not None
    assert found.family.p is not None
    assert found.family.adjusted == pytest.approx(12 * found.family.p)
    assert "FAIL corrected: p = " in found.family.method
    assert "survives the correction for 12 slices" in found.reason


def test_a_pass_needs_no_correction() -> None:
    found = results(slices(*[190] * 12))
    assert {one.verdict for one in found} == {"PASS"}
    assert all(one.family is not None and "no correction (intersection–union)" in one.family.method for one in found)


def test_the_p_value_is_the_level_at_which_the_interval_meets_the_threshold() -> None:
    found = results(slices(160, 190))[0]
    assert found.family is not None
    assert found.family.p is not None
    level = 1 - 2 * found.family.p
    # The exact one is the longer far out, and decides.
    assert wilson(160, 200, level)[1] < clopper_pearson(160, 200, level)[1] == pytest.approx(0.9, abs=1e-4)
    assert found.family.p == pytest.approx(float(binom.cdf(160, 200, 0.9)), rel=1e-2)


@pytest.mark.parametrize(("good", "verdict"), [(169, "FAIL"), (170, "INCONCLUSIVE")])
def test_what_two_slices_allow_is_half_of_what_one_does(good: int, verdict: str) -> None:
    alone, beside = results(rows("l00", good, 200))[0], results(slices(good, 200))[0]
    assert alone.verdict == "FAIL"
    assert beside.verdict == verdict
    assert beside.family is not None
    assert beside.family.adjusted is not None
    assert (beside.family.adjusted <= 0.025) is (verdict == "FAIL")
    assert beside.family.adjusted < 0.05


def test_what_has_no_score_counts_as_best_in_the_p_value_too() -> None:
    lost = [
        msgspec.structs.replace(
            one, id=f"lost{number}", cluster=f"lost{number}", state="errored", metrics={"rate": None}
        )
        for number, one in enumerate(rows("l00", 0, 10))
    ]
    found = results([*slices(150, 190), *lost])[0]
    assert found.family is not None
    assert found.family.p == pytest.approx(float(binom.cdf(160, 210, 0.9)), rel=1e-2)


def test_the_whole_is_a_question_of_its_own_and_one_slice_is_no_family() -> None:
    whole = GateTable(dimension="accuracy", at_least=0.9, slices=("language",))
    found = results(slices(170, *[190] * 11), whole)
    assert [one.family is None for one in found] == [True, *[False] * 12]
    assert results(rows("l00", 170, 200), whole)[1].family is None


def test_zero_tolerance_is_not_corrected() -> None:
    found = results(slices(199, *[200] * 11), GateTable(dimension="accuracy", zero=True, slices=("language",)))
    assert [one.verdict for one in found] == ["FAIL", "FAIL", *["PASS"] * 11]
    assert all(one.family is None for one in found)


def test_holm_is_that_of_statsmodels() -> None:
    ps = [0.001, 0.02, 0.9, 0.004]
    assert holm(ps) == pytest.approx(list(multipletests(ps, method="holm")[1]))


def test_twelve_slices_at_the_threshold_bring_a_false_fail_in_at_most_5_percent_and_uncorrected_far_more() -> None:
    rng = np.random.default_rng(4)
    repeats, corrected, plain = 100, 0, 0
    for _ in range(repeats):
        goods = rng.binomial(60, 0.9, 12)
        made = slices(*goods.tolist(), n=60)
        corrected += any(one.verdict == "FAIL" for one in results(made))
        plain += any(wilson(int(good), 60)[1] < 0.9 for good in goods)
    assert corrected / repeats <= 0.05
    assert plain / repeats > 0.2
