"""A gallery of reports and figures to look at: red, green, inconclusive, against a baseline, mixed logs, a real model.

Each report is made by the commands that a team would run, over the shipped data and the sandbox; the last by importing
tau-bench's published result of GPT-4o in its airline domain, where that file is there. Writes everything into one
folder, with an index page of all figures, and prints its path.
"""

from __future__ import annotations

import argparse
import html
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from chatparity.gate.folder import read_findings
from chatparity.jsonl import read_transcripts, write_transcripts
from chatparity.run.folder import RunFolder
from chatparity.transcript import Outcome, Transcript, Turn

ROOT = Path(__file__).parents[1]
REAL = Path("../shared/data/raw/tau-bench-gpt-4o-airline.json")
FAULTS = "sandbox:wrong_amount=0.2,ignored_human_request=0.5,rude=0.1,needless_handover=0.05"
GROUPS = {
    "money": (
        "late_fee",
        "payment_extension",
        "duplicate_charge",
        "declined_purchase",
        "payment_method",
        "plan_change",
    ),
    "orders": ("refund_status", "return", "missing_parcel", "cancellation", "dispute", "change_of_address"),
}
PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>chatparity: gallery of reports</title>
<style>body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
h2 {{ margin-top: 3rem; }} figure {{ margin: 1.2rem 0; }} img {{ width: 100%; border: 1px solid #ddd; }}</style></head>
<body><h1>Reports and their figures</h1>
<p>The shipped conversations, and the people in them, are synthetic.</p>
{body}
</body></html>
"""


@dataclass(frozen=True)
class Show:
    """One report of the gallery: the folder it is in, what it shows, and the arguments of `chatparity run`."""

    name: str
    title: str
    arguments: tuple[str, ...]


def shows(folder: Path) -> list[Show]:
    """Return the reports on shipped data, in the order in which they are made."""
    few = ",".join(f"en-00{number:02d}" for number in range(1, 25))
    mixed = folder / "mixed.jsonl"
    _mixed(mixed)
    return [
        Show("green", "A green report: the sandbox without faults", ("--agent", "sandbox")),
        Show("red", "A red report: the sandbox with four faults", ("--agent", FAULTS)),
        Show("inconclusive", "An inconclusive one: few conversations", ("--agent", "sandbox", "--ids", few)),
        Show("baseline", "Red against the green one", ("--agent", FAULTS, "--baseline", str(folder / "green"))),
        Show("mixed", "Logs in which the AI had other cases than people", (str(mixed), "--agent", f"recorded:{mixed}")),
    ]


def _mixed(path: Path) -> None:
    """Write logs in which an AI answered most of the easy conversations and people most of the hard ones (synthetic).

    The AI's answers are those of people under another name: whatever difference shows is one of the cases.
    """
    kept = [_grouped(one) for one in read_transcripts([ROOT / "datasets" / "support" / "starter"])]
    given = {"easy": 9, "medium": 6, "hard": 2}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_transcripts(
        path, [_by_ai(one) if number % 10 < given[one.difficulty or ""] else one for number, one in enumerate(kept)]
    )


def _grouped(transcript: Transcript) -> Transcript:
    """Return a conversation with one of three coarse intents, as logs have them where few are needed."""
    from msgspec.structs import replace

    intent = next((name for name, members in GROUPS.items() if transcript.intent in members), "other")
    return replace(transcript, intent=intent)


def _by_ai(transcript: Transcript) -> Transcript:
    """Return a conversation as if an AI had answered it."""
    from msgspec.structs import replace

    turns = tuple(_by(turn) for turn in transcript.turns)
    return replace(transcript, turns=turns, outcome=Outcome(handled_by="ai"))


def _by(turn: Turn) -> Turn:
    from msgspec.structs import replace

    return replace(turn, speaker="ai_agent") if turn.speaker == "human_agent" else turn


def run(*arguments: str, allowed: tuple[int, ...] = (0, 1, 3)) -> int:
    """Run one chatparity command from the suite's root. Raises RuntimeError when it ends in another way."""
    done = subprocess.run(
        [sys.executable, "-m", "chatparity", *arguments], cwd=ROOT, check=False, capture_output=True, text=True
    )
    if done.returncode not in allowed:
        raise RuntimeError(f"chatparity {' '.join(arguments)} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    return done.returncode


def real(folder: Path, source: Path) -> Show | None:
    """Import and examine the real conversations; None, with a message, where their file is not there."""
    if not source.is_file():
        print(f"left out: no real conversations at {source}")
        return None
    logs = folder / "real.jsonl"
    run("import", "tau-bench", str(source.resolve()), "-o", str(logs))
    return Show("real", "80 real conversations of GPT-4o, no people", (str(logs), "--agent", f"recorded:{logs}"))


def section(folder: Path, show: Show) -> str:
    """Return the part of the index page about one report, and print its line of the table."""
    run_folder = RunFolder(folder / show.name)
    findings = read_findings(run_folder)
    figures = sorted(run_folder.figures.glob("*.png"))
    size = run_folder.report_file.stat().st_size / 1024
    comment = len((run_folder.path / "report.md").read_text(encoding="utf-8"))
    print(f"| {show.name} | {findings.verdict} | {len(figures)} | {size:.0f} | {comment} |")
    pictures = "\n".join(
        f'<figure><img src="{show.name}/figures/{one.name}" alt="{one.stem}">'
        f"<figcaption>{one.stem}</figcaption></figure>"
        for one in figures
    )
    title = html.escape(f"{show.title}: {findings.verdict}")
    return f'<h2>{title}</h2>\n<p><a href="{show.name}/report.html">The report</a></p>\n{pictures}'


def main() -> None:
    """Make the gallery."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=ROOT / "reports" / "runs" / "gallery")
    parser.add_argument("--real", type=Path, default=REAL, help="tau-bench's published trajectories")
    given = parser.parse_args()
    folder = given.folder.resolve()
    if folder.exists() and any(folder.iterdir()):
        parser.error(f"{folder}: not empty: name a new folder")
    wanted = shows(folder)
    more = real(folder, given.real)
    print("| report | verdict | figures | page, KB | comment, characters |\n| --- | --- | --- | --- | --- |")
    parts = []
    for show in [*wanted, *([more] if more else [])]:
        run("run", *show.arguments, "--out", str(folder / show.name))
        parts.append(section(folder, show))
    index = folder / "index.html"
    index.write_text(PAGE.format(body="\n".join(parts)), encoding="utf-8")
    print(index)


if __name__ == "__main__":
    main()
