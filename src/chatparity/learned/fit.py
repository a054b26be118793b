"""Fitting a learned grader, and measuring it on conversations that it has not seen: nested cross-validation."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from chatparity.errors import ChatparityError
from chatparity.grading.fingerprint import conversation_mark
from chatparity.jsonl import read_transcripts
from chatparity.learned.data import Example, Examples, dimension_of, examples_of
from chatparity.learned.model import FORMAT, CurvePoint, Measured, Model, Quality, Terms, rounded
from chatparity.learned.train import KINDS, Array, Space, Trained, folds, goods, once, train
from chatparity.stats import cluster_bootstrap, cluster_rate, roc_auc

OUTER = 5
SHARES = (0.2, 0.4, 0.6, 0.8, 1.0)
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Fitted:
    """A model and, by language, how many labelled answers were left out because the language has too few."""

    model: Model
    left_out: dict[str, int]


def fit(
    paths: Sequence[Path], label: str, *, name: str | None = None, seed: int = 0, on_progress: Progress | None = None
) -> Fitted:
    """Fit a grader from the answers in transcripts that have a label of people.

    Penalty and calibration are chosen by inner folds; the figures come from outer folds, whose answers no part of a
    model has seen, and the stored model is fitted on all. `name` is by default the dimension's with `_learned`.
    Raises UsageError where the labels are too few, ChatparityError where the model is not shown to be better than
    chance.
    """
    dimension, source = dimension_of(label), ", ".join(map(str, paths))
    found = examples_of(read_transcripts(paths), label, source)
    examples = found.kept
    show = on_progress or _unseen
    outer = folds(examples, OUTER, seed)
    total = len(outer) + 2
    probabilities, verdicts, penalties = np.full(len(examples), np.nan), np.zeros(len(examples), dtype=bool), []
    for number, (fitted, held) in enumerate(outer):
        show(number, total)
        trained = train([examples[one] for one in fitted], seed)
        unseen = [examples[one] for one in held]
        probabilities[held] = trained.probabilities(unseen)
        verdicts[held] = probabilities[held] >= trained.pass_at
        penalties.append(trained.penalty)
    quality = quality_of(examples, probabilities, verdicts)
    _better_than_chance(quality, source, label)
    show(len(outer), total)
    curve = tuple(learning_curve(examples, outer, float(np.median(penalties)), seed))
    show(len(outer) + 1, total)
    model = _model(found, label, dimension, name or f"{dimension}_learned", train(examples, seed), quality, curve)
    show(total, total)
    return Fitted(model, found.left_out)


def _unseen(done: int, planned: int) -> None:
    """Show no progress."""


def quality_of(examples: Sequence[Example], probabilities: Array, verdicts: Any) -> Quality:
    """Return how good held-out probabilities and verdicts are, with intervals over conversations."""
    known = ~np.isnan(probabilities)
    kept = [one for one, there in zip(examples, known, strict=True) if there]
    good, clusters = goods(kept), [one.cluster for one in kept]
    values, passed = probabilities[known], verdicts[known]
    area = cluster_bootstrap(lambda chosen: roc_auc(values[chosen], good[chosen]), clusters, resamples=1000)

    def share(of: Any, held: Any) -> Measured:
        names = [name for name, there in zip(clusters, of, strict=True) if there]
        return _measured(cluster_rate(list(map(bool, held[of])), names))

    return Quality(
        auc=_measured(area),
        sensitivity=share(~good, ~passed),
        specificity=share(good, passed),
        brier=float(np.mean((values - good) ** 2)),
        brier_of_share=float(np.mean((good.mean() - good) ** 2)),
    )


def _measured(found: Any) -> Measured:
    return Measured(
        n=found.n,
        clusters=found.clusters,
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        method=found.method,
    )


def _better_than_chance(quality: Quality, source: str, label: str) -> None:
    """Raise ChatparityError for a model that may as well guess."""
    if quality.auc.low is None or quality.auc.low <= 0.5:
        low, high = quality.auc.low, quality.auc.high
        interval = f"[{low:.2f}, {high:.2f}]" if low is not None and high is not None else f"({quality.auc.method})"
        raise ChatparityError(
            f"{source}: a grader of {label} is not shown to be better than chance on answers that it has not seen: "
            f"AUC {quality.auc.estimate:.2f} {interval}, n = {quality.auc.n}: nothing is saved; it needs more labels, "
            "or a judge"
        )


def learning_curve(
    examples: Sequence[Example], outer: Sequence[tuple[Any, Any]], penalty: float, seed: int
) -> Iterator[CurvePoint]:
    """Yield the AUC on held-out conversations by how many others were fitted on, at one penalty."""
    order = np.random.default_rng(seed)
    shuffled = []
    for fitted, held in outer:
        names = sorted({examples[one].cluster for one in fitted})
        order.shuffle(names)
        shuffled.append((fitted, held, names))
    for share in SHARES:
        found, sizes = [], []
        for fitted, held, names in shuffled:
            chosen = set(names[: round(share * len(names))])
            mine = [examples[one] for one in fitted if examples[one].cluster in chosen]
            unseen = [examples[one] for one in held]
            if len({one.good for one in mine}) == 2:
                area = roc_auc(once(mine, penalty).scores(unseen), goods(unseen))
                if np.isfinite(area):
                    found.append(area)
                    sizes.append(len(chosen))
        if found:
            mean = float(np.mean(found))
            yield CurvePoint(conversations=round(np.mean(sizes)), mean=mean, low=min(found), high=max(found))


def _model(
    found: Examples,
    label: str,
    dimension: str,
    name: str,
    trained: Trained,
    quality: Quality,
    curve: tuple[CurvePoint, ...],
) -> Model:
    """Return a trained regression as it is stored."""
    weights, at = trained.regression.coef_[0], 0
    terms: dict[str, Terms] = {}
    for kind in KINDS:
        terms[kind], at = _terms(trained.space, kind, weights, at)
    clusters = {one.cluster for one in found.kept}
    return Model(
        format=FORMAT,
        name=name,
        dimension=dimension,
        label=label,
        languages=found.languages,
        chatparity=version("chatparity"),
        n=len(found.kept),
        conversations=len(clusters),
        good=sum(one.good for one in found.kept),
        pass_at=trained.pass_at,
        penalty=trained.penalty,
        words=terms["words"],
        letters=terms["letters"],
        centres=rounded(trained.space.centres.tolist()),
        scales=rounded(trained.space.scales.tolist()),
        number_weights=rounded(weights[at:].tolist()),
        intercept=float(trained.regression.intercept_[0]),
        slope=trained.slope,
        offset=trained.offset,
        quality=quality,
        curve=curve,
        fitted_on=tuple(sorted(map(conversation_mark, clusters))),
    )


def _terms(space: Space, kind: str, weights: Array, at: int) -> tuple[Terms, int]:
    """Return a vocabulary with its weights, which begin at `at`, and where the next ones begin."""
    made = space.vectorizers[kind]
    if made is None:
        return Terms(terms=(), idf=(), weights=()), at
    names = made.get_feature_names_out().tolist()
    mine = weights[at : at + len(names)].tolist()
    return Terms(terms=tuple(names), idf=rounded(made.idf_.tolist()), weights=rounded(mine)), at + len(names)
