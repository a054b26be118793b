"""Who was given which cases: where the sides answered different conversations, their mix is standardised away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chatparity.grading.rows import ScoreRow

from . import stacks, words
from .material import Material

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from chatparity.stats.standardise import Gap, StandardisedDifference

STRATA = ("intent", "language", "difficulty")
PAIRED = 0.5
MOST = 4
CAPTION = (
    "What each side was given to answer, in shares of its conversations; the commonest of each kind, the rest together."
)
WHY = (
    "The naive difference mixes two things: how well each side answers, and which cases it was given. A side that gets "
    "the easy questions looks better without being it."
)


@dataclass(frozen=True)
class Share:
    """One value of intent, language or difficulty, and how many conversations of each side have it."""

    kind: str
    value: str
    ai: int
    people: int


@dataclass(frozen=True)
class MixRow:
    """One measure compared over different conversations: what may be said, and the naive figure that may not.

    `reason` says why it cannot be compared, or what the comparison leaves in.
    """

    name: str
    n_ai: int
    n_people: int
    standardised: str
    naive: str
    covered: str
    reason: str
    comparable: bool


@dataclass(frozen=True)
class Mix:
    """What the report says of case mix.

    `told` is the sentence; `shares` and `rows` are empty where both sides answered the same messages. `sizes` are the
    conversations of the AI and of people.
    """

    told: str
    shares: tuple[Share, ...] = ()
    rows: tuple[MixRow, ...] = ()
    strata: tuple[str, ...] = ()
    sizes: tuple[int, int] = (0, 0)


def mix(material: Material, names: words.Names) -> Mix | None:
    """Say how the cases of both sides compare; None where only one side answered anything."""
    ai = [
        row
        for row in material.drawn_rows
        if row.arm == "ai" and row.state == "graded" and row.key not in material.echoes
    ]
    people = [row for row in material.drawn_rows if row.arm == "human" and row.state == "graded"]
    ours, theirs = {row.key for row in ai}, {row.key for row in people}
    if not ours or not theirs:
        return None
    both = ours & theirs
    if len(both) >= PAIRED * min(len(ours), len(theirs)):
        return Mix(
            f"Both sides answered the same {words.count(len(both), 'message')}, so their case mix is the same by "
            "construction and nothing has to be corrected for."
        )
    strata = tuple(name for name in STRATA if any(name in row.slices for row in (*ai, *people)))
    sizes = len({row.id for row in ai}), len({row.id for row in people})
    return Mix(
        f"The AI answered {words.count(sizes[0], 'conversation')} and people answered others ({sizes[1]:,}): "
        f"{_spread(len(both))} are compared, where that can be done, as if both had had the same mix of "
        f"{words.listed(strata) or 'cases'}.",
        tuple(_shares(ai, people, strata, names)),
        tuple(_rows(ai, people, strata)),
        strata,
        sizes,
    )


def _spread(both: int) -> str:
    """Return the subject of a sentence about answers that are not paired."""
    return (
        f"only {words.count(both, 'message')} has both, so they"
        if both
        else "no message has an answer of both, so they"
    )


def _shares(
    ai: Sequence[ScoreRow], people: Sequence[ScoreRow], strata: Sequence[str], names: words.Names
) -> Iterable[Share]:
    """Yield the commonest values of each kind with both sides' conversations, the rest together."""
    for kind in strata:
        ours, theirs = _talks(ai, kind), _talks(people, kind)
        order = [value for value, _ in (ours + theirs).most_common()]
        kept = len(order) if len(order) <= MOST + 1 else MOST
        for value in order[:kept]:
            shown = names.language(value) if kind == "language" else value.replace("_", " ")
            yield Share(kind, shown, ours[value], theirs[value])
        rest = order[kept:]
        if rest:
            yield Share(kind, f"{len(rest)} others", sum(ours[one] for one in rest), sum(theirs[one] for one in rest))


def _talks(rows: Sequence[ScoreRow], kind: str) -> Counter[str]:
    """Count conversations by their value of a kind."""
    return Counter({row.id: row.slices.get(kind, "not known") for row in rows}.values())


def _rows(ai: Sequence[ScoreRow], people: Sequence[ScoreRow], strata: Sequence[str]) -> Iterable[MixRow]:
    """Yield the standardised and the naive difference of each metric that both sides were graded on.

    Where the full strata hold too few cases of both, the kind with the most values is given up, and the row says so.
    """
    graders = dict.fromkeys((row.dimension, row.grader, metric) for row in ai for metric in row.metrics)
    for dimension, grader, metric in graders:
        rows = [row for row in (*ai, *people) if row.grader == grader and row.metrics.get(metric) is not None]
        if len({row.arm for row in rows}) < 2:
            continue
        name = words.metric_name(dimension, metric, grader)
        found = _standardised(rows, metric, strata)
        finest = max(strata, key=lambda kind: len({row.slices.get(kind) for row in rows}), default="")
        coarse = [kind for kind in strata if kind != finest]
        if found.comparable or not coarse:
            yield _row(name, found, "" if found.comparable else _short(found))
            continue
        again = _standardised(rows, metric, coarse)
        left = f"{_short(found)} by {words.listed(strata)}"
        if again.comparable:
            note = f"{left}; this is by {words.listed(coarse)} alone: differences of {finest} are still in it"
        else:
            note = f"{left}, {words.percent(again.covered)} by {words.listed(coarse)}: too few"
        yield _row(name, again, note)


def _standardised(rows: Sequence[ScoreRow], metric: str, strata: Sequence[str]) -> StandardisedDifference:
    """Return the difference AI − people of a metric in one mix of strata."""
    from chatparity.stats.standardise import standardised_difference

    return standardised_difference(
        [float(bool(row.metrics[metric])) for row in rows],
        [row.arm for row in rows],
        [", ".join(row.slices.get(name, "not known") for name in strata) or "all" for row in rows],
        [row.cluster for row in rows],
        first="ai",
        second="human",
    )


def _short(found: StandardisedDifference) -> str:
    """Return why two sides cannot be compared, without the list of strata."""
    return f"both sides had only {words.percent(found.covered)} of the cases in common"


def _row(name: str, found: StandardisedDifference, reason: str) -> MixRow:
    """Return a difference as a row."""
    return MixRow(
        name=name,
        n_ai=found.n_first,
        n_people=found.n_second,
        standardised=_text(found.standardised) if found.comparable else "cannot be compared",
        naive=_text(found.naive),
        covered=words.percent(found.covered),
        reason=reason,
        comparable=found.comparable,
    )


def _text(gap: Gap) -> str:
    """Return a difference with its interval in points."""
    if gap.estimate is None:
        return words.NONE
    if gap.low is None or gap.high is None:
        return f"{words.signed(gap.estimate)} [interval {words.NONE}]"
    return f"{words.signed(gap.estimate)} [{words.signed(gap.low)},\u00a0{words.signed(gap.high)}]"


def draw(found: Mix, people: str, *, narrow: bool = False) -> Figure:
    """Draw, value by value, the share of each side's conversations."""
    bars, before = [], ""
    for share in found.shares:
        for side, count, whole in (("AI", share.ai, found.sizes[0]), (people, share.people, found.sizes[1])):
            group = f"{share.kind} {share.value}"
            label = side if group == before else f"{group}: {side}"
            bars.append(stacks.Stack(label, (count, whole - count), "" if group == before else group))
            before = group
    parts = (stacks.Part("of this kind", 2), stacks.Part("all others", 0))
    return stacks.draw(bars, parts, narrow=narrow)
