"""What a grader is: a pure function with a dimension, a version, the languages it was tested in, and its metrics."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, cast

from chatparity.exchange import Exchange, Point, Score

Kind = Literal["rule", "llm", "learned"]
Level = Literal["exchange", "conversation"]
# What a grader can read of a transcript beside its turns: labels, then what statements may rest on.
NEEDS = ("facts", "forbidden", "actions", "escalation", "knowledge", "records")
GradeExchange = Callable[[Exchange], Score | Awaitable[Score]]
GradeConversation = Callable[[Sequence[Exchange]], Score | Awaitable[Score]]
# Of one conversation: a later trial, and the first.
GradeTrials = Callable[[Sequence[Exchange], Sequence[Exchange]], Score | Awaitable[Score]]


def always(point: Point) -> bool:
    """Hold at every point."""
    return True


def passes(score: Score) -> bool:
    """Hold for a score whose verdict is pass."""
    return score.verdict == "pass"


@dataclass(frozen=True)
class Metric:
    """A rate over exchanges: the share of those `among` which the score is `good`.

    `among` sees only what is known before anyone replies, so that a denominator can be planned, and an errored
    exchange stays in it. For a conversation-level grader it is asked at the conversation's last point.
    `good_is_high` is false where the rate counts something bad (needless handovers).
    """

    name: str
    among: Callable[[Point], bool] = always
    good: Callable[[Score], bool] = passes
    good_is_high: bool = True


RATE = Metric("rate")


@dataclass(frozen=True)
class Grader:
    """A grader as a run uses it; made by the decorator `grader`, by a rubric file or by a fitted model.

    `applies` says at which points it has something to grade at all: elsewhere it is not planned. `languages` are those
    it was tested in ("*" for any). `needs_judge`: without a judge it is not run and said to be not run. `needs` names
    what it reads of a transcript beside the turns: labels (`facts`, `actions`, `escalation`), without which it has
    nothing to grade, or `knowledge` and `records`, without which what it grades has less to rest on. With `trials` it
    is of level `conversation` and its function a GradeTrials: it grades later trials, each beside the first.
    `fitted_on` are hashes of the conversations that a learned grader was fitted on: it cannot be held against those.
    An `optional` one is used only where it is named. `requests` is how often at least each judge is asked for one
    score.
    """

    name: str
    dimension: str
    version: str
    grade: GradeExchange | GradeConversation
    languages: tuple[str, ...] = ("*",)
    kind: Kind = "rule"
    level: Level = "exchange"
    applies: Callable[[Point], bool] = always
    metrics: tuple[Metric, ...] = field(default=(RATE,))
    needs_judge: bool = False
    doc: str = ""
    needs: tuple[str, ...] = ()
    trials: bool = False
    fitted_on: frozenset[str] = frozenset()
    optional: bool = False
    requests: int = 1

    @property
    def needs_licence(self) -> bool:
        """Say whether it may decide a gate only once it has been compared with people: all but rule graders."""
        return self.kind != "rule"

    def plans(self, point: Point) -> bool:
        """Say whether a score is planned at a point: where it cannot be told because `applies` raises, one is."""
        if self.trials and point.trial == 0:
            return False
        try:
            return bool(self.applies(point))
        except Exception:  # noqa: BLE001 - a team's own code: the score that is planned here will be errored
            return True

    def metrics_at(self, point: Point) -> list[Metric]:
        """Return the metrics that a point is among: those of which it cannot be told, because `among` raises, too."""
        return [one for one in self.metrics if _among(one, point)]

    @property
    def identity(self) -> str:
        """Return what a manifest pins: name and version."""
        return f"{self.name}@{self.version}"


def _among(metric: Metric, point: Point) -> bool:
    """Say whether a point is, or for all that can be told may be, among those that a metric is about."""
    try:
        return bool(metric.among(point))
    except Exception:  # noqa: BLE001 - as in `plans`
        return True


class _Gradable(Protocol):
    __name__: str
    __doc__: str | None


def grader(
    *,
    dimension: str,
    version: str = "1",
    languages: Sequence[str] = ("*",),
    level: Level = "exchange",
    applies: Callable[[Point], bool] = always,
    metrics: Sequence[Metric] = (RATE,),
    name: str | None = None,
    needs: Sequence[str] = (),
    trials: bool = False,
) -> Callable[[GradeExchange | GradeConversation | GradeTrials], Grader]:
    """Make a rule grader of a function from an Exchange (or a conversation's Exchanges) to a Score.

    With `trials` the function is given the Exchanges of a later trial and those of the first.

    The grader is called `name`, or after its function. The function must be pure: same exchange, same score. When it
    raises, the score is *errored* with its traceback; it is never a zero. Raises ValueError for a name in `needs` that
    is none of NEEDS.
    """
    unknown = [one for one in needs if one not in NEEDS]
    if unknown:
        raise ValueError(f"needs: expected only {', '.join(NEEDS)}, got {', '.join(unknown)}")

    def made(function: GradeExchange | GradeConversation | GradeTrials) -> Grader:
        gradable = cast("_Gradable", function)
        return Grader(
            name=name or gradable.__name__,
            dimension=dimension,
            version=version,
            grade=cast("GradeExchange | GradeConversation", function),
            languages=tuple(languages),
            level="conversation" if trials else level,
            applies=applies,
            metrics=tuple(metrics),
            doc=(gradable.__doc__ or "").strip(),
            needs=tuple(needs),
            trials=trials,
        )

    return made
