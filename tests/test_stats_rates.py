"""Intervals for rates and differences, held against reference programs, published limits and simulations."""

from __future__ import annotations

import math

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import betabinom, binomtest, norm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from chatparity.stats import (
    clopper_pearson,
    cluster_rate,
    paired_difference,
    score_interval,
    unpaired_difference,
    wilson,
)
from chatparity.stats.clusters import clusters_of
from chatparity.stats.interval import normal_quantile, t_quantile

CODES = [number // 4 for number in range(800)]


def spread(good: int, n: int) -> list[bool]:
    return [True] * good + [False] * (n - good)


@pytest.mark.parametrize(("good", "n"), [(0, 7), (1, 20), (171, 190), (50, 100), (33, 33)])
def test_wilson_and_the_exact_interval_are_those_of_statsmodels_and_scipy(good: int, n: int) -> None:
    assert wilson(good, n) == pytest.approx(proportion_confint(good, n, method="wilson"), abs=1e-12)
    exact = binomtest(good, n).proportion_ci(0.9, method="exact")
    assert clopper_pearson(good, n, 0.9) == pytest.approx((exact.low, exact.high), abs=1e-12)


def test_the_interval_of_the_designs_example_is_the_one_it_prints() -> None:
    low, high = wilson(171, 190)
    assert (f"{100 * low:.1f}", f"{100 * high:.1f}") == ("84.9", "93.5")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: wilson(3, 2), "got 3"),
        (lambda: wilson(0, 0), "got 0"),
        (lambda: clopper_pearson(1, 2, 1.0), "got 1.0"),
        (lambda: cluster_rate([True], []), "expected one a value"),
        (lambda: paired_difference([True], [True, False], ["a"]), "expected the same length, got 1, 2 and 1"),
        (lambda: score_interval(2, 2, 3, quantile=2), "got 2 and 2 of 3"),
    ],
)
def test_an_argument_that_cannot_be_is_named(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]


def test_the_robust_variance_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(3)
    codes = rng.integers(0, 25, 120)
    values = (rng.random(120) < 0.7).astype(float)
    fitted = sm.OLS(values, np.ones(120)).fit(cov_type="cluster", cov_kwds={"groups": codes})
    mine = clusters_of(codes.tolist()).robust_variance(values)
    assert math.sqrt(mine) == pytest.approx(float(fitted.bse[0]), rel=1e-9)


def test_one_answer_a_conversation_gives_the_plain_interval() -> None:
    found = cluster_rate(spread(171, 190), range(190))
    assert (found.low, found.high) == pytest.approx(wilson(171, 190))
    assert found.method == "Wilson"
    rare = cluster_rate(spread(188, 190), range(190))
    assert (rare.low, rare.high) == pytest.approx(clopper_pearson(188, 190))
    assert rare.method.startswith("exact")


