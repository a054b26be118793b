"""The automatic scores of a sample's population: those of its run now, else those it was drawn with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from chatparity.errors import UsageError
from chatparity.review.items import Bench
from chatparity.run.folder import RunFolder
from chatparity.sample.design import Key
from chatparity.sample.result import Automatic, Sample
from chatparity.sample.scored import NO_FAULTS, Faults, Scored
from chatparity.stats import Control


@dataclass(frozen=True)
class Automatics:
    """What graders say of the population and, by item, of the sample; `source` says whose scores they are."""

    totals: Sequence[Automatic]
    scores: Mapping[str, Faults]
    source: str
    population: int

    def controls(self, items: Sequence[str], dimension: str) -> list[Control]:
        """Return every grader's verdicts and values of items as controls, those of a dimension first.

        What a grader did not score is 0 in the items as it is in the mean: any number known of all answers will do.
        """
        found: list[Control] = []
        faults = [self.scores.get(name, NO_FAULTS) for name in items]
        for own in (True, False):
            graders = sorted((one for one in self.totals if (one.dimension == dimension) == own), key=_name)
            for one in graders:
                failed = [float(one.grader in fault.failing) for fault in faults]
                found.append(Control(one.grader, failed, one.failed / self.population))
            for one in graders:
                values = [fault.values.get(one.grader, 0.0) for fault in faults]
                found.append(Control(f"{one.grader} (value)", values, one.mean))
        return found


def automatics_of(bench: Bench, *, named: bool) -> Automatics:
    """Return the scores of the bench's run, where it is graded, else those that were kept with the sample.

    `named`: the run was named by the user, so it must fit. Raises UsageError when a run holds other answers than those
    that were sampled from: its scores say nothing of these.
    """
    sample, run = bench.sample, bench.run
    if run is None or not run.scores_file.is_file():
        if named and run is not None:
            raise UsageError(f"{run.path}: not graded yet: run `chatparity grade {run.path}` first")
        kept = {one.item: Faults(one.scores, one.failing) for one in sample.items}
        source = "the sample's own" if sample.automatic else ""
        return Automatics(sample.automatic, kept, source, sample.population)
    return _of_run(run, sample)


def _name(one: Automatic) -> str:
    return one.grader


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
    return Automatics(scored.automatic(sample.population), by_item, str(run.path), sample.population)
