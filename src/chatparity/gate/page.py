"""The report of a run, written by the suite's own `reports/report.py` (or the shipped one)."""

from __future__ import annotations

import importlib
from pathlib import Path

from chatparity.errors import UsageError
from chatparity.gate.result import Findings
from chatparity.run.folder import RunFolder
from chatparity.suite import MODULE


def write_report(folder: RunFolder, findings: Findings, baseline: Path | None = None) -> Path:
    """Write report.html, report.md and the figures into the run; return the path of report.html.

    The suite must be mounted. `baseline` is the folder of the run that the findings were compared with. Raises
    UsageError when its `reports/report.py` cannot be imported.
    """
    try:
        module = importlib.import_module(f"{MODULE}.reports.report")
    except Exception as error:
        raise UsageError(f"reports/report.py of the suite cannot be imported: {error}") from error
    page = module.build(folder, findings, *([RunFolder(baseline)] if baseline is not None else []))
    if not isinstance(page, Path):
        raise UsageError(f"reports/report.py: build() must return the path of the page, got {page!r}")
    return page
