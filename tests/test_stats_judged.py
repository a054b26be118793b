"""A judge's rate corrected: Rogan and Gladen, and prediction-powered inference."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.random import Generator

from chatparity.stats import prediction_powered_mean, rogan_gladen


def test_the_corrected_rate_and_its_interval_are_those_of_the_reference_program() -> None:
    # The method of asht::prevSeSp(AP=0.4, nP=100, Se=0.9, nSe=100, Sp=0.8, nSp=100), written out.
    z = 1.959963984540054
    ap, n, se, sp, m = 0.4, 100, 0.9, 0.8, 100
    ap_, se_, sp_ = (n * ap + z**2 / 2) / (n + z**2), (m * se + 1) / (m + 2), (m * sp + 1) / (m + 2)
    p_ = (ap_ + sp_ - 1) / (se_ + sp_ - 1)
    shift = 2 * z**2 * (p_ * se_ * (1 - se_) / (m + 2) - (1 - p_) * sp_ * (1 - sp_) / (m + 2))
    variance = ap_ * (1 - ap_) / (n + z**2) + (p_**2 * se_ * (1 - se_) + (1 - p_) ** 2 * sp_ * (1 - sp_)) / (m + 2)
    half = z * variance**0.5 / (se_ + sp_ - 1)
    found = rogan_gladen(40, 100, true_found=90, truly=100, true_cleared=80, not_truly=100)
    assert found.estimate == pytest.approx((0.4 + 0.8 - 1) / (0.9 + 0.8 - 1))
    assert (found.low, found.high) == pytest.approx((p_ + shift - half, p_ + shift + half))


def test_a_judge_no_better_than_chance_corrects_nothing() -> None:
    found = rogan_gladen(40, 100, true_found=6, truly=10, true_cleared=5, not_truly=10)
    assert (found.estimate, found.low, found.high) == (None, None, None)
    assert "better than chance" in found.method
    unseen = rogan_gladen(40, 100, true_found=0, truly=0, true_cleared=5, not_truly=10)
    assert "sensitivity" in unseen.method
    assert unseen.sensitivity is None


@pytest.mark.parametrize(("truth", "sensitivity", "specificity"), [(0.05, 0.9, 0.95), (0.4, 0.8, 0.8)])
def test_the_corrected_interval_covers_where_the_raw_one_does_not(
    truth: float, sensitivity: float, specificity: float
) -> None:
    rng = np.random.default_rng(1)
    worlds, hits, raw = 600, 0, 0
    for _ in range(worlds):
        found = int(rng.binomial(500, truth * sensitivity + (1 - truth) * (1 - specificity)))
        one = rogan_gladen(
            found,
            500,
            true_found=int(rng.binomial(100, sensitivity)),
            truly=100,
            true_cleared=int(rng.binomial(100, specificity)),
            not_truly=100,
        )
        assert one.low is not None
        assert one.high is not None
        hits += one.low <= truth <= one.high
        raw += abs(one.judged - truth) <= 1.96 * (one.judged * (1 - one.judged) / 500) ** 0.5
    assert hits / worlds >= 0.93
    assert raw / worlds < 0.9


def test_a_large_sample_is_the_published_estimator() -> None:
    # PPI++ for a mean with labelled and unlabelled apart (arXiv:2311.01453, example 6.1):
    # lam = cov(Y, f) / ((1 + n / N) var(f)); theta = mean(Y) + lam * (mean(f unlabelled) - mean(f labelled)).
    rng = np.random.default_rng(2)
    n, rest = 2000, 6000
    truth = rng.beta(4, 2, n + rest)
    judged = np.clip(truth + rng.normal(0, 0.15, n + rest), 0, 1)
    covariance = np.cov(truth[:n], judged[:n])
    lam = covariance[0, 1] / ((1 + n / rest) * np.var(judged, ddof=1))
    theta = truth[:n].mean() + lam * (judged[n:].mean() - judged[:n].mean())
    error = (np.var(truth[:n] - lam * judged[:n]) / n + lam**2 * np.var(judged[n:]) / rest) ** 0.5
    labels = [float(one) for one in truth[:n]] + [None] * rest
    found = prediction_powered_mean(judged.tolist(), labels, range(n + rest))
    assert found.estimate == pytest.approx(theta, abs=2e-4)
    assert found.low is not None
    assert found.high is not None
    unseen = 2 / (n + 2) ** 2
    assert (found.high - found.low) / 2 == pytest.approx(1.96 * (error**2 + unseen) ** 0.5, rel=0.005)


def world(
    rng: Generator, *, rate: float, errs: tuple[float, float], size: int, weighted: bool, labelled: int, n: int = 1200
) -> tuple[list[float], list[float | None], list[int], list[float]]:
    """One population whose answers are good at `rate`, and a judge who errs on bad and good ones as `errs` says."""
    level = np.repeat(rng.beta(rate * 4, (1 - rate) * 4, n // size), size) if size > 1 else np.full(n, rate)
    truth = rng.random(n) < level
    seen = truth ^ (rng.random(n) < np.where(truth, errs[1], errs[0]))
    chance = np.full(n, labelled / n)
    if weighted:
        for part in (seen, ~seen):
            chance[part] = min(labelled / 2 / max(int(part.sum()), 1), 1.0)
    chosen = rng.random(n) < chance
    labels = [float(one) if known else None for one, known in zip(truth, chosen, strict=True)]
    return seen.astype(float).tolist(), labels, np.repeat(np.arange(n // size), size).tolist(), chance.tolist()


PERFECT, GOOD, BAD = (0.0, 0.0), (0.05, 0.02), (0.4, 0.4)


@pytest.mark.parametrize(
    ("rate", "errs", "size", "weighted", "labelled"),
    [
        (0.9, PERFECT, 1, False, 50),
        (0.9, GOOD, 1, False, 50),
        (0.6, GOOD, 5, False, 200),
        (0.9, GOOD, 1, True, 100),
        (0.6, BAD, 1, False, 100),
        (0.9, BAD, 5, True, 200),
        (0.97, GOOD, 1, False, 100),
    ],
)
def test_it_covers_with_good_and_bad_judges_clusters_and_weights(
    rate: float, errs: tuple[float, float], size: int, weighted: bool, labelled: int
) -> None:
    rng = np.random.default_rng(3)
    worlds, hits, powered, alone = 500, 0, 0.0, 0.0
    for _ in range(worlds):
        judged, labels, clusters, chances = world(
            rng, rate=rate, errs=errs, size=size, weighted=weighted, labelled=labelled
        )
        one = prediction_powered_mean(judged, labels, clusters, probabilities=chances)
        assert one.low is not None
        assert one.high is not None
        assert one.effective_labels is not None
        assert one.effective_labels >= one.labelled - 1e-9
        hits += one.low <= rate <= one.high
        powered += one.high - one.low
        alone += (one.labels_high or 0) - (one.labels_low or 0)
    assert hits / worlds >= 0.93
    assert powered <= alone * 1.001


def test_a_judge_who_was_never_seen_to_err_is_not_thought_infallible() -> None:
    rng = np.random.default_rng(4)
    judged = [float(one) for one in rng.random(5000) < 0.9]
    labels = [one if number < 40 else None for number, one in enumerate(judged)]
    found = prediction_powered_mean(judged, labels, range(5000))
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low > 0.1


def test_design_weights_undo_a_sample_that_looked_where_faults_were_suspected() -> None:
    rng = np.random.default_rng(5)
    judged, labels, clusters, chances = world(rng, rate=0.9, errs=GOOD, size=1, weighted=True, labelled=400, n=20_000)
    weighted = prediction_powered_mean(judged, labels, clusters, probabilities=chances)
    plain = prediction_powered_mean(judged, labels, clusters, weight=0)
    assert weighted.estimate == pytest.approx(0.9, abs=0.04)
    assert plain.estimate is not None
    assert plain.estimate < 0.7


def test_what_cannot_be_estimated_says_why() -> None:
    none = prediction_powered_mean([0.5, 1], [None, None], ["a", "b"])
    assert (none.judged, none.estimate, none.low, none.high) == (0.75, None, None, None)
    one = prediction_powered_mean([0.5, 1, 1], [1, 0.5, None], ["a", "a", "b"])
    assert (one.labels_only, one.low) == (0.75, None)
    assert "one cluster" in one.method


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: prediction_powered_mean([0.5], [None, 1], ["a"]), r"same length, got \[1, 2, 1\]"),
        (lambda: prediction_powered_mean([1.5], [None], ["a"]), r"judged\[0\]: expected a score from 0 to 1, got 1.5"),
        (lambda: prediction_powered_mean([1], [-1], ["a"]), r"labels\[0\]: expected a score from 0 to 1, got -1"),
        (
            lambda: prediction_powered_mean([1], [1], ["a"], probabilities=[0]),
            r"probabilities\[0\]: expected a number in \(0, 1\], got 0",
        ),
        (lambda: prediction_powered_mean([1], [1], ["a"], weight=2), "weight: expected a number from 0 to 1, got 2"),
        (
            lambda: rogan_gladen(1, 2, true_found=3, truly=2, true_cleared=1, not_truly=1),
            "true_found: expected a number from 0 to 2, got 3",
        ),
    ],
)
def test_an_argument_that_cannot_be_is_named(call: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        call()  # type: ignore[operator]
