"""The verdicts: each gate on each slice, then everything that is measured and not gated, as Findings."""

from __future__ import annotations

from collections.abc import Sequence

from chatparity.gate.examples import examples, lost
from chatparity.gate.measure import Measured, Table, difference_of, paired, rate_of
from chatparity.gate.needed import clusters_needed, failing, passing, threshold_of
from chatparity.gate.others import differences, not_measured, rates
from chatparity.gate.result import FORMAT, Findings, GateResult, Rate, Verdict
from chatparity.gate.slices import PAIRED, GateSlice, expand, planned_rows
from chatparity.gate.text import threshold_text
from chatparity.grading.grader import Grader
from chatparity.grading.rows import ScoreRow, ledger
from chatparity.run.folder import Manifest
from chatparity.suite import Settings


def decide(
    rows: Sequence[ScoreRow],
    graders: Sequence[Grader],
    settings: Settings,
    *,
    manifest: Manifest,
    baseline: Sequence[ScoreRow] | None = None,
) -> Findings:
    """Return the verdict of every gate on every slice, and all else that a run shows.

    FAIL if any gate fails, else INCONCLUSIVE if any is, else PASS. A `no_worse_than` gate without a `baseline` is not
    decided; `not_measured` says so. Raises InputError for a gate that names what does not exist.
    """
    table, before = Table.of(rows), Table.of(baseline or ())
    asked = expand(settings, graders, planned_rows(rows))
    decided = [one for one in asked if one.gated and (one.gate.kind != "no_worse_than" or baseline is not None)]
    gates = tuple(_decided(one, table, before, synthetic=manifest.synthetic) for one in decided)
    verdicts = {gate.verdict for gate in gates}
    order: tuple[Verdict, ...] = ("FAIL", "INCONCLUSIVE", "PASS")
    return Findings(
        format=FORMAT,
        verdict=next((verdict for verdict in order if verdict in verdicts), "PASS"),
        gates=gates,
        rates=rates(table, graders, asked),
        ledger=tuple(ledger(rows)),
        not_measured=not_measured(rows, asked, manifest, has_baseline=baseline is not None),
        agent=manifest.agent,
        mode=manifest.mode,
        synthetic=manifest.synthetic,
        differences=differences(table, graders, asked),
    )


def _decided(one: GateSlice, table: Table, before: Table, *, synthetic: bool) -> GateResult:
    """Decide one gate on one slice."""
    key = (one.grader.name, one.metric.name, one.slice)
    confidence, good_is_high = one.gate.confidence, one.metric.good_is_high
    mine = table.get("ai", key)
    measured = rate_of(mine, one.metric.name, confidence)
    failures = examples(mine, one.metric)
    other: Measured | None = None
    difference: Measured | None = None
    if one.gate.kind in PAIRED:
        against = table.get("human", key) if one.gate.kind == "margin" else before.get("ai", key)
        pairs = paired(mine, against)
        difference = difference_of(pairs, one.metric.name, confidence)
        # Both rates are those of the pairs, so that the difference shown is the difference of what is shown.
        measured = rate_of(pairs.mine, one.metric.name, confidence)
        other = rate_of(pairs.other, one.metric.name, confidence)
        failures = lost(pairs, one.metric)
    verdict, reason, needed = _verdict(one, difference or measured)
    return GateResult(
        name=one.name,
        dimension=one.gate.dimension,
        metric=one.metric.name,
        grader=one.grader.name,
        slice=one.slice,
        kind=one.gate.kind,
        threshold=threshold_of(one.gate),
        good_is_high=good_is_high,
        verdict=verdict,
        synthetic=synthetic,
        reason=reason,
        rate=measured.rate,
        other=other.rate if other else None,
        difference=difference.rate if difference else None,
        needed=needed,
        failures=failures,
    )


def _verdict(one: GateSlice, measured: Measured) -> tuple[Verdict, str, int | None]:
    """Return the verdict, its reason, and about how many more conversations would let it pass."""
    rate = measured.rate
    if one.gate.zero:
        return _zero(rate, bad=rate.good if not one.metric.good_is_high else rate.n - rate.good)
    if rate.low is None or rate.high is None:
        return "INCONCLUSIVE", rate.method, None
    if one.planned.n < one.gate.min_n:
        return "INCONCLUSIVE", f"{one.planned.n} planned, a verdict needs {one.gate.min_n} (min_n)", None
    passes = passing(one.gate, good_is_high=one.metric.good_is_high)
    fails = failing(one.gate, good_is_high=one.metric.good_is_high)
    threshold = threshold_text(one.gate.kind, threshold_of(one.gate), good_is_high=one.metric.good_is_high)
    if passes(rate.low, rate.high):
        return "PASS", f"the whole interval is on the good side: {threshold}", None
    if fails(rate.low, rate.high):
        return "FAIL", f"the whole interval is on the bad side: needs {threshold}", None
    if passes(measured.known.low, measured.known.high):
        return "INCONCLUSIVE", f"it would pass but for {rate.unknown} exchanges without a score", None
    return _undecided(one, measured)


def _undecided(one: GateSlice, measured: Measured) -> tuple[Verdict, str, int | None]:
    """Say why an interval that holds the threshold decides nothing, and what would."""
    estimate = measured.rate.estimate
    passes = passing(one.gate, good_is_high=one.metric.good_is_high)
    if not passes(estimate, estimate):
        return "INCONCLUSIVE", "the interval holds the threshold, and the estimate misses it", None
    total = clusters_needed(measured.known, passes)
    if total is None:
        return "INCONCLUSIVE", "the estimate is so near the threshold that 100,000 conversations would not decide", None
    more = max(total - measured.known.clusters, 1)
    return "INCONCLUSIVE", f"the interval holds the threshold; about {more} more conversations would decide", more


def _zero(rate: Rate, *, bad: int) -> tuple[Verdict, str, int | None]:
    """Decide a zero-tolerance gate: one bad exchange is enough for FAIL, an unknown one for INCONCLUSIVE."""
    if bad:
        return "FAIL", f"{bad} of {rate.n}, and not one is allowed", None
    if rate.n == 0:
        return "INCONCLUSIVE", rate.method, None
    if rate.unknown:
        return "INCONCLUSIVE", f"none in {rate.n}, but {rate.unknown} more have no score", None
    if rate.low is None or rate.high is None:
        return "PASS", f"none in {rate.n}; how rare it is {rate.method}", None
    most = rate.high if rate.good == 0 else 1 - rate.low
    return "PASS", f"none in {rate.n}: at {rate.confidence:.0%} confidence it is below {100 * most:.1f} %", None
