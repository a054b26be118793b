"""All claims of a file measured on logs: each figure held against its sentence."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable
from typing import Any

from chatparity.claims import (
    availability,
    cost,
    coverage,
    rates,
    satisfaction,
    savings,
    times,
    volume,
)
from chatparity.claims.about import ABOUT, population_text, threshold_text, unit_of, window_text
from chatparity.claims.file import AnyClaim, ClaimsFile, SatisfactionClaim
from chatparity.claims.logs import Logs, moment
from chatparity.claims.result import FORMAT, CannotTell, ClaimResult, Found, Ledger, Verdict
from chatparity.claims.view import View

ESTIMATORS: dict[str, Callable[[View, Any], Found]] = {
    "share": rates.share,
    "volume": volume.volume,
    "coverage": coverage.coverage,
    "time": times.time,
    "repeats": rates.repeats,
    "first_contact": rates.first_contact,
    "accuracy": rates.accuracy,
    "cost": cost.cost,
    "satisfaction": satisfaction.satisfaction,
    "availability": availability.availability,
    "person": rates.person,
    "savings": savings.savings,
}


def measure_claims(
    file: ClaimsFile,
    logs: Logs,
    *,
    today: dt.date | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Ledger:
    """Measure every claim of a file; `today` (default: today, UTC) decides which verdicts are out of date.

    What the logs lack makes single claims "cannot be told"; it raises nothing.
    """
    today = today or dt.datetime.now(dt.UTC).date()
    found = []
    for done, claim in enumerate(file.claim, 1):
        found.append(measure_claim(claim, file, logs, today))
        if on_progress is not None:
            on_progress(done, len(file.claim))
    span = logs.span
    return Ledger(
        format=FORMAT,
        name=file.ledger.name,
        measured=today,
        logs=logs.sources,
        conversations=logs.n,
        invalid=logs.invalid,
        synthetic=logs.synthetic,
        claims=tuple(found),
        first=moment(span[0]) if span is not None else None,
        last=moment(span[1]) if span is not None else None,
    )


def measure_claim(claim: AnyClaim, file: ClaimsFile, logs: Logs, today: dt.date) -> ClaimResult:
    """Measure one claim of a file."""
    kind = kind_of(claim)
    confidence = claim.confidence if claim.confidence is not None else file.ledger.confidence
    view = View(logs, claim, file.arms, confidence, file.ledger.sampled)
    try:
        view.enter()
        found = ESTIMATORS[kind](view, claim)
        verdict, reason = verdict_of(claim, found)
        needs = found.needs if verdict == "cannot be told" else ()
    except CannotTell as error:
        verdict, reason, needs = "cannot be told", error.reason, error.needs
        found = error.found or Found(None, None, None, view.n, view.clusters, "", "")
    return _result(claim, file, logs, today, view, found, verdict, reason, needs or _more(verdict, found, claim))


def _result(
    claim: AnyClaim,
    file: ClaimsFile,
    logs: Logs,
    today: dt.date,
    view: View,
    found: Found,
    verdict: Verdict,
    reason: str,
    needs: tuple[str, ...],
) -> ClaimResult:
    about = ABOUT[kind_of(claim)]
    expires = _expires(claim, logs)
    bounded = found.low is not None and found.high is not None
    interval = (found.low, found.high) if bounded and all(map(_finite, (found.low, found.high))) else None
    return ClaimResult(
        id=claim.id,
        kind=kind_of(claim),
        said=claim.said,
        source=claim.source,
        verdict=verdict,
        estimate=found.estimate,
        interval=interval,  # type: ignore[arg-type]
        unit=unit_of(claim),
        n=found.n,
        clusters=found.clusters,
        confidence=view.confidence,
        threshold=threshold_text(claim),
        reason=reason,
        formula=claim.formula or about.formula(claim),
        origin=about.origin,
        method=found.method,
        population=population_text(claim, file),
        window=window_text(claim, logs),
        used=tuple(view.used),
        left_out=tuple(view.left_out),
        needs=needs,
        naive=found.naive,
        misleads=found.misleads if found.naive is not None else "",
        parts=found.parts,
        notes=tuple(filter(None, (claim.note, *found.notes, *view.notes, _ahead(view, logs, today)))),
        expires=expires,
        expired=expires is not None and today > expires,
        picture=found.picture,
    )


def verdict_of(claim: AnyClaim, found: Found) -> tuple[Verdict, str]:
    """Hold an interval against what a claim asks for: wholly on its good side, wholly on its bad side, or neither."""
    if found.verdict is not None:
        return found.verdict, found.reason
    if found.estimate is None or found.low is None or found.high is None:
        return "cannot be told", f"no interval: {found.method}"
    low, high = found.low, found.high
    if isinstance(claim, SatisfactionClaim):
        good, bad = low > -claim.margin, high <= -claim.margin
    elif claim.at_least is not None:
        good, bad = low >= claim.at_least, high < claim.at_least
    elif claim.at_most is not None:
        good, bad = high <= claim.at_most, low > claim.at_most
    else:
        assert claim.about is not None
        assert claim.within is not None
        least, most = claim.about - claim.within, claim.about + claim.within
        good, bad = least <= low and high <= most, high < least or low > most
    if good:
        return "supported", "the whole interval lies where the sentence is true"
    if bad:
        return "contradicted", "the whole interval lies where the sentence is false"
    return "cannot be told", "the interval holds figures that make the sentence true and figures that make it false"


def kind_of(claim: AnyClaim) -> str:
    """Return the name of a claim's kind, as the file writes it."""
    return str(claim.__struct_config__.tag)


def _finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)


def _more(verdict: Verdict, found: Found, claim: AnyClaim) -> tuple[str, ...]:
    """Return how many conversations would tell, where more of the same would: the interval narrows by √n."""
    if verdict != "cannot be told" or found.estimate is None or found.low is None or found.high is None:
        return ()
    limit = (
        -claim.margin
        if isinstance(claim, SatisfactionClaim)
        else claim.at_least
        if claim.at_least is not None
        else claim.at_most
    )
    if limit is None or found.estimate == limit or not _finite(found.high - found.low):
        return ("more conversations of the same kind",)
    half = found.estimate - found.low if found.estimate > limit else found.high - found.estimate
    needed = math.ceil(found.n * (half / abs(found.estimate - limit)) ** 2)
    if needed <= found.n:
        return ("more conversations of the same kind",)
    many = f"{float(f'{needed:.2g}'):,.0f}" if needed < 1e9 else "more than a billion"
    return (f"about {many} conversations of the same kind, if the figure stays where it is ({found.n:,} were used)",)


def _ahead(view: View, logs: Logs, today: dt.date) -> str:
    """Say that a figure rests on times of which one has not come yet: a slip that moves windows, returns and days."""
    if (
        "started_at" not in view.used
        or logs.span is None
        or moment(logs.span[1]).date() <= today + dt.timedelta(days=1)
    ):
        return ""
    last = moment(logs.span[1]).date()
    return f"A conversation of the logs began on {last}, after the day of measuring ({today}): mend its date first."


def _expires(claim: AnyClaim, logs: Logs) -> dt.date | None:
    """Return the last day on which a verdict counts: the earlier of the day named and so many days after the logs."""
    days = [claim.expires] if claim.expires is not None else []
    if claim.good_for_days is not None and logs.span is not None:
        days.append(moment(logs.span[1]).date() + dt.timedelta(days=claim.good_for_days))
    return min(days, default=None)
