"""The population of one claim: the conversations it is about, their fields, and a ledger of what is left out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from chatparity.claims.contacts import DAY, Contacts, seen, stated
from chatparity.claims.fields import described
from chatparity.claims.file import AnyClaim, Arm, ArmsTable
from chatparity.claims.logs import Codes, Column, Logs, Mask, Numbers, Words, midnight
from chatparity.claims.result import CannotTell, LeftOut

IDENTITY = ("customer", "intent", "started_at")
STATED = 7


class View:
    """Conversations of one claim, in order; each method that reads a field raises CannotTell where the logs lack it.

    `rows` are their places in the logs. `used` gathers the fields that were read, `left_out` what `keep` took away.
    """

    def __init__(self, logs: Logs, claim: AnyClaim, arms: ArmsTable, confidence: float, sampled: float) -> None:
        self.logs = logs
        self.claim = claim
        self.arms = arms
        self.confidence = confidence
        self.sampled = sampled
        self.used: dict[str, None] = {}
        self.left_out: list[LeftOut] = []
        self.rows: Codes = np.arange(logs.n, dtype=np.int64)

    def enter(self) -> None:
        """Take the conversations of the claim's population and window. Raises CannotTell when there is none."""
        chosen = self._chosen(self.claim)
        self.rows = self.rows[chosen]
        if not len(self.rows):
            raise CannotTell("no conversation of the logs belongs to the population and window")

    @property
    def n(self) -> int:
        """Return how many conversations are left."""
        return len(self.rows)

    @property
    def customers(self) -> Codes:
        """Return a number for the customer of each: the cluster."""
        if "customer" in self.logs.columns:
            self.used["customer"] = None
        return self.logs.customers[self.rows]

    @property
    def clusters(self) -> int:
        """Return how many customers are left."""
        return len(np.unique(self.logs.customers[self.rows]))

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what must be said of the clusters."""
        if "customer" in self.logs.columns:
            return ()
        return ("The logs name no customers: conversations are taken as independent, so intervals may be too narrow.",)

    def words(self, name: str) -> Words:
        """Return a field of texts."""
        found = self._column(name)
        assert isinstance(found, Words)
        return found.at(self.rows)

    def numbers(self, name: str) -> Numbers:
        """Return a field of numbers, flags (0 and 1) or times (seconds); NaN where there is none."""
        found = self._column(name)
        assert not isinstance(found, Words)
        return found[self.rows]

    def has(self, name: str) -> bool:
        """Say whether the logs have a field."""
        return self.logs.column(name, self.claim.fields.get(name)) is not None

    def known(self, name: str, why: str = "") -> Numbers:
        """Return a field of numbers after the conversations that lack it were left out."""
        values = self.numbers(name)
        known = np.isfinite(values)
        self.keep(known, why or f"{name} is not known")
        return values[known]

    def keep(self, mask: Mask, why: str) -> None:
        """Leave out the conversations where `mask` is false. Raises CannotTell when none is left."""
        out = int((~mask).sum())
        if out:
            self.left_out.append(LeftOut(why=why, n=out))
        self.rows = self.rows[mask]
        if not len(self.rows):
            raise CannotTell(f"nothing is left to measure: {why} in all {out} conversations")

    def handled(self, *handlers: str) -> Mask:
        """Say of each conversation whether one of `handlers` handled it; where that is not known it is left out."""
        self.keep(self.words("handled_by").codes >= 0, "handled_by is not known")
        return self.words("handled_by").among(handlers)

    def sides(self) -> Mask:
        """Keep the conversations of the two arms and say which of them belong to the first."""
        first, second = self._chosen(self.arms.first), self._chosen(self.arms.second)
        if (first & second).any():
            raise CannotTell(
                f"{int((first & second).sum())} conversations belong to both arms: "
                "[arms] of the claims file must part them"
            )
        names = self.arms.first.name, self.arms.second.name
        self.keep(first | second, f"in neither arm ({names[0]}, {names[1]})")
        kept = first[first | second]
        for side, name in ((kept, names[0]), (~kept, names[1])):
            if not side.any():
                raise CannotTell(f"no conversation of {name} is in the population: there is nothing to compare with")
        return kept

    def strata(self, names: Sequence[str]) -> Words:
        """Return each conversation's cell of the mix of cases; those with an unknown part are left out."""
        for name in names:
            self.keep(self.words(name).codes >= 0, f"{name} is not known, so its case cannot be placed")
        parts = [self.words(name) for name in names]
        sizes = [len(part.names) for part in parts]
        flat = np.ravel_multi_index([part.codes for part in parts], sizes)
        cells, codes = np.unique(flat, return_inverse=True)
        places = np.unravel_index(cells, sizes)
        texts = [
            ", ".join(part.names[int(place[cell])] for part, place in zip(parts, places, strict=True))
            for cell in range(len(cells))
        ]
        return Words(codes.astype(np.int64), tuple(texts))

    def contacts(self, days: int) -> Contacts:
        """Return which conversations came back within `days`, looked for in all of the logs, whatever the population.

        From customer, intent and time where the logs have them, else from what the log says itself (`recontact_7d`).
        """
        by_ourselves = all(self.has(name) for name in IDENTITY)
        if not by_ourselves and days == STATED and self.has("recontact_7d"):
            flags = self._column("recontact_7d")
            assert not isinstance(flags, Words)
            return stated(flags).at(self.rows)
        customer, intent, begun = (self._column(name) for name in IDENTITY)
        assert isinstance(customer, Words)
        assert isinstance(intent, Words)
        assert not isinstance(begun, Words)
        channel = self.logs.column("channel", self.claim.fields.get("channel"))
        if channel is not None:
            self.used["channel"] = None
        return seen(customer, intent, begun, channel if isinstance(channel, Words) else None, days).at(self.rows)

    def followed(self, days: int) -> Contacts:
        """Return the contacts of the conversations that the logs follow for `days`; the others are left out."""
        self.keep(self.contacts(days).followed, f"the log ends less than {days} days later, so a return may still come")
        return self.contacts(days)

    def left(self) -> Mask:
        """Say of each conversation whether the customer left before the end; of none where the logs do not say."""
        return self.numbers("abandoned") == 1 if self.has("abandoned") else np.zeros(self.n, dtype=bool)

    def truly(self, days: int) -> Numbers:
        """Return 1 for each conversation that was resolved, not left and not back within `days`, else 0."""
        held = (self.numbers("resolved") == 1) & ~self.contacts(days).returned & ~self.left()
        return np.asarray(held, dtype=np.float64)

    def _column(self, name: str) -> Column:
        instead = self.claim.fields.get(name)
        found = self.logs.column(name, instead)
        if found is None:
            what = f"the logs have no {name}" + (f" (column {instead!r})" if instead else "")
            raise CannotTell(what, (described(name),))
        self.used[name] = None
        return found

    def _chosen(self, one: AnyClaim | Arm) -> Mask:
        """Say of each conversation whether it has the values and lies in the window that a claim or an arm names."""
        mask = np.ones(self.n, dtype=bool)
        for name, values in one.where.items():
            mask &= self.words(name).among(values)
        if one.since is not None or one.until is not None:
            begun = self.numbers("started_at")
            low = midnight(one.since) if one.since is not None else -np.inf
            high = midnight(one.until) + DAY if one.until is not None else np.inf
            mask &= (begun >= low) & (begun < high)
        return mask
