"""Non-inferiority and equivalence: p-values, and that they say what the interval says."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm
from statsmodels.stats.weightstats import ttost_paired

from chatparity.stats import (
    equivalence,
    margin_test,
    non_inferiority,
    paired_difference,
    paired_margin_test,
    wilson,
)


def test_tost_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(10, 2, 40), rng.normal(10.2, 2, 40)
    p_value, lower, _ = ttost_paired(first, second, -1, 1)
    found = paired_margin_test(first.tolist(), second.tolist(), range(40), margin=1, both_sides=True)
    one_sided = paired_margin_test(first.tolist(), second.tolist(), range(40), margin=1)
    assert found.p_value == pytest.approx(float(p_value), rel=1e-9)
    assert one_sided.p_value == pytest.approx(float(lower[1]), rel=1e-9)


def test_with_clusters_it_is_the_robust_t_of_statsmodels() -> None:
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(25), 4)
    differences = rng.normal(0.2, 1, 100) + np.repeat(rng.normal(0, 1, 25), 4)
    fitted = sm.OLS(differences, np.ones(100)).fit(cov_type="cluster", cov_kwds={"groups": codes}, use_t=True)
    found = paired_margin_test(differences.tolist(), [0.5] * 100, codes.tolist(), margin=0.9)
    low, high = fitted.conf_int()[0]
    assert (found.low, found.high) == pytest.approx((low - 0.5, high - 0.5), rel=1e-9)
    assert found.p_value == pytest.approx(float(fitted.t_test("const = -0.4").pvalue) / 2, rel=1e-6)


@given(
    st.lists(st.tuples(st.booleans(), st.booleans()), min_size=8, max_size=60),
    st.integers(1, 3),
    st.sampled_from([0.02, 0.1, 0.3]),
    st.booleans(),
)
@settings(max_examples=40, deadline=None)
def test_a_verdict_is_reached_exactly_when_p_is_below_what_the_interval_leaves_on_a_side(
    pairs: list[tuple[bool, bool]], size: int, margin: float, both_sides: bool
) -> None:
    first, second = [one for one, _ in pairs], [other for _, other in pairs]
    clusters = [number // size for number in range(len(pairs))]
    found = paired_margin_test(first, second, clusters, margin=margin, both_sides=both_sides)
    interval = paired_difference(first, second, clusters)
    assert (found.low, found.high) == (interval.low, interval.high)
    assert found.p_value is not None
    reached = found.verdict in {"non-inferior", "equivalent"}
    if abs(found.p_value - 0.025) > 1e-6:
        assert reached == (found.p_value < 0.025)
    if found.verdict == "inferior":
        assert found.p_value > 0.975 - 1e-6


def test_the_test_of_any_interval_is_the_test_it_came_from() -> None:
    # Wilson's interval is the score test turned round: p of 46 of 60 against 0.7.
    found = margin_test(
        lambda confidence: tuple(one - 0.8 for one in wilson(46, 60, confidence)),  # type: ignore[arg-type,return-value]
        46 / 60 - 0.8,
        margin=0.1,
    )
    statistic = (46 / 60 - 0.7) / (0.7 * 0.3 / 60) ** 0.5
    assert found.p_value == pytest.approx(float(norm.sf(statistic)), rel=1e-6)
    below = margin_test(
        lambda confidence: tuple(one - 0.9 for one in wilson(46, 60, confidence)),  # type: ignore[arg-type,return-value]
        46 / 60 - 0.9,
        margin=0.1,
    )
    statistic = (46 / 60 - 0.8) / (0.8 * 0.2 / 60) ** 0.5
    assert below.p_value == pytest.approx(float(norm.sf(statistic)), rel=1e-6)


@pytest.mark.parametrize(
    ("estimate", "one_sided", "two_sided"),
    [
        (0.0, "non-inferior", "equivalent"),
        (0.09, "non-inferior", "different"),
        (-0.09, "inferior", "different"),
        (-0.05, "undecided", "undecided"),
    ],
)
def test_a_verdict_reads_the_interval(estimate: float, one_sided: str, two_sided: str) -> None:
    assert non_inferiority(estimate, 0.01, margin=0.05).verdict == one_sided
    assert equivalence(estimate, 0.01, margin=0.05).verdict == two_sided


@pytest.mark.parametrize(
    ("first", "second", "clusters", "why"),
    [
        ([], [], [], "no pairs"),
        ([1.5, 2.0], [1.0, 1.0], ["a", "a"], "one cluster"),
        ([1.5, 2.5], [1.0, 2.0], ["a", "b"], "all differences are alike"),
        ([1, 0], [1, 1], ["a", "a"], "one cluster"),
    ],
)
def test_what_cannot_be_tested_says_why(first: list[float], second: list[float], clusters: list[str], why: str) -> None:
    found = paired_margin_test(first, second, clusters, margin=0.1)
    assert (found.low, found.high, found.p_value, found.verdict) == (None, None, None, "undecided")
    assert why in found.method


def test_a_true_difference_on_the_margin_is_seldom_called_non_inferior() -> None:
    rng = np.random.default_rng(3)
    repeats, wrong = 1000, 0
    names = np.repeat(np.arange(40), 3).tolist()
    for _ in range(repeats):
        shared = np.repeat(rng.normal(0, 5, 40), 3)
        second = rng.exponential(20, 120)
        first = second + shared + rng.normal(0, 4, 120) - 2
        wrong += paired_margin_test(first.tolist(), second.tolist(), names, margin=2).verdict == "non-inferior"
    assert wrong / repeats <= 0.025 + 3 * (0.025 * 0.975 / repeats) ** 0.5


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: non_inferiority(0, 0, margin=0.1), "standard_error: expected a number above 0, got 0"),
        (lambda: equivalence(0, 1, margin=-0.1), "margin: expected a number from 0, got -0.1"),
        (lambda: non_inferiority(0, 1, margin=0.1, df=0), "df: expected a number above 0, got 0"),
        (lambda: paired_margin_test([float("nan")], [1], [1], margin=0.1), r"first\[0\]: expected a finite number"),
        (lambda: paired_margin_test([1], [1, 0], [1], margin=0.1), "same length, got 1, 2 and 1"),
    ],
)
def test_an_argument_that_cannot_be_is_named(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]
