"""Claims of rates: the share handled, repeat inquiries, first contacts, accuracy, and requests for a person."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from chatparity.claims.compare import MISLEADS, common, compare, level, without
from chatparity.claims.file import AccuracyClaim, FirstContactClaim, PersonClaim, RepeatClaim, ShareClaim
from chatparity.claims.logs import Mask, Numbers
from chatparity.claims.mix import plain, standardised
from chatparity.claims.result import CannotTell, Figure, Found
from chatparity.claims.view import View
from chatparity.stats import clopper_pearson, cluster_rate


def rate(name: str, values: Mask, view: View, rows: Mask | None = None, note: str = "") -> Figure:
    """Return the rate of `values` among `rows` as a figure, with customers as clusters."""
    rows = np.ones(len(values), dtype=bool) if rows is None else rows
    found = cluster_rate(values[rows].tolist(), view.customers[rows].tolist(), confidence=view.confidence)
    return Figure(
        name=name, unit="share", n=found.n, estimate=found.estimate, low=found.low, high=found.high, note=note
    )


def share(view: View, claim: ShareClaim) -> Found:
    """Return the share of conversations that the assistant handled, beside what it touched or falsely contained."""
    view.handled("ai")
    if claim.counts == "truly":
        view.followed(claim.return_days)
    alone = view.handled("ai")
    touched = alone | view.handled("both")
    parts = [rate("handed over to a person, of those it touched", ~alone, view, touched)] if touched.any() else []
    notes: tuple[str, ...] = ()
    held = {"contained": alone, "touched": touched, "truly": alone}[claim.counts]
    try:
        false, more = _false_containment(view, claim.return_days, alone)
        parts += more
        held = alone & ~false if claim.counts == "truly" else held
    except CannotTell as error:
        if claim.counts == "truly":
            raise
        notes = (f"False containment cannot be told: {error.reason}.",)
    found = cluster_rate(held.tolist(), view.customers.tolist(), confidence=view.confidence)
    other = touched if claim.counts != "touched" else alone
    naive = rate("conversations that the assistant touched" if claim.counts != "touched" else "contained", other, view)
    return Found(
        found.estimate,
        found.low,
        found.high,
        view.n,
        found.clusters,
        "share",
        f"{found.method}, customers as clusters",
        parts=tuple(parts),
        naive=naive if claim.counts != "touched" else None,
        misleads="It counts conversations that the assistant began and a person had to finish."
        if claim.counts != "touched"
        else "",
        notes=notes,
    )


def _false_containment(view: View, days: int, alone: Mask) -> tuple[Mask, list[Figure]]:
    """Return which contained conversations were so only in name, and the shares of those that can be followed.

    They came back, left before the end, or used another channel [1].

    [1] docs/claims.md, false containment.
    """
    contacts = view.contacts(days)
    left = view.left()
    rows = alone & contacts.followed
    if not rows.any():
        raise CannotTell(f"the logs follow no contained conversation for {days} days")
    false = contacts.returned | left
    figures = [rate("falsely contained, of those contained", false, view, rows, "came back, left or went elsewhere")]
    figures.append(rate("came back on the same channel", contacts.returned & ~contacts.elsewhere, view, rows))
    figures.append(rate("came back on another channel", contacts.elsewhere, view, rows))
    if view.has("abandoned"):
        figures.append(rate("left before the end", left, view, rows))
    return false, figures


def repeats(view: View, claim: RepeatClaim) -> Found:
    """Return by which share the first arm has fewer repeat inquiries than the second, in one mix of cases."""

    def value(one: View) -> Numbers:
        return one.followed(claim.return_days).returned.astype(np.float64)

    value(view)
    told = view.contacts(claim.return_days).told
    contained: list[Figure] = []
    if view.has("handled_by"):
        alone = view.handled("ai")
        if alone.any():
            contained = _false_containment(view, claim.return_days, alone)[1]
    found = compare(view, claim, value, what="conversations that came back", unit="share", reduction=True)
    note = f"A return is a conversation of the {told}." if told.startswith("same") else f"Returns are {told}."
    return replace(found, parts=(*found.parts, *contained), notes=(note,))


def first_contact(view: View, claim: FirstContactClaim) -> Found:
    """Return the resolution at the first contact: the difference of the arms, or the level of the first."""

    def value(one: View) -> Numbers:
        one.known("resolved")
        one.followed(claim.return_days)
        one.keep(
            one.contacts(claim.return_days).first,
            f"not a first contact, or the log begins less than {claim.return_days} days before it",
        )
        return one.truly(claim.return_days)

    if claim.measure == "difference":
        return compare(view, claim, value, what="resolved at first contact", unit="share", reduction=None)
    return _level(view, claim, value)


def _level(view: View, claim: FirstContactClaim, value: object) -> Found:
    """Return the first arm's level in the common mix of cases."""
    assert callable(value)
    first = (value(view), view.sides())[1]
    name = f"resolved at first contact, {view.arms.first.name}"
    naive = level(f"{name}, naive", "share", plain(value(view), first), first, view)
    try:
        sides = common(view, claim, value)
    except CannotTell as error:
        raise without(error, view, "share", naive, MISLEADS) from error
    figure = level(name, "share", standardised(sides.values, sides.first, sides.mix), sides.first, view)
    other = standardised(sides.values, ~sides.first, sides.mix)
    beside = level(f"resolved at first contact, {view.arms.second.name}", "share", other, ~sides.first, view)
    return Found(
        figure.estimate,
        figure.low,
        figure.high,
        view.n,
        view.clusters,
        "share",
        f"standardised to the pooled mix; {sides.mix.covered:.0%} of the cases are of kinds that both arms had",
        parts=(beside,),
        naive=naive,
        misleads=MISLEADS,
    )


