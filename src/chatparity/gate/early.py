"""When a run that is looked at early may stop: once every gate is decided by an interval that holds at all looks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from chatparity.exchange import Point
from chatparity.gate.decide import gates_of, to_decide
from chatparity.gate.looks import LOOKING
from chatparity.gate.slices import GateSlice, expand, planned
from chatparity.gate.waived import today
from chatparity.grading.grader import Grader
from chatparity.grading.rows import ScoreRow
from chatparity.run.early import Look, Looking, MakeLooking
from chatparity.run.folder import RunFolder
from chatparity.suite import Settings, Suite


def looking_at(suite: Suite, baseline: Path | None = None) -> MakeLooking:
    """Return the same for a suite and the folder of a baseline run, which must have been graded."""
    return looking(suite.settings, RunFolder(baseline).scores() if baseline is not None else None)


def looking(settings: Settings, baseline: Sequence[ScoreRow] | None = None) -> MakeLooking:
    """Return what makes the function that a run asks after each batch.

    A gate is decided when it passes or fails, or is waived. A gate of zero tolerance fails at the first event and can
    pass only once every exchange planned for it was seen: when all others are decided, what it has not seen is asked
    as well, for its grader alone. A run without gates has nothing to decide and goes to its end.
    """
    day = today()
    living = tuple(one for one in settings.waiver if not one.expired(day))
    held = msgspec.structs.replace(settings, waiver=living)

    def make(points: Iterable[Point], graders: Sequence[Grader]) -> Looking:
        asked = expand(settings, graders, planned(points, graders))
        chosen = to_decide(asked, has_baseline=baseline is not None)

        def look(rows: Sequence[ScoreRow], sampled: frozenset[str]) -> Look:
            results = gates_of(
                chosen,
                rows,
                held,
                baseline=baseline or (),
                way=LOOKING,
                sampled=sampled,
                synthetic=False,
                day=day,
            )
            still = [one for one, result in zip(chosen, results, strict=True) if result.effect == "INCONCLUSIVE"]
            if not chosen or any(not one.gate.zero for one in still):
                return Look(decided=False)
            return _swept(still, sampled)

        return look

    return make


def _swept(zero: Sequence[GateSlice], sampled: frozenset[str]) -> Look:
    """Return the end of a run: what gates of zero tolerance have not seen yet is asked for them alone."""
    missing = frozenset(name for one in zero for name in one.planned.clusters if name not in sampled)
    names = sorted({one.grader.name for one in zero})
    return Look(decided=True, sweep=missing, graders=tuple(names) if missing else ())
