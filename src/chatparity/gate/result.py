"""What a gate says: plain objects that the terminal, pytest, the report and `gate.json` all read."""

from __future__ import annotations

from typing import Literal

import msgspec

from chatparity.grading.rows import LedgerLine

Verdict = Literal["PASS", "FAIL", "INCONCLUSIVE"]
FORMAT = 1


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


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation to read: where, what was found, and the customer's words."""

    id: str
    turn: int
    outcome: str
    quote: str
    reason: str


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict of one gate on one slice (`all`, or `language=pl`), with all that it rests on.

    `name` is how a person calls it: `escalation[pl] recall`, and with ` AI − human` behind it where two are compared.
    `rate` counts `ScoreRow.metrics[metric]`: whether the event that the metric counts happened. With `good_is_high`
    that is a good answer; without, it is something bad (a needless handover), and the gate is an `at_most`.
    `kind` is the requirement (`at_least`, `at_most`, `margin`, `no_worse_than`, `zero`), `threshold` its value; `rate`
    is the AI's, `other` the human's or the baseline's, `difference` AI − other where two are compared. `needed`:
    about how many more conversations would decide an INCONCLUSIVE gate, None when no number would or none is needed.
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


class SliceRate(msgspec.Struct, frozen=True, kw_only=True):
    """A rate that is shown and not gated: one metric of one arm on one slice; `why` says why there is no gate."""

    dimension: str
    metric: str
    grader: str
    slice: str
    arm: str
    rate: Rate
    good_is_high: bool
    why: str = ""


class Findings(msgspec.Struct, frozen=True, kw_only=True):
    """All of `gate.json`: verdicts, ungated rates, the ledger, and what was not measured and why.

    `rates` holds every metric × slice × arm that no absolute gate decided; `differences` every AI − human of a metric
    and slice with pairs, gated or not, for a forest plot.
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
