"""The claims of work and money saved: a formula with its assumptions in the open, and how far each moves the figure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from chatparity.claims.about import plain_text
from chatparity.claims.file import WORK, Assumption, SavingsClaim
from chatparity.claims.logs import Numbers, midnight
from chatparity.claims.mix import FEWEST, SHOWN, bounds, clustered
from chatparity.claims.result import Bar, CannotTell, Figure, Found, Tornado
from chatparity.claims.view import View

DAY = 86400.0
MONTH = 30.4375
HOUR = 3600.0
NAIVE = (
    "It takes every conversation that the assistant touched for work saved, at the time that people need for the "
    "harder cases that are left to them, and counts those again who came back."
)
LASTED = (
    "Work is measured by how long conversations lasted (handle_seconds): logs of agents’ work "
    "(effort_seconds) would be closer."
)
LABELS = {
    "hours_a_month": "paid hours of an agent a month",
    "busy_share": "share of them spent with customers",
    "chats_at_once": "conversations that an agent has at once",
    "cost_an_agent_year": "cost of an agent a year",
    "cost_a_conversation": "cost of the assistant a conversation",
    "cost_a_year": "fixed cost of the assistant a year",
}


@dataclass(frozen=True)
class Work:
    """What the logs say, a month and for all customers: hours of people's work and conversations of the assistant.

    `hours` and `held` have one entry a conversation; their sums are the month's. For hours these are the work taken
    off people (or, for a person's conversation, its influence on the time that people need), for `held` each
    conversation of the assistant.
    """

    hours: Numbers
    held: Numbers
    gross: float
    total: float
    customers: np.ndarray


def savings(view: View, claim: SavingsClaim) -> Found:
    """Return the full-time agents whose work the assistant took over, or the money saved a year.

    agents = hours a month / (paid hours · busy share · chats at once). The hours are those that people need for the
    same kinds of cases, over the conversations that the assistant contained and that neither came back nor were left.
    money = agents · cost of an agent − conversations · cost of one − fixed cost, a year.

    The variance is that of totals over customers, as a compound Poisson count, with that of people's mean times. The
    low and high ends of the interval take every assumption at its worse and at its better end.
    """
    work, parts, notes = _work(view, claim)
    assumed = claim.assumptions
    middle = {name: one.value for name, one in assumed.items()}
    worst = {name: one.high if _lowers(name) else one.low for name, one in assumed.items()}
    best = {name: one.low if _lowers(name) else one.high for name, one in assumed.items()}
    estimate = _figure(work.total, float(work.held.sum()), middle, claim)
    low, high = _ends(work, worst, claim, view)[0], _ends(work, best, claim, view)[1]
    unit = "agents" if claim.measure == "agents" else claim.currency
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
    bars = [_bar(name, one, middle, work, claim) for name, one in assumed.items()]
    bars.append(
        Bar(
            name="the logs",
            at_low=f"{view.confidence * 100:g} % interval",
            at_high="",
            low=sampling[0],
            high=sampling[1],
        )
    )
    undone = _figure(work.gross, float(work.held.sum()), middle, claim)
    bars.append(Bar(name="false containment", at_low="deducted", at_high="counted as saved", low=estimate, high=undone))
    bars.sort(key=lambda bar: -abs(bar.high - bar.low))
    limit = claim.at_least if claim.at_least is not None else claim.at_most
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
        picture=Tornado(estimate=estimate, threshold=limit, unit=unit, bars=tuple(bars)),
    )


def _work(view: View, claim: SavingsClaim) -> tuple[Work, list[Figure], list[str]]:
    """Measure the work taken over: see `Work`."""
    effort = "effort_seconds" if view.has("effort_seconds") else "handle_seconds"
    notes = [] if effort == "effort_seconds" else [LASTED]
    contacts = view.followed(claim.return_days)
    view.known("started_at")
    view.handled("ai", "human", "both")
    contacts = view.contacts(claim.return_days)
    strata = view.strata(claim.strata)
    contacts = view.contacts(claim.return_days)
    alone, people = view.handled("ai"), view.handled("human")
    seconds = view.numbers(effort)
    people &= np.isfinite(seconds)
    left = view.left()
    truly = alone & ~contacts.returned & ~left
    if not truly.any() or not people.any():
        raise CannotTell(
            "the assistant truly contained nothing"
            if not truly.any()
            else f"{effort} is not known of any conversation of people",
            () if not truly.any() else (f"{effort} of conversations that people handled",),
        )
    customers, count = view.customers, len(strata.names)
    known = np.array([len(np.unique(customers[people & (strata.codes == cell)])) for cell in range(count)]) >= FEWEST
    covered = float(known[strata.codes[truly]].mean())
    if covered < claim.least_covered:
        sizes = np.bincount(strata.codes[truly], minlength=count) * ~known
        largest = [strata.names[one] for one in np.argsort(-sizes)[:SHOWN] if sizes[one]]
        raise CannotTell(
            f"people answered only {covered:.0%} of the kinds of cases that the assistant took over, needs "
            f"{claim.least_covered:.0%}: how long they would have needed is not known ({'; '.join(largest)})",
            ("conversations of the same kinds of cases that people handled",),
        )
    span = view.logs.span
    assert span is not None
    scale = MONTH / _days(claim, span) / view.sampled
    sizes = np.maximum(np.bincount(strata.codes[people], minlength=count), 1)
    mean = np.bincount(strata.codes[people], weights=seconds[people], minlength=count) / sizes / HOUR
    taken = np.bincount(strata.codes[truly], minlength=count)
    use = known[strata.codes]
    hours = np.where(truly & use, mean[strata.codes], 0.0)
    small = np.sqrt(sizes / np.maximum(sizes - 1, 1))
    spread = np.where(people & use, np.nan_to_num(seconds) / HOUR - mean[strata.codes], 0.0)
    hours += spread * (taken * small / sizes)[strata.codes]
    gross = float(mean[strata.codes[alone & use]].sum()) * scale / covered
    total = float(mean[strata.codes[truly & use]].sum()) * scale / covered
    held = (alone | view.handled("both")).astype(np.float64) * scale
    parts = [
        Figure(name="conversations of the assistant a month", unit="count", n=view.n, estimate=float(held.sum())),
        Figure(
            name="truly contained, of those contained",
            unit="share",
            n=int(alone.sum()),
            estimate=float(truly.sum() / alone.sum()),
        ),
        Figure(
            name="people’s time for such cases",
            unit="seconds",
            n=int(people.sum()),
            estimate=float(mean[strata.codes[truly & use]].mean()) * HOUR,
        ),
        Figure(
            name="people’s time for their own cases",
            unit="seconds",
            n=int(people.sum()),
            estimate=float(seconds[people].mean()),
        ),
    ]
    notes.append(
        f"People answered {covered:.0%} of the kinds of cases that the assistant took over; the rest counts like these."
    )
    return Work(hours * scale / covered, held, gross, total, customers), parts, notes


def _days(claim: SavingsClaim, span: tuple[float, float]) -> float:
    """Return over how many days the conversations that are followed began."""
    begin = span[0] if claim.since is None else max(span[0], midnight(claim.since))
    end = span[1] - claim.return_days * DAY
    if claim.until is not None:
        end = min(end, midnight(claim.until) + DAY)
    return max((end - begin) / DAY, 1e-9)


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
    held = float(touched.sum()) * MONTH / _days(claim, span) / view.sampled
    value = _figure(held * float(np.nanmean(seconds)) / HOUR, held, middle, claim)
    return Figure(name="all conversations touched, at people’s own mean time", unit=unit, n=view.n, estimate=value)
