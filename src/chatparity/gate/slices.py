"""Gates times slices: what each gate will be asked of, how many exchanges it has, and whether it can pass at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chatparity.errors import InputError, Problem
from chatparity.exchange import Point
from chatparity.gate.looks import ONE_LOOK, Way
from chatparity.gate.needed import Clears, Estimate, clusters_needed, exchanges_needed, passing
from chatparity.grading.grader import Grader, Metric
from chatparity.grading.rows import ScoreRow
from chatparity.stats import REPEATED_ICC, WORKING_ICC, cluster_rate, paired_difference
from chatparity.stats.clusters import Clusters, clusters_of
from chatparity.suite import MARKER, GateTable, Settings

ALL = "all"
FIXED = ("at_least", "at_most", "zero")
PAIRED = {"margin": "human", "no_worse_than": "baseline"}
Key = tuple[str, str, str]
Place = tuple[str, str, int]
ICC_STEP = 1e-4


@dataclass
class Planned:
    """The exchanges planned for one grader, metric and slice: the cluster, transcript and trial of each, in order."""

    places: list[Place] = field(default_factory=list)

    @property
    def n(self) -> int:
        """Return how many exchanges are planned."""
        return len(self.places)

    @property
    def clusters(self) -> list[str]:
        """Return the cluster of each exchange, in order."""
        return [cluster for cluster, _, _ in self.places]

    @property
    def largest(self) -> int:
        """Return the most exchanges planned in one cluster, 1 where nothing is."""
        return max(Counter(self.clusters).values(), default=1)


@dataclass(frozen=True)
class GateSlice:
    """One gate on one slice: `index` is the gate's place in suite.toml, `planned` the exchanges it will rest on."""

    index: int
    gate: GateTable
    grader: Grader
    metric: Metric
    slice: str
    planned: Planned

    @property
    def key(self) -> Key:
        """Return what its rows stand under: grader, metric, slice."""
        return (self.grader.name, self.metric.name, self.slice)

    @property
    def gated(self) -> bool:
        """Say whether it is decided at all: slices with fewer than `min_n` planned exchanges are only reported."""
        return self.slice == ALL or self.planned.n >= self.gate.min_n

    @property
    def short(self) -> str:
        """Return the slice as people say it: `pl` for `language=pl`."""
        return short(self.slice)

    @property
    def name(self) -> str:
        """Return what a person calls it: `escalation[pl] recall`."""
        grader = "" if self.grader.name == self.gate.dimension else f" ({self.grader.name})"
        other = PAIRED.get(self.gate.kind)
        return f"{self.gate.dimension}[{self.short}] {self.metric.name}{grader}" + (f" AI − {other}" if other else "")


def short(label: str) -> str:
    """Return the value of a slice: `pl` for `language=pl`, `all` for everything."""
    return label.partition("=")[2] or label


def labels(slices: Mapping[str, str]) -> list[str]:
    """Return the labels of every slice that a point or row is in, `all` first."""
    return [ALL, *(f"{name}={value}" for name, value in slices.items())]


def planned(points: Iterable[Point], graders: Sequence[Grader]) -> dict[Key, Planned]:
    """Return what is planned for each (grader, metric, slice label), before anyone replies.

    A grader of level `conversation` is asked once a conversation and trial, at its last point. Points in languages
    that the agent does not claim are not planned.
    """
    known = [point for point in points if point.claimed]
    last: dict[tuple[str, int], Point] = {}
    for point in known:
        place = (point.id, point.trial)
        if place not in last or last[place].turn < point.turn:
            last[place] = point
    found: dict[Key, Planned] = {}
    for grader in graders:
        for point in last.values() if grader.level == "conversation" else known:
            if not grader.plans(point):
                continue
            for metric in grader.metrics_at(point):
                _count(found, grader.name, metric.name, point.slices, place_of(point))
    return found


def planned_rows(rows: Iterable[ScoreRow]) -> dict[Key, Planned]:
    """Return the same as `planned`, from the AI's rows of a run: there is one for every planned score."""
    found: dict[Key, Planned] = {}
    for row in rows:
        if row.arm == "ai" and row.state != "skipped":
            for metric in row.metrics:
                _count(found, row.grader, metric, row.slices, place_of(row))
    return found


