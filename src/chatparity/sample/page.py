"""The page of a sample, rendered by the suite's own `reports/sample_page.py` (or the shipped one)."""

from __future__ import annotations

import importlib

from chatparity.errors import UsageError
from chatparity.sample.result import Material
from chatparity.suite import MODULE


def rendered(material: Material) -> str:
    """Return the page as HTML. The suite must be mounted.

    Raises UsageError when its `reports/sample_page.py` cannot be imported.
    """
    try:
        module = importlib.import_module(f"{MODULE}.reports.sample_page")
    except Exception as error:
        raise UsageError(f"reports/sample_page.py of the suite cannot be imported: {error}") from error
    page = module.build(material)
    if not isinstance(page, str):
        raise UsageError(f"reports/sample_page.py: build() must return the page as text, got {type(page).__name__}")
    return page
