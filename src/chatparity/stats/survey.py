"""A finite population's mean from a sample drawn with unequal probabilities, with automatic scores as its controls."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from chatparity.stats.clusters import WORKING_ICC, Clusters, clusters_of
from chatparity.stats.interval import check_confidence, normal_quantile, t_quantile

Array = NDArray[np.float64]

# So many clusters with labels allow one control: each control is a weight that must be learned from them.
CLUSTERS_A_CONTROL = 20
# A stratum with labels in so many clusters has a mean of its own.
CLUSTERS_A_STRATUM = 10


@dataclass(frozen=True)
class Control:
    """An automatic score: its value for each labelled answer, in their order, and its mean over the population."""

    name: str
    values: Sequence[float]
    mean: float


@dataclass(frozen=True)
class SurveyMean:
    """A population's mean in [0, 1] from a weighted sample, with two-sided intervals.

    `naive` is the plain average over the `n` labels, which a sample that seeks failures makes wrong. `weighted` (with
    its bounds) weighs each label by the answers that it stands for; `estimate` (with `low`, `high`) listens to the
    controls too, with the `weights` by name. `effective` is how many labels drawn uniformly, without controls, would
    give its precision; `needed` how many of this design and these controls would give the half-width that was asked
    for (never more than the population). What cannot be estimated is None.
    """

    n: int
    clusters: int
    population: int
    naive: float | None
    weighted: float | None
    weighted_low: float | None
    weighted_high: float | None
    estimate: float | None
    low: float | None
    high: float | None
    weights: dict[str, float]
    effective: float | None
    needed: int | None
    confidence: float
    method: str


@dataclass(frozen=True)
class _Layers:
    """Which stratum each label is of, −1 where that has too few clusters; `count` strata have a mean of their own."""

    codes: NDArray[np.intp]
    count: int

    @property
    def means(self) -> int:
        """Return how many means are taken from the labels: one a stratum, one of those without their own."""
        return self.count + bool((self.codes < 0).any())

    def centred(self, values: Array, share: Array) -> Array:
        """Return deviations, of shape (n,) or (n, controls), from their stratum's mean, each times √(m / (m − 1))."""
        found = values.copy()
        for one in range(self.count):
            inside = self.codes == one
            weight, m = share[inside] / share[inside].sum(), int(inside.sum())
            found[inside] = (values[inside] - weight @ values[inside]) * math.sqrt(m / (m - 1))
        return found


@dataclass(frozen=True)
class _Spread:
    """The variance of an estimate: as sampled, as if a few of very many were, and what no label has shown yet."""

    sampled: float
    endless: float
    effective: float
    n: int
    population: int

    def at(self, n: float) -> float:
        """Return the variance with `n` labels of the same design."""
        left = max(1 - n / self.population, 0.0)
        gone = self.endless - self.sampled  # Σ w e² of [1] 5.7: it does not shrink with n
        known = max(self.endless * self.n / n - gone, 0.0)
        return known + 2 / (self.effective * n / self.n + 2) ** 2 * left