def _count(found: dict[Key, Planned], grader: str, metric: str, slices: Mapping[str, str], place: Place) -> None:
    for label in labels(slices):
        found.setdefault((grader, metric, label), Planned()).places.append(place)


def place_of(one: Point | ScoreRow) -> Place:
    """Return where an exchange stands: its cluster, transcript and trial."""
    return one.cluster, one.id, one.trial


def working_icc(places: Iterable[Place]) -> float:
    """Return the correlation to assume within clusters while too few of them can show it.

    Where a cluster holds several conversations, they are trials of one task: those are more alike than the answers of
    one conversation. But a mean over all trials is never less sure than that of one trial alone, so the correlation is
    at most the one at which the answers of a cluster count for as much as those of its longest conversation.
    """
    talks = Counter(places)
    longest: dict[str, int] = {}
    for (cluster, _, _), answers in talks.items():
        longest[cluster] = max(longest.get(cluster, 0), answers)
    if len(talks) == len(longest):
        return WORKING_ICC
    every = clusters_of([place[0] for place in talks.elements()])
    alone = clusters_of([cluster for cluster, answers in longest.items() for _ in range(answers)])
    return no_less_than(alone.chances(WORKING_ICC), every)


def no_less_than(chances: float, clusters: Clusters) -> float:
    """Return the largest correlation, at most that of repeated trials, at which clusters give so many chances."""
    if clusters.chances(REPEATED_ICC) >= chances:
        return REPEATED_ICC
    low, high = WORKING_ICC, REPEATED_ICC
    while high - low > ICC_STEP:
        middle = (low + high) / 2
        low, high = (middle, high) if clusters.chances(middle) >= chances else (low, middle)
    return low


def expand(settings: Settings, graders: Sequence[Grader], counts: Mapping[Key, Planned]) -> list[GateSlice]:
    """Return every gate on `all` and on each value of its slices, gated or not, in the order of suite.toml.

    Raises InputError naming each gate whose dimension, grader, metric or slice does not exist.
    """
    found: list[GateSlice] = []
    wrong: list[Problem] = []
    values: dict[str, set[str]] = {}
    for _, _, label in counts:
        values.setdefault(label.partition("=")[0], set()).add(label)
    for index, gate in enumerate(settings.gate):
        decided = _measure(gate, graders)
        if isinstance(decided, str):
            wrong.append(_problem(index, gate, decided))
            continue
        grader, metric = decided
        whole = [ALL] if gate.whole else []
        for label in [*whole, *(one for name in gate.slices for one in sorted(values.get(name, ())))]:
            plan = counts.get((grader.name, metric.name, label), Planned())
            if label == ALL or plan.n:
                found.append(GateSlice(index, gate, grader, metric, label, plan))
    if wrong:
        raise InputError(wrong)
    return found


def _measure(gate: GateTable, graders: Sequence[Grader]) -> tuple[Grader, Metric] | str:
    """Return the grader and metric that a gate rests on, or what is wrong with it.

    Where several graders of a dimension have the metric and the gate names none, the only rule grader decides, or with
    `licence` the only one that needs a licence.
    """
    of_dimension = [one for one in graders if one.dimension == gate.dimension]
    if not of_dimension:
        there = ", ".join(sorted({one.dimension for one in graders})) or "none"
        return f'no grader measures the dimension "{gate.dimension}": there are {there}'
    named = [one for one in of_dimension if gate.grader in (None, one.name)]
    if not named:
        return f'no grader of {gate.dimension} is called "{gate.grader}": there are {_names(of_dimension)}'
    having = [(one, metric) for one in named for metric in one.metrics if metric.name == gate.metric]
    if not having:
        there = ", ".join(sorted({metric.name for one in named for metric in one.metrics}))
        return f'no metric is called "{gate.metric}": there are {there}'
    rules = [pair for pair in having if pair[0].kind == "rule"]
    judging = [pair for pair in having if pair[0].needs_licence] if gate.licence else []
    decisive = having if len(having) == 1 else judging or rules
    if len(decisive) != 1:
        return f'several graders measure "{gate.metric}": name one with `grader`: {_names([one for one, _ in having])}'
    grader, metric = decisive[0]
    wrong_way = {True: "at_most", False: "at_least"}[metric.good_is_high]
    if gate.kind == wrong_way:
        kind, right = ("good", "at_least") if metric.good_is_high else ("bad", "at_most or zero")
        return f'"{metric.name}" counts something {kind}: use {right}, not {gate.kind}'
    return grader, metric


