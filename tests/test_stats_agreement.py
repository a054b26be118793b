"""Cohen's κ and its interval."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from chatparity.stats import cohen_kappa


def ratings(seed: int, n: int) -> tuple[list[int], list[int]]:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 3, n)
    second = np.where(rng.random(n) < 0.7, first, rng.integers(0, 3, n))
    return first.tolist(), second.tolist()


def test_kappa_is_that_of_scikit_learn() -> None:
    first, second = ratings(1, 200)
    found = cohen_kappa(first, second, range(200))
    assert found.estimate == pytest.approx(float(cohen_kappa_score(first, second)), abs=1e-12)


@pytest.mark.parametrize("weights", ["linear", "quadratic"])
def test_weighted_kappa_is_that_of_scikit_learn(weights: Literal["linear", "quadratic"]) -> None:
    first, second = ratings(5, 200)
    found = cohen_kappa(first, second, range(200), weights=weights)
    reference = float(cohen_kappa_score(first, second, weights=weights))
    assert found.estimate == pytest.approx(reference, abs=1e-12)
    assert found.low is not None
    assert found.high is not None
    assert found.low < reference < found.high


def test_weights_go_by_the_values_so_that_a_category_nobody_used_keeps_its_place() -> None:
    first, second = [1, 5, 5, 4, 1, 4], [1, 5, 4, 4, 1, 5]
    found = cohen_kappa(first, second, range(6), weights="quadratic").estimate
    assert found == pytest.approx(float(cohen_kappa_score(first, second, labels=[1, 2, 3, 4, 5], weights="quadratic")))


def test_agreement_without_exception_has_a_lower_bound_with_weights_too() -> None:
    first = [1, 5] * 20
    plainly, weighted = (cohen_kappa(first, first, range(40), weights=one) for one in ("none", "quadratic"))
    assert weighted.estimate == 1
    assert weighted.low == pytest.approx(plainly.low)
    assert 0.5 < (weighted.low or 0) < 1


def test_without_clusters_the_interval_is_close_to_the_asymptotic_one() -> None:
    first, second = ratings(2, 600)
    table = np.zeros((3, 3))
    np.add.at(table, (first, second), 1)
    reference = cohens_kappa(table)
    found = cohen_kappa(first, second, range(600))
    assert found.low == pytest.approx(reference.kappa_low, abs=0.015)
    assert found.high == pytest.approx(reference.kappa_upp, abs=0.015)


def test_trials_of_one_task_count_as_less_than_tasks_of_their_own() -> None:
    first, second = ratings(3, 60)
    once = cohen_kappa(first, second, range(60))
    four_times = cohen_kappa(first * 4, second * 4, list(range(60)) * 4)
    apart = cohen_kappa(first * 4, second * 4, range(240))
    assert once.low is not None
    assert four_times.low == pytest.approx(once.low, abs=1e-9)
    assert apart.low is not None
    assert apart.low > once.low + 0.05


def test_the_same_seed_gives_the_same_interval() -> None:
    first, second = ratings(4, 80)
    assert cohen_kappa(first, second, range(80), seed=7) == cohen_kappa(first, second, range(80), seed=7)
    assert cohen_kappa(first, second, range(80), seed=7) != cohen_kappa(first, second, range(80), seed=8)


@pytest.mark.parametrize(
    ("first", "second", "clusters", "why"),
    [
        ([], [], [], "nothing rated"),
        ([1, 1], [1, 1], [1, 2], "one category"),
        ([1, 0], [1, 1], ["a", "a"], "one cluster"),
    ],
)
def test_where_there_is_no_interval_it_says_why(
    first: list[int], second: list[int], clusters: list[int], why: str
) -> None:
    found = cohen_kappa(first, second, clusters)
    assert (found.low, found.high) == (None, None)
    assert why in found.method


def test_agreement_without_exception_is_bounded_by_the_number_of_conversations() -> None:
    few = cohen_kappa([1, 0] * 10, [1, 0] * 10, range(20))
    many = cohen_kappa([1, 0] * 100, [1, 0] * 100, range(200))
    assert few.high == many.high == 1
    assert few.low is not None
    assert many.low is not None
    # Half of each category: chance agrees on one half, so kappa is 2 share - 1 at the exact bound of the share.
    assert few.low == pytest.approx(2 * 0.025 ** (1 / 20) - 1)
    assert few.low < many.low < 1


def test_a_rater_of_one_category_gives_no_interval_and_never_the_bound_of_perfect_agreement() -> None:
    found = cohen_kappa(["fault"] * 60, ["good"] * 50 + ["fault"] * 10, [one // 3 for one in range(60)])
    assert found.estimate == 0
    assert found.observed == pytest.approx(1 / 6)
    assert (found.low, found.high) == (None, None)
    assert "no width" in found.method


def test_an_interval_always_holds_its_estimate_however_few_agree() -> None:
    rng = np.random.default_rng(7)
    for _ in range(60):
        shares = rng.choice([0.0, 0.03, 0.5, 0.97, 1.0], 2)
        first, second = ((rng.random(24) < share).tolist() for share in shares)
        found = cohen_kappa(first, second, [one // 2 for one in range(24)], resamples=400)
        if found.estimate is not None and found.low is not None and found.high is not None:
            assert found.low <= found.estimate + 1e-12
            assert found.estimate <= found.high + 1e-12
