"""A population's mean score from few labels of people and many scores of a judge: PPI++ with clusters and weights."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatparity.stats.clusters import WORKING_ICC, Clusters, clusters_of
from chatparity.stats.interval import check_confidence, t_quantile

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PoweredMean:
    """A mean score, people's labels helped by a judge's scores, as shares in [0, 1], with its two-sided interval.

    `judged` is the judge's own mean over all `n` answers; `labels_only` (with `labels_low`, `labels_high`) is what the
    `labelled` answers say without the judge. `weight` is λ, how far the judge is listened to, from 0 to 1.
    `effective_labels` is how many labels alone would give this precision. What cannot be estimated is None.
    """

    n: int
    labelled: int
    clusters: int
    labelled_clusters: int
    judged: float | None
    labels_only: float | None
    labels_low: float | None
    labels_high: float | None
    estimate: float | None
    low: float | None
    high: float | None
    weight: float | None
    effective_labels: float | None
    confidence: float
    method: str


def prediction_powered_mean(
    judged: Sequence[float],
    labels: Sequence[float | None],
    clusters: Sequence[Hashable],
    *,
    probabilities: Sequence[float] | None = None,
    confidence: float = 0.95,
    weight: float | None = None,
) -> PoweredMean:
    """Return the mean that people's labels would have over all answers, from a judge's score for each [1].

    All four sequences hold one entry an answer: `judged` in [0, 1]; `labels` in [0, 1], None where nobody looked;
    the cluster; and the inclusion probability with which the answer could come into the labelled sample, in (0, 1]
    (read where labelled; all alike if not given). The estimate is

        λ · mean of all scores + weighted mean over the labelled of (label − λ · score)

    with weights 1/probability, normalised [2]. λ is the one in [0, 1] that makes the variance smallest (power tuning
    [1]) unless `weight` states it: 0 is the labels alone, 1 is plain prediction-powered inference. A bad judge is not
    listened to, and costs no more than the little that choosing λ costs.
    The variance is that of the sums of influence over clusters [2, 3], which also knows that labelled answers are among
    the judged, with G/(G−1) and Student's t for the clusters with labels. To it is added the variance of two answers,
    one each way, in which label and judge differ wholly: an error that is in no label yet is no proof that there is
    none (as Agresti and Coull [4] do for one rate). That matters with few labels and vanishes with many.

    [1] A. N. Angelopoulos, J. C. Duchi, T. Zrnic (2023), PPI++: Efficient prediction-powered inference,
        arXiv:2311.01453, sections 2 and 6.
    [2] C.-E. Särndal, B. Swensson, J. Wretman (1992), Model Assisted Survey Sampling, sections 5.7, 5.10 and 6.6.
    [3] A. C. Cameron, D. L. Miller (2015), Journal of Human Resources 50, 317-372, equations 11-12.
    [4] A. Agresti, B. A. Coull (1998), Approximate is better than "exact" for interval estimation of binomial
        proportions, The American Statistician 52, 119-126.
    """
    check_confidence(confidence)
    scores, known, given, weights = _checked(judged, labels, clusters, probabilities, weight)
    n, labelled = len(scores), int(known.sum())
    groups = clusters_of(clusters)
    held = groups.holding(known)
    sizes = (n, labelled, groups.count, held)
    if labelled == 0:
        why = "nothing labelled" if n else "nothing judged"
        alone = float(scores.mean()) if n else None
        return PoweredMean(*sizes, alone, *(None,) * 8, confidence, why)
    share = weights / weights.sum()
    mean, of_labels, of_scores = float(scores.mean()), float(share @ given), float(share @ scores)
    if held < 2:
        why = "cannot be estimated from labels in one cluster"
        return PoweredMean(*sizes, mean, of_labels, *(None,) * 7, confidence, why)
    label_part = _sums(groups, share * (given - of_labels))
    judge_part = _sums(groups, (scores - mean) / n - share * (scores - of_scores))
    listened = _tuned(label_part, judge_part) if weight is None else weight
    unseen = 2 / (_effective(groups, known, share) + 2) ** 2
    correction = held / (held - 1)

    def variance(at: float) -> float:
        return correction * float(((label_part + at * judge_part) ** 2).sum()) + unseen

    quantile = t_quantile(confidence, held - 1)
    estimate = of_labels + listened * (mean - of_scores)
    alone_half, half = quantile * math.sqrt(variance(0.0)), quantile * math.sqrt(variance(listened))
    tuned = "power-tuned" if weight is None else "given"
    return PoweredMean(
        *sizes,
        mean,
        of_labels,
        max(of_labels - alone_half, 0.0),
        min(of_labels + alone_half, 1.0),
        min(max(estimate, 0.0), 1.0),
        min(max(estimate - half, 0.0), 1.0),
        max(min(estimate + half, 1.0), 0.0),
        listened,
        labelled * variance(0.0) / variance(listened),
        confidence,
        f"PPI++ ({tuned} λ = {listened:.2f}), cluster-robust t",
    )


def _checked(
    judged: Sequence[float],
    labels: Sequence[float | None],
    clusters: Sequence[Hashable],
    probabilities: Sequence[float] | None,
    weight: float | None,
) -> tuple[Array, NDArray[np.bool_], Array, Array]:
    """Return scores, which are labelled, the labels (0 elsewhere) and the design weights (0 elsewhere)."""
    lengths = [len(judged), len(labels), len(clusters)] + ([] if probabilities is None else [len(probabilities)])
    if len(set(lengths)) > 1:
        raise ValueError(f"judged, labels, clusters, probabilities: expected the same length, got {lengths}")
    if weight is not None and not 0 <= weight <= 1:
        raise ValueError(f"weight: expected a number from 0 to 1, got {weight}")
    scores = np.asarray(judged, dtype=np.float64)
    known = np.array([one is not None for one in labels], dtype=bool)
    given = np.array([0.0 if one is None else one for one in labels], dtype=np.float64)
    for name, values in (("judged", scores), ("labels", given)):
        for position in np.flatnonzero(~((values >= 0) & (values <= 1)))[:1]:
            raise ValueError(f"{name}[{position}]: expected a score from 0 to 1, got {values[position]}")
    weights = known.astype(np.float64)
    if probabilities is not None:
        chances = np.asarray(probabilities, dtype=np.float64)
        for position in np.flatnonzero(known & ~((chances > 0) & (chances <= 1)))[:1]:
            raise ValueError(f"probabilities[{position}]: expected a number in (0, 1], got {chances[position]}")
        weights[known] = 1 / chances[known]
    return scores, known, given, weights


def _sums(groups: Clusters, influence: Array) -> Array:
    return np.bincount(groups.codes, weights=influence, minlength=groups.count).astype(np.float64)


def _tuned(label_part: Array, judge_part: Array) -> float:
    """Return the λ in [0, 1] at which the sum of squares of label_part + λ · judge_part is smallest."""
    square = float(judge_part @ judge_part)
    return min(max(-float(label_part @ judge_part) / square, 0.0), 1.0) if square > 0 else 0.0


def _effective(groups: Clusters, known: NDArray[np.bool_], share: Array) -> float:
    """Return how many independent, equally weighted labels the labelled ones are worth, with the working correlation.

    Kish's 1/Σshare² for the weights, and 1 + (m − 1) · ICC for m labels in the cluster of a typical one.
    """
    held = np.bincount(groups.codes[known])
    typical = float((held**2).sum() / held.sum())
    return 1 / float((share**2).sum()) / (1 + (typical - 1) * WORKING_ICC)
