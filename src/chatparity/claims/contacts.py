"""Repeat inquiries: which conversation was followed by another of the same customer about the same matter.

A conversation is *followed* when the log goes on long enough after it to see a return; others are right-censored and
say nothing of a return that may still come. It is *first* when the log began long enough before it to see an earlier
one, and there was none.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from chatparity.claims.logs import Codes, Mask, Numbers, Words

DAY = 86400.0


@dataclass(frozen=True)
class Contacts:
    """For each conversation: whether it `returned`, `elsewhere` (on another channel), was `followed`, is `first`.

    `told` says where that comes from.
    """

    returned: Mask
    elsewhere: Mask
    followed: Mask
    first: Mask
    told: str

    def at(self, rows: Codes | Mask) -> Contacts:
        """Return the contacts of some rows."""
        parts = (self.returned[rows], self.elsewhere[rows], self.followed[rows], self.first[rows])
        return Contacts(*parts, self.told)


def stated(flags: Numbers) -> Contacts:
    """Return what the log says itself of returns within seven days: nothing of channels, and all contacts as first."""
    known = np.isfinite(flags)
    never = np.zeros(len(flags), dtype=bool)
    return Contacts(flags == 1, never, known, ~never, "as the log says itself (recontact_7d)")


def seen(customer: Words, intent: Words, begun: Numbers, channel: Words | None, days: int) -> Contacts:
    """Find each conversation's next one of the same customer and intent, in one sorting of the logs.

    It counts whatever its channel and whoever answers it. A conversation without customer, intent or time is not
    followed.
    """
    window, n = days * DAY, len(begun)
    usable = (customer.codes >= 0) & (intent.codes >= 0) & np.isfinite(begun)
    order = np.lexsort((begun, intent.codes, customer.codes))
    order = order[usable[order]]
    same = (np.diff(customer.codes[order]) == 0) & (np.diff(intent.codes[order]) == 0)
    near = same & (np.diff(begun[order]) <= window)
    returned, elsewhere, later = (np.zeros(n, dtype=bool) for _ in range(3))
    returned[order[:-1]] = near
    later[order[1:]] = near
    if channel is not None:
        elsewhere[order[:-1]] = near & (np.diff(channel.codes[order]) != 0)
    begin, end = np.min(begun[usable], initial=np.inf), np.max(begun[usable], initial=-np.inf)
    followed = usable & (begun + window <= end)
    first = usable & ~later & (begun - window >= begin)
    told = f"same customer and intent within {days} days, whatever the channel"
    return Contacts(returned, elsewhere, followed, first, told)
