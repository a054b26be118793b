"""A finite population's mean from a weighted sample: what theory says it is, and by simulation it covers."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import Generator

from chatparity.stats import Control, SurveyMean, prediction_powered_mean, survey_mean

NAMES = [f"c{number}" for number in range(400)]


def world(
    rng: Generator, *, rate: float, missed: float, false: float, n: int, uniform: float, size: int
) -> tuple[SurveyMean, float]:
    """Draw a sample of one population of 8,000, flagged ones more often, and estimate; return that and the truth."""
    count = 8000
    level = np.repeat(rng.beta(rate * 4, (1 - rate) * 4, count // size), size) if size > 1 else np.full(count, rate)
    bad = rng.random(count) < level
    seen = np.where(bad, rng.random(count) >= missed, rng.random(count) < false)
    flagged = int(seen.sum())
    wanted = n * uniform * flagged / count + n * (1 - uniform)
    order = rng.permutation(count)
    if uniform == 1:
        chosen, chances = order[:n], np.full(count, n / count)
    else:
        taken = int(wanted) + int(rng.random() < wanted % 1)
        chosen = np.concatenate([order[seen[order]][:taken], order[~seen[order]][: n - taken]])
        chances = np.where(seen, wanted / flagged, (n - wanted) / (count - flagged))
    control = Control("judge", seen[chosen].astype(float).tolist(), float(seen.mean()))
    labels = bad[chosen].astype(float).tolist()
    names = (chosen // size).tolist()
    found = survey_mean(labels, chances[chosen].tolist(), names, population=count, controls=[control])
    return found, float(bad.mean())


def test_without_controls_it_is_hajeks_weighted_mean() -> None:
    found = survey_mean([1, 0, 0, 1], [0.1, 0.1, 0.4, 0.2], ["a", "b", "c", "d"], population=100)
    assert found.weighted == pytest.approx((10 + 5) / (10 + 10 + 2.5 + 5))
    assert found.estimate == found.weighted
    assert found.naive == 0.5
    assert found.weights == {}


def test_of_an_endless_population_with_one_control_it_is_prediction_powered_inference() -> None:
    rng = np.random.default_rng(3)
    n, count = 400, 40_000
    bad = rng.random(count) < 0.2
    seen = np.where(bad, rng.random(count) < 0.8, rng.random(count) < 0.1).astype(float)
    labels = bad[:n].astype(float).tolist()
    control = Control("judge", seen[:n].tolist(), float(seen.mean()))
    found = survey_mean(labels, [1e-9] * n, NAMES[:n], population=10**9, controls=[control])
    names = [f"c{number}" for number in range(count)]
    known = prediction_powered_mean(seen.tolist(), [*labels, *[None] * (count - n)], names)
    assert known.estimate is not None
    assert known.low is not None
    assert found.estimate == pytest.approx(known.estimate, abs=0.002)
    assert found.low == pytest.approx(known.low, abs=0.003)
    assert found.weights["judge"] == pytest.approx(known.weight, abs=0.05)


def test_what_was_certain_to_be_drawn_does_not_vary() -> None:
    labels = [1.0] * 10 + [0.0] * 30
    found = survey_mean(labels, [1.0] * 40, NAMES[:40], population=40)
    assert (found.low, found.estimate, found.high) == (0.25, 0.25, 0.25)
    assert found.needed is not None
    assert found.needed <= 40


def test_a_control_that_says_nothing_new_is_not_listened_to() -> None:
    labels = [float(number % 5 == 0) for number in range(100)]
    values = [float(number % 3 == 0) for number in range(100)]
    constant = Control("constant", [1.0] * 100, 1.0)
    twice = Control("again", [2 * one for one in values], 0.66)
    found = survey_mean(
        labels, [0.01] * 100, NAMES[:100], population=10_000, controls=[constant, Control("own", values, 0.33), twice]
    )
    assert list(found.weights) == ["own"]


def test_few_labels_listen_to_few_controls() -> None:
    rng = np.random.default_rng(5)
    many = [Control(f"k{number}", rng.random(50).tolist(), 0.5) for number in range(8)]
    labels = (rng.random(50) < 0.3).astype(float).tolist()
    found = survey_mean(labels, [0.01] * 50, NAMES[:50], population=5000, controls=many)
    assert list(found.weights) == ["k0", "k1"]


def test_no_failure_among_the_labels_is_no_proof_that_there_is_none() -> None:
    found = survey_mean([0.0] * 100, [0.001] * 100, NAMES[:100], population=100_000)
    assert found.low == found.estimate == 0
    assert found.high is not None
    assert 0.02 < found.high < 0.05


def test_the_labels_that_it_asks_for_are_about_enough() -> None:
    rng = np.random.default_rng(8)
    first, _ = world(rng, rate=0.15, missed=0.2, false=0.05, n=200, uniform=1, size=1)
    assert first.needed is not None
    assert first.needed > 400
    widths = []
    for _ in range(10):
        found, _ = world(rng, rate=0.15, missed=0.2, false=0.05, n=first.needed, uniform=1, size=1)
        widths.append((found.high or 0) - (found.low or 0))
    assert np.mean(widths) / 2 == pytest.approx(0.02, rel=0.2)


@pytest.mark.parametrize(
    ("rate", "missed", "false", "n", "uniform", "size"),
    [
        (0.1, 0.05, 0.02, 100, 1.0, 1),
        (0.1, 0.25, 0.05, 200, 0.5, 1),
        (0.03, 0.25, 0.05, 100, 0.5, 1),
        (0.3, 0.5, 0.5, 100, 1.0, 1),
        (0.3, 0.25, 0.05, 200, 0.5, 4),
        (0.1, 0.25, 0.05, 60, 1.0, 4),
    ],
)
def test_by_simulation_the_interval_covers_the_rate_of_the_population(
    rate: float, missed: float, false: float, n: int, uniform: float, size: int
) -> None:
    rng = np.random.default_rng(11)
    hits, alone, off, worlds = 0, 0, 0.0, 400
    for _ in range(worlds):
        found, truth = world(rng, rate=rate, missed=missed, false=false, n=n, uniform=uniform, size=size)
        hits += (found.low or 0) <= truth <= (found.high or 0)
        alone += (found.weighted_low or 0) <= truth <= (found.weighted_high or 0)
        off += (found.estimate or 0) - truth
    # 93 % is what is promised; three standard errors of 400 worlds are taken off.
    slack = 3 * (0.93 * 0.07 / worlds) ** 0.5
    assert hits / worlds >= 0.93 - slack
    assert alone / worlds >= 0.93 - slack
    assert abs(off / worlds) < 0.006


def stratified(rng: Generator, sizes: list[int], rates: list[float], n: list[int], cluster: int) -> tuple[float, ...]:
    """Draw `n` answers of each stratum and return the truth and the bounds with and without knowing the strata."""
    strata = np.repeat(np.arange(len(sizes)), sizes)
    level = np.array(rates)[strata]
    spread = np.repeat(rng.beta(4, 4, len(strata) // cluster), cluster) * 2 if cluster > 1 else 1.0
    bad = rng.random(len(strata)) < level * spread
    chosen = np.concatenate([rng.choice(np.flatnonzero(strata == one), n[one], False) for one in range(len(sizes))])
    chances = (np.array(n) / np.array(sizes))[strata]
    labels, names = bad[chosen].astype(float).tolist(), (chosen // cluster).tolist()
    known = survey_mean(labels, chances[chosen].tolist(), names, population=len(strata), strata=strata[chosen].tolist())
    unknown = survey_mean(labels, chances[chosen].tolist(), names, population=len(strata))
    assert known.estimate == pytest.approx(unknown.estimate)
    bounds = (known.low, known.high, unknown.low, unknown.high)
    return (float(bad.mean()), *(one for one in bounds if one is not None))


@pytest.mark.parametrize("cluster", [1, 4])
@pytest.mark.parametrize(
    ("rates", "n"), [([0.02, 0.9], [60, 60]), ([0.1, 0.5], [120, 15]), ([0.3, 0.3], [30, 200]), ([0.05, 0.9], [90, 4])]
)
def test_by_simulation_an_interval_that_knows_the_strata_covers_and_is_no_wider(
    rates: list[float], n: list[int], cluster: int
) -> None:
    rng = np.random.default_rng(21)
    worlds = np.array([stratified(rng, [7200, 800], rates, n, cluster) for _ in range(400)])
    truth, low, high, lower, higher = worlds.T
    assert np.mean((low <= truth) & (truth <= high)) >= 0.93 - 3 * (0.93 * 0.07 / 400) ** 0.5
    assert np.mean(high - low) <= 1.02 * np.mean(higher - lower)


def test_where_strata_tell_the_failures_the_interval_is_much_narrower_for_knowing_them() -> None:
    rng = np.random.default_rng(22)
    worlds = np.array([stratified(rng, [5000, 3000], [0.02, 0.95], [100, 100], 1) for _ in range(50)])
    assert np.mean(worlds[:, 2] - worlds[:, 1]) < 0.6 * np.mean(worlds[:, 4] - worlds[:, 3])


def test_a_control_that_is_the_stratum_itself_is_not_listened_to() -> None:
    rng = np.random.default_rng(23)
    strata = [number % 2 for number in range(200)]
    labels = [float(rng.random() < (0.8 if one else 0.1)) for one in strata]
    control = Control("flagged", [float(one) for one in strata], 0.1)
    chances = [0.5 if one else 0.05 for one in strata]
    found = survey_mean(labels, chances, range(200), population=2200, strata=strata, controls=[control])
    assert found.weights == {}
    assert found.high == found.weighted_high


def test_with_a_good_grader_half_the_labels_are_enough() -> None:
    rng = np.random.default_rng(12)
    errors: dict[int, list[float]] = {100: [], 200: []}
    for _ in range(300):
        with_grader, truth = world(rng, rate=0.1, missed=0.05, false=0.02, n=100, uniform=1, size=1)
        errors[100].append((with_grader.estimate or 0) - truth)
        plain, truth = world(rng, rate=0.1, missed=0.05, false=0.02, n=200, uniform=1, size=1)
        errors[200].append((plain.weighted or 0) - truth)
    assert np.std(errors[100]) < np.std(errors[200])
    assert with_grader.effective is not None
    assert with_grader.effective > 200


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": [2.0, 0.0]}, r"labels\[0\]: expected a number from 0 to 1, got 2"),
        ({"probabilities": [0.5, 0.0]}, r"probabilities\[1\]: expected a number in \(0, 1\], got 0"),
        ({"clusters": ["a"]}, r"expected the same length, got \[2, 2, 1\]"),
        ({"population": 1}, "population: expected at least the labelled answers"),
        ({"half_width": 0.0}, "half_width: expected a number above 0"),
        ({"controls": [Control("k", [0.0, float("nan")], 0.0)]}, "control k: expected finite numbers"),
    ],
)
def test_what_cannot_be_weighted_is_refused_by_name(change: dict[str, object], said: str) -> None:
    usual: dict[str, object] = {
        "labels": [1.0, 0.0],
        "probabilities": [0.5, 0.5],
        "clusters": ["a", "b"],
        "population": 10,
    }
    with pytest.raises(ValueError, match=said):
        survey_mean(**{**usual, **change})  # type: ignore[arg-type]


def test_bounds_leave_out_what_the_labels_themselves_rule_out() -> None:
    labels = [1.0] * 5 + [0.0] * 45
    found = survey_mean(labels, [0.5] * 50, NAMES[:50], population=100)
    assert found.low is not None
    assert found.low >= 5 / 100
    assert found.high is not None
    assert found.high <= 1 - 45 / 100
    few = survey_mean(labels, [0.9] * 50, NAMES[:50], population=56)
    assert few.low == pytest.approx(5 / 56)
    assert few.high is not None
    assert few.high <= 11 / 56 + 1e-12


def test_labels_in_one_conversation_have_no_interval() -> None:
    found = survey_mean([1.0, 0.0], [0.5, 0.5], ["a", "a"], population=10)
    assert found.weighted == 0.5
    assert (found.estimate, found.low, found.effective) == (None, None, None)
    assert "one cluster" in found.method
    assert survey_mean([], [], [], population=10).method == "nothing labelled"
