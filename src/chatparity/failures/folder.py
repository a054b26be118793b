"""The failure map of a run on disk, beside a baseline where one is named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import chatparity
from chatparity.errors import UsageError
from chatparity.failures.compare import Sides
from chatparity.failures.measure import Measure, grouped
from chatparity.failures.people import categories_of
from chatparity.failures.read import Numbering, Run, read_run
from chatparity.failures.result import FORMAT, ORDER, Beside, FailureMap, Theme
from chatparity.failures.terms import Background
from chatparity.gate.folder import unlike
from chatparity.grading.taxonomy import FILE, NO_FAILURE, load_taxonomy
from chatparity.run.folder import RunFolder
from chatparity.suite import Suite


def map_failures(
    path: Path,
    suite: Suite,
    *,
    baseline: Path | None = None,
    taxonomy: Path | None = None,
    labels: Sequence[Path] = (),
    seed: int = 0,
) -> FailureMap:
    """Return the failure map of a graded run.

    `taxonomy` is read in place of the suite's own, `labels` are samples of the run's replies that people judged. Same
    runs, taxonomy, labels and seed, same map. Raises UsageError when a run is missing, not graded or its own baseline,
    or labels are of other replies; InputError for files that cannot be read.
    """
    folder = RunFolder(path)
    manifest = folder.manifest()
    if baseline is not None and baseline.resolve() == path.resolve():
        raise UsageError(f"--baseline {baseline}: this is the run itself: name an earlier one")
    kinds = load_taxonomy(suite, taxonomy)
    numbering, background = Numbering(kinds), Background()
    run = read_run(folder, numbering, background, categories_of(labels, folder, suite, kinds))
    before = read_run(RunFolder(baseline), numbering, background) if baseline is not None else None
    measure = Measure(run, numbering, before, Sides(run, before) if before is not None else None)
    groups = grouped({"now": run} if before is None else {"now": run, "before": before}, background, seed)
    overall, by_category, of_themes, tests = measure.changes(groups)
    themes = [measure.theme(group, change) for group, change in zip(groups, of_themes, strict=True)]
    graded, failed = run.graded, run.failed()
    return FailureMap(
        format=FORMAT,
        chatparity=chatparity.__version__,
        run=str(path),
        agent=manifest.agent,
        paths=manifest.paths,
        synthetic=manifest.synthetic,
        seed=seed,
        taxonomy=str(taxonomy) if taxonomy is not None else FILE,
        taxonomy_version=kinds.version,
        planned=len(run.replies),
        graded=len(graded),
        conversations=len({one.cluster for one in graded.values()}),
        failing=len(failed),
        any_failure=measure.rate(failed),
        any_change=overall,
        without={state: count for state, count in sorted(run.without().items()) if count},
        errored=_errored(run, numbering),
        people=sum(bool(one.people) for one in run.replies.values()),
        cleared_by_people=sum(one.people == NO_FAILURE and bool(one.found) for one in run.replies.values()),
        categories=measure.categories(by_category),
        themes=tuple(sorted((one for one in themes if one.count or one.before), key=_order)),
        singles=measure.singles(groups),
        baseline=_beside(measure, folder, tests),
        early=any(one is not None and _stopped(one.folder) for one in (run, before)),
    )


def _stopped(folder: RunFolder) -> bool:
    """Say whether a run was stopped by design before it had asked everything."""
    looks = folder.looks()
    return looks is not None and looks.stopped


def _order(theme: Theme) -> tuple[int, int, int, str, str]:
    """Put what changed first, then the largest."""
    said = ORDER.index(theme.change.said) if theme.change else len(ORDER)
    return said, -theme.count, -theme.before, theme.language, theme.name


def _errored(run: Run, numbering: Numbering) -> dict[str, int]:
    """Return how many scores graders could not give on replies that others graded."""
    bits = Counter(one.errored for one in run.replies.values() if one.errored and (one.graded or one.people))
    found: Counter[str] = Counter()
    for errored, count in bits.items():
        found.update(dict.fromkeys(numbering.named(errored), count))
    return dict(sorted(found.items()))


def _beside(measure: Measure, folder: RunFolder, tests: int) -> Beside | None:
    """Describe the baseline and what of it could be compared."""
    sides, before = measure.sides, measure.before
    if sides is None or before is None:
        return None
    then = before.folder.manifest()
    graded = (set(measure.run.graded), set(before.graded))
    mine, other = sides.frames()
    common = sides.graders
    every = 0
    for run in (measure.run, before):
        for one in run.replies.values():
            every |= one.graded
    return Beside(
        run=str(before.folder.path),
        agent=then.agent,
        pairs=sides.paired,
        n=len(mine.keys),
        conversations=len(set(mine.clusters)),
        left_out=len(graded[0] - set(mine.keys)),
        left_out_before=len(graded[1] - set(other.keys)),
        graders=tuple(measure.numbering.named(common)),
        other_graders=tuple(measure.numbering.named(every & ~common)),
        tests=tests,
        unlike=tuple(unlike(folder.manifest(), then)),
        why_not=sides.why_not,
    )
