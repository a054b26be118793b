"""The pages of a review, rendered by the suite's own `reports/review_page.py` (or the shipped one)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType

from chatparity.suite_reports import report_module


class Pages:
    """The renderer of a mounted suite. Raises UsageError when its `reports/review_page.py` cannot be imported."""

    def __init__(self) -> None:
        self._module: ModuleType = report_module("review_page")
        # The only files that can be asked for: read once, named here, and never by a path from outside.
        self.files: Mapping[str, tuple[str, bytes]] = self._module.files()

    def page(self, view: object) -> str:
        """Return a view as HTML."""
        build: Callable[[object], str] = self._module.build
        return build(view)
