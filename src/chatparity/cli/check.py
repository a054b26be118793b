"""`chatparity check`: whether transcripts are what they should be, and whether their labels can be trusted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatparity.cli.options import AsJson, Ids, SplitOption, read_ids, read_split
from chatparity.cli.show import complain, say
from chatparity.errors import UsageError

if TYPE_CHECKING:
    from chatparity.audit.balance import Balance
    from chatparity.audit.examine import Audit, Placed
    from chatparity.errors import Problem

SHOWN_NOTES = 20
INDEX = re.compile(r"\[\d+\]")

EXAMPLES = """Examples:

  chatparity check datasets/

  chatparity check my-logs.jsonl --json

  chatparity check my-logs.jsonl --strict

  chatparity check datasets/ --page reading.html -n 10"""


def command(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Transcript files; folders are walked.")],
    strict: Annotated[
        bool, typer.Option("--strict", help="Hold recorded data to what synthetic data is held to: notes are problems.")
    ] = False,
    split: SplitOption = None,
    page: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Write some conversations and their labels to be read.")
    ] = None,
    n: Annotated[int, typer.Option("-n", min=1, metavar="N", help="How many conversations the page shows.")] = 10,
    ids: Ids = None,
    as_json: AsJson = False,
) -> None:
    """Validate transcripts and their labels.

    Every problem is listed with its file, line and field; then the exit code is 2. Beside schema and ids it finds facts
    that records and policy do not bear out, actions the shop cannot do, labels of escalation against the rules of
    handover, a wrong language tag, near-duplicates and what looks like real personal data. A check that needs a shop or
    a policy is made where the folder has them; in data that is not marked synthetic these findings are notes.
    --page writes conversations to be read, those with findings first, then one of each writing system and language.
    """
    from chatparity.audit.balance import balance_of
    from chatparity.audit.examine import Placed, examine
    from chatparity.errors import Problem
    from chatparity.jsonl import passed_over, scan
    from chatparity.sandbox.grounds import GroundsByFolder
    from chatparity.splits import is_in

    wanted = read_split(split) or "all"
    names = read_ids(ids)
    if page is not None and page.suffix != ".html":
        raise UsageError(f"--page: expected a file ending in .html, got {page}")
    if names and page is None:
        raise UsageError("--ids: names the conversations of --page; every line is checked in any case")
    placed: list[Placed] = []
    bad: list[Problem] = []
    for path, line, item in scan(paths):
        if isinstance(item, Problem):
            bad.append(item)
        elif is_in(item, wanted):
            placed.append(Placed(path, line, item))
    audit = examine(placed, GroundsByFolder(), strict=strict)
    bad += sorted(audit.problems, key=lambda one: (str(one.path), one.line or 0))
    balance = balance_of(one.transcript for one in placed)
    left_out = passed_over(paths)
    if as_json:
        _say_json(balance, audit, bad, left_out)
    else:
        _say_plainly(balance, audit, bad, left_out)
    if page is not None:
        _write_page(page, placed, [*audit.problems, *audit.notes], n, names)
    if bad:
        raise typer.Exit(2)


def _write_page(page: Path, placed: list[Placed], found: list[Problem], n: int, ids: tuple[str, ...]) -> None:
    """Write the page to be read and say where it is."""
    from chatparity.audit.reading import chosen, rendered
    from chatparity.suite import load_suite

    load_suite()
    text = rendered(chosen(placed, found, n, ids))
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(text, encoding="utf-8", newline="\n")
    complain(f"read: {page}")


def _say_plainly(balance: Balance, audit: Audit, bad: list[Problem], left_out: list[Path]) -> None:
    from chatparity.audit.balance import balance_table
    from chatparity.jsonl import NO_TRANSCRIPTS

    for problem in bad:
        say(str(problem))
    if not bad and balance.is_told:
        say(balance_table(balance) + "\n")
    if audit.made:
        say("checked: " + ", ".join(f"{name} {count}" for name, count in sorted(audit.made.items())))
    for folder in left_out:
        say(f"passed over: {folder} ({NO_TRANSCRIPTS} stands there)")
    by_language = ", ".join(f"{name} {count}" for name, count in sorted(balance.conversations.items()))
    total, answers = balance.conversations.total(), balance.answers.total()
    say(f"{total} transcripts, {answers} answers ({by_language}), {len(bad)} problems")
    if audit.notes:
        _say_notes(audit.notes)


def _say_notes(notes: list[Problem]) -> None:
    """Say the first notes of each kind, and how many there are: thousands of one kind hide no other."""
    kinds: dict[str, list[Problem]] = {}
    for note in notes:
        kinds.setdefault(INDEX.sub("", note.field), []).append(note)
    each = max(SHOWN_NOTES // len(kinds), 1)
    shown = [note for kind in kinds.values() for note in kind[:each]]
    for note in shown:
        complain(f"note: {note}")
    counts = ", ".join(f"{kind} {len(of)}" for kind, of in kinds.items())
    more = len(notes) - len(shown)
    complain(
        f"{len(notes)} notes on recorded data: {counts}" + (f"; {more} not shown, --json lists all" if more else "")
    )


def _say_json(balance: Balance, audit: Audit, bad: list[Problem], left_out: list[Path]) -> None:
    import msgspec

    def listed(problems: list[Problem]) -> list[dict[str, object]]:
        return [
            {"file": str(one.path), "line": one.line, "field": one.field, "message": one.message} for one in problems
        ]

    counts = {
        "transcripts": balance.conversations.total(),
        "answers": balance.answers.total(),
        "languages": balance.conversations,
        "problems": listed(bad),
        "notes": listed(audit.notes),
        "checked": audit.made,
        "passed_over": [str(folder) for folder in left_out],
        "balance": balance.as_data(),
    }
    say(msgspec.json.encode(counts).decode())
