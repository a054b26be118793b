"""The claim of availability around the clock: the longest time in which the assistant answered nobody."""

from __future__ import annotations

import math

import numpy as np

from chatparity.claims.file import AvailabilityClaim
from chatparity.claims.logs import Mask, Numbers, midnight, moment
from chatparity.claims.result import Figure, Found
from chatparity.claims.view import View

MINUTE = 60.0
DAYS = 7
SHARE = (
    "A share of answered conversations hides when the others fell: one bad hour in a month is 0.14 % of its time, and "
    "at night less of its conversations."
)


def availability(view: View, claim: AvailabilityClaim) -> Found:
    """Return the longest time without an answer, between what the logs prove and what they leave possible.

    An assistant that is away is seen only by those who write to it meanwhile. A run of unanswered conversations shows
    an absence at least as long as from its first to its last, and at most as long as from the answered one before it to
    the answered one after. Between two answered conversations in a row the assistant may have been away all the time,
    or not at all. So the true longest absence lies, with certainty, between the longest of the one and the longest of
    the other; time before the first and after the last conversation counts to the possible. Without a field `answered`
    nothing is ever proved. A log of less than a week has not seen every hour of it: it leaves any absence possible.
    """
    begun = view.known("started_at")
    if view.has("answered"):
        view.known("answered")
        begun = view.numbers("started_at")
        answered = view.numbers("answered") == 1
    else:
        answered = view.handled("ai", "both")
        view.keep(answered, "the assistant had no part in it, and whether it was asked is not known")
        begun, answered = view.numbers("started_at"), np.ones(view.n, dtype=bool)
    order = np.argsort(begun, kind="stable")
    begun, answered = begun[order], answered[order]
    begin, end = _window(view, claim, begun)
    proved, at_proved = _proved(begun, answered)
    possible, at_possible = _possible(begun[answered], begin, end)
    whole = end - begin >= DAYS * 24 * 60 * MINUTE
    short = "" if whole else f"The logs span less than {DAYS} days: what came in the other hours of a week is not seen."
    when = moment(at_possible).strftime("%Y-%m-%d %H:%M")
    parts = [
        Figure(
            name="longest absence that is possible" if whole else "longest time without an answer in the logs",
            unit="minutes",
            n=view.n,
            estimate=possible,
            note=f"from {when} UTC to the next answered conversation",
        )
    ]
    if at_proved is not None:
        note = f"from {moment(at_proved):%Y-%m-%d %H:%M} UTC: all conversations that began meanwhile were unanswered"
        parts.insert(
            0, Figure(name="longest absence that is proved", unit="minutes", n=view.n, estimate=proved, note=note)
        )
    naive = Figure(name="share of conversations answered", unit="share", n=view.n, estimate=float(answered.mean()))
    silences = np.diff(begun) / MINUTE
    typical = f"The longest silence, answered or not, is {silences.max():.1f} minutes." if len(silences) else ""
    return Found(
        possible,
        proved,
        possible if whole else math.inf,
        view.n,
        view.clusters,
        "minutes",
        "bounds that hold with certainty, from the conversations around each gap",
        parts=tuple(parts),
        naive=naive if view.has("answered") else None,
        misleads=SHARE if view.has("answered") else "",
        notes=tuple(filter(None, (typical, short))),
        needs=(
            *(() if whole else (f"logs of at least {DAYS} whole days",)),
            "a probe that asks the assistant something every minute, or the start and the answer of every conversation",
            *(
                ()
                if view.has("answered")
                else ("answered: whether the assistant answered at all when it was written to",)
            ),
        ),
    )


def _window(view: View, claim: AvailabilityClaim, begun: Numbers) -> tuple[float, float]:
    """Return when the window begins and ends: as the claim says, else with the first and the last conversation."""
    span = view.logs.span
    assert span is not None
    begin = midnight(claim.since) if claim.since is not None else min(span[0], float(begun[0]))
    last = max(span[1], float(begun[-1]))
    end = midnight(claim.until) + 86400.0 if claim.until is not None else last
    return begin, min(end, last)


def _proved(begun: Numbers, answered: Mask) -> tuple[float, float | None]:
    """Return the longest run of unanswered conversations in minutes, and when it began; 0 and None without any."""
    longest, since = 0.0, None
    runs = np.flatnonzero(np.diff(np.concatenate([[True], answered, [True]]).astype(np.int8)))
    for start, stop in zip(runs[::2], runs[1::2], strict=True):
        length = float(begun[stop - 1] - begun[start]) / MINUTE
        if since is None or length > longest:
            longest, since = length, float(begun[start])
    return longest, since


def _possible(answered: Numbers, begin: float, end: float) -> tuple[float, float]:
    """Return the longest time between answered conversations in minutes, and when it began."""
    times = np.concatenate([[begin], answered, [max(end, begin)]])
    gaps = np.diff(times)
    place = int(np.argmax(gaps)) if len(gaps) else 0
    return (float(gaps[place]) / MINUTE if len(gaps) else math.inf), float(times[place])
