"""Rates of a judged or learned grader, corrected for its errors with what people said.

With enough labels of people on a sample of the run itself: prediction-powered inference, which needs nothing of the
grader. Else with its sensitivity and specificity from calibration, language by language (Rogan and Gladen), which holds
as far as it errs here as it did there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from chatparity.gate.measure import UNKNOWN, Measured, rate_of
from chatparity.gate.result import Rate
from chatparity.gate.trust import Trust, languages_of
from chatparity.grading.grader import RATE, Grader
from chatparity.grading.rows import ScoreRow
from chatparity.licence import Entry, Share
from chatparity.stats import CorrectedRate, clopper_pearson, prediction_powered_mean, rogan_gladen, weighted_sum

# With fewer labels on the run itself, the errors that were found in calibration tell more.
ENOUGH = 30


def corrected_rate(rows: Sequence[ScoreRow], grader: Grader, metric: str, trust: Trust, raw: Rate) -> Rate | None:
    """Return the rate of answers that people would call good, or None where no labels can correct it.

    `raw` is the rate as judged, at one look; its unknown answers are counted as worst and as best here as well.
    """
    if not grader.needs_licence or metric != RATE.name or raw.estimate is None:
        return None
    graded = [row for row in rows if row.state == "graded"]
    found = _powered(graded, grader, metric, trust, raw) or _by_errors(graded, grader, metric, trust, raw)
    return _with_unknown(found, sum(row.state in UNKNOWN for row in rows)) if found is not None else None


def _powered(graded: Sequence[ScoreRow], grader: Grader, metric: str, trust: Trust, raw: Rate) -> Rate | None:
    """Correct with people's labels on a sample of these very answers, where there are enough."""
    said = [trust.people.get(row.key) if row.arm == "ai" else None for row in graded]
    labels = [None if one is None else one.good.get(grader.dimension) for one in said]
    if sum(label is not None for label in labels) < ENOUGH:
        return None
    found = prediction_powered_mean(
        [float(bool(row.metrics[metric])) for row in graded],
        [None if label is None else float(label) for label in labels],
        [row.cluster for row in graded],
        probabilities=[1.0 if one is None else one.probability for one in said],
        confidence=raw.confidence,
    )
    if found.estimate is None or found.low is None:
        return None
    method = f"{found.method}, {found.labelled} labels of people"
    return msgspec.structs.replace(raw, estimate=found.estimate, low=found.low, high=found.high, method=method)


def _by_errors(graded: Sequence[ScoreRow], grader: Grader, metric: str, trust: Trust, raw: Rate) -> Rate | None:
    """Correct with the grader's sensitivity and specificity in each language, added up by how many answers it has."""
    known = trust.evidence(grader, metric, languages_of(graded))
    if known is None:
        return None
    parts, weights = [], []
    for language, entry in known.items():
        there = [row for row in graded if row.slices.get("language", "") == language]
        one = _one_language(there, metric, entry, raw.confidence)
        if one.estimate is None or one.low is None or one.high is None:
            return None
        parts.append((1 - one.estimate, 1 - one.high, 1 - one.low))
        weights.append(len(there) / len(graded))
    estimate, low, high = weighted_sum(parts, weights)
    labels = sum(entry.evidence.n for entry in dict.fromkeys(known.values()))
    method = f"Rogan–Gladen with sensitivity and specificity on {labels} labels of people"
    return msgspec.structs.replace(raw, estimate=estimate, low=max(low, 0.0), high=min(high, 1.0), method=method)


def _one_language(rows: Sequence[ScoreRow], metric: str, entry: Entry, confidence: float) -> CorrectedRate:
    """Return the rate of faults in one language; counts are divided by what clusters and weights cost."""
    measured = rate_of(rows, metric, confidence)
    size = measured.rate.n / _divisor(measured, confidence)
    faults = (1 - measured.rate.good / measured.rate.n) * size
    sensitivity, specificity = entry.evidence.sensitivity, entry.evidence.specificity
    return rogan_gladen(
        faults,
        size,
        true_found=(sensitivity.estimate or 0.0) * sensitivity.size,
        truly=sensitivity.size,
        true_cleared=(specificity.estimate or 0.0) * specificity.size,
        not_truly=specificity.size,
        confidence=confidence,
    )