def accuracy(view: View, claim: AccuracyClaim) -> Found:
    """Return how much more accurate the first arm's resolutions are, from those that people judged."""

    def value(one: View) -> Numbers:
        return one.known("accuracy", "nobody judged its accuracy")

    before = view.n
    value(view)
    relative = claim.measure == "relative"
    reduction = False if relative else None
    found = compare(view, claim, value, what="accuracy", unit="share", reduction=reduction)
    notes = [
        f"{view.n / before:.0%} of the conversations were judged: they stand for the others only if drawn at random."
    ]
    if relative:
        notes.append(
            "The gain is read as per cent of what people reach, not as points; the levels of both arms are given."
        )
    return replace(found, notes=tuple(notes))


def person(view: View, claim: PersonClaim) -> Found:
    """Return the share of explicit requests for a person that were honoured within so many turns."""
    asked = view.numbers("person_asked_turn")
    view.numbers("person_given_turn")
    view.keep(np.isfinite(asked), "no explicit request for a person")
    waited = view.numbers("person_given_turn") - view.numbers("person_asked_turn")
    honoured = np.isfinite(waited) & (waited <= claim.turns)
    never = ~np.isfinite(waited)
    found = cluster_rate(honoured.tolist(), view.customers.tolist(), confidence=view.confidence)
    ignored = int((~honoured).sum())
    # Exact and one-sided, on the effective number of requests: how many may have been ignored at most.
    size = view.n / found.design_effect
    bound = clopper_pearson(ignored / found.design_effect, size, 2 * view.confidence - 1)[1]
    parts = (
        Figure(
            name=f"ignored for more than {claim.turns} turns",
            unit="share",
            n=view.n,
            estimate=ignored / view.n,
            low=0.0,
            high=bound,
            note=f"exact upper bound at {view.confidence:.0%}, one-sided",
        ),
        rate("never given a person", never, view),
    )
    return Found(
        found.estimate,
        found.low,
        found.high,
        view.n,
        found.clusters,
        "share",
        f"{found.method}, customers as clusters",
        parts=parts,
        naive=rate("requests that ended with a person at all", ~never, view),
        misleads="It counts a person who came after the customer had asked again and again.",
    )
