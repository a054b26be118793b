"""Arms that answered different conversations, standardised to one mix."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import Generator
from scipy.stats import ttest_ind

from chatparity.stats import standardised_difference


def test_simpsons_paradox_is_seen_through() -> None:
    # Charig et al. (1986), British Medical Journal 292, 879-882: kidney stones, open surgery 81/87 small and 192/263
    # large, the needle 234/270 and 55/80. The needle looks better over all, and is worse on either.
    cells = [("open", "small", 81, 87), ("open", "large", 192, 263)]
    cells += [("needle", "small", 234, 270), ("needle", "large", 55, 80)]
    rows = [(good < held, arm, size) for arm, size, held, n in cells for good in range(n)]
    values, arms, strata = zip(*rows, strict=True)
    found = standardised_difference(values, arms, strata, range(700), first="needle", second="open")
    assert found.naive.estimate == pytest.approx(289 / 350 - 273 / 350)
    needle = 357 / 700 * 234 / 270 + 343 / 700 * 55 / 80
    opened = 357 / 700 * 81 / 87 + 343 / 700 * 192 / 263
    assert found.standardised.first == pytest.approx(needle)
    assert found.standardised.second == pytest.approx(opened)
    assert found.standardised.estimate == pytest.approx(needle - opened)
    assert found.naive.estimate is not None
    assert found.naive.estimate > 0 > needle - opened


def test_one_stratum_without_clusters_is_welchs_t() -> None:
    rng = np.random.default_rng(1)
    first, second = rng.normal(5, 1, 40), rng.normal(5.5, 3, 25)
    reference = ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    arms = ["a"] * 40 + ["b"] * 25
    found = standardised_difference([*first, *second], arms, ["s"] * 65, range(65), first="a", second="b")
    # The same variance, but n/(n - 1) of the biased one is the unbiased one: equal to the last digit.
    assert (found.standardised.low, found.standardised.high) == pytest.approx((reference.low, reference.high))
    assert found.naive == found.standardised


def test_a_named_mix_weighs_the_strata() -> None:
    values = [1, 1, 0, 0, 1, 0, 1, 0]
    arms, strata = ["a", "a", "b", "b"] * 2, ["easy"] * 4 + ["hard"] * 4
    for mix, expected in (({"easy": 1, "hard": 0}, 1.0), ({"easy": 0, "hard": 3}, 0.0), ({"easy": 1, "hard": 3}, 0.25)):
        found = standardised_difference(values, arms, strata, range(8), first="a", second="b", mix=mix)
        assert found.standardised.estimate == pytest.approx(expected)


def test_arms_with_too_little_in_common_cannot_be_compared() -> None:
    arms = ["ai"] * 50 + ["human"] * 50
    strata = ["refund"] * 40 + ["claim"] * 10 + ["claim"] * 50
    found = standardised_difference([1.0] * 100, arms, strata, range(100), first="ai", second="human")
    assert not found.comparable
    assert found.covered == pytest.approx(0.6)
    assert found.standardised.estimate is None
    assert found.naive.estimate == 0
    assert "common strata hold 60% of the cases, needs 80%" in found.reason
    assert found.left_out == (("refund", "40 and 0 clusters in the two arms, needs 2 in each"),)
    allowed = standardised_difference(
        [1.0] * 100, arms, strata, range(100), first="ai", second="human", least_covered=0.5
    )
    assert allowed.comparable


def test_an_arm_that_answered_nothing_is_not_a_rate_of_zero() -> None:
    alone = standardised_difference([1, 0], ["ai", "ai"], ["s", "s"], [1, 2], first="ai", second="human")
    assert (alone.naive.estimate, alone.standardised.estimate, alone.comparable) == (None, None, False)
    nobody = standardised_difference([1], ["else"], ["s"], [1], first="ai", second="human")
    assert (nobody.naive.estimate, nobody.n_first, nobody.n_second) == (None, 0, 0)
    assert "neither arm answered anything" in nobody.reason


def test_one_conversation_does_not_speak_for_a_stratum() -> None:
    arms = ["ai"] * 10 + ["human"] * 10
    clusters = ["one"] * 10 + list(range(10))
    found = standardised_difference([1.0] * 20, arms, ["s"] * 20, clusters, first="ai", second="human")
    assert not found.comparable
    assert "1 and 10 clusters" in found.reason


def test_answers_that_never_vary_are_no_interval_of_width_zero() -> None:
    arms, strata = ["ai", "human"] * 20, ["s", "s", "t", "t"] * 10
    perfect = standardised_difference([1] * 40, arms, strata, range(40), first="ai", second="human")
    assert perfect.standardised.low is not None
    assert perfect.standardised.low < -0.05
    alike = standardised_difference([3.5] * 40, arms, strata, range(40), first="ai", second="human")
    assert (alike.standardised.estimate, alike.standardised.low) == (0, None)


def world(rng: Generator, *, seconds: bool, size: int) -> tuple[list[float], list[str], list[str], list[int]]:
    """Make a world: the AI is worse by 0.05 (slower by 5 s) on every case, and gets three of four of the easy ones."""
    conversations = 240
    ai = rng.random(conversations) < 0.5
    easy = rng.random(conversations) < np.where(ai, 0.75, 0.25)
    cell = rng.integers(0, 3, conversations)
    if seconds:
        own = np.where(easy, 60.0, 180.0) + np.where(ai, 5.0, 0.0) + rng.normal(0, 15, conversations)
        values = np.repeat(own, size) + rng.normal(0, 20, conversations * size)
    else:
        level = np.where(easy, 0.95, 0.7) - np.where(ai, 0.05, 0.0)
        drawn = level if size == 1 else rng.beta(level * 9, (1 - level) * 9)
        values = (rng.random(conversations * size) < np.repeat(drawn, size)).astype(float)
    arms = np.where(np.repeat(ai, size), "ai", "human").tolist()
    strata = [f"{one}-{number}" for one, number in zip(easy, cell, strict=True) for _ in range(size)]
    return values.tolist(), arms, strata, np.repeat(np.arange(conversations), size).tolist()


@pytest.mark.parametrize(("seconds", "size", "truth"), [(False, 1, -0.05), (False, 3, -0.05), (True, 2, 5.0)])
def test_the_naive_difference_is_biased_and_the_standardised_one_covers(seconds: bool, size: int, truth: float) -> None:
    rng = np.random.default_rng(2)
    worlds, hits, naive_hits, naive = 400, 0, 0, 0.0
    for _ in range(worlds):
        found = standardised_difference(*world(rng, seconds=seconds, size=size), first="ai", second="human")
        assert found.comparable
        own, plain = found.standardised, found.naive
        assert own.low is not None
        assert own.high is not None
        assert plain.low is not None
        assert plain.high is not None
        assert plain.estimate is not None
        hits += own.low <= truth <= own.high
        naive_hits += plain.low <= truth <= plain.high
        naive += plain.estimate / worlds
    assert hits / worlds >= 0.93
    assert naive_hits / worlds < 0.7
    assert (naive - truth) * (1 if truth < 0 else -1) > abs(truth)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"second": "a"}, "expected two arms, got 'a' twice"),
        ({"strata": []}, r"same length, got \[2, 2, 0, 2\]"),
        ({"values": [1, float("nan")]}, r"values\[1\]: expected a finite number, got nan"),
        ({"mix": {"s": -1}}, r"mix\['s'\]: expected a number from 0, got -1"),
        ({"mix": {"s": 0}}, "mix: expected shares that add up to more than 0"),
        ({"least_covered": 0}, r"least_covered: expected a share in \(0, 1\], got 0"),
    ],
)
def test_an_argument_that_cannot_be_is_named(changed: dict[str, object], said: str) -> None:
    given: dict[str, object] = {"values": [1, 0], "arms": ["a", "b"], "strata": ["s", "s"], "clusters": [1, 2]}
    given |= {"first": "a", "second": "b"} | changed
    with pytest.raises(ValueError, match=said):
        standardised_difference(**given)  # type: ignore[arg-type]
