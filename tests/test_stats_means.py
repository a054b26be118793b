"""Clustered means, the cluster bootstrap and the beta-binomial model, held against reference programs."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.linalg import fractional_matrix_power
from scipy.stats import beta, betabinom, bootstrap, ttest_1samp, ttest_ind, ttest_rel

from chatparity.stats import (
    beta_binomial,
    cluster_bootstrap,
    cluster_mean,
    paired_mean_difference,
    unpaired_mean_difference,
)
from chatparity.stats.beta_binomial import _log_likelihood
from chatparity.stats.bootstrap import Statistic

RNG = np.random.default_rng(8)
SECONDS = RNG.lognormal(4, 0.5, 24).round(1).tolist()
OTHERS = RNG.lognormal(4.2, 0.8, 15).round(1).tolist()
CODES = [0, 0, 0, 0, 0, 0, 0, 1, 1, 2, 2, 2, 3, 4, 4, 5, 5, 5, 5, 6, 7, 7, 7, 7]


def test_one_value_a_conversation_gives_students_interval_and_welchs() -> None:
    alone = cluster_mean(SECONDS, range(24))
    reference = ttest_1samp(SECONDS, 0).confidence_interval()
    assert (alone.low, alone.high) == pytest.approx((reference.low, reference.high))
    assert alone.df == pytest.approx(23)
    apart = unpaired_mean_difference(SECONDS, OTHERS, range(24), range(100, 115))
    welch = ttest_ind(SECONDS, OTHERS, equal_var=False)
    assert apart.df == pytest.approx(welch.df)
    assert (apart.low, apart.high) == pytest.approx(tuple(welch.confidence_interval()))
    pairs = paired_mean_difference(SECONDS[:15], OTHERS, range(15))
    assert (pairs.low, pairs.high) == pytest.approx(tuple(ttest_rel(SECONDS[:15], OTHERS).confidence_interval()))


def test_conversations_of_one_size_give_the_interval_of_their_means() -> None:
    found = cluster_mean(SECONDS, [number // 3 for number in range(24)])
    means = np.asarray(SECONDS).reshape(8, 3).mean(axis=1)
    assert (found.low, found.high) == pytest.approx(tuple(ttest_1samp(means, 0).confidence_interval()))
    assert found.df == pytest.approx(7)


def test_unequal_conversations_give_cr2_and_the_degrees_of_freedom_by_matrices() -> None:
    # Bell and McCaffrey's definition, written out for a regression on a constant.
    codes, values, n = np.asarray(CODES), np.asarray(SECONDS), 24
    ones = np.ones((n, 1))
    left = np.eye(n) - ones @ ones.T / n
    columns, variance = [], 0.0
    for code in range(8):
        own = np.flatnonzero(codes == code)
        adjusted = fractional_matrix_power(left[np.ix_(own, own)], -0.5) @ np.ones(len(own)) / n
        variance += float(adjusted @ (values - values.mean())[own]) ** 2
        columns.append(left[:, own] @ adjusted)
    eigen = np.linalg.eigvalsh(np.column_stack(columns).T @ np.column_stack(columns))
    found = cluster_mean(SECONDS, CODES)
    assert found.standard_error == pytest.approx(math.sqrt(variance))
    assert found.df == pytest.approx(eigen.sum() ** 2 / (eigen**2).sum())
    assert found.df is not None
    assert found.df < 7


def test_what_cannot_be_estimated_is_said_and_a_wrong_value_is_named() -> None:
    assert cluster_mean([1.0, 2.0], ["a", "a"]).method == "cannot be estimated from one cluster"
    alike = cluster_mean([1.0, 1.0, 1.0], "abc")
    assert (alike.estimate, alike.low, alike.method) == (1.0, None, "cannot be estimated: all values are alike")
    assert cluster_mean([], []).method == "nothing observed"
    side = unpaired_mean_difference([1.0, 2.0], [1.0, 2.0], "ab", "cc")
    assert (side.low, side.method) == (None, "cannot be estimated from one cluster (the second side)")
    assert unpaired_mean_difference([], [1.0], "", "a").method == "nothing observed on the first side"
    with pytest.raises(ValueError, match="values: expected finite numbers, got nan"):
        cluster_mean([1.0, math.nan], "ab")
    with pytest.raises(ValueError, match="got 'a' on both"):
        unpaired_mean_difference([1.0], [2.0], "a", "a")
    with pytest.raises(ValueError, match="got 2, 1 and 2"):
        paired_mean_difference([1.0, 2.0], [1.0], "ab")
    with pytest.raises(ValueError, match="expected one a value"):
        cluster_mean([1.0], [])


def mean_of(values: NDArray[np.float64]) -> Statistic:
    return lambda chosen: float(values[chosen].mean())


def test_with_one_value_a_conversation_the_bootstrap_is_that_of_scipy() -> None:
    values = np.asarray(SECONDS)
    kinds: tuple[Literal["bca", "percentile"], ...] = ("bca", "percentile")
    for kind in kinds:
        mine = cluster_bootstrap(mean_of(values), range(24), kind=kind, resamples=20_000)
        reference = bootstrap((values,), np.mean, method=kind, n_resamples=20_000, rng=1).confidence_interval
        assert (mine.low, mine.high) == pytest.approx((reference.low, reference.high), abs=0.5)


def test_the_bootstrap_draws_whole_conversations_the_same_ones_each_time() -> None:
    values = np.repeat(RNG.normal(size=12), 5)
    codes = [number // 5 for number in range(60)]
    together = cluster_bootstrap(mean_of(values), codes)
    apart = cluster_bootstrap(mean_of(values), range(60))
    assert together == cluster_bootstrap(mean_of(values), codes)
    assert together.low is not None
    assert together.high is not None
    assert apart.low is not None
    assert apart.high is not None
    assert together.high - together.low > 1.7 * (apart.high - apart.low)


def test_the_bootstrap_gives_no_interval_that_it_cannot_know() -> None:
    one = cluster_bootstrap(lambda chosen: float(len(chosen)), ["a", "a"])
    assert (one.low, one.method) == (None, "cannot be estimated from one cluster")
    few = cluster_bootstrap(lambda chosen: float(len(chosen)), "abcd")
    assert few.method == "cannot be estimated from 4 clusters, a bootstrap needs 10"
    same = cluster_bootstrap(lambda chosen: 1.0, range(12))
    assert (same.low, same.method) == (None, "cannot be estimated: every resample gives the same")
    rare = cluster_bootstrap(lambda chosen: 1.0 if 0 in chosen else math.nan, range(12))
    assert rare.low is None
    assert rare.undefined == pytest.approx((11 / 12) ** 12, abs=0.04)
    assert cluster_bootstrap(lambda chosen: math.nan, range(12)).method == "not defined for these data"
    with pytest.raises(ValueError, match='expected "bca" or "percentile", got \'t\''):
        cluster_bootstrap(lambda chosen: 1.0, range(12), kind="t")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="got 10"):
        cluster_bootstrap(lambda chosen: 1.0, range(12), resamples=10)
    with pytest.raises(ValueError, match="got none"):
        cluster_bootstrap(lambda chosen: 1.0, [])


def test_the_bootstrap_of_a_mean_difference_covers_the_truth_often_enough() -> None:
    rng, hits = np.random.default_rng(3), 0
    codes = np.repeat(np.arange(40), 3)
    for seed in range(200):
        values = rng.normal(size=40)[codes] + rng.normal(size=120)
        found = cluster_bootstrap(mean_of(values), codes.tolist(), resamples=300, seed=seed)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= 0 <= found.high
    assert hits / 200 >= 0.93 - 3 * math.sqrt(0.93 * 0.07 / 200)


@pytest.mark.parametrize(("good", "n"), [(171, 190), (3, 20), (60, 60), (990, 1000)])
def test_single_answers_give_jeffreys_interval(good: int, n: int) -> None:
    found = beta_binomial([1] * good + [0] * (n - good), [1] * n)
    low, rate, high = (float(beta.ppf(share, good + 0.5, n - good + 0.5)) for share in (0.025, 0.5, 0.975))
    assert found.low == pytest.approx(low, abs=3e-4)
    assert found.rate == pytest.approx(rate, abs=3e-4)
    assert found.high == (1.0 if good == n else pytest.approx(high, abs=3e-4))
    assert found.icc is None


def test_the_likelihood_is_the_beta_binomial_of_scipy() -> None:
    good, size = np.array([4, 0, 3, 2, 5]), np.array([4, 2, 6, 3, 5])
    rates, correlations = np.array([0.3, 0.7]), np.array([0.1, 0.6])
    mine = _log_likelihood(good, size, rates, correlations)
    theirs: Any = [
        [float(np.sum(betabinom.logpmf(good, size, p * (1 - r) / r, (1 - p) * (1 - r) / r))) for r in correlations]
        for p in rates
    ]
    assert mine - mine[0, 0] == pytest.approx(np.array(theirs) - theirs[0][0])


def test_the_beta_binomial_finds_the_rate_and_the_correlation_that_made_the_answers() -> None:
    rng, hits = np.random.default_rng(6), np.zeros(2)
    for _ in range(200):
        goods = rng.binomial(4, rng.beta(0.8 * 4, 0.2 * 4, 60))
        found = beta_binomial(goods.tolist(), [4] * 60)
        assert found.icc_low is not None
        assert found.icc_high is not None
        hits += (found.low <= 0.8 <= found.high, found.icc_low <= 0.2 <= found.icc_high)
    assert (hits / 200 >= 0.93 - 3 * math.sqrt(0.93 * 0.07 / 200)).all()


@given(st.lists(st.tuples(st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=30))
def test_the_beta_binomial_has_its_ends_in_order(counts: list[tuple[int, int]]) -> None:
    goods = [min(one, other) for one, other in counts]
    found = beta_binomial(goods, [max(1, *pair) for pair in counts])
    assert 0 <= found.low <= found.rate <= found.high <= 1
    assert found.low < found.high


@pytest.mark.parametrize(
    ("goods", "sizes", "said"),
    [([1], [], "got 0"), ([], [], "got none"), ([3], [2], "got 3 of 2"), ([0], [0], "0 of 0")],
)
def test_counts_that_cannot_be_are_named(goods: list[int], sizes: list[int], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        beta_binomial(goods, sizes)
