"""pass^k and pass@k, against brute force, and the coverage of their interval."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t

from chatparity.stats import clopper_pearson, pass_all, pass_any, pass_hat, wilson


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.data())
def test_each_task_is_the_share_of_subsets_that_succeed(outcomes: list[bool], data: st.DataObject) -> None:
    k = data.draw(st.integers(1, len(outcomes)))
    subsets = list(combinations(outcomes, k))
    good, n = sum(outcomes), len(outcomes)
    assert pass_all(good, n, k) == pytest.approx(sum(map(all, subsets)) / len(subsets))
    assert pass_any(good, n, k) == pytest.approx(sum(map(any, subsets)) / len(subsets))


def test_pass_at_k_is_the_published_program() -> None:
    # Chen et al. (2021), figure 3: 1 - np.prod(1 - k / np.arange(n - c + 1, n + 1))
    for n, c, k in ((10, 3, 2), (200, 13, 100), (5, 1, 5)):
        assert pass_any(c, n, k) == pytest.approx(
            1.0 if n - c < k else 1 - float(np.prod(1 - k / np.arange(n - c + 1, n + 1)))
        )


def test_a_task_counts_once_however_often_it_was_tried() -> None:
    found = pass_hat([True, True, False, False, False, False, False], ["a", "a", "b", "b", "b", "b", "b"])
    assert [one.k for one in found] == [1, 2]
    assert [one.estimate for one in found] == [0.5, 0.5]
    assert (found[0].tasks, found[0].trials) == (2, 7)


def test_a_perfect_record_is_bounded_by_the_number_of_tasks() -> None:
    found = pass_hat([True] * 80, [number // 4 for number in range(80)])[3]
    assert (found.low, found.high) == pytest.approx(clopper_pearson(20, 20))


def test_more_trials_of_the_same_tasks_do_not_count_as_more_tasks() -> None:
    outcomes = [number % 3 > 0 for number in range(60)]
    once, often = pass_hat(outcomes, range(60))[0], pass_hat(outcomes * 5, list(range(60)) * 5)[0]
    assert (often.low, often.high) == pytest.approx((once.low, once.high), abs=1e-9)


def test_one_task_cannot_tell_and_nothing_is_nothing() -> None:
    found = pass_hat([True, False], ["a", "a"])
    assert (found[0].estimate, found[0].low, found[0].high) == (0.5, None, None)
    assert "one task" in found[0].method
    assert pass_hat([], []) == ()


@pytest.mark.parametrize(("tasks", "a", "b"), [(20, 4, 1), (60, 0.5, 0.5), (200, 20, 1)])
def test_the_interval_covers_and_the_estimate_is_unbiased_where_tasks_differ(tasks: int, a: float, b: float) -> None:
    rng = np.random.default_rng(1)
    worlds, trials = 500, 4
    names = np.repeat(np.arange(tasks), trials).tolist()
    hits, total = np.zeros(trials), np.zeros(trials)
    truth = [math.prod((a + one) / (a + b + one) for one in range(k)) for k in range(1, trials + 1)]
    for _ in range(worlds):
        rates = np.repeat(rng.beta(a, b, tasks), trials)
        for number, one in enumerate(pass_hat((rng.random(len(rates)) < rates).tolist(), names)):
            assert one.estimate is not None
            assert one.low is not None
            assert one.high is not None
            total[number] += one.estimate
            hits[number] += one.low <= truth[number] <= one.high
    # Three standard errors below 95 %.
    assert (hits / worlds).min() >= 0.92
    assert total / worlds == pytest.approx(np.array(truth), abs=3 * 0.5 / math.sqrt(tasks * worlds))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: pass_all(3, 2, 1), "good: expected a number from 0 to n = 2, got 3"),
        (lambda: pass_any(1, 2, 3), "k: expected a number from 1 to n = 2, got 3"),
        (lambda: pass_hat([True], []), "expected one an outcome"),
    ],
)
def test_an_argument_that_cannot_be_is_named(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]


def test_the_interval_of_many_mixed_tasks_takes_student_s_t_on_the_tasks() -> None:
    outcomes = [trial < task % 5 for task in range(40) for trial in range(4)]
    first = pass_hat(outcomes, [task for task in range(40) for _ in range(4)])[0]
    shares = np.array([sum(trial < task % 5 for trial in range(4)) / 4 for task in range(40)])
    size = shares.mean() * (1 - shares.mean()) / (shares.var(ddof=1) / 40)
    low, high = wilson(shares.mean() * size, size, quantile=float(t.ppf(0.975, 39)))
    assert (first.low, first.high) == pytest.approx((low, high))
