"""What a gate says: plain objects that the terminal, pytest, the report and `gate.json` all read."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Literal

import msgspec

from chatparity.grading.rows import LedgerLine

if TYPE_CHECKING:
    from chatparity.stats import RateEstimate

Verdict = Literal["PASS", "FAIL", "INCONCLUSIVE"]
FORMAT = 2


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A rate (or a difference of two) with its n and interval; `None` is "cannot be estimated".

    `good` is the number of the `n` graded exchanges, in `clusters` conversations, for which the metric holds (for a
    metric with `good_is_high` false those are the bad events; for a difference, the pairs that only the AI got right).
    `unknown` are errored or not run: they are not in `n`, and widen [low, high] to what it would be if the metric held
    for none and for all of them. `abstained` and `diverged` are neither in `n` nor in the interval.
    """

    n: int
    good: int
    unknown: int
    clusters: int
    estimate: float | None
    low: float | None
    high: float | None
    confidence: float
    method: str
    abstained: int = 0
    diverged: int = 0

    @classmethod
    def of(cls, found: RateEstimate) -> Rate:
        """Return an estimated rate of which nothing is unknown."""
        return cls(
            n=found.n,
            good=found.good,
            unknown=0,
            clusters=found.clusters,
            estimate=found.estimate,
            low=found.low,
            high=found.high,
            confidence=found.confidence,
            method=found.method,
        )


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation to read: where, what was found, and the customer's words."""

    id: str
    turn: int
    outcome: str
    quote: str
    reason: str


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a slice for being one of the `slices` that a gate was asked of.

    `p` is the one-sided p-value of the miss: the tail probability at which the bound meets the threshold; None where
    the slice does not miss it by itself. `adjusted` is Holm's over the slices. `method` says it in words.
    """

    slices: int
    p: float | None
    adjusted: float | None
    method: str


class Waived(msgspec.Struct, frozen=True, kw_only=True):
    """A waiver that bears on a gate: who answers for it, why, its last day, whether that is over.

    `ids` are the conversations it names; none when it waives the gate as such.
    """

    owner: str
    reason: str
    expires: dt.date
    expired: bool
    ids: tuple[str, ...] = ()


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict of one gate on one slice (`all`, or `language=pl`), with all that it rests on.

    `name` is how a person calls it: `escalation[pl] recall`, and with ` AI − human` behind it where two are compared.
    `rate` counts `ScoreRow.metrics[metric]`: whether the event that the metric counts happened. With `good_is_high`
    that is a good answer; without, it is something bad (a needless handover), and the gate is an `at_most`.
    `kind` is the requirement (`at_least`, `at_most`, `margin`, `no_worse_than`, `zero`), `threshold` its value; `rate`
    is the AI's, `other` the human's or the baseline's, `difference` AI − other where two are compared. `needed`:
    about how many more conversations would decide an INCONCLUSIVE gate, None when no number would or none is needed.

    `verdict` and `rate` are of all that was measured, whatever is waived. `counted` is what the gate counts for in the
    verdict of the run (None: its own verdict): PASS under a waiver, FAIL when a waiver of a gate that does not pass
    has expired. Where conversations are waived, `without` is the rate (or difference) without them, which decides.
    `family` is there for the slices of a gate that was asked of several.

    Of a judged or learned grader `agreement` says how far it agreed with people, and `corrected` is the rate (or the
    difference) corrected for its errors with people's labels, where there are any.
    """

    name: str
    dimension: str
    metric: str
    grader: str
    slice: str
    kind: str
    threshold: float
    good_is_high: bool
    verdict: Verdict
    reason: str
    rate: Rate
    other: Rate | None = None
    difference: Rate | None = None
    needed: int | None = None
    failures: tuple[Example, ...] = ()
    synthetic: bool = False
    counted: Verdict | None = None
    waivers: tuple[Waived, ...] = ()
    without: Rate | None = None
    family: Family | None = None
    corrected: Rate | None = None
    agreement: str = ""

    @property
    def effect(self) -> Verdict:
        """Return what the gate counts for in the verdict of the run."""
        return self.counted or self.verdict

    @property
    def waived(self) -> bool:
        """Say whether a waiver keeps a gate that does not pass from counting against the run."""
        return self.verdict != "PASS" and self.effect == "PASS"


class SliceRate(msgspec.Struct, frozen=True, kw_only=True):
    """A rate that is shown and not gated: one metric of one arm on one slice; `why` says why there is no gate.

    `corrected` and `agreement` are as in `GateResult`.
    """

    dimension: str
    metric: str
    grader: str
    slice: str
    arm: str
    rate: Rate
    good_is_high: bool
    why: str = ""
    corrected: Rate | None = None
    agreement: str = ""


class Flip(msgspec.Struct, frozen=True, kw_only=True):
    """An exchange that is good in one run and not in the other: where, and what each run's answer was found to be."""

    id: str
    turn: int
    trial: int
    before: str
    now: str
    quote: str


class Flips(msgspec.Struct, frozen=True, kw_only=True):
    """How one metric changed against the baseline run, exchange by exchange: McNemar's table and who flipped.

    Of `n` exchanges graded in both runs `both_good` and `both_bad` are as they were; `better` and `worse` are the
    others. "Good" is what the metric wants, also where it counts something bad. `difference` is new − baseline of the
    rate, with its interval, and `told` what that interval says: `better`, `worse` or `not known`. `unpaired` exchanges
    were graded in one of the runs only.
    """

    dimension: str
    grader: str
    metric: str
    good_is_high: bool
    n: int
    both_good: int
    both_bad: int
    better: tuple[Flip, ...]
    worse: tuple[Flip, ...]
    unpaired: int
    difference: Rate
    told: Literal["better", "worse", "not known"]


class Early(msgspec.Struct, frozen=True, kw_only=True):
    """What looking early did: whether the run was stopped, after how many looks, and what that saved.

    `planned` and `asked` count exchanges; `gradings_planned` and `gradings` those of graders that ask the judge, in
    both arms. `seed` gives the order, `batch` is the number of conversations (clusters) from one look to the next.
    """

    stopped: bool
    looks: int
    seed: int
    batch: int
    planned: int
    asked: int
    gradings_planned: int
    gradings: int


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """All of `gate.json`: verdicts, ungated rates, the ledger, and what was not measured and why.

    `rates` holds every metric × slice × arm that no absolute gate decided; `differences` every AI − human of a metric
    and slice with pairs, gated or not, for a forest plot. `flips` is there for a run with a baseline, `early` for one
    that was looked at early. `notes` are sentences about waivers that do nothing.
    """

    format: int
    verdict: Verdict
    gates: tuple[GateResult, ...]
    rates: tuple[SliceRate, ...]
    ledger: tuple[LedgerLine, ...]
    not_measured: tuple[str, ...]
    agent: str
    mode: str
    synthetic: bool
    differences: tuple[SliceRate, ...] = ()
    flips: tuple[Flips, ...] = ()
    early: Early | None = None
    notes: tuple[str, ...] = ()
