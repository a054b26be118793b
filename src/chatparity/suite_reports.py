"""The modules of a suite's `reports/` (its own, or the shipped ones), and what they build."""

from __future__ import annotations

import importlib
from pathlib import Path
from types import ModuleType

from chatparity.errors import UsageError
from chatparity.suite import MODULE


def report_module(name: str) -> ModuleType:
    """Return `reports/NAME.py` of the mounted suite. Raises UsageError when it cannot be imported."""
    try:
        return importlib.import_module(f"{MODULE}.reports.{name}")
    except Exception as error:
        raise UsageError(f"reports/{name}.py of the suite cannot be imported: {error}") from error


def built_file(name: str, *given: object) -> Path:
    """Return the path of the page that `build` of `reports/NAME.py` makes of what it is given.

    Raises UsageError when the module cannot be imported or returns no path.
    """
    page = report_module(name).build(*given)
    if not isinstance(page, Path):
        raise UsageError(f"reports/{name}.py: build() must return the path of the page, got {page!r}")
    return page


def built_text(name: str, *given: object) -> str:
    """Return the page, as HTML, that `build` of `reports/NAME.py` makes of what it is given.

    Raises UsageError when the module cannot be imported or returns no text.
    """
    page = report_module(name).build(*given)
    if not isinstance(page, str):
        raise UsageError(f"reports/{name}.py: build() must return the page as text, got {type(page).__name__}")
    return page


def check_free(out: Path) -> None:
    """Raise UsageError when a page's folder `out` is a file."""
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out}: a file is here: expected a folder, or a name that is free")
