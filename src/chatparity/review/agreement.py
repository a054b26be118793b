"""A calibration session: how far people agree, who is strict and who lenient, what is disputed, how graders fit in.

People are compared by the points of their answers (0 bad to 1 good). A grader is compared with people by good or bad
alone, since its scale is its own: with each grader as one more rater, and beside it people among themselves.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from chatparity.grading.criteria import Criterion
from chatparity.review.desk import COMMENT, PREFERENCE, PREFERENCES, Desk
from chatparity.review.resolve import finished
from chatparity.review.store import DECISION
from chatparity.stats import AlphaEstimate, MeanEstimate, cluster_mean, krippendorff_alpha

FORMAT = 1
CONFIDENCE = 0.95


class Alpha(msgspec.Struct, frozen=True, kw_only=True):
    """Krippendorff's α with its interval, over `items` that two or more rated; see `AlphaEstimate`."""

    items: int
    ratings: int
    level: str
    alpha: float | None
    low: float | None
    high: float | None
    method: str


class Leaning(msgspec.Struct, frozen=True, kw_only=True):
    """How a rater's points differ from the mean of the others' on the same items, in points from −1 to 1, over `n`.

    Below 0 is stricter, above it more lenient; `verdict` says so only where the interval leaves 0 out.
    """

    rater: str
    n: int
    difference: float | None
    low: float | None
    high: float | None
    verdict: str
    method: str


class WithGrader(msgspec.Struct, frozen=True, kw_only=True):
    """A grader as one more rater, by good or bad: α of people and it, its leaning, and how often it is alone.

    `same` of `n` are the items on which it says what all people who judged say; `alone` those on which all of them say
    the opposite.
    """

    grader: str
    alpha: Alpha
    leaning: Leaning
    n: int
    same: int
    alone: int


class CriterionAgreement(msgspec.Struct, frozen=True, kw_only=True):
    """All that a session says of one criterion; `good_or_bad` is people's α by that alone."""

    criterion: str
    ask: str
    people: Alpha
    good_or_bad: Alpha
    leanings: tuple[Leaning, ...]
    graders: tuple[WithGrader, ...]


class Dispute(msgspec.Struct, frozen=True, kw_only=True):
    """An item on which people gave different answers to a criterion; `spread` in points, `decided` where it was."""

    item: str
    id: str
    criterion: str
    answers: dict[str, str]
    comments: dict[str, str]
    spread: float
    decided: str | None


class Preferred(msgspec.Struct, frozen=True, kw_only=True):
    """What blind comparisons say: how often each side was preferred, `n` comparisons of `items`.

    `lead` is the share that preferred the AI minus the share that preferred the person, with its interval.
    """

    n: int
    items: int
    ai: int
    human: int
    alike: int
    neither: int
    lead: float | None
    low: float | None
    high: float | None
    method: str


class Agreement(msgspec.Struct, frozen=True, kw_only=True):
    """A calibration session as `--agreement --json` prints it.

    `finished` is how many items each person finished; `guideline` the version of the notes that holds now. Of the
    items, `for_two` are for two people, of which `by_two` were judged by two or more.
    """

    format: int
    sample: str
    session: str
    items: int
    finished: dict[str, int]
    criteria: tuple[CriterionAgreement, ...]
    disputes: tuple[Dispute, ...]
    preferred: Preferred
    guideline: int
    for_two: int
    by_two: int


Table = Mapping[str, Mapping[str, Mapping[str, str]]]


def agreement(desk: Desk, only: Sequence[str] | None = None) -> Agreement:
    """Return how far people agree on the items of the desk, or on those of `only`."""
    items = list(desk.queue if only is None else only)
    everything = desk.store.everything()
    table = {name: finished(everything[name]) for name in items if name in everything}
    people = sorted({rater for one in table.values() for rater in one})
    notes = desk.store.notes()
    twice = [name for name in items if desk.bench.items[name].second]
    return Agreement(
        format=FORMAT,
        sample=desk.bench.sample.name,
        session=desk.session,
        items=len(items),
        finished={rater: sum(rater in one for one in table.values()) for rater in people},
        criteria=tuple(_criterion(desk, one, table, people) for one in desk.scorecard.criteria),
        disputes=tuple(_disputes(desk, table, everything)),
        preferred=_preferred(desk, items, everything),
        guideline=notes[-1].version if notes else 0,
        for_two=len(twice),
        by_two=sum(len(table.get(name, ())) > 1 for name in twice),
    )


def _preferred(desk: Desk, items: Sequence[str], everything: Table) -> Preferred:
    """Return what was preferred where an AI's reply and a person's were compared."""
    given = [
        (name, fields[PREFERENCE])
        for name in items
        for _, fields in sorted(everything.get(name, {}).items())
        if PREFERENCE in fields
    ]
    counts = Counter(value for _, value in given)
    worth = [float(value == "ai") - float(value == "human") for _, value in given]
    found = cluster_mean(worth, [desk.bench.items[name].cluster for name, _ in given], name="preference")
    return Preferred(
        n=len(given),
        items=len({name for name, _ in given}),
        **{value: counts[value] for value in PREFERENCES},
        lead=found.estimate,
        low=found.low,
        high=found.high,
        method=found.method,
    )


