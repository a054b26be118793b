"""A grader against people: verdicts, values, and the two rates of error, with intervals over conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from chatparity.calibrate.join import Pair
from chatparity.calibrate.shares import share_of
from chatparity.licence import Evidence, Share
from chatparity.stats import cluster_bootstrap, cohen_kappa, krippendorff_alpha, roc_auc

RESAMPLES = 2000


def evidence_of(pairs: Sequence[Pair], *, confidence: float, seed: int = 0, resamples: int = RESAMPLES) -> Evidence:
    """Return how a grader agrees with people on rated answers; those that it left open are counted apart.

    Sensitivity and specificity are weighted by how likely each answer was to be looked at; κ, α and the ROC curve are
    those of the rated answers as they are.
    """
    graded = [one for one in pairs if one.row.state == "graded"]
    clusters = [one.row.cluster for one in graded]
    faulty = [one for one in graded if one.faulty]
    fine = [one for one in graded if not one.faulty]
    kappa = cohen_kappa(
        [one.found for one in graded],
        [one.faulty for one in graded],
        clusters,
        confidence=confidence,
        seed=seed,
        resamples=resamples,
    )
    values = [(value_of(one), one.truth.value) for one in graded]
    alpha = krippendorff_alpha(
        values, level="interval", clusters=clusters, confidence=confidence, seed=seed, resamples=resamples
    )
    return Evidence(
        n=len(graded),
        clusters=kappa.clusters,
        faults=len(faulty),
        abstained=sum(one.row.state == "abstained" for one in pairs),
        kappa=_coefficient(kappa),
        alpha=Share(
            n=alpha.units,
            clusters=alpha.clusters,
            estimate=alpha.estimate,
            low=alpha.low,
            high=alpha.high,
            method=alpha.method,
        ),
        sensitivity=_share(faulty, [one.found for one in faulty], confidence, "answer that people fault"),
        specificity=_share(fine, [not one.found for one in fine], confidence, "answer that people call good"),
        auc=area(graded, confidence, seed, max(resamples // 4, 100)),
        brier=float(np.mean([(value_of(one) - one.truth.good) ** 2 for one in graded])) if graded else None,
        confidence=confidence,
    )


def value_of(pair: Pair) -> float:
    """Return the grader's value; only of a graded row, which has one."""
    assert pair.row.value is not None
    return pair.row.value


def _coefficient(found: Any) -> Share:
    return Share(
        n=found.n,
        clusters=found.clusters,
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        method=found.method,
    )


def _share(pairs: Sequence[Pair], values: Sequence[bool], confidence: float, what: str) -> Share:
    if not pairs:
        return Share(
            n=0, clusters=0, estimate=None, low=None, high=None, method=f"cannot be estimated: there is no {what}"
        )
    return share_of(values, [one.row.cluster for one in pairs], [1 / one.probability for one in pairs], confidence)


def area(graded: Sequence[Pair], confidence: float, seed: int, resamples: int) -> Share:
    """Return how often a good answer has the higher value than a faulted one, with a bootstrap over conversations."""
    good = np.array([one.truth.good for one in graded], dtype=bool)
    values = np.array([value_of(one) for one in graded])
    clusters = [one.row.cluster for one in graded]
    if not good.any() or good.all():
        why = "cannot be estimated: people gave one verdict only"
        return Share(n=len(graded), clusters=len(set(clusters)), estimate=None, low=None, high=None, method=why)
    found = cluster_bootstrap(
        lambda chosen: roc_auc(values[chosen], good[chosen]),
        clusters,
        confidence=confidence,
        kind="percentile",
        resamples=resamples,
        seed=seed,
    )
    return _coefficient(found)
