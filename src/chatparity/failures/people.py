"""The categories that people gave to replies of a run, from the labels of samples drawn from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from chatparity.errors import UsageError
from chatparity.grading.taxonomy import NO_FAILURE, OTHER, Taxonomy
from chatparity.review.desk import Desk
from chatparity.review.items import Bench
from chatparity.review.resolve import resolved
from chatparity.review.scorecard import Scorecard, load_scorecard
from chatparity.review.store import FILE, Store
from chatparity.run.folder import RunFolder
from chatparity.run.select import sha256_of
from chatparity.suite import Suite

Key = tuple[str, int, int]
# The criterion of the scorecard whose answers are names of the taxonomy.
CRITERION = "failure"


def categories_of(samples: Sequence[Path], run: RunFolder, suite: Suite, taxonomy: Taxonomy) -> Mapping[Key, str]:
    """Return the category that people gave to each reply that they finished, `none` where they found no failure.

    Where several judged an item, what was decided or most say holds; what is disputed is left out, and so graders'
    categories stand. Raises UsageError for a sample of other replies, for one without labels, for a scorecard
    without the criterion, and for an answer that the taxonomy does not know.
    """
    found: dict[Key, str] = {}
    if not samples:
        return found
    scorecard = load_scorecard(suite)
    _check(scorecard, taxonomy)
    known = _known(taxonomy)
    replies = sha256_of(run.replies.path)
    for folder in samples:
        bench = Bench(folder, suite)
        if replies not in {file.sha256 for file in bench.sample.source.files}:
            raise UsageError(f"--labels {folder}: this sample was not drawn from the replies of {run.path}")
        if not (folder / FILE).is_file():
            raise UsageError(f"--labels {folder}: nobody judged it yet: chatparity review {folder}")
        store = Store(folder / FILE, bench.sample.name)
        try:
            said = {one.item: one.answers for one in resolved(Desk(bench, store, scorecard))}
        finally:
            store.close()
        for item in bench.sample.items:
            given = said.get(item.item, {}).get(CRITERION)
            if given is not None and given not in known:
                raise UsageError(
                    f'--labels {folder}: item {item.item} has the answer "{given}", which the taxonomy does not '
                    f"know: judge it again (chatparity review {folder}), or name it in the taxonomy"
                )
            if given is not None:
                found[item.id, item.turn, item.trial] = given
    return found


def _known(taxonomy: Taxonomy) -> set[str]:
    """Return what people may say of an answer."""
    return {one.name for one in taxonomy.failures} | {OTHER, NO_FAILURE}


def _check(scorecard: Scorecard, taxonomy: Taxonomy) -> None:
    """Refuse a scorecard that does not ask for the category, or that gives answers the taxonomy does not have."""
    criterion = scorecard.named(CRITERION)
    if criterion is None:
        raise UsageError(
            f'--labels: no criterion of graders/scorecard.toml is called "{CRITERION}": '
            "add one whose answers are names of the taxonomy (docs/failures.md shows it)"
        )
    strange = sorted({one.value for one in criterion.answers} - _known(taxonomy))
    if strange:
        raise UsageError(
            f'--labels: the criterion "{CRITERION}" has answers that the taxonomy does not know: {", ".join(strange)}; '
            f"expected names of its failures, {OTHER} or {NO_FAILURE}"
        )
