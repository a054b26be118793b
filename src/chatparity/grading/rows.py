"""The lines of `scores.jsonl` and the ledger made of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import msgspec

from chatparity.exchange import Ballot, Evidence, Score, Verdict

Arm = Literal["ai", "human"]
State = Literal["graded", "abstained", "errored", "diverged", "skipped", "not_run"]
STATES: tuple[State, ...] = ("graded", "abstained", "errored", "diverged", "skipped", "not_run")

# Why a score is missing that the judge was not asked for: its budget was used up, or it may not be asked at all.
NOT_JUDGED = "the judge was not asked: "
# Why a run that was stopped by design has no score: nothing is unknown that it set out to know.
STOPPED_EARLY = "stopped early: every gate was decided"


class ScoreRow(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one planned score: of one grader, for one exchange (or, `level` conversation, its last point).

    There is a row for every planned score, graded or not. `metrics` names each metric the exchange is among: true is
    good, false is bad, null is not known because there is no score. `quote` is the customer's message, shortened;
    `panel` what each of several judges said.
    """

    id: str
    turn: int
    trial: int
    arm: Arm
    grader: str
    dimension: str
    state: State
    cluster: str
    slices: dict[str, str]
    level: Literal["exchange", "conversation"] = "exchange"
    verdict: Verdict | None = None
    value: float | None = None
    outcome: str | None = None
    reason: str = ""
    evidence: tuple[Evidence, ...] = ()
    metrics: dict[str, bool | None] = {}
    quote: str = ""
    panel: tuple[Ballot, ...] = ()

    @property
    def key(self) -> tuple[str, int, int]:
        """Return what pairs the arms: transcript, turn, trial."""
        return (self.id, self.turn, self.trial)

    def score(self) -> Score | None:
        """Return the score the grader gave, or None when there is none."""
        if self.verdict is None:
            return None
        return Score(
            verdict=self.verdict,
            value=self.value,
            reason=self.reason,
            evidence=self.evidence,
            outcome=self.outcome,
            panel=self.panel,
        )


class LedgerLine(msgspec.Struct, frozen=True, kw_only=True):
    """One dimension's account for one arm: planned = the sum of all that became of it."""

    dimension: str
    grader: str
    arm: Arm
    planned: int
    graded: int
    abstained: int
    errored: int
    diverged: int
    skipped: int
    not_run: int


def ledger(rows: Iterable[ScoreRow]) -> list[LedgerLine]:
    """Return the denominator ledger of score rows, a line a grader and arm, sorted; each line closes."""
    counts: dict[tuple[str, str, Arm], dict[State, int]] = {}
    for row in rows:
        line = counts.setdefault((row.dimension, row.grader, row.arm), dict.fromkeys(STATES, 0))
        line[row.state] += 1
    return [
        LedgerLine(dimension=dimension, grader=name, arm=arm, planned=sum(line.values()), **line)
        for (dimension, name, arm), line in sorted(counts.items())
    ]
