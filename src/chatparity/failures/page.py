"""The page of a failure map, written by the suite's own `reports/failures_page.py` (or the shipped one)."""

from __future__ import annotations

import importlib
from pathlib import Path

from chatparity.errors import UsageError
from chatparity.failures.result import FailureMap
from chatparity.suite import MODULE


def write_map(found: FailureMap, out: Path) -> Path:
    """Write page, Markdown and JSON into the folder `out`; return the page's path. The suite must be mounted.

    Raises UsageError when the suite's `reports/failures_page.py` cannot be imported, or `out` is a file.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out}: a file is here: expected a folder, or a name that is free")
    try:
        module = importlib.import_module(f"{MODULE}.reports.failures_page")
    except Exception as error:
        raise UsageError(f"reports/failures_page.py of the suite cannot be imported: {error}") from error
    page = module.build(found, out)
    if not isinstance(page, Path):
        raise UsageError(f"reports/failures_page.py: build() must return the path of the page, got {page!r}")
    return page
