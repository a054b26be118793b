"""The folder that `--out` names: the mutants, what became of each, and the figure, for a person to read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from chatparity.errors import UsageError
from chatparity.jsonl import write_transcripts
from chatparity.mutate.examination import Examination
from chatparity.mutate.measure import Seen
from chatparity.mutate.result import Result
from chatparity.suite_reports import report_module

RESULT, MUTANTS, JOURNAL, MISSED, FIGURE = "result.json", "mutants.jsonl", "planted.json", "missed.md", "detection"


def check_folder(folder: Path) -> None:
    """Raise UsageError for a place that holds something else."""
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir()) and not (folder / RESULT).exists()):
        raise UsageError(f"{folder}: expected a new folder or one that this command wrote: other things are in it")


def write_folder(folder: Path, found: Examination) -> list[Path]:
    """Write the mutants as transcripts, what became of each, the result and the figure; return the files.

    The suite must be mounted: the figure is drawn by its `reports/detection.py`.
    """
    check_folder(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / name for name in (RESULT, MUTANTS, JOURNAL, MISSED)]
    files[0].write_bytes(msgspec.json.format(msgspec.json.encode(found.result), indent=2) + b"\n")
    write_transcripts(files[1], [one.mutant.planted.transcript for one in found.seen])
    rows = [_row(one) for one in found.seen]
    files[2].write_bytes(b"[\n" + b",\n".join(msgspec.json.encode(row) for row in rows) + b"\n]\n")
    files[3].write_text(_missed(found), encoding="utf-8")
    for name, data in drawn(found.result).items():
        files.append(folder / f"{FIGURE}.{name}")
        files[-1].write_bytes(data)
    return files


def drawn(result: Result) -> dict[str, bytes]:
    """Return the figure of detection by fault and language as `svg` and `png`, by the suite's `reports/detection.py`.

    Raises UsageError when that cannot be imported.
    """
    figures: dict[str, bytes] = report_module("detection").build(result)
    return figures


def _row(one: Seen) -> dict[str, Any]:
    """Return what became of one mutant."""
    mutant = one.mutant
    return {
        "id": mutant.id,
        "fault": mutant.fault.name,
        "of": mutant.of.transcript.id,
        "turn": mutant.of.turn,
        "turns": mutant.planted.turns,
        "language": mutant.language,
        "before": mutant.planted.before,
        "after": mutant.planted.after,
        "state": "undecided" if one.errored else "detected" if one.detected else "missed",
        "by": sorted(one.by),
        "asked": sorted(one.asked),
        "failed_before": sorted(one.before),
    }


def _missed(found: Examination) -> str:
    """Return a page of the mutants that nobody detected and the good answers that a grader failed."""
    lines = ["# Missed faults", ""]
    for one in found.seen:
        if one.detected or one.errored:
            continue
        mutant = one.mutant
        lines += [f"## {mutant.fault.name}: {mutant.of.transcript.id} turn {mutant.of.turn}", ""]
        if mutant.planted.before:
            lines += [f"stood there: {_quoted(mutant.planted.before)}", ""]
        lines += [f"stands there: {_quoted(mutant.planted.after) if mutant.planted.after else 'nothing'}", ""]
        if one.before:
            lines += [f"failed without it as well, by {', '.join(sorted(one.before))}", ""]
        for turn in mutant.planted.turns:
            lines += [f"> {line}" for line in mutant.planted.transcript.turns[turn].text.splitlines()] + [""]
    lines += ["# False alarms", ""]
    for alarm in found.alarms:
        if alarm.failed:
            text = alarm.good.transcript.turns[alarm.good.turn].text
            lines += [f"## {', '.join(alarm.failed)}: {alarm.good.transcript.id} turn {alarm.good.turn}", ""]
            lines += [line for name, reason in alarm.failed.items() for line in (f"{name}: {_quoted(reason)}", "")]
            lines += [f"> {line}" for line in text.splitlines()] + [""]
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """Return a text on one line."""
    return f"“{' '.join(text.split())}”"
