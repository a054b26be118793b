"""Holm, Benjamini and Hochberg, and intervals that hold together."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri
from scipy.stats import false_discovery_control
from statsmodels.stats.multitest import multipletests

from chatparity.stats import (
    benjamini_hochberg,
    holm,
    holm_confidences,
    paired_difference,
    simultaneous_confidence,
    two_sided_p,
    unpaired_difference,
)

P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=25)

# Benjamini and Hochberg (1995), section 4.1: 15 p-values of a trial of thrombolysis; at 5 % Bonferroni and Holm call
# the first three, Benjamini and Hochberg the first four.
PUBLISHED = [0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528]
PUBLISHED += [0.7590, 1.0]


def test_the_published_example_is_called_as_published() -> None:
    assert [one <= 0.05 for one in holm(PUBLISHED) if one is not None] == [True] * 3 + [False] * 12
    assert [one <= 0.05 for one in benjamini_hochberg(PUBLISHED) if one is not None] == [True] * 4 + [False] * 11


@given(P_VALUES)
def test_benjamini_hochberg_is_that_of_scipy(p_values: list[float]) -> None:
    assert benjamini_hochberg(p_values) == pytest.approx(tuple(false_discovery_control(p_values)))


def test_holm_is_that_of_statsmodels() -> None:
    rng = np.random.default_rng(2)
    for slices in (1, 2, 7, 20):
        p_values = (rng.random(slices) ** 3).tolist()
        assert holm(p_values) == pytest.approx(tuple(multipletests(p_values, method="holm")[1]))


def test_a_slice_that_was_not_estimated_does_not_count() -> None:
    assert holm([0.01, None, 0.04]) == pytest.approx((0.02, None, 0.04))
    assert benjamini_hochberg([None, None]) == (None, None)
    assert holm([]) == ()
    assert holm_confidences([0.01, None])[1] is None


@given(P_VALUES.filter(lambda ps: all(abs(p * k - 0.05) > 1e-6 for p in ps for k in range(1, 26))))
def test_an_interval_at_holms_level_leaves_out_zero_exactly_when_holm_calls_the_slice(p_values: list[float]) -> None:
    for p_value, adjusted, confidence in zip(p_values, holm(p_values), holm_confidences(p_values), strict=True):
        assert adjusted is not None
        assert confidence is not None
        assert (p_value <= 1 - confidence) == (adjusted <= 0.05)


def test_false_calls_stay_within_what_is_promised_and_all_intervals_hold_together() -> None:
    rng = np.random.default_rng(1)
    worlds, slices, worse = 400, 10, 4
    truth = np.where(np.arange(slices) < worse, 3.0, 0.0)
    half = ndtri(0.5 + simultaneous_confidence(0.95, slices) / 2)
    any_false, share, joint, uncorrected = 0, 0.0, 0, 0
    for _ in range(worlds):
        z = truth + np.sqrt(0.7) * rng.normal(size=slices) + np.sqrt(0.3) * rng.normal()
        p_values = (2 * ndtr(-np.abs(z))).tolist()
        any_false += any(one <= 0.05 for one in holm(p_values)[worse:] if one is not None)
        called = np.array(benjamini_hochberg(p_values), dtype=float) <= 0.05
        share += called[worse:].sum() / max(called.sum(), 1)
        joint += bool((np.abs(z - truth) <= half).all())
        uncorrected += min(p_values[worse:]) <= 0.05
    slack = 3 * (0.05 * 0.95 / worlds) ** 0.5
    assert any_false / worlds <= 0.05 + slack
    assert share / worlds <= 0.05 + slack
    assert joint / worlds >= 0.95 - slack
    assert uncorrected / worlds > 0.15


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: holm([0.5, 1.5]), r"p_values\[1\]: expected a number from 0 to 1, got 1.5"),
        (lambda: simultaneous_confidence(0.95, 0), "slices: expected at least 1, got 0"),
        (lambda: holm_confidences([0.1], 1.0), "got 1.0"),
    ],
)
def test_an_argument_that_cannot_be_is_named(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]


def test_the_p_of_an_interval_is_where_it_reaches_zero() -> None:
    def normal(confidence: float) -> tuple[float, float]:
        half = float(ndtri((1 + confidence) / 2))
        return 2.5 - half, 2.5 + half

    assert two_sided_p(normal) == pytest.approx(2 * float(ndtr(-2.5)), rel=1e-4)
    assert two_sided_p(lambda _: (-0.1, 0.2)) == 1.0
    assert two_sided_p(lambda _: (None, None)) is None


def test_an_interval_at_another_confidence_is_the_one_computed_at_it() -> None:
    rng = np.random.default_rng(4)
    first, second = (rng.random(240) < 0.3).tolist(), (rng.random(240) < 0.2).tolist()
    talks = [number // 3 for number in range(240)]
    paired = paired_difference(first, second, talks)
    other = paired_difference(first, second, talks, confidence=0.999)
    assert (paired.with_confidence(0.999).low, paired.with_confidence(0.999).high) == (other.low, other.high)
    apart = unpaired_difference(first, second, talks, [f"x{one}" for one in talks])
    there = unpaired_difference(first, second, talks, [f"x{one}" for one in talks], confidence=0.999)
    assert (apart.with_confidence(0.999).low, apart.with_confidence(0.999).high) == (there.low, there.high)
    nothing = paired_difference([], [], []).with_confidence(0.9)
    assert (nothing.confidence, nothing.low) == (0.9, None)
