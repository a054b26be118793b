"""Plans: power, the number of conversations needed, and what would be seen, checked by simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, nct, t

from chatparity.stats import (
    clopper_pearson,
    cluster_rate,
    detectable_difference,
    detectable_rate,
    difference_conversations,
    difference_power,
    paired_difference,
    rate_conversations,
    rate_power,
    wilson,
)


@pytest.mark.parametrize(("rate", "threshold", "n"), [(0.95, 0.9, 200), (0.99, 0.97, 400), (0.6, 0.5, 30)])
def test_the_power_of_a_rate_is_the_sum_over_all_counts_that_pass(rate: float, threshold: float, n: int) -> None:
    for interval in (clopper_pearson, wilson):
        passing = [good for good in range(n + 1) if interval(good, n)[0] >= threshold]
        expected = float(np.sum(binom.pmf(passing, n, rate)))
        assert rate_power(rate, threshold, n, interval=interval) == pytest.approx(expected, rel=1e-9)


def test_the_power_of_a_paired_difference_is_the_noncentral_t() -> None:
    error = (0.1 / 300) ** 0.5
    expected = float(nct.sf(t.ppf(0.975, 299), 299, 0.04 / error))
    assert difference_power(0.1, 0.04, 300) == pytest.approx(expected, rel=1e-6)


def test_power_does_not_jump_where_the_series_is_left() -> None:
    below, above = difference_power(0.1, 0.02, 1001), difference_power(0.1, 0.02, 1002)
    assert below == pytest.approx(above, abs=2e-3)


def test_the_number_needed_has_the_power_and_a_tenth_fewer_have_not() -> None:
    for rate, threshold in ((0.95, 0.9), (0.99, 0.97), (0.9, 0.8)):
        needed = rate_conversations(rate, threshold)
        assert needed is not None
        assert rate_power(rate, threshold, needed) >= 0.8
        assert rate_power(rate, threshold, int(needed * 0.85)) < 0.8
    needed = difference_conversations(0.1, 0.02)
    assert needed is not None
    assert difference_power(0.1, 0.02, needed) >= 0.8 > difference_power(0.1, 0.02, int(needed * 0.9))


def test_clusters_cost_and_more_answers_help() -> None:
    plain = rate_conversations(0.95, 0.9)
    five = rate_conversations(0.95, 0.9, per_conversation=5)
    alike = rate_conversations(0.95, 0.9, per_conversation=5, design_effect=5)
    assert plain is not None
    assert five is not None
    assert five < plain / 4
    assert alike == pytest.approx(plain, rel=0.1)


def test_a_truth_at_the_threshold_is_never_shown() -> None:
    assert rate_conversations(0.9, 0.9) is None
    assert difference_conversations(0.1, 0.02, difference=-0.02) is None
    assert detectable_rate(0.98, 20) is None
    assert rate_power(1.0, 0.98, 20) == 0
    assert detectable_difference(0.1, 1) is None


def test_what_is_detectable_is_what_has_the_power() -> None:
    rate = detectable_rate(0.9, 300)
    assert rate is not None
    assert rate_power(rate, 0.9, 300) >= 0.8 > rate_power(rate - 0.005, 0.9, 300)
    margin = detectable_difference(0.1, 300)
    assert margin is not None
    assert difference_power(0.1, margin, 300) == pytest.approx(0.8, abs=0.005)


def test_simulated_gates_pass_as_often_as_planned() -> None:
    rng = np.random.default_rng(1)
    repeats = 400
    needed = rate_conversations(0.95, 0.88)
    assert needed is not None
    passed = sum(
        (cluster_rate((rng.random(needed) < 0.95).tolist(), range(needed)).low or 0) >= 0.88 for _ in range(repeats)
    )
    # The gate's own interval may be narrower than the exact one that the plan uses.
    assert passed / repeats >= rate_power(0.95, 0.88, needed) - 0.06
    pairs = difference_conversations(0.2, 0.1)
    assert pairs is not None
    shown = 0
    for _ in range(repeats):
        signs = rng.choice((-1, 0, 1), size=pairs, p=(0.1, 0.8, 0.1))
        low = paired_difference((signs >= 0).tolist(), (signs <= 0).tolist(), range(pairs)).low
        shown += low is not None and low > -0.1
    assert shown / repeats == pytest.approx(0.8, abs=0.06)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: rate_power(1.2, 0.9, 10), "rate: expected a share from 0 to 1, got 1.2"),
        (lambda: rate_power(0.9, 0.8, 10, design_effect=0.5), "design_effect: expected a number from 1, got 0.5"),
        (lambda: rate_conversations(0.9, 0.8, power=2), "power: expected a share from 0 to 1, got 2"),
        (lambda: difference_power(0.1, 0.02, 10, difference=0.2), "discordant: expected a share from"),
        (lambda: detectable_difference(0.1, 10, per_conversation=0), "per_conversation: expected a number above 0"),
    ],
)
def test_an_argument_that_cannot_be_is_named(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]


def test_a_difference_that_is_there_takes_its_square_off_the_variance_of_a_pair() -> None:
    shift = (0.1 + 0.05) / ((0.2 - 0.1**2) / 100) ** 0.5  # Connor (1987)
    expected = float(nct.sf(t.ppf(0.975, 99), 99, shift))
    assert difference_power(0.2, 0.05, 100, difference=0.1) == pytest.approx(expected, rel=1e-6)