def _criterion(desk: Desk, criterion: Criterion, table: Table, people: Sequence[str]) -> CriterionAgreement:
    """Return what the answers to one criterion say."""
    clusters = [desk.bench.items[name].cluster for name in table]
    values = [[one.get(rater, {}).get(criterion.name) for rater in people] for one in table.values()]
    points = [
        [None if value is None else _worth(desk, criterion, name, value) for value in row]
        for name, row in zip(table, values, strict=True)
    ]
    good = [[None if one is None else one >= criterion.pass_at for one in row] for row in points]
    # Points that hang on what the reply did order nothing; neither do values without points.
    ordered = all(answer.points is not None for answer in criterion.answers) and len(criterion.answers) > 2
    people_alpha = (
        _alpha(krippendorff_alpha(points, level="ordinal", clusters=clusters))
        if ordered
        else _alpha(krippendorff_alpha(values, level="nominal", clusters=clusters))
    )
    return CriterionAgreement(
        criterion=criterion.name,
        ask=criterion.ask,
        people=people_alpha,
        good_or_bad=_alpha(krippendorff_alpha(good, clusters=clusters)),
        leanings=tuple(_leaning(rater, place, points, clusters) for place, rater in enumerate(people)),
        graders=tuple(_graders(desk, criterion, list(table), good, clusters)),
    )


def _worth(desk: Desk, criterion: Criterion, item: str, value: str) -> float | None:
    # Only where it matters is the conversation read.
    asks = any(answer.handover is not None for answer in criterion.answers)
    return criterion.worth(value, handed_over=asks and desk.bench.handed_over(item))


def _alpha(found: AlphaEstimate) -> Alpha:
    return Alpha(
        items=found.units,
        ratings=found.ratings,
        level=found.level,
        alpha=found.estimate,
        low=found.low,
        high=found.high,
        method=found.method,
    )


def _leaning(rater: str, place: int, points: Sequence[Sequence[float | None]], clusters: Sequence[str]) -> Leaning:
    """Return how the rater in column `place` differs from the mean of the other columns, item by item."""
    differences, kept = [], []
    for row, cluster in zip(points, clusters, strict=True):
        own, others = row[place], [one for at, one in enumerate(row) if at != place and one is not None]
        if own is not None and others:
            differences.append(float(own) - sum(others) / len(others))
            kept.append(cluster)
    found: MeanEstimate = cluster_mean(differences, kept, confidence=CONFIDENCE, name="difference")
    verdict = "cannot be told"
    if found.low is not None and found.high is not None:
        verdict = "stricter" if found.high < 0 else "more lenient" if found.low > 0 else "no difference shown"
    return Leaning(
        rater=rater,
        n=found.n,
        difference=found.estimate,
        low=found.low,
        high=found.high,
        verdict=verdict,
        method=found.method,
    )


def _graders(
    desk: Desk,
    criterion: Criterion,
    items: Sequence[str],
    good: Sequence[Sequence[bool | None]],
    clusters: Sequence[str],
) -> list[WithGrader]:
    """Return each grader of the criterion's dimension beside people; of the run's scores alone, where there are any."""
    verdicts: dict[str, dict[str, bool]] = {}
    for name in items:
        for row in desk.bench.scores.get(name, ()):
            if row.dimension == criterion.dimension and row.verdict in ("pass", "fail"):
                verdicts.setdefault(row.grader, {})[name] = row.verdict == "pass"
    found = []
    for grader, by_item in sorted(verdicts.items()):
        rows = [[*row, by_item.get(name)] for name, row in zip(items, good, strict=True)]
        numbers = [[None if one is None else float(one) for one in row] for row in rows]
        both = [([one for one in row[:-1] if one is not None], row[-1]) for row in rows]
        judged = [(people, own) for people, own in both if people and own is not None]
        found.append(
            WithGrader(
                grader=grader,
                alpha=_alpha(krippendorff_alpha(rows, clusters=clusters)),
                leaning=_leaning(grader, len(rows[0]) - 1, numbers, clusters),
                n=len(judged),
                same=sum(all(one == own for one in people) for people, own in judged),
                alone=sum(all(one != own for one in people) for people, own in judged),
            )
        )
    return found


def _disputes(desk: Desk, table: Table, everything: Table) -> list[Dispute]:
    """Return where people differ, the widest first."""
    found = []
    for criterion, (name, said) in itertools.product(desk.scorecard.criteria, table.items()):
        answers = {rater: fields[criterion.name] for rater, fields in said.items() if criterion.name in fields}
        if len(set(answers.values())) < 2:
            continue
        worth = [_worth(desk, criterion, name, value) for value in answers.values()]
        points = [one for one in worth if one is not None]
        decided = everything[name].get(DECISION, {}).get(criterion.name)
        found.append(
            Dispute(
                item=name,
                id=desk.bench.items[name].id,
                criterion=criterion.name,
                answers=answers,
                comments={rater: fields[COMMENT] for rater, fields in said.items() if COMMENT in fields},
                spread=max(points) - min(points) if points else 0.0,
                decided=decided,
            )
        )
    return sorted(found, key=lambda one: (one.decided is not None, -one.spread, one.item))
