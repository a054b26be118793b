"""The report of a run, written by the suite's own `reports/report.py` (or the shipped one)."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

from chatparity.gate.result import Findings
from chatparity.run.folder import RunFolder
from chatparity.suite_reports import built_file, report_module


def write_report(folder: RunFolder, findings: Findings, baseline: Path | None = None) -> Path:
    """Write report.html, report.md and the figures into the run; return the path of report.html.

    The suite must be mounted. `baseline` is the folder of the run that the findings were compared with. Raises
    UsageError when its `reports/report.py` cannot be imported.
    """
    build = report_module("report").build
    told = [RunFolder(baseline)] if baseline is not None and _takes_baseline(build) else []
    return built_file("report", folder, findings, *told)


def _takes_baseline(build: Callable[..., object]) -> bool:
    """Say whether a suite's `build` knows of baselines: its own one may only take the run and its findings."""
    return len(inspect.signature(build).parameters) > 2
