"""The draw: its probabilities are the ones it says, and a rate weighted with them is right on average."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations

import pytest

from chatparity.sample import Design, Draw, weighted_rate
from chatparity.sample.design import number


def drawn(n: int, share: float, seed: int, flagged: list[bool], order: list[int] | None = None) -> list[int]:
    draw: Draw[int] = Draw(n, share, seed)
    for place in order or range(len(flagged)):
        draw.offer((f"talk-{place}", 1, 0), place, flagged=flagged[place])
    return [one.kept for one in draw.result()]


@pytest.mark.parametrize(
    ("n", "share", "population", "flags"),
    [(4, 0.5, 9, 3), (4, 0.5, 9, 1), (5, 0.6, 9, 7), (3, 1.0, 8, 2), (4, 0.25, 8, 8), (6, 0.5, 7, 0), (9, 0.5, 7, 3)],
)
def test_the_probabilities_are_those_of_counting_every_possible_uniform_part(
    n: int, share: float, population: int, flags: int
) -> None:
    design = Design(n, share, population, flags)
    parts = list(combinations(range(population), design.uniform))
    taken = [design.flagged_taken(sum(one < flags for one in part)) for part in parts]
    expected = sum(taken) / len(parts)
    of_flagged, of_rest = design.probabilities
    assert of_flagged == pytest.approx(expected / flags if flags else 0)
    rest = population - flags
    assert of_rest == pytest.approx((min(n, population) - expected) / rest if rest else 0)


def test_every_exchange_is_drawn_as_often_as_its_probability_says() -> None:
    flags = [number < 6 for number in range(40)]
    repeats = 4000
    counts = Counter(one for seed in range(repeats) for one in drawn(10, 0.4, seed, flags))
    of_flagged, of_rest = Design(10, 0.4, 40, 6).probabilities
    for place, flag in enumerate(flags):
        probability = of_flagged if flag else of_rest
        error = (probability * (1 - probability) / repeats) ** 0.5
        assert abs(counts[place] / repeats - probability) <= 4.5 * error


def test_the_weighted_failure_rate_is_unbiased_where_the_unweighted_one_is_far_off() -> None:
    dice = random.Random(7)
    wrong = [dice.random() < 0.12 for _ in range(150)]
    flags = [dice.random() < (0.7 if bad else 0.05) for bad in wrong]
    truth = sum(wrong) / len(wrong)
    of_flagged, of_rest = Design(20, 0.5, len(wrong), sum(flags)).probabilities
    estimates, plain = [], []
    for seed in range(2500):
        chosen = drawn(20, 0.5, seed, flags)
        weights = [of_flagged if flags[one] else of_rest for one in chosen]
        estimates.append(weighted_rate([wrong[one] for one in chosen], weights, len(wrong)))
        plain.append(sum(wrong[one] for one in chosen) / len(chosen))
    mean = sum(estimates) / len(estimates)
    spread = (sum((one - mean) ** 2 for one in estimates) / len(estimates)) ** 0.5
    assert abs(mean - truth) < 4 * spread / len(estimates) ** 0.5
    assert sum(plain) / len(plain) > truth + 0.15


def test_a_sample_has_as_many_items_as_asked_for_and_none_twice() -> None:
    for flags in (0, 3, 30, 60):
        chosen = drawn(20, 0.5, 1, [number < flags for number in range(60)])
        assert len(chosen) == len(set(chosen)) == 20
    assert sorted(drawn(50, 0.5, 1, [True, False] * 8)) == list(range(16))


def test_half_of_it_are_failures_where_there_are_enough() -> None:
    flags = [number < 100 for number in range(10_000)]
    assert 25 <= sum(one < 100 for one in drawn(50, 0.5, 3, flags)) <= 28


def test_the_same_seed_draws_the_same_whatever_the_order_of_the_files_and_another_seed_another() -> None:
    flags = [number % 5 == 0 for number in range(300)]
    backwards = list(reversed(range(300)))
    assert drawn(30, 0.5, 1, flags) == drawn(30, 0.5, 1, flags, backwards)
    assert set(drawn(30, 0.5, 1, flags)) != set(drawn(30, 0.5, 2, flags))


def test_the_place_of_an_item_does_not_tell_its_stratum() -> None:
    flags = [number < 100 for number in range(200)]
    firsts = [drawn(10, 0.5, seed, flags)[0] < 100 for seed in range(400)]
    share = sum(drawn(10, 0.5, seed, flags)[-1] < 100 for seed in range(400)) / 400
    assert abs(sum(firsts) / 400 - share) < 0.15


@pytest.mark.parametrize("flagged", [True, False])
def test_a_sample_of_one_kind_is_the_first_of_the_random_order(flagged: bool) -> None:
    chosen = drawn(30, 1.0, 1, [flagged] * 300)
    order = sorted(range(300), key=lambda one: number(1, (f"talk-{one}", 1, 0)))
    assert sorted(chosen) == sorted(order[:30])


def test_an_odd_sample_gives_its_odd_item_to_the_uniform_part() -> None:
    design = Design(5, 0.5, 100, 50)
    assert (design.uniform, design.flagged_taken(0), design.flagged_taken(3)) == (3, 2, 5)


def test_no_more_is_kept_than_could_be_drawn() -> None:
    draw: Draw[int] = Draw(5, 0.5, 0)
    for place in range(2000):
        draw.offer((str(place), 0, 0), place, flagged=place % 2 == 0)
    assert sum(len(heap) for heap in draw._smallest.values()) == 10
    assert (draw.population, draw.flagged) == (2000, 1000)


def test_a_design_that_cannot_be_weighted_back_is_refused() -> None:
    with pytest.raises(ValueError, match=r"uniform share lies in \(0, 1\], got 0"):
        Design(5, 0, 10, 2)
    with pytest.raises(ValueError, match="3 of 2"):
        Design(5, 0.5, 2, 3)
    with pytest.raises(ValueError, match="inclusion probability"):
        weighted_rate([1.0], [0.0], 10)