def _names(graders: Sequence[Grader]) -> str:
    return ", ".join(one.name for one in graders)


def check_gates(
    settings: Settings, points: Iterable[Point], graders: Sequence[Grader], way: Way = ONE_LOOK
) -> list[GateSlice]:
    """Return the gates × slices that will be decided; slices with fewer than `min_n` planned exchanges are left out.

    Raises InputError naming each gate that cannot be: because what it names does not exist, or because even a perfect
    agent could not pass it with the exchanges planned; then with the n that it needs. For `margin` and
    `no_worse_than` that is taken to be an agent that never differs from the other side: a gate that only passes if
    the others are bad enough is no comparison. `way` says whether the run is to be looked at early.
    """
    found = [one for one in expand(settings, graders, planned(points, graders)) if one.gated]
    wrong = [problem for one in found for problem in _impossible(one, way)]
    if wrong:
        raise InputError(wrong)
    return found


def _impossible(one: GateSlice, way: Way) -> Iterator[Problem]:
    """Yield what keeps a perfect agent from passing."""
    gate, plan = one.gate, one.planned
    if plan.n == 0:
        yield _problem(one.index, gate, f"{one.name}: nothing in the suite's transcripts can show it: 0 planned")
        return
    if plan.n < gate.min_n:
        have = f"{plan.n} exchanges are planned and min_n = {gate.min_n}"
        yield _problem(one.index, gate, f"{one.name}: {have}: add transcripts or lower min_n")
        return
    best, clears = perfect(one, way)
    if clears(best.low, best.high):
        return
    need = clusters_needed(best, clears)
    if need is None and gate.kind in PAIRED:
        advice = (
            f"no number of exchanges is enough for an agent that is as good as the others: give a {gate.kind} above 0"
        )
    elif need is None:
        advice = 'no number of exchanges is enough; for "never once" use `zero = true`'
    else:
        advice = f"it needs about {exchanges_needed(best, need)} exchanges ({need} conversations)"
    have = f"with {plan.n} exchanges in {best.clusters} conversations even a perfect agent cannot pass"
    smaller = "" if one.slice == ALL else f", or a min_n above {plan.n}"
    early = " (with a part of the confidence spent on looking early)" if way.planned else ""
    yield _problem(one.index, gate, f"{one.name}: {have} at {requirement(gate)}{early}: {advice}{smaller}")


def perfect(one: GateSlice, way: Way = ONE_LOOK) -> tuple[Estimate, Clears]:
    """Return what a perfect agent would show on this slice, and the test that its interval must meet."""
    plan, confidence = one.planned, way.confidence(one.gate.confidence)
    icc = working_icc(plan.places)
    clears = passing(one.gate, good_is_high=one.metric.good_is_high)
    if one.gate.kind in PAIRED:
        same = [True] * plan.n
        return paired_difference(same, same, plan.clusters, confidence=confidence, working_icc=icc), clears
    perfectly = [one.metric.good_is_high] * plan.n
    return cluster_rate(perfectly, plan.clusters, confidence=confidence, working_icc=icc), clears


def requirement(gate: GateTable) -> str:
    """Return a gate's requirement as it stands in suite.toml."""
    return "zero = true" if gate.zero else f"{gate.kind} = {getattr(gate, gate.kind):g}"


def _problem(index: int, gate: GateTable, message: str) -> Problem:
    return Problem(Path(MARKER), None, f"gate[{index}] ({gate.dimension} {gate.metric} {requirement(gate)})", message)
