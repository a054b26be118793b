"""The page of a failure map, written by the suite's own `reports/failures_page.py` (or the shipped one)."""

from __future__ import annotations

from pathlib import Path

from chatparity.failures.result import FailureMap
from chatparity.suite_reports import built_file, check_free


def write_map(found: FailureMap, out: Path) -> Path:
    """Write page, Markdown and JSON into the folder `out`; return the page's path. The suite must be mounted.

    Raises UsageError when the suite's `reports/failures_page.py` cannot be imported, or `out` is a file.
    """
    check_free(out)
    return built_file("failures_page", found, out)
