"""The learning curve of a model, drawn by the suite's own `reports/learning.py` (or the shipped one)."""

from __future__ import annotations

from pathlib import Path

from chatparity.learned.model import Model
from chatparity.suite_reports import report_module


def write_curve(out: Path, model: Model) -> Path:
    """Draw the learning curve beside a model's file, as SVG and PNG; return the path of the PNG.

    The suite must be mounted. Raises UsageError when its `reports/learning.py` cannot be imported.
    """
    module = report_module("learning")
    base = out.name.removesuffix(".json")
    svg, png = module.build(model)
    out.with_name(f"{base}.svg").write_bytes(svg)
    picture = out.with_name(f"{base}.png")
    picture.write_bytes(png)
    return picture
