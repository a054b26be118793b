"""Krippendorff's alpha and its interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from chatparity.stats import krippendorff_alpha

# K. Krippendorff (2011), Computing Krippendorff's alpha-reliability, section C: four observers, twelve units.
PUBLISHED: list[tuple[int | None, ...]] = [
    (1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None),
    (1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3),
    (None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None),
    (1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None),
]


@pytest.mark.parametrize(("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_alpha_is_the_published_one(level: Any, published: float) -> None:
    units = [list(unit) for unit in zip(*PUBLISHED, strict=True)]
    found = krippendorff_alpha(units, level=level)
    assert found.estimate == pytest.approx(published, abs=5e-4)
    assert (found.units, found.ratings) == (11, 40)
    assert found.low is not None
    assert found.high is not None
    assert found.low < published < found.high


def test_two_raters_without_gaps_are_scotts_pi_corrected_for_size() -> None:
    rng = np.random.default_rng(1)
    first = rng.integers(0, 3, 80)
    second = np.where(rng.random(80) < 0.7, first, rng.integers(0, 3, 80))
    shares = np.bincount(np.concatenate([first, second])) / 160
    chance = float((shares**2).sum())
    pi = (float((first == second).mean()) - chance) / (1 - chance)
    found = krippendorff_alpha([[int(one), int(other)] for one, other in zip(first, second, strict=True)])
    assert found.estimate == pytest.approx(1 - (1 - pi) * 159 / 160)


def test_interval_alpha_counts_only_distances_and_needs_no_small_numbers() -> None:
    rng = np.random.default_rng(2)
    own = rng.normal(0, 3, (60, 1))
    seconds = own + rng.normal(0, 1, (60, 3))
    near = krippendorff_alpha(seconds.tolist(), level="interval")
    far = krippendorff_alpha((1e6 + 10 * seconds).tolist(), level="interval")
    assert near.estimate == pytest.approx(0.9, abs=0.05)
    assert far.estimate == pytest.approx(near.estimate, abs=1e-6)
    assert far.low == pytest.approx(near.low, abs=1e-6)


def test_for_two_values_all_levels_are_one() -> None:
    ratings: list[list[int | None]] = [[0, 1], [1, 1], [0, 0], [1, 1], [0, 0], [0, 1], [1, None], [1, 1]]
    levels: list[Any] = ["nominal", "ordinal", "interval"]
    found = [krippendorff_alpha(ratings, level=level).estimate for level in levels]
    assert found == pytest.approx([found[0]] * 3)


def test_items_of_one_conversation_count_as_less_than_items_of_their_own() -> None:
    rng = np.random.default_rng(3)
    ratings = [[int(one), int(one if rng.random() < 0.8 else 1 - one)] for one in rng.integers(0, 2, 40)]
    once = krippendorff_alpha(ratings)
    together = krippendorff_alpha(ratings * 4, clusters=list(range(40)) * 4)
    apart = krippendorff_alpha(ratings * 4)
    assert once.low is not None
    assert together.low is not None
    assert apart.low is not None
    assert together.low == pytest.approx(once.low, abs=0.03)
    assert apart.low > once.low + 0.05


def test_agreement_without_exception_is_bounded_by_the_number_of_items() -> None:
    levels: list[Any] = ["nominal", "ordinal", "interval"]
    for level in levels:
        few = krippendorff_alpha([[1, 1], [0, 0]] * 10, level=level)
        many = krippendorff_alpha([[1, 1], [0, 0]] * 100, level=level)
        assert few.estimate == few.high == 1
        assert few.low is not None
        assert many.low is not None
        assert few.low < many.low < 1


@pytest.mark.parametrize(
    ("ratings", "clusters", "why"),
    [
        ([], None, "nothing rated twice"),
        ([[1, None], [None, 0]], None, "nothing rated twice"),
        ([[1, 1], [1, 1]], None, "one value only"),
        ([[1, 0], [1, 1]], ["a", "a"], "one cluster"),
    ],
)
def test_where_there_is_no_interval_it_says_why(ratings: Any, clusters: Any, why: str) -> None:
    found = krippendorff_alpha(ratings, clusters=clusters)
    assert (found.low, found.high) == (None, None)
    assert why in found.method


def test_the_bootstrap_covers_what_the_ratings_were_made_from() -> None:
    rng = np.random.default_rng(4)
    worlds, hits = 300, 0
    for _ in range(worlds):
        own = rng.integers(0, 3, (80, 1))
        given = np.where(rng.random((80, 3)) < 0.8, own, rng.integers(0, 3, (80, 3)))
        found = krippendorff_alpha(given.tolist(), resamples=300)
        assert found.low is not None
        assert found.high is not None
        hits += found.low <= 0.64 <= found.high
    assert hits / worlds >= 0.9


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: krippendorff_alpha([[1, 2]], level="ratio"), "got 'ratio'"),  # type: ignore[arg-type]
        (lambda: krippendorff_alpha([[1, 2]], clusters=[]), r"expected one an item \(1\), got 0"),
        (lambda: krippendorff_alpha([["a", "b"]], level="interval"), "interval values must be numbers"),
        (lambda: krippendorff_alpha([[1, float("nan")]], level="interval"), "a missing one is None"),
        (lambda: krippendorff_alpha([["a", 1]], level="ordinal"), "ordinal values must have an order"),
    ],
)
def test_an_argument_that_cannot_be_is_named(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]
