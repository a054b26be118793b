"""How steady the agent is over repeated trials: pass^k, the chance that k trials of one task all succeed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from chatparity.grading.rows import ScoreRow
from chatparity.stats import RepeatEstimate, pass_hat

from . import words

Trial = tuple[str, str, int]


@dataclass(frozen=True)
class Repeat:
    """One grader's pass^k, k = 1 … the fewest trials of any of `tasks`.

    `left_out` trials have a score missing, or are the only one of their task that has all: they are in no estimate.
    """

    grader: str
    dimension: str
    tasks: int
    trials: int
    left_out: int
    estimates: tuple[RepeatEstimate, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """Return each estimate with its interval, in order of k."""
        return tuple(_text(one) for one in self.estimates)


def repeats(rows: Sequence[ScoreRow]) -> list[Repeat]:
    """Return pass^k of the AI by grader, where tasks were tried more than once.

    A trial of a conversation succeeds for a grader when none of its graded answers fails. Trials of which some answer
    has no score (errored, diverged, not run) are left out, so that a failure of the endpoint is not one of the agent;
    so is a task of which a single trial is left, for it would leave nothing to say of all the others.
    """
    found: dict[tuple[str, str], dict[Trial, bool | None]] = {}
    for row in rows:
        if row.arm != "ai" or row.state in ("skipped", "abstained"):
            continue
        trials = found.setdefault((row.dimension, row.grader), {})
        key = (row.cluster, row.id, row.trial)
        if row.state != "graded" or trials.get(key, True) is None:
            trials[key] = None
        else:
            trials[key] = trials.get(key, True) and row.verdict == "pass"
    made: list[Repeat] = []
    for (dimension, grader), trials in found.items():
        known = [(cluster, good) for (cluster, _, _), good in trials.items() if good is not None]
        tried = Counter(cluster for cluster, _ in known)
        known = [(cluster, good) for cluster, good in known if tried[cluster] > 1]
        estimates = pass_hat([good for _, good in known], [cluster for cluster, _ in known])
        if len(estimates) > 1:
            left_out = len(trials) - len(known)
            made.append(Repeat(grader, dimension, estimates[0].tasks, estimates[0].trials, left_out, estimates))
    return made


def _text(one: RepeatEstimate) -> str:
    """Return an estimate with its interval in per cent."""
    if one.estimate is None:
        return words.NONE
    share = f"{100 * one.estimate:.1f} %"
    return share if one.low is None or one.high is None else f"{share} [{100 * one.low:.1f}, {100 * one.high:.1f}]"
