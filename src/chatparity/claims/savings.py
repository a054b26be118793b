"""The claims of work and money saved: a formula with its assumptions in the open, and how far each moves the figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from chatparity.claims.about import plain_text, unit_of
from chatparity.claims.file import WORK, Assumption, SavingsClaim
from chatparity.claims.mix import bounds, clustered
from chatparity.claims.result import Bar, CannotTell, Figure, Found, Tornado
from chatparity.claims.view import View
from chatparity.claims.work import HOUR, MONTH, Work, days_of, work_of

NAIVE = (
    "It takes every conversation that the assistant touched for work saved, at the time that people need for the "
    "harder cases that are left to them, and counts those again who came back."
)
LABELS = {
    "hours_a_month": "paid hours of an agent a month",
    "busy_share": "share of them spent with customers",
    "chats_at_once": "conversations that an agent has at once",
    "cost_an_agent_year": "cost of an agent a year",
    "cost_a_conversation": "cost of the assistant a conversation",
    "cost_a_year": "fixed cost of the assistant a year",
}


def savings(view: View, claim: SavingsClaim) -> Found:
    """Return the full-time agents whose work the assistant took over, or the money saved a year.

    agents = hours a month / (paid hours · busy share · chats at once). The hours are those that people need for the
    same kinds of cases, over the conversations that the assistant contained and that neither came back nor were left.
    money = agents · cost of an agent − conversations · cost of one − fixed cost, a year.

    The variance is that of totals over customers, as a compound Poisson count, with that of people's mean times. The
    low and high ends of the interval take every assumption at its worse and at its better end.
    """
    work, parts, notes = work_of(view, claim)
    assumed = claim.assumptions
    middle = {name: one.value for name, one in assumed.items()}
    worst = {name: one.high if _lowers(name) else one.low for name, one in assumed.items()}
    best = {name: one.low if _lowers(name) else one.high for name, one in assumed.items()}
    estimate = _figure(work.total, float(work.held.sum()), middle, claim)
    low, high = _ends(work, worst, claim, view)[0], _ends(work, best, claim, view)[1]
    unit = unit_of(claim)
    sampling = _ends(work, middle, claim, view)
    parts.append(
        Figure(
            name="with the assumptions as stated",
            unit=unit,
            n=view.n,
            estimate=estimate,
            low=sampling[0],
            high=sampling[1],
            note="interval of the logs alone",
        )
    )
    told = "; ".join(
        f"{LABELS[name]} {plain_text(one.value)} ({plain_text(one.low)} to {plain_text(one.high)}; {one.source})"
        for name, one in assumed.items()
    )
    return Found(
        estimate,
        low,
        high,
        view.n,
        view.clusters,
        unit,
        "interval over the logs and all assumptions at their worse and better ends together",
        parts=tuple(parts),
        naive=_naive(view, claim, middle, unit),
        misleads=NAIVE,
        notes=(f"Assumed: {told}.", *notes),
        needs=("closer assumptions, measured in the company’s own books: the widest bars of the figure first",),
        picture=_tornado(work, claim, middle, sampling, view.confidence),
    )


def _tornado(
    work: Work, claim: SavingsClaim, middle: Mapping[str, float], sampling: tuple[float, float], confidence: float
) -> Tornado:
    """Return how far each assumption moves the figure, beside the logs and the deduction of false containment."""
    held = float(work.held.sum())
    estimate, undone = (_figure(hours, held, middle, claim) for hours in (work.total, work.gross))
    bars = [
        *(_bar(name, one, middle, work, claim) for name, one in claim.assumptions.items()),
        Bar(name="the logs", at_low=f"{confidence * 100:g} % interval", at_high="", low=sampling[0], high=sampling[1]),
        Bar(name="false containment", at_low="deducted", at_high="counted as saved", low=estimate, high=undone),
    ]
    bars.sort(key=lambda bar: -abs(bar.high - bar.low))
    limit = claim.at_least if claim.at_least is not None else claim.at_most
    return Tornado(estimate=estimate, threshold=limit, unit=unit_of(claim), bars=tuple(bars))


def _figure(hours: float, held: float, assumed: Mapping[str, float], claim: SavingsClaim) -> float:
    """Return agents or money a year from the month's hours and conversations."""
    agents = hours / np.prod([assumed[name] for name in WORK])
    if claim.measure == "agents":
        return float(agents)
    running = 12 * held * assumed["cost_a_conversation"] + assumed["cost_a_year"]
    return float(agents * assumed["cost_an_agent_year"] - running)


def _ends(work: Work, assumed: Mapping[str, float], claim: SavingsClaim, view: View) -> tuple[float, float]:
    """Return the interval that the logs alone give at these assumptions."""
    each = work.hours / np.prod([assumed[name] for name in WORK])
    if claim.measure == "money":
        each = each * assumed["cost_an_agent_year"] - 12 * work.held * assumed["cost_a_conversation"]
    estimate = _figure(work.total, float(work.held.sum()), assumed, claim)
    found = bounds(estimate, clustered(each, work.customers), work.customers, view.confidence)
    if found is None:
        raise CannotTell("the logs hold one customer alone: how customers differ cannot be estimated")
    return found


def _lowers(name: str) -> bool:
    """Say whether more of an assumption makes the figure smaller."""
    return name != "cost_an_agent_year"


def _bar(name: str, one: Assumption, middle: Mapping[str, float], work: Work, claim: SavingsClaim) -> Bar:
    """Return what the figure is at both ends of one assumption."""
    at: Callable[[float], float] = lambda value: _figure(  # noqa: E731 - two calls of one line
        work.total, float(work.held.sum()), {**middle, name: value}, claim
    )
    return Bar(
        name=LABELS[name], at_low=plain_text(one.low), at_high=plain_text(one.high), low=at(one.low), high=at(one.high)
    )


def _naive(view: View, claim: SavingsClaim, middle: Mapping[str, float], unit: str) -> Figure:
    """Return the figure of all conversations that the assistant touched, at people's own mean time."""
    effort = "effort_seconds" if view.has("effort_seconds") else "handle_seconds"
    touched, people = view.handled("ai", "both"), view.handled("human")
    seconds = view.numbers(effort)[people]
    span = view.logs.span
    assert span is not None
    held = float(touched.sum()) * MONTH / days_of(claim, span) / view.sampled
    value = _figure(held * float(np.nanmean(seconds)) / HOUR, held, middle, claim)
    return Figure(name="all conversations touched, at people’s own mean time", unit=unit, n=view.n, estimate=value)
