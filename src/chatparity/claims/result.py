"""What the ledger says of a claim: the figure with its interval, the verdict, and all that it rests on."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Literal

import msgspec

Verdict = Literal["supported", "contradicted", "cannot be told"]
Interval = tuple[float, float]
FORMAT = 1


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """Settings shared by all parts of a ledger: immutable, named fields."""


class Figure(_Part, frozen=True, kw_only=True):
    """A figure beside the claim's own, in `unit`: what it is called, its interval, its n and how it was made.

    What cannot be estimated is None; `note` says what a reader must know of it.
    """

    name: str
    unit: str
    n: int
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


class LeftOut(_Part, frozen=True, kw_only=True):
    """Conversations of the population that the figure does not use, and why."""

    why: str
    n: int


class Curve(_Part, frozen=True, kw_only=True):
    """One arm's times to resolution: the share not yet resolved (`open`) at each of `seconds`, with its interval."""

    name: str
    n: int
    resolved: int
    median: float | None
    seconds: tuple[float, ...]
    open: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]


class Curves(_Part, frozen=True, kw_only=True, tag="curves"):
    """The distributions of the times of both arms, in one mix of cases."""

    curves: tuple[Curve, ...]
    until: float


class Bar(_Part, frozen=True, kw_only=True):
    """What the figure would be with one input at its low and at its high end, all others as assumed."""

    name: str
    at_low: str
    at_high: str
    low: float
    high: float


class Tornado(_Part, frozen=True, kw_only=True, tag="tornado"):
    """How far each input moves a figure: the widest first."""

    estimate: float
    threshold: float | None
    unit: str
    bars: tuple[Bar, ...]


class ClaimResult(_Part, frozen=True, kw_only=True):
    """One claim measured.

    `estimate` and `interval` are in `unit` (`share`, `points`, `times`, `seconds`, `minutes`, `count`, `agents` or a
    currency) and None where the logs cannot give them; `n` counts the conversations used, in `clusters` customers.
    `threshold` says what the sentence asks for, `reason` why the verdict is what it is, `needs` which data would tell.
    `naive` is the figure that one might compute instead and `misleads` why it misleads. `used` names the fields.
    `expires` is the last day on which the verdict counts.
    """

    id: str
    kind: str
    said: str
    source: str
    verdict: Verdict
    estimate: float | None
    interval: Interval | None
    unit: str
    n: int
    clusters: int
    confidence: float
    threshold: str
    reason: str
    formula: str
    origin: str
    method: str
    population: str
    window: str
    used: tuple[str, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    needs: tuple[str, ...] = ()
    naive: Figure | None = None
    misleads: str = ""
    parts: tuple[Figure, ...] = ()
    notes: tuple[str, ...] = ()
    expires: dt.date | None = None
    expired: bool = False
    picture: Curves | Tornado | None = None

    @property
    def effect(self) -> Literal["PASS", "FAIL", "INCONCLUSIVE"]:
        """Return what the claim is as a gate: one that is out of date does not pass, whatever was measured."""
        if self.verdict == "contradicted":
            return "FAIL"
        return "PASS" if self.verdict == "supported" and not self.expired else "INCONCLUSIVE"


class Ledger(_Part, frozen=True, kw_only=True):
    """All claims of a file, measured on one set of logs.

    `conversations` were read, between `first` and `last` (UTC); `invalid` lines or rows were skipped. `measured` is
    the day on which that was done. `synthetic` says that the logs are made up.
    """

    format: int
    name: str
    measured: dt.date
    logs: tuple[str, ...]
    conversations: int
    invalid: int
    synthetic: bool
    claims: tuple[ClaimResult, ...]
    first: dt.datetime | None = None
    last: dt.datetime | None = None

    def counts(self) -> dict[Verdict, int]:
        """Return how many claims have each verdict."""
        verdicts: tuple[Verdict, ...] = ("supported", "contradicted", "cannot be told")
        return {one: sum(claim.verdict == one for claim in self.claims) for one in verdicts}

    @property
    def effect(self) -> Literal["PASS", "FAIL", "INCONCLUSIVE"]:
        """Return the worst of the claims as gates; a ledger without claims has shown nothing."""
        effects = {claim.effect for claim in self.claims}
        return "FAIL" if "FAIL" in effects else "PASS" if effects == {"PASS"} else "INCONCLUSIVE"


@dataclass(frozen=True)
class Found:
    """What an estimator found, before it is held against the threshold.

    `low` and `high` bound the figure; either may be infinite where the data set no bound there, and both are None where
    there is no interval; then `method` says why. `verdict` is set only by an estimator whose claim is more than one
    figure against one threshold, with the `reason` for it.
    """

    estimate: float | None
    low: float | None
    high: float | None
    n: int
    clusters: int
    unit: str
    method: str
    parts: tuple[Figure, ...] = ()
    naive: Figure | None = None
    misleads: str = ""
    notes: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    verdict: Verdict | None = None
    reason: str = ""
    picture: Curves | Tornado | None = None


class CannotTell(Exception):
    """The logs cannot give a claim's figure: `reason` says why and `needs` which data would.

    It never leaves the library: the claim's verdict is "cannot be told". What was found all the same (the naive figure,
    what misleads about it) goes along in `found`.
    """

    def __init__(self, reason: str, needs: tuple[str, ...] = (), found: Found | None = None) -> None:
        self.reason = reason
        self.needs = needs
        self.found = found
        super().__init__(reason)
