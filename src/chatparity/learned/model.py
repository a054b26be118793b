"""A fitted model as plain numbers: two vocabularies with weights, a few figures, a logistic curve; and its use."""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Sequence
from typing import Any

import msgspec

from chatparity.learned.features import Features, vectorizer

FORMAT = 1


class Terms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A vocabulary in order, with the inverse document frequency and the weight of each term."""

    terms: tuple[str, ...]
    idf: tuple[float, ...]
    weights: tuple[float, ...]


class Measured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What nested cross-validation found: a figure with its n and interval (None: cannot be estimated)."""

    n: int
    clusters: int
    estimate: float | None
    low: float | None
    high: float | None
    method: str


class Quality(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How good a model is on conversations that it was not fitted on.

    `auc`, and `sensitivity` (of people's faults) and `specificity` (of people's good answers) of its verdicts. `brier`
    is the mean squared error of its probabilities, `brier_of_share` that of one probability for all.
    """

    auc: Measured
    sensitivity: Measured
    specificity: Measured
    brier: float
    brier_of_share: float


class CurvePoint(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The learning curve at `conversations` to fit on: the mean AUC over the folds, the lowest and the highest."""

    conversations: int
    mean: float
    low: float
    high: float


class Model(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A learned grader of one dimension, as it is stored.

    The probability that people call an answer good is the logistic function of `slope` · score + `offset`, where the
    score is `intercept` plus the weighted terms and figures (figures less `centres`, over `scales`). An answer passes
    from `pass_at` on: the share of good answers among those it was fitted on, so that rare faults are found.
    `fitted_on` are hashes of the conversations.
    """

    format: int
    name: str
    dimension: str
    label: str
    languages: tuple[str, ...]
    chatparity: str
    n: int
    conversations: int
    good: int
    pass_at: float
    penalty: float
    words: Terms
    letters: Terms
    centres: tuple[float, ...]
    scales: tuple[float, ...]
    number_weights: tuple[float, ...]
    intercept: float
    slope: float
    offset: float
    quality: Quality
    curve: tuple[CurvePoint, ...]
    fitted_on: tuple[str, ...]

    @property
    def version(self) -> str:
        """Return a short hash of all that shapes a verdict."""
        shaping = {name: getattr(self, name) for name in SHAPING}
        data = msgspec.json.encode(shaping, order="deterministic")
        return f"{self.format}+{hashlib.sha256(data).hexdigest()[:8]}"


SHAPING = (
    "dimension",
    "languages",
    "pass_at",
    "words",
    "letters",
    "centres",
    "scales",
    "number_weights",
    "intercept",
    "slope",
    "offset",
)


class Predictor:
    """A model made ready to grade: scikit-learn's vectorizers, given their vocabularies back."""

    def __init__(self, model: Model) -> None:
        self.model = model

    def probability(self, features: Features) -> float:
        """Return the probability that people call the answer good."""
        model = self.model
        score = model.intercept
        for kind in ("words", "letters"):
            terms: Terms = getattr(model, kind)
            if terms.terms:
                row = self._vectorizers[kind].transform([features.text])
                score += float((row @ self._weights[kind])[0])
        centred = zip(features.numbers, model.centres, model.scales, model.number_weights, strict=True)
        score += math.fsum((value - centre) / scale * weight for value, centre, scale, weight in centred)
        return logistic(model.slope * score + model.offset)

    @functools.cached_property
    def _vectorizers(self) -> dict[str, Any]:
        return {kind: _ready(kind, getattr(self.model, kind)) for kind in ("words", "letters")}

    @functools.cached_property
    def _weights(self) -> dict[str, Any]:
        import numpy as np

        return {kind: np.asarray(getattr(self.model, kind).weights) for kind in ("words", "letters")}


def _ready(kind: str, terms: Terms) -> Any:
    """Return a fitted vectorizer; None for an empty vocabulary, which scikit-learn does not take."""
    import numpy as np

    if not terms.terms:
        return None
    made = vectorizer(kind, vocabulary={term: number for number, term in enumerate(terms.terms)})
    made.idf_ = np.asarray(terms.idf)
    return made


def logistic(score: float) -> float:
    """Return 1 / (1 + e^−score), for any score."""
    if score >= 0:
        return 1 / (1 + math.exp(-score))
    grown = math.exp(score)
    return grown / (1 + grown)


def rounded(values: Sequence[float]) -> tuple[float, ...]:
    """Return numbers as a model stores them: seven significant digits."""
    return tuple(float(f"{value:.7g}") for value in values)