def test_conversations_that_fail_as_a_whole_widen_the_interval() -> None:
    clustered = cluster_rate(spread(80, 100), [number // 5 for number in range(100)])
    plain = cluster_rate(spread(80, 100), range(100))
    assert clustered.design_effect == pytest.approx(5 * 20 / 19, rel=1e-6)
    assert clustered.low is not None
    assert plain.low is not None
    assert clustered.low < plain.low - 0.05


def test_a_count_that_is_skewed_gets_the_exact_interval_and_one_that_is_not_wilsons() -> None:
    methods = [cluster_rate(spread(good, 100), range(100)).method for good in (50, 80, 90, 97)]
    assert methods == ["Wilson", "Wilson", "exact (Clopper–Pearson)", "exact (Clopper–Pearson)"]


def test_chances_are_all_answers_without_correlation_and_their_number_of_conversations_with_the_strongest() -> None:
    groups = clusters_of([number // 4 for number in range(80)])
    assert groups.chances(0) == pytest.approx(80)
    assert groups.chances(1 - 1e-9) == pytest.approx(20)
    with pytest.raises(ValueError, match=r"got 1\.5"):
        groups.chances(1.5)


@pytest.mark.parametrize("icc", [0.05, 0.5, 0.8])
def test_an_event_is_missed_in_all_answers_as_often_as_the_chances_say(icc: float) -> None:
    rare, sizes, scale = 1e-4, (2, 3, 6), (1 - icc) / icc
    never = math.prod(float(betabinom.pmf(0, size, rare * scale, (1 - rare) * scale)) for size in sizes)
    groups = clusters_of([name for name, size in enumerate(sizes) for _ in range(size)])
    assert -math.log(never) / rare == pytest.approx(groups.chances(icc), rel=1e-3)


def test_more_is_assumed_of_tasks_tried_again_and_again() -> None:
    names = [number // 4 for number in range(80)]
    turns = cluster_rate([True] * 80, names)
    trials = cluster_rate([True] * 80, names, working_icc=0.8)
    assert turns.low == pytest.approx(clopper_pearson(20 * (1 + 1 / 2 + 1 / 3 + 1 / 4), 20 * 25 / 12)[0])
    assert trials.low is not None
    assert turns.low is not None
    assert trials.low < 0.9 < turns.low


def test_the_assumption_fades_where_enough_conversations_show_the_rarer_value() -> None:
    def effect(bad: int) -> float:
        # One bad answer in each of the first `bad` conversations: no correlation to be seen.
        return cluster_rate([number >= bad * 4 or number % 4 > 0 for number in range(800)], CODES).design_effect

    assert effect(0) == effect(9) == pytest.approx(4 / (25 / 12))
    assert effect(9) > effect(15) > effect(20) == 1.0


def test_clustering_never_narrows_an_interval() -> None:
    # One bad answer in each conversation: less spread between conversations than chance would give.
    values = [number % 5 != 0 for number in range(200)]
    assert cluster_rate(values, [number // 5 for number in range(200)]).design_effect == 1.0


def test_a_perfect_record_in_few_conversations_claims_less_than_as_many_independent_answers() -> None:
    clustered = cluster_rate([True] * 60, [number // 5 for number in range(60)])
    assert clustered.low is not None
    assert clustered.low < clopper_pearson(60, 60)[0] - 0.02
    assert clustered.high == 1.0


def test_one_conversation_cannot_tell_and_nothing_is_nothing() -> None:
    one = cluster_rate([True, False, True], ["a", "a", "a"])
    assert one.estimate == pytest.approx(2 / 3)
    assert (one.low, one.high) == (None, None)
    assert "one cluster" in one.method
    assert cluster_rate([], []).estimate is None


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 8)), min_size=1, max_size=60))
def test_an_interval_holds_its_estimate_and_stays_within_0_and_1(answers: list[tuple[bool, int]]) -> None:
    found = cluster_rate([good for good, _ in answers], [cluster for _, cluster in answers])
    if found.low is not None and found.high is not None and found.estimate is not None:
        assert 0 <= found.low <= found.estimate <= found.high <= 1
        assert found.low < found.high


@pytest.mark.parametrize(("first_only", "second_only"), [(9, 2), (4, 3), (0, 6)])
def test_the_score_interval_leaves_out_zero_exactly_when_mcnemar_rejects(first_only: int, second_only: int) -> None:
    table = [[30, first_only], [second_only, 20]]
    tested = mcnemar(table, exact=False, correction=False)
    at_edge = math.sqrt(tested.statistic)
    n = 50 + first_only + second_only
    inner = score_interval(first_only, second_only, n, quantile=at_edge * 0.999)
    outer = score_interval(first_only, second_only, n, quantile=at_edge * 1.001)
    assert not inner[0] <= 0 <= inner[1]
    assert outer[0] <= 0 <= outer[1]


def test_no_discordant_pair_is_no_interval_of_width_zero() -> None:
    found = paired_difference([True] * 100, [True] * 100, range(100))
    z2 = 1.959964**2
    assert found.estimate == 0
    assert (found.low, found.high) == pytest.approx((-z2 / (100 + z2), z2 / (100 + z2)), rel=1e-5)


def test_one_lost_pair_is_never_better_than_none() -> None:
    none = paired_difference([True] * 100, [True] * 100, range(100))
    one = paired_difference([True] * 99 + [False], [True] * 100, range(100))
    assert one.low is not None
    assert none.low is not None
    assert one.low < none.low


def test_the_paired_interval_uses_the_robust_variance_of_statsmodels() -> None:
    rng = np.random.default_rng(5)
    codes = np.repeat(np.arange(40), 4)
    hard = np.repeat(rng.random(40) < 0.3, 4)
    first, second = rng.random(160) < 0.8, (rng.random(160) < 0.6) & ~hard
    found = paired_difference(first.tolist(), second.tolist(), codes.tolist())
    values = first.astype(float) - second.astype(float)
    fitted = sm.OLS(values, np.ones(160)).fit(cov_type="cluster", cov_kwds={"groups": codes})
    plain = float(values.var()) / 160
    assert found.design_effect == pytest.approx(float(fitted.bse[0]) ** 2 / plain, rel=1e-9)
    assert found.design_effect > 1
    widened = found.design_effect * (t_quantile(0.95, 39) / normal_quantile(0.95)) ** 2
    counts = (found.first_only / widened, found.second_only / widened, 160 / widened)
    assert (found.low, found.high) == pytest.approx(score_interval(*counts, quantile=normal_quantile(0.95)))


def test_the_unpaired_interval_of_single_answers_is_newcombes_of_statsmodels() -> None:
    found = unpaired_difference(spread(56, 70), spread(48, 80), range(70), range(100, 180))
    reference = confint_proportions_2indep(56, 70, 48, 80, method="newcomb", compare="diff")
    assert (found.first.method, found.second.method) == ("Wilson", "Wilson")
    assert (found.low, found.high) == pytest.approx(reference, abs=1e-9)


def test_the_unpaired_difference_is_that_of_rates_that_can_be_estimated() -> None:
    one = unpaired_difference([True, False], [True, True], ["a", "a"], ["b", "c"])
    assert (one.estimate, one.low, one.high) == (-0.5, None, None)
    assert one.method == "cannot be estimated from one cluster"
    assert unpaired_difference([], [True], [], ["b"]).method == "nothing observed on the first side"
    with pytest.raises(ValueError, match="got 'a' on both"):
        unpaired_difference([True], [True], ["a"], ["a"])


def test_a_difference_over_one_conversation_cannot_be_estimated() -> None:
    found = paired_difference([True, False], [True, True], ["a", "a"])
    assert (found.low, found.high) == (None, None)
    assert found.estimate == -0.5


def test_more_of_the_same_conversations_narrow_an_interval() -> None:
    found = cluster_rate(spread(90, 100), [number % 30 for number in range(100)])
    more = found.at(300)
    assert more.n == 1000
    assert found.low is not None
    assert more.low is not None
    assert found.low < more.low < 0.9


def test_two_conversations_weigh_no_less_than_one_pair() -> None:
    first = [True, True, True, True, False, False, False, False]
    found = paired_difference(first, [False] * 8, [0, 0, 0, 0, 1, 1, 1, 1])
    assert (found.low, found.high) == pytest.approx(score_interval(0.5, 0.0, 1.0, quantile=float(norm.ppf(0.975))))
