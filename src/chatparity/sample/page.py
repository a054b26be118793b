"""The page of a sample, rendered by the suite's own `reports/sample_page.py` (or the shipped one)."""

from __future__ import annotations

from chatparity.sample.result import Material
from chatparity.suite_reports import built_text


def rendered(material: Material) -> str:
    """Return the page as HTML. The suite must be mounted.

    Raises UsageError when its `reports/sample_page.py` cannot be imported.
    """
    return built_text("sample_page", material)
