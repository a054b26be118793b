"""docs/gates.md is true: its tables are read as settings, its keys are those there are, its commands run."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from chatparity.suite import GateTable, WaiverTable, read_settings

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "gates.md").read_text()
SUITE = '[suite]\nname = "small"\ndatasets = ["data.jsonl"]\n[agent]\ndefault = "recorded:replies.jsonl"\n'
GATE = '[[gate]]\ndimension = "manners"\nat_least = 0.8\n'
GRADER = """
from chatparity.grading import Exchange, Score, grader

@grader(dimension="manners")
def manners(exchange: Exchange) -> Score:
    "Passes everything."
    return Score.passed("civil")
"""
REPORT = "def build(folder, findings):\n    folder.write(folder.report_file, b'x')\n    return folder.report_file\n"


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("block", blocks("toml"))
def test_every_table_shown_is_a_table_that_can_be_read(tmp_path: Path, block: str) -> None:
    path = tmp_path / "suite.toml"
    path.write_text(SUITE + block)
    settings = read_settings(path)
    assert len(settings.gate) + len(settings.waiver) == block.count("[[")


def test_every_key_is_told_and_no_other() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", GUIDE, flags=re.MULTILINE))
    there = {*GateTable.__struct_fields__, *WaiverTable.__struct_fields__} - {"gate"}
    assert named - {"gate"} == there


def test_the_shipped_suite_shows_every_key_in_its_comments() -> None:
    text = (ROOT / "evals" / "suite.toml").read_text()
    for key in (*GateTable.__struct_fields__, *WaiverTable.__struct_fields__, "[[waiver]]"):
        assert key in text, key
    shown = re.findall(r"^# (\[\[waiver\]\]\n(?:# .*\n)+)", text, flags=re.MULTILINE)
    assert len(shown) == 2


def test_the_commented_waivers_of_the_shipped_suite_can_be_used(tmp_path: Path) -> None:
    text = (ROOT / "evals" / "suite.toml").read_text()
    shown = re.findall(r"^(# \[\[waiver\]\]\n(?:# .*\n)+)", text, flags=re.MULTILINE)
    path = tmp_path / "suite.toml"
    path.write_text(SUITE + re.sub("^# ", "", "".join(shown), flags=re.MULTILINE))
    assert len(read_settings(path).waiver) == 2


def test_the_commands_run(tmp_path: Path) -> None:
    turns = [{"speaker": "customer", "text": "hello"}, {"speaker": "ai_agent", "text": "with pleasure"}]
    made = [{"schema": 1, "id": f"talk-{number}", "language": "en", "turns": turns} for number in range(120)]
    lines = b"".join(msgspec.json.encode(one) + b"\n" for one in made)
    for name, content in {
        "evals/suite.toml": (SUITE + GATE).encode(),
        "graders/manners.py": GRADER.encode(),
        "reports/report.py": REPORT.encode(),
        "data.jsonl": lines,
        "replies.jsonl": lines,
    }.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    for block in blocks("sh"):
        for line in block.splitlines():
            done = subprocess.run(
                [sys.executable, "-m", *shlex.split(line)], cwd=tmp_path, capture_output=True, text=True
            )
            assert done.returncode == 0, done.stderr
    (flips,) = json.loads(done.stdout)["flips"]
    assert (flips["better"], flips["worse"], flips["told"]) == ([], [], "not known")
    assert json.loads((tmp_path / "runs" / "candidate" / "manifest.json").read_text())["early"]["seed"] == 7
