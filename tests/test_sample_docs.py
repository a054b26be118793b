"""docs/sampling.md is true: its commands, run one after the other on an export, end in labelled transcripts."""

from __future__ import annotations

import csv
import io
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main

from chatparity.cli import app
from chatparity.jsonl import read_transcripts

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "docs" / "sampling.md").read_text()


def commands() -> list[list[str]]:
    blocks = re.findall(r"^```sh\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)
    return [shlex.split(line) for block in blocks for line in block.splitlines()]


def export(path: Path) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["conversation", "speaker", "text"])
        for number in range(60):
            writer.writerow([f"c{number}", "customer", "Hello, where is the parcel that I ordered with you last week?"])
            said = (
                "You are an idiot." if number % 20 == 0 else "I am sorry about the wait; I will look into it at once."
            )
            writer.writerow([f"c{number}", "agent", said])


def fill(path: Path) -> None:
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    column = next(number for number, heading in enumerate(rows[0]) if heading.startswith("politeness"))
    for row in rows[1:]:
        row[column] = "1" if "idiot" in row[5] else "4"
    with path.open("w", newline="") as file:
        csv.writer(file, delimiter=";").writerows(rows)


@pytest.mark.slow
def test_the_commands_of_the_guide_lead_from_an_export_to_labels(tmp_path: Path) -> None:
    export(tmp_path / "chats.csv")
    for words in commands():
        if "--labels" in words:
            fill(tmp_path / "sample" / "sample.csv")
        command = [sys.executable, "-m", *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, (words, done.returncode, done.stderr)
    labelled = read_transcripts([tmp_path / "labelled.jsonl"])
    rude = [one.id for one in labelled for label in one.labels.answers or () if label.politeness == 1]
    assert (len(labelled), sorted(rude)) == (50, ["c0", "c20", "c40"])


def test_every_option_and_column_that_the_guide_tables_is_there() -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    known = {name for option in group.commands["sample"].params for name in (*option.opts, option.name)}
    named = re.findall(r"^\| `(-[\w-]+)", GUIDE, flags=re.MULTILINE)
    assert len(named) == 8
    assert set(named) <= known
