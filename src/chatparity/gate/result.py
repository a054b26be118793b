"""What a gate says: plain objects that the terminal, pytest, the report and `gate.json` all read."""

from __future__ import annotations

from typing import Literal

import msgspec

from chatparity.grading.rows import LedgerLine

Verdict = Literal["PASS", "FAIL", "INCONCLUSIVE"]
FORMAT = 1


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A rate (or a difference of two) with its n and interval; `None` is "cannot be estimated".

    `good` of `n` exchanges in `clusters` conversations; `unknown` are errored ones, which widen the interval to the
    worst and best they could have been.
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


class Example(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation to read: where, what was found, and the customer's words."""

    id: str
    turn: int
    outcome: str
    quote: str
    reason: str


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict of one gate on one slice (`all` for everything), with all that it rests on.

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
    """All of `gate.json`: verdicts, ungated rates, the ledger, and what was not measured and why."""

    format: int
    verdict: Verdict
    gates: tuple[GateResult, ...]
    rates: tuple[SliceRate, ...]
    ledger: tuple[LedgerLine, ...]
    not_measured: tuple[str, ...]
    agent: str
    mode: str
    synthetic: bool
