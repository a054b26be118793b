"""The figures of a calibration, drawn by the suite's own `reports/calibration.py` (or the shipped one)."""

from __future__ import annotations

from pathlib import Path

import msgspec

from chatparity.calibrate.result import Calibration
from chatparity.run.folder import RunFolder
from chatparity.suite import Suite, find_root
from chatparity.suite_reports import report_module


def default_folder(what: Path, suite: Suite) -> Path:
    """Return where a calibration goes when nobody says so: into its run, else under `reports` of the suite."""
    if RunFolder(what).exists():
        return what / "calibration"
    return (suite.root if find_root() == suite.root else Path.cwd()) / "reports" / "calibration"


def write_calibration(folder: Path, found: Calibration) -> Path:
    """Write calibration.json and the figures into a folder; return the folder of the figures.

    The suite must be mounted. Raises UsageError when its `reports/calibration.py` cannot be imported.
    """
    module = report_module("calibration")
    files = RunFolder(folder)
    files.write(folder / "calibration.json", msgspec.json.format(msgspec.json.encode(found), indent=2))
    figures: dict[str, bytes] = module.build(found)
    for name, data in figures.items():
        files.write(files.figures / name, data)
    return files.figures
