"""What people said of a sample, wherever they said it: the page's labels go before those of the sheet."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chatparity.cli.show import complain

if TYPE_CHECKING:
    from chatparity.suite import Suite


def labels_at(path: Path, suite: Suite) -> Path:
    """Return the file or folder to read for labels at `path`.

    For a sample that was judged on the page, what is settled there is written beside it first, in the form of its
    `--export jsonl`; anything else is `path` itself. Raises UsageError where the page's labels are of another sample.
    """
    from chatparity.review.store import FILE
    from chatparity.sample.folder import SAMPLE

    if not (path / SAMPLE).is_file() or not (path / FILE).is_file():
        return path
    from chatparity.review.desk import Desk
    from chatparity.review.export import settled
    from chatparity.review.items import Bench
    from chatparity.review.scorecard import load_scorecard
    from chatparity.review.store import Store

    bench = Bench(path, suite)
    store = Store(path / FILE, bench.sample.name)
    try:
        found = settled(Desk(bench, store, load_scorecard(suite)))
    finally:
        store.close()
    if found is None:
        return path
    complain(f"labels of the page: {found}")
    return found
