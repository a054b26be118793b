"""The page of a ledger, written by the suite's own `reports/claims_page.py` (or the shipped one)."""

from __future__ import annotations

from pathlib import Path

from chatparity.claims.result import Ledger
from chatparity.suite_reports import built_file, check_free


def write_page(ledger: Ledger, out: Path) -> Path:
    """Write page, Markdown, JSON and figures into the folder `out`; return the page's path. The suite must be mounted.

    Raises UsageError when the suite's `reports/claims_page.py` cannot be imported, or `out` is a file.
    """
    check_free(out)
    return built_file("claims_page", ledger, out)
