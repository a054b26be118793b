"""From labels of a sample to the rate of each failure in all that it was drawn from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from pathlib import Path

from chatparity.errors import UsageError
from chatparity.estimate.controls import Automatics, automatics_of
from chatparity.estimate.result import FORMAT, Estimate, FailureRate, Interval, Raw
from chatparity.estimate.said import ANY, Criterion, Said, any_failure, read_said
from chatparity.review.items import Bench
from chatparity.sample.result import Item, Sample
from chatparity.stats import SurveyMean, survey_mean
from chatparity.suite import Suite

CONFIDENCE = 0.95
# A stratum with fewer items has too few answers for a share of its own.
STRATUM = 10


def estimate(
    folder: Path,
    suite: Suite,
    *,
    sheet: Path | None = None,
    run: Path | None = None,
    half_width: float = 0.02,
    confidence: float = CONFIDENCE,
) -> Estimate:
    """Estimate how often each criterion of the scorecard fails in the population of a labelled sample.

    Labels are those of the review page, else of the sheet (`sheet`, by default the sample's own). `run` names the run
    whose scores are the controls, by default the one that the sample was drawn from, else what was kept with it.
    Raises UsageError where nothing is labelled, or where the run holds other answers than the sample's population.
    """
    if not 0 < half_width < 0.5:
        raise UsageError(f"--within: expected points above 0 and below 50, got {100 * half_width:g}")
    bench = Bench(folder, suite, run)
    sample = bench.sample
    said = read_said(folder, suite, bench, sheet)
    automatics = automatics_of(bench, named=run is not None)
    fails = {
        one.name: {item: given[one.name] for item, given in said.fails.items() if one.name in given}
        for one in said.criteria
    }
    rates = [
        _rate(
            one,
            fails[one.name],
            sample,
            automatics,
            half_width,
            confidence,
            said.disputed.get(one.name, frozenset()),
        )
        for one in said.criteria
        if fails[one.name]
    ]
    asked = [one.name for one in rates]
    if len(asked) > 1:
        whole = Criterion(ANY, "Does it fail any of these?", critical=False, dimension="")
        rates.append(_rate(whole, _anything(said, asked), sample, automatics, half_width, confidence))
    return Estimate(
        format=FORMAT,
        sample=sample.name,
        population=sample.population,
        left_out=sample.left_out,
        items=len(sample.items),
        judged=len(said.fails),
        labels_from=said.source,
        scores_from=automatics.source,
        confidence=confidence,
        half_width=half_width,
        disputed={name: len(items) for name, items in said.disputed.items()},
        rates=tuple(rates),
        synthetic=sample.synthetic,
    )


def _anything(said: Said, asked: Sequence[str]) -> dict[str, bool]:
    """Return whether items fail at all, of those that have an answer to every criterion."""
    found = {item: any_failure(given, asked) for item, given in said.fails.items()}
    return {item: value for item, value in found.items() if value is not None}


def _rate(
    criterion: Criterion,
    fails: Mapping[str, bool],
    sample: Sample,
    automatics: Automatics,
    half_width: float,
    confidence: float,
    disputed: frozenset[str] = frozenset(),
) -> FailureRate:
    """Return the rate of one failure from the items that have a label of it."""

    def found_of(fails: Mapping[str, bool]) -> SurveyMean:
        items = [one for one in sample.items if one.item in fails]
        chances = answering(sample.items, fails, {one.name: one.population for one in sample.strata})
        return survey_mean(
            [float(fails[one.item]) for one in items],
            [chances[one.item] for one in items],
            [one.cluster for one in items],
            population=sample.population,
            strata=[one.stratum for one in items],
            controls=automatics.controls([one.item for one in items], criterion.dimension),
            confidence=confidence,
            half_width=half_width,
        )

    found = found_of(fails)
    ends = [found_of({**fails, **dict.fromkeys(disputed, end)}).estimate for end in (False, True)] if disputed else []
    return FailureRate(
        name=criterion.name,
        ask=criterion.ask,
        critical=criterion.critical,
        labels=found.n,
        clusters=found.clusters,
        failed=sum(fails.values()),
        raw=tuple(
            Raw(grader=one.grader, graded=one.graded, failed=one.failed)
            for one in automatics.totals
            if criterion.dimension and one.dimension == criterion.dimension
        ),
        weighted=Interval(estimate=found.weighted, low=found.weighted_low, high=found.weighted_high),
        corrected=Interval(estimate=found.estimate, low=found.low, high=found.high),
        weights=found.weights,
        effective_labels=found.effective,
        more_labels=None if found.needed is None else max(found.needed - found.n, 0),
        unheard=_unheard(sample, {one.stratum for one in sample.items if one.item in fails}),
        if_disputed=(ends[0], ends[1]) if ends and ends[0] is not None and ends[1] is not None else None,
        method=found.method,
    )


def answering(items: Sequence[Item], labelled: Container[str], sizes: Mapping[str, int]) -> dict[str, float]:
    """Return, by labelled item, the probability to be drawn and labelled, given how many of its stratum were.

    `sizes` are the populations of the strata. What is not answered is taken to be like the rest of its stratum: items
    are shuffled, so those that nobody came to yet are. With m labels of N answers that is m / N (poststratified [1]).
    Strata of few items share one share of answered ones, and keep the probability that they were drawn with.

    [1] C.-E. Särndal, B. Swensson, J. Wretman (1992), Model Assisted Survey Sampling, section 7.6.
    """
    drawn = Counter(one.stratum for one in items)
    given = Counter(one.stratum for one in items if one.item in labelled)
    small = {name for name, count in drawn.items() if count < STRATUM}
    together = sum(given[name] for name in small) / max(sum(drawn[name] for name in small), 1)
    return {
        one.item: one.inclusion_probability * together
        if one.stratum in small
        else given[one.stratum] / sizes[one.stratum]
        for one in items
        if one.item in labelled
    }


def _unheard(sample: Sample, heard: set[str]) -> float:
    """Return the share of the population in strata without a label."""
    silent = sum(one.population for one in sample.strata if one.name not in heard)
    return silent / sample.population
