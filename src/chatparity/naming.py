"""Where a new run goes when nobody says so."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path


def new_folder(base: Path, label: str) -> Path:
    """Return a folder under `base`/reports/runs that does not exist yet, named by the time and a label."""
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%d-%H%M%S")
    kind = re.sub(r"[^a-z0-9]+", "-", label.lower().split("@")[0]).strip("-")[:40]
    wanted = base / "reports" / "runs" / f"{stamp}-{kind}"
    number = 1
    while wanted.exists():
        number += 1
        wanted = wanted.with_name(f"{stamp}-{kind}-{number}")
    return wanted
