"""Where a new run goes when nobody says so, and what a conversation is called in a report's address."""

from __future__ import annotations

import datetime as dt
import hashlib
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


def anchor(conversation: str) -> str:
    """Return the id that a conversation has in report.html: `report.html#conv-pl-0412` leads to it.

    Characters that an address would have to escape become hyphens; a few digits of the SHA-256 keep such ids apart.
    """
    kept = re.sub(r"[^A-Za-z0-9._-]", "-", conversation)
    if kept != conversation:
        kept += "-" + hashlib.sha256(conversation.encode()).hexdigest()[:6]
    return f"conv-{kept}"
