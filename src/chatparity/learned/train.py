"""Training: both vocabularies and the figures into one logistic regression, its penalty and probabilities from folds.

Everything is fitted inside the fold that it is used in, and no conversation stands on both sides of one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from chatparity.learned.data import Example
from chatparity.learned.features import FEWEST, LIMITS, vectorizer

Array = NDArray[np.float64]
PENALTIES = (0.3, 1.0, 3.0, 10.0)
INNER = 4
KINDS = ("words", "letters")


@dataclass(frozen=True)
class Space:
    """What turns examples into rows of numbers, fitted on some of them."""

    vectorizers: dict[str, Any]
    centres: Array
    scales: Array

    @classmethod
    def of(cls, examples: Sequence[Example]) -> Space:
        """Fit both vocabularies and the figures' centres and scales."""
        fitted: dict[str, Any] = {}
        texts = [one.features.text for one in examples]
        for kind in KINDS:
            made = vectorizer(kind, min_df=FEWEST[kind], max_features=LIMITS[kind])
            try:
                fitted[kind] = made.fit(texts)
            except ValueError:
                # No term is in enough texts: the other vocabulary and the figures are left.
                fitted[kind] = None
        numbers = np.array([one.features.numbers for one in examples])
        spread = numbers.std(axis=0)
        return cls(fitted, numbers.mean(axis=0), np.where(spread > 1e-9, spread, 1.0))

    def rows(self, examples: Sequence[Example]) -> Any:
        """Return the sparse matrix of examples: words, letters, figures."""
        from scipy.sparse import csr_matrix, hstack

        texts = [one.features.text for one in examples]
        numbers = (np.array([one.features.numbers for one in examples]) - self.centres) / self.scales
        parts = [made.transform(texts) for made in self.vectorizers.values() if made is not None]
        return hstack([*parts, csr_matrix(numbers)], format="csr")


@dataclass(frozen=True)
class Trained:
    """A fitted regression with its calibration: P(good) = logistic(slope · score + offset)."""

    space: Space
    regression: Any
    penalty: float
    slope: float
    offset: float
    pass_at: float

    def scores(self, examples: Sequence[Example]) -> Array:
        """Return the regression's own scores."""
        return np.asarray(self.regression.decision_function(self.space.rows(examples)), dtype=np.float64)

    def probabilities(self, examples: Sequence[Example]) -> Array:
        """Return the calibrated probabilities that people call each answer good."""
        from scipy.special import expit

        return np.asarray(expit(self.slope * self.scores(examples) + self.offset), dtype=np.float64)


def goods(examples: Sequence[Example]) -> NDArray[np.bool_]:
    """Return which examples people call good."""
    return np.array([one.good for one in examples], dtype=bool)


def folds(examples: Sequence[Example], count: int, seed: int) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return folds (indices to fit on, indices held out), stratified, whole conversations on one side."""
    from sklearn.model_selection import StratifiedGroupKFold

    split = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
    found = split.split(np.zeros(len(examples)), goods(examples), [one.cluster for one in examples])
    return [(fitted, held) for fitted, held in found if len(set(goods(examples)[fitted])) == 2]


def regression_of(rows: Any, good: NDArray[np.bool_], penalty: float) -> Any:
    """Fit the logistic regression with the inverse penalty C = `penalty`."""
    from sklearn.linear_model import LogisticRegression

    # liblinear takes a fraction of the time of lbfgs where there are more terms than answers. It shrinks the intercept
    # a little, which the curve through held-out scores makes good.
    return LogisticRegression(C=penalty, solver="liblinear", random_state=0).fit(rows, good)


def train(examples: Sequence[Example], seed: int) -> Trained:
    """Fit a model: the penalty with the best log loss on held-out conversations, then Platt's curve, then all of it.

    The curve [1] is fitted to the scores of held-out answers, never to those of answers the regression has seen.

    [1] J. C. Platt (1999), Probabilistic outputs for support vector machines, Advances in Large Margin Classifiers.
    """
    good = goods(examples)
    held_scores = {penalty: np.full(len(examples), np.nan) for penalty in PENALTIES}
    for fitted, held in folds(examples, INNER, seed):
        mine = [examples[one] for one in fitted]
        space = Space.of(mine)
        seen, unseen = space.rows(mine), space.rows([examples[one] for one in held])
        for penalty in PENALTIES:
            regression = regression_of(seen, good[fitted], penalty)
            held_scores[penalty][held] = regression.decision_function(unseen)
    curves = {penalty: _platt(scores, good) for penalty, scores in held_scores.items()}
    best = min(PENALTIES, key=lambda penalty: curves[penalty][2])
    space = Space.of(examples)
    slope, offset, _ = curves[best]
    return Trained(space, regression_of(space.rows(examples), good, best), best, slope, offset, float(good.mean()))


def _platt(scores: Array, good: NDArray[np.bool_]) -> tuple[float, float, float]:
    """Return slope, offset and log loss of the logistic curve through held-out scores."""
    from scipy.special import expit

    known = ~np.isnan(scores)
    curve = regression_of(scores[known].reshape(-1, 1), good[known], 1e3)
    # A falling curve would say that the held-out scores are worse than none: then they tell nothing.
    slope = max(float(curve.coef_[0, 0]), 0.0)
    offset = float(curve.intercept_[0]) if slope > 0 else float(np.log(good.mean() / (1 - good.mean())))
    probabilities = np.clip(expit(slope * scores[known] + offset), 1e-9, 1 - 1e-9)
    loss = -float(np.mean(np.where(good[known], np.log(probabilities), np.log(1 - probabilities))))
    return slope, offset, loss


def once(examples: Sequence[Example], penalty: float) -> Trained:
    """Fit a model at a penalty, without its curve: enough for a ranking."""
    space, good = Space.of(examples), goods(examples)
    return Trained(space, regression_of(space.rows(examples), good, penalty), penalty, 1.0, 0.0, float(good.mean()))