def survey_mean(
    labels: Sequence[float],
    probabilities: Sequence[float],
    clusters: Sequence[Hashable],
    *,
    population: int,
    strata: Sequence[Hashable] = (),
    controls: Sequence[Control] = (),
    confidence: float = 0.95,
    half_width: float = 0.02,
) -> SurveyMean:
    """Return the mean that labels would have over all `population` answers, from those of a sample.

    One entry a labelled answer: its label in [0, 1], its inclusion probability in (0, 1], its cluster, and its stratum
    where how many are drawn of each is given, or the probabilities are what they are given that. With weights w = 1/π,
    normalised (Hájek [1]), the estimate is the difference estimator of [1] with the tuned λ of PPI++ [2],

        Σ w y + λ · (mean of the controls over the population − Σ w x)

    Two things differ from `prediction_powered_mean`: several controls are listened to at once, and the mean is that of
    these very answers, not of all that might have come: the controls' means over them are known, so only the labels
    vary, and none does that was certain to be drawn. λ minimises the sum over clusters of squared sums of influence. Of
    the controls, in the order given, those are listened to that vary in the sample and say something new, at most one
    for each CLUSTERS_A_CONTROL clusters, which no look at the labels decides.

    The variance is cluster-robust, each influence times √(1 − π) [1, section 5.7], residuals divided by one minus
    their leverage, the jackknife's answer to a λ learned from the same labels [3]. To it is added the variance of two
    labels, one each way, that nobody has seen yet (as in Agresti and Coull [4]). Deviations are from the mean of the
    stratum where it has labels in CLUSTERS_A_STRATUM clusters [1, section 3.7], else from that of all. Student's t on
    clusters − strata − controls. Bounds lie where the labels leave room. `needed` scales that variance with n and takes
    normal quantiles.

    [1] C.-E. Särndal, B. Swensson, J. Wretman (1992), Model Assisted Survey Sampling, sections 5.7, 6.3 and 6.6.
    [2] A. N. Angelopoulos, J. C. Duchi, T. Zrnic (2023), PPI++: Efficient prediction-powered inference,
        arXiv:2311.01453, section 6.
    [3] J. G. MacKinnon, H. White (1985), Some heteroskedasticity-consistent covariance matrix estimators with improved
        finite sample properties, Journal of Econometrics 29, 305-325: HC3; over clusters, Cameron and Miller (2015).
    [4] A. Agresti, B. A. Coull (1998), The American Statistician 52, 119-126.
    """
    check_confidence(confidence)
    if not half_width > 0:
        raise ValueError(f"half_width: expected a number above 0, got {half_width}")
    given, chances = _checked(labels, probabilities, clusters, strata, population, controls)
    n, groups = len(given), clusters_of(clusters)
    if n == 0:
        bounds = (None, None, None, None, None)
        return SurveyMean(0, 0, population, None, None, *bounds, {}, None, None, confidence, "nothing labelled")
    share = 1 / chances / (1 / chances).sum()
    naive, weighted = float(given.mean()), float(share @ given)
    if groups.count < 2:
        why = "cannot be estimated from labels in one cluster"
        bounds = (None, None, None, None, None)
        return SurveyMean(n, groups.count, population, naive, weighted, *bounds, {}, None, None, confidence, why)
    effective = _effective(groups, share)
    layers = _layers(strata, groups)
    label = layers.centred(given - weighted, share)
    plain = _spread(groups, share, chances, label, None, effective, population)
    chosen = _chosen(controls, groups, layers, share, chances)
    scores = np.array([one.values for one in chosen], dtype=np.float64).reshape(len(chosen), n).T
    means = np.array([one.mean for one in chosen], dtype=np.float64)
    of_scores = share @ scores
    deviations = layers.centred(scores - of_scores, share)
    tuned = _tuned(groups, share, chances, label, deviations)
    spread = _spread(groups, share, chances, label - deviations @ tuned, deviations, effective, population)
    free = max(groups.count - layers.means, 1)
    estimate = weighted + float(tuned @ (means - of_scores))
    # What is labelled is known: the mean cannot be less than these labels alone make it, nor more.
    least, most = given.sum() / population, 1 - (n - given.sum()) / population

    def possible(mean: float) -> float:
        return float(min(max(mean, least), most))

    alone = t_quantile(confidence, free) * math.sqrt(plain.at(n))
    half = t_quantile(confidence, max(free - len(chosen), 1)) * math.sqrt(spread.at(n))
    return SurveyMean(
        n,
        groups.count,
        population,
        naive,
        weighted,
        possible(weighted - alone),
        possible(weighted + alone),
        possible(estimate),
        possible(estimate - half),
        possible(estimate + half),
        {one.name: float(weight) for one, weight in zip(chosen, tuned, strict=True)},
        _worth(possible(estimate), spread),
        _needed(spread, half_width, confidence),
        confidence,
        f"design-weighted, {len(chosen)} control{'' if len(chosen) == 1 else 's'} (PPI++), cluster-robust t",
    )


def _checked(
    labels: Sequence[float],
    probabilities: Sequence[float],
    clusters: Sequence[Hashable],
    strata: Sequence[Hashable],
    population: int,
    controls: Sequence[Control],
) -> tuple[Array, Array]:
    """Return labels and inclusion probabilities; refuse what cannot be weighted."""
    lengths = [len(labels), len(probabilities), len(clusters), *(len(one.values) for one in controls)]
    lengths += [len(strata)] if strata else []
    if len(set(lengths)) > 1:
        raise ValueError(f"labels, probabilities, clusters, controls, strata: expected the same length, got {lengths}")
    if population < max(len(labels), 1):
        raise ValueError(f"population: expected at least the labelled answers ({len(labels)}), got {population}")
    given = np.asarray(labels, dtype=np.float64)
    chances = np.asarray(probabilities, dtype=np.float64)
    for position in np.flatnonzero(~((given >= 0) & (given <= 1)))[:1]:
        raise ValueError(f"labels[{position}]: expected a number from 0 to 1, got {given[position]}")
    for position in np.flatnonzero(~((chances > 0) & (chances <= 1)))[:1]:
        raise ValueError(f"probabilities[{position}]: expected a number in (0, 1], got {chances[position]}")
    for one in controls:
        if not all(math.isfinite(value) for value in (*one.values, one.mean)):
            raise ValueError(f"control {one.name}: expected finite numbers")
    return given, chances


