"""The report of a run, written by the suite's own `reports/report.py` (or the shipped one)."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable
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
    told = [RunFolder(baseline)] if baseline is not None and _takes_baseline(module.build) else []
    page = module.build(folder, findings, *told)
    if not isinstance(page, Path):
        raise UsageError(f"reports/report.py: build() must return the path of the page, got {page!r}")
    return page


def _takes_baseline(build: Callable[..., object]) -> bool:
    """Say whether a suite's `build` knows of baselines: its own one may only take the run and its findings."""
    return len(inspect.signature(build).parameters) > 2
