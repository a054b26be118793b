"""Two runs beside each other: which replies have something now that they had not before, and whether it is chance.

Graders' categories alone are compared, also where people judged this run: the baseline has no such labels. And only
what the same grader scored in both runs: a judge that was asked of one run would make its failures look new.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from chatparity.failures.read import Key, Run
from chatparity.failures.result import Change, Said
from chatparity.gate.result import Rate
from chatparity.gate.slices import working_icc
from chatparity.stats import (
    DifferenceEstimate,
    UnpairedDifference,
    holm,
    paired_difference,
    two_sided_p,
    unpaired_difference,
)

CONFIDENCE, ALPHA = 0.95, 0.05
# With fewer conversations that have it in either run no test could tell anything, corrected for others.
FEW = 6


@dataclass(frozen=True)
class Both:
    """What is compared: the replies of this run and of the baseline that have it, by graders that scored both runs.

    `ever` counts those of either run at large, whoever found it and whether or not there is a partner.
    """

    now: Collection[Key]
    before: Collection[Key]
    ever: tuple[int, int]


@dataclass(frozen=True)
class Compared:
    """One comparison before correction: how many have it on either side, and the estimate (None: too few)."""

    now: int
    before: int
    ever: tuple[int, int]
    estimate: DifferenceEstimate | UnpairedDifference | None
    n: int
    only_now: int = 0
    only_before: int = 0


@dataclass(frozen=True)
class Frame:
    """The replies of a run that count in a comparison: keys, the conversation of each, the working correlation."""

    keys: Sequence[Key]
    clusters: Sequence[str]
    icc: float


class Sides:
    """What of two runs can be compared. `common` are the graders that count of each reply, as bits.

    Where `paired`, both sides are the same messages, answered in both runs; else they are of different conversations.
    """

    def __init__(self, now: Run, before: Run) -> None:
        """Pair replies by conversation, turn and trial, or compare whole runs of other conversations."""
        self.now, self.before = now, before
        self.why_not = ""
        shared = (key for key in sorted(now.replies) if key in before.replies)
        common = {key: now.replies[key].graded & before.replies[key].graded for key in shared}
        self.common: Mapping[Key, int] = {key: bits for key, bits in common.items() if bits}
        self.paired = bool(common)
        self._frames: dict[int, tuple[Frame, Frame]] = {}
        if self.paired:
            self.why_not = "" if self.common else "no grader scored the same reply in both runs"
            return
        clusters = [{one.cluster for one in run.replies.values()} for run in (now, before)]
        both = _graders(now) & _graders(before)
        if clusters[0] & clusters[1]:
            self.why_not = "they share conversations, and in these no message that was answered in both"
        elif not both:
            self.why_not = "no grader scored both"
        else:
            self.common = {
                key: one.graded & both
                for run in (now, before)
                for key, one in sorted(run.replies.items())
                if one.graded
            }

    @property
    def graders(self) -> int:
        """Return the bits of the graders that are compared anywhere."""
        found = 0
        for one in self.common.values():
            found |= one
        return found

    def failing(self, kind: str | None) -> Both:
        """Return the replies in which graders found a kind of failure, or any."""
        now, before = ({key for key in run.failing if self._fails(run, key, kind)} for run in (self.now, self.before))
        return Both(now, before, (_ever(self.now, kind), _ever(self.before, kind)))

    def among(self, now: Collection[Key], before: Collection[Key]) -> Both:
        """Return those of some failing replies of either run that a grader fails that counts."""
        mine = {key for key in now if self._fails(self.now, key, None)}
        other = {key for key in before if self._fails(self.before, key, None)}
        return Both(mine, other, (_ever(self.now, None, now), _ever(self.before, None, before)))

    def _fails(self, run: Run, key: Key, kind: str | None) -> bool:
        seen, common = run.replies[key], self.common.get(key, 0)
        return seen.failing(common) if kind is None else bool(seen.found.get(kind, 0) & common)

    def compare(self, both: Both, looking: int = -1) -> Compared:
        """Compare how often replies have it; only those count that a grader of the bits `looking` scored."""
        mine, other = self.frames(looking)
        first, second = [key in both.now for key in mine.keys], [key in both.before for key in other.keys]
        counts = sum(first), sum(second)
        talks = {cluster for cluster, has in zip(mine.clusters, first, strict=True) if has}
        talks |= {cluster for cluster, has in zip(other.clusters, second, strict=True) if has}
        if len(talks) < FEW:
            return Compared(*counts, both.ever, None, len(mine.keys))
        if not self.paired:
            difference = unpaired_difference(
                first,
                second,
                mine.clusters,
                other.clusters,
                confidence=CONFIDENCE,
                working_icc=max(mine.icc, other.icc),
            )
            return Compared(*counts, both.ever, difference, len(mine.keys))
        estimate = paired_difference(first, second, mine.clusters, confidence=CONFIDENCE, working_icc=mine.icc)
        alone = estimate.first_only, estimate.second_only
        return Compared(*counts, both.ever, estimate, len(mine.keys), *alone)

    def frames(self, looking: int = -1) -> tuple[Frame, Frame]:
        """Return the replies of both runs that a grader of these bits scored; made once."""
        if looking not in self._frames:
            mine = self._frame(self.now, looking)
            self._frames[looking] = (mine, mine if self.paired else self._frame(self.before, looking))
        return self._frames[looking]

    def _frame(self, run: Run, looking: int) -> Frame:
        keys = [key for key, bits in self.common.items() if bits & looking and key in run.replies]
        clusters = [run.replies[key].cluster for key in keys]
        icc = working_icc((cluster, key[0], key[2]) for cluster, key in zip(clusters, keys, strict=True))
        return Frame(keys, clusters, icc)


def _graders(run: Run) -> int:
    found = 0
    for one in run.replies.values():
        found |= one.graded
    return found


def _ever(run: Run, kind: str | None, keys: Collection[Key] | None = None) -> int:
    """Return in how many replies, of `keys` or all that fail, any grader found a kind of failure, or any."""
    seen = (run.replies[key] for key in (run.failing if keys is None else keys))
    return sum(bool(one.found) if kind is None else kind in one.found for one in seen)


def told(compared: Sequence[Compared], *, paired: bool) -> tuple[list[Change], int]:
    """Return what is said of each comparison, corrected by Holm over all that could be tested, and how many those are.

    The clusters of texts were made of both runs' failures together, blind to whose they are: were the runs alike, each
    cluster would be as good as one that was given beforehand, so that the corrected p is that of the whole map.
    """
    p_values = [_p(one.estimate) for one in compared]
    adjusted = holm(p_values)
    changes = [
        Change(
            said=_said(one, p),
            now=one.now,
            before=one.before,
            difference=None if one.estimate is None else _rate(one, one.estimate),
            p=p,
            pairs=paired,
            only_now=one.only_now,
            only_before=one.only_before,
        )
        for one, p in zip(compared, adjusted, strict=True)
    ]
    return changes, sum(one is not None for one in p_values)


def _p(estimate: DifferenceEstimate | UnpairedDifference | None) -> float | None:
    if estimate is None:
        return None

    def bounds(level: float) -> tuple[float | None, float | None]:
        at = estimate.with_confidence(level)
        return at.low, at.high

    return two_sided_p(bounds, CONFIDENCE)


def _said(one: Compared, p: float | None) -> Said:
    """Return what a comparison says; new is what was nowhere in the baseline, gone what is nowhere in this run."""
    if one.estimate is None or one.estimate.estimate is None:
        return "too few"
    if p is None or p > ALPHA:
        return "may be chance"
    now, before = one.ever
    if one.estimate.estimate > 0:
        return "grown" if before else "new"
    return "shrunk" if now else "gone"


def _rate(one: Compared, found: DifferenceEstimate | UnpairedDifference) -> Rate:
    """Return a difference as it is shown."""
    paired = isinstance(found, DifferenceEstimate)
    return Rate(
        n=one.n,
        good=one.only_now if paired else one.now,
        unknown=0,
        clusters=found.clusters if isinstance(found, DifferenceEstimate) else found.first.clusters,
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        confidence=found.confidence,
        method=found.method,
    )
