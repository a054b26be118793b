"""docs/checking.md is true: its commands exist, and it tells of every check that can be made."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "checking.md").read_text(encoding="utf-8")


def test_the_page_tells_of_every_check_that_is_made() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "chatparity", "check", "datasets/support/starter/pl.jsonl", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    told = set(re.findall(r"^\| ([a-z -]+) \|", GUIDE, re.MULTILINE)) - {"check", "---"}
    assert told == {"schema", *json.loads(done.stdout)["checked"]}


def test_every_option_of_the_page_is_in_the_help() -> None:
    for command in ("check", "run"):
        shown = subprocess.run([sys.executable, "-m", "chatparity", command, "--help"], capture_output=True, text=True)
        used = {
            option
            for line in re.findall(rf"^chatparity {command} .*$", GUIDE, re.MULTILINE)
            for option in re.findall(r"--[a-z-]+", line)
        }
        assert used
        assert all(option in shown.stdout for option in used), (command, used)