def _layers(strata: Sequence[Hashable], groups: Clusters) -> _Layers:
    """Return the strata of labels; without any all are of one that is named by none."""
    if not strata:
        return _Layers(np.full(groups.n, -1), 0)
    numbers: dict[Hashable, int] = {}
    codes = np.array([numbers.setdefault(one, len(numbers)) for one in strata])
    kept = [one for one in numbers.values() if len(set(groups.codes[codes == one])) >= CLUSTERS_A_STRATUM]
    places = np.full(len(numbers), -1)
    places[kept] = np.arange(len(kept))
    return _Layers(places[codes], len(kept))


def _sums(groups: Clusters, influence: Array) -> Array:
    """Return the sums over clusters of influences, of shape (n,) or (n, controls)."""
    summed = np.zeros((groups.count, *influence.shape[1:]))
    np.add.at(summed, groups.codes, influence)
    return summed


def _scaled(share: Array, chances: Array) -> Array:
    """Return what turns residuals into influences of a sample of a finite population."""
    return share * np.sqrt(1 - chances)


def _chosen(
    controls: Sequence[Control], groups: Clusters, layers: _Layers, share: Array, chances: Array
) -> list[Control]:
    """Return the first controls that vary over the sample's clusters and are no combination of those before them.

    One that says no more than the stratum does varies only by how numbers are rounded.
    """
    most = groups.count // CLUSTERS_A_CONTROL
    chosen: list[Control] = []
    basis: list[Array] = []
    for one in controls:
        if len(chosen) >= most:
            break
        values = np.asarray(one.values, dtype=np.float64)
        whole, scale = values - share @ values, _scaled(share, chances)
        part = _sums(groups, scale * layers.centred(whole, share))
        size = float(np.linalg.norm(scale * whole))
        for other in basis:
            part = part - other * float(other @ part)
        left = float(np.linalg.norm(part))
        if size > 0 and left > 1e-6 * size:
            basis.append(part / left)
            chosen.append(one)
    return chosen


def _tuned(groups: Clusters, share: Array, chances: Array, label: Array, scores: Array) -> Array:
    """Return the weights of the controls at which the sum of squared cluster sums is smallest."""
    if not scores.shape[1]:
        return np.zeros(0)
    scale = _scaled(share, chances)
    found = np.linalg.lstsq(_sums(groups, scale[:, None] * scores), _sums(groups, scale * label), rcond=None)[0]
    return found.astype(np.float64)


def _spread(
    groups: Clusters,
    share: Array,
    chances: Array,
    residuals: Array,
    scores: Array | None,
    effective: float,
    population: int,
) -> _Spread:
    """Return the variance of a weighted mean of residuals, of which controls have been taken out."""
    scale = _scaled(share, chances)
    lever = np.zeros(groups.count)
    if scores is not None and scores.shape[1]:
        orthogonal, _ = np.linalg.qr(_sums(groups, scale[:, None] * scores))
        lever = np.minimum((orthogonal**2).sum(axis=1), 0.99)
    correction = groups.count / (groups.count - 1)

    def variance(scale: Array) -> float:
        return correction * float(((_sums(groups, scale * residuals) / (1 - lever)) ** 2).sum())

    return _Spread(variance(scale), variance(share), effective, groups.n, population)


def _effective(groups: Clusters, share: Array) -> float:
    """Return how many independent, equally weighted labels these are worth, with the working correlation.

    Kish's 1/Σshare² for the weights, and 1 + (m − 1) · ICC for m labels in the cluster of a typical one.
    """
    return 1 / float((share**2).sum()) / (1 + (groups.typical_size - 1) * WORKING_ICC)


def _worth(rate: float, spread: _Spread) -> float:
    """Return how many labels drawn uniformly from independent answers would have this variance."""
    low, high, wanted = 1.0, float(spread.population), spread.at(spread.n)

    def plain(n: float) -> float:
        left = 1 - n / spread.population
        return (rate * (1 - rate) / n + 2 / (n + 2) ** 2) * left

    if wanted <= 0:
        return high
    for _ in range(60):
        middle = math.sqrt(low * high)
        low, high = (middle, high) if plain(middle) > wanted else (low, middle)
    return high


def _needed(spread: _Spread, half_width: float, confidence: float) -> int:
    """Return the smallest number of labels whose interval reaches no further than `half_width`."""
    quantile = normal_quantile(confidence)
    low, high = 1, spread.population
    while low < high:
        middle = (low + high) // 2
        narrow = quantile * math.sqrt(spread.at(middle)) <= half_width
        low, high = (low, middle) if narrow else (middle + 1, high)
    return high