def _divisor(measured: Measured, confidence: float) -> float:
    """Return by what n is divided for clusters; where there is one only, it is one answer."""
    inflation = measured.known.inflation
    return inflation.divisor(confidence) if inflation is not None else float(measured.rate.n)


def _with_unknown(rate: Rate, unknown: int) -> Rate:
    """Return a rate whose bounds count unknown answers as worst and as best."""
    if not unknown or rate.low is None or rate.high is None:
        return rate
    every = rate.n + unknown
    low, high = rate.low * rate.n / every, (rate.high * rate.n + unknown) / every
    return msgspec.structs.replace(rate, low=low, high=high)


def boxed(raw: Measured, entries: Mapping[str, Entry], confidence: float, *, difference: bool) -> Rate:
    """Return a rate, or a difference, corrected from bounds alone: for what has no interval of its own.

    Of a rate with an always-valid interval the bounds are put into Rogan and Gladen's formula with the bounds of
    sensitivity and specificity that make it lowest and highest. A judged difference of two sides is the true one times
    sensitivity + specificity − 1, if the grader errs alike on both; so its bounds are divided by the least that this
    may be. `raw` and all bounds are at a confidence at which together they hold at `confidence` (a union bound);
    `confidence` is that of each, the errors of several languages being taken at their worst.
    """
    rate = raw.rate
    assert rate.low is not None
    assert rate.high is not None
    found = [_bounds(entry.evidence.sensitivity, confidence) for entry in entries.values()]
    cleared = [_bounds(entry.evidence.specificity, confidence) for entry in entries.values()]
    se_low, se_high = min(low for low, _ in found), max(high for _, high in found)
    sp_low, sp_high = min(low for low, _ in cleared), max(high for _, high in cleared)
    least = se_low + sp_low - 1
    if least <= 0:
        why = "cannot be corrected: the grader is not shown to be better than chance"
        return msgspec.structs.replace(rate, low=None, high=None, method=why)
    if difference:
        low = rate.low / least if rate.low < 0 else rate.low
        high = rate.high / least if rate.high > 0 else rate.high
        estimate = None if rate.estimate is None else _stretched(rate.estimate, entries)
        low, high = max(low, -1.0), min(high, 1.0)
        method = "divided by sensitivity + specificity − 1, at its lower bound"
        return msgspec.structs.replace(rate, low=low, high=high, estimate=estimate, method=method)
    least_faults = _faults(1 - rate.high, se_high, sp_low)
    most_faults = _faults(1 - rate.low, se_low, sp_high)
    method = "Rogan–Gladen with the bounds of sensitivity and specificity"
    return msgspec.structs.replace(rate, low=1 - most_faults, high=1 - least_faults, method=method)


def _stretched(estimate: float, entries: Mapping[str, Entry]) -> float:
    """Return a difference over the mean of sensitivity + specificity − 1."""
    both = [(one.evidence.sensitivity.estimate, one.evidence.specificity.estimate) for one in entries.values()]
    mean = sum((se or 0.0) + (sp or 0.0) - 1 for se, sp in both) / len(both)
    return max(min(estimate / mean, 1.0), -1.0) if mean > 0 else estimate


def _faults(judged: float, sensitivity: float, specificity: float) -> float:
    youden = sensitivity + specificity - 1
    if youden <= 0:
        return 1.0
    return min(max((judged + specificity - 1) / youden, 0.0), 1.0)


def _bounds(share: Share, confidence: float) -> tuple[float, float]:
    """Return the exact interval of a share at another confidence, on the answers that it is worth."""
    if share.estimate is None or not share.size:
        return 0.0, 1.0
    return clopper_pearson(share.estimate * share.size, share.size, confidence)
