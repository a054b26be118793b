"""The automatic scores of a sample's population: those of its run now, else those it was drawn with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatparity.errors import UsageError
from chatparity.review.items import Bench
from chatparity.run.folder import RunFolder
from chatparity.sample.design import Key
from chatparity.sample.result import Automatic, Sample
from chatparity.sample.scored import Scored
from chatparity.stats import Control


@dataclass(frozen=True)
class Automatics:
    """What graders say of the population and, by item and grader, of the sample; `source` says whose scores."""

    totals: Sequence[Automatic]
    scores: Mapping[str, Mapping[str, float]]
    source: str

    def controls(self, items: Sequence[str], dimension: str) -> list[Control]:
        """Return every grader's scores of items as controls, those of a dimension first.

        What a grader did not score is 0 in the items as it is in the mean: any number known of all answers will do.
        """
        order = sorted(self.totals, key=lambda one: (one.dimension != dimension, one.grader))
        return [
            Control(one.grader, [self.scores.get(name, {}).get(one.grader, 0.0) for name in items], one.mean)
            for one in order
        ]


def automatics_of(bench: Bench, *, named: bool) -> Automatics:
    """Return the scores of the bench's run, where it is graded, else those that were kept with the sample.

    `named`: the run was named by the user, so it must fit. Raises UsageError when a run holds other answers than those
    that were sampled from: its scores say nothing of these.
    """
    sample, run = bench.sample, bench.run
    stored = Automatics(sample.automatic, {one.item: one.scores for one in sample.items}, "the sample's own")
    if run is None or not run.scores_file.is_file():
        if named and run is not None:
            raise UsageError(f"{run.path}: not graded yet: run `chatparity grade {run.path}` first")
        return stored if sample.automatic else Automatics((), {}, "")
    return _of_run(run, sample)


def _of_run(run: RunFolder, sample: Sample) -> Automatics:
    """Add up what the run's graders say of the answers that the sample was drawn from."""
    of_run = sample.source.kind == "run"
    arm = "ai" if of_run else "human"
    rows = [row for row in run.scores() if row.arm == arm]
    there = {one.key for one in run.outcomes() if one.reply is not None} if of_run else {row.key for row in rows}
    items: dict[Key, str] = {(one.id, one.turn, one.trial): one.item for one in sample.items}
    gone = sorted(items.keys() - there)
    if gone or len(there) != sample.population:
        where = f"; {gone[0][0]} turn {gone[0][1]} is not among them" if gone else ""
        raise UsageError(
            f"{run.path}: {len(there)} answers, and the sample was drawn from {sample.population}{where}: "
            "name the run with these very answers (--run), or draw anew"
        )
    scored = Scored(items)
    scored.add(row for row in rows if row.key in there)
    by_item = {items[key]: scores for key, scores in scored.kept.items()}
    return Automatics(scored.automatic(sample.population), by_item, str(run.path))
