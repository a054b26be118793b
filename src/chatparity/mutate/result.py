"""What `chatparity mutate` found: rates with n and interval, by fault, language and grader, and the account behind."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from chatparity.stats import cluster_rate

FORMAT = 1


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """A share `count` of `n` with its 95 % interval; what cannot be estimated is None. `clusters` are conversations."""

    n: int
    count: int
    clusters: int
    rate: float | None
    interval: tuple[float, float] | None


class FaultLine(Rate, frozen=True, kw_only=True):
    """How many mutants of one fault were detected; `rule` and `sees` are what the fault says of itself."""

    rule: bool
    sees: tuple[str, ...]


class LanguageLine(Rate, frozen=True, kw_only=True):
    """How many mutants in one language were detected, and how many good answers were failed."""

    false_alarm: Rate


class GraderLine(Rate, frozen=True, kw_only=True):
    """What one grader detected among the mutants that its dimension is meant to see and that it was to grade."""

    dimension: str
    kind: str
    false_alarm: Rate


class Cell(Rate, frozen=True, kw_only=True):
    """How many mutants of one fault in one language were detected."""

    fault: str
    language: str


class Left(msgspec.Struct, frozen=True, kw_only=True):
    """How many answers of a language could not hold a fault, and why; or were not needed."""

    fault: str
    language: str
    reason: str
    n: int


class Overall(msgspec.Struct, frozen=True, kw_only=True):
    """The two figures; `detection` is over the faults within reach, `detection_of_all` over all that were planted.

    Within reach of rules are the faults that a rule can see; of graders that understand (LLM, learned), all.
    """

    detection: Rate
    false_alarm: Rate
    detection_of_all: Rate


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """All that was found.

    `rated` says whether good answers are those that people rated so; else any recorded answer was taken for one.
    `undecided` mutants are in no rate: a grader failed to grade them, and none found the fault. `ungraded` are in the
    rates, as not detected: no grader of a dimension that should see the fault gave a verdict. So are `hidden` ones: a
    grader that should see the fault fails the answer without it as well. `without_phrases` are languages of the data
    that have no bank. `unexamined` are faults for whose dimensions there was no grader.
    """

    format: int
    split: str
    seed: int
    each: int
    rated: bool
    synthetic: bool
    rules_only: bool
    conversations: int
    answers: int
    mutants: int
    undecided: int
    ungraded: int
    hidden: int
    graders: tuple[str, ...]
    overall: Overall
    by_fault: dict[str, FaultLine]
    by_language: dict[str, LanguageLine]
    by_grader: dict[str, GraderLine]
    cells: tuple[Cell, ...]
    unexamined: tuple[str, ...]
    without_phrases: tuple[str, ...]
    not_planted: tuple[Left, ...]


def rate_of(observed: Iterable[tuple[bool, str]]) -> Rate:
    """Return the rate of what holds, given (whether it holds, its cluster) of each; as `stats.cluster_rate` has it."""
    pairs = list(observed)
    found = cluster_rate([value for value, _ in pairs], [cluster for _, cluster in pairs])
    interval = (found.low, found.high) if found.low is not None and found.high is not None else None
    return Rate(n=found.n, count=found.good, clusters=found.clusters, rate=found.estimate, interval=interval)
