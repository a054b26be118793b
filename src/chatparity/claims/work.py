"""The work that the assistant took off people, from the logs: hours a month, by the time people need for such cases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chatparity.claims.file import SavingsClaim
from chatparity.claims.logs import Codes, Mask, Numbers, Words, midnight
from chatparity.claims.mix import FEWEST, SHOWN
from chatparity.claims.result import CannotTell, Figure
from chatparity.claims.view import View

DAY = 86400.0
MONTH = 30.4375
HOUR = 3600.0
LASTED = (
    "Work is measured by how long conversations lasted (handle_seconds): logs of agents’ work "
    "(effort_seconds) would be closer."
)


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
    customers: Codes


def work_of(view: View, claim: SavingsClaim) -> tuple[Work, list[Figure], list[str]]:
    """Measure the work taken over; return it with the figures beside it and what must be said of it."""
    effort = "effort_seconds" if view.has("effort_seconds") else "handle_seconds"
    notes = [] if effort == "effort_seconds" else [LASTED]
    view.followed(claim.return_days)
    view.known("started_at")
    view.handled("ai", "human", "both")
    strata = view.strata(claim.strata)
    contacts = view.contacts(claim.return_days)
    alone, people = view.handled("ai"), view.handled("human")
    seconds = view.numbers(effort)
    people &= np.isfinite(seconds)
    truly = alone & ~contacts.returned & ~view.left()
    if not truly.any() or not people.any():
        raise CannotTell(
            "the assistant truly contained nothing"
            if not truly.any()
            else f"{effort} is not known of any conversation of people",
            () if not truly.any() else (f"{effort} of conversations that people handled",),
        )
    customers, count = view.customers, len(strata.names)
    known = np.array([len(np.unique(customers[people & (strata.codes == cell)])) for cell in range(count)]) >= FEWEST
    covered = _covered(strata, truly, known, claim)
    span = view.logs.span
    assert span is not None
    scale = MONTH / days_of(claim, span) / view.sampled
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
    times = float(mean[strata.codes[truly & use]].mean()) * HOUR, float(seconds[people].mean())
    n_people, n_alone = int(people.sum()), int(alone.sum())
    parts = [
        Figure(name="conversations of the assistant a month", unit="count", n=view.n, estimate=float(held.sum())),
        Figure(
            name="truly contained, of those contained",
            unit="share",
            n=n_alone,
            estimate=float(truly.mean() / alone.mean()),
        ),
        Figure(name="people’s time for such cases", unit="seconds", n=n_people, estimate=times[0]),
        Figure(name="people’s time for their own cases", unit="seconds", n=n_people, estimate=times[1]),
    ]
    notes.append(
        f"People answered {covered:.0%} of the kinds of cases that the assistant took over; the rest counts like these."
    )
    return Work(hours * scale / covered, held, gross, total, customers), parts, notes


def _covered(strata: Words, truly: Mask, known: Mask, claim: SavingsClaim) -> float:
    """Return the share of the cases taken over of whose kind people's time is known. Raises CannotTell for too few."""
    covered = float(known[strata.codes[truly]].mean())
    if covered < claim.least_covered:
        sizes = np.bincount(strata.codes[truly], minlength=len(known)) * ~known
        largest = [strata.names[one] for one in np.argsort(-sizes)[:SHOWN] if sizes[one]]
        raise CannotTell(
            f"people answered only {covered:.0%} of the kinds of cases that the assistant took over, needs "
            f"{claim.least_covered:.0%}: how long they would have needed is not known ({'; '.join(largest)})",
            ("conversations of the same kinds of cases that people handled",),
        )
    return covered


def days_of(claim: SavingsClaim, span: tuple[float, float]) -> float:
    """Return over how many days the conversations that are followed began."""
    begin = span[0] if claim.since is None else max(span[0], midnight(claim.since))
    end = span[1] - claim.return_days * DAY
    if claim.until is not None:
        end = min(end, midnight(claim.until) + DAY)
    return max((end - begin) / DAY, 1e-9)
