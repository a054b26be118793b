"""The page of a ledger, written by the suite's own `reports/claims_page.py` (or the shipped one)."""

from __future__ import annotations

import importlib
from pathlib import Path

from chatparity.claims.result import Ledger
from chatparity.errors import UsageError
from chatparity.suite import MODULE


def write_page(ledger: Ledger, out: Path) -> Path:
    """Write page, Markdown, JSON and figures into the folder `out`; return the page's path. The suite must be mounted.

    Raises UsageError when the suite's `reports/claims_page.py` cannot be imported, or `out` is a file.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out}: a file is here: expected a folder, or a name that is free")
    try:
        module = importlib.import_module(f"{MODULE}.reports.claims_page")
    except Exception as error:
        raise UsageError(f"reports/claims_page.py of the suite cannot be imported: {error}") from error
    page = module.build(ledger, out)
    if not isinstance(page, Path):
        raise UsageError(f"reports/claims_page.py: build() must return the path of the page, got {page!r}")
    return page
