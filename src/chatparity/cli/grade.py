"""`chatparity grade`: only the scores."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatparity.cli.options import AsJson, Judge
from chatparity.cli.show import complain, progress, say
from chatparity.errors import UsageError

EXAMPLES = """Examples:

  chatparity grade runs/candidate

  chatparity grade my-logs.jsonl --graders politeness,language"""

SHOWN = 3


def command(
    what: Annotated[Path, typer.Argument(metavar="RUN|PATH", help="A run, or transcripts with recorded answers.")],
    graders: Annotated[str, typer.Option(metavar="A,B", help="Only these graders or dimensions.")] = "",
    judge: Judge = None,
    out: Annotated[Path | None, typer.Option(metavar="RUN", help="Where PATH's run goes.")] = None,
    as_json: AsJson = False,
) -> None:
    """Grade a run, or recorded answers.

    Nobody is asked but the judge.
    """
    import asyncio

    import msgspec

    from chatparity.grading.needs import unlabelled_paragraph
    from chatparity.grading.rows import ledger
    from chatparity.run.examine import grade_run, replay_run
    from chatparity.run.folder import RunFolder
    from chatparity.run.needs import gradable_in
    from chatparity.run.select import Options
    from chatparity.suite import load_suite

    suite = load_suite()
    folder = RunFolder(what)
    if not folder.exists():
        if not what.exists():
            raise UsageError(f"{what}: no such run, file or folder")
        options = Options(paths=(what,), agent=f"recorded:{what}", out=out)
        folder = asyncio.run(replay_run(suite, options))
    only = [name for name in graders.split(",") if name]
    with progress("grading") as show:
        rows = asyncio.run(grade_run(suite, folder, judge=judge, only=only, on_progress=show))
    lines = ledger(rows)
    if as_json:
        say(msgspec.json.encode(lines).decode())
        return
    for line in lines:
        counts = ", ".join(
            f"{name} {getattr(line, name)}"
            for name in ("graded", "abstained", "errored", "diverged", "skipped", "not_run")
            if getattr(line, name)
        )
        good = sum(row.verdict == "pass" for row in rows if row.grader == line.grader and row.arm == line.arm)
        say(f"{line.grader} ({line.arm}): {good}/{line.graded} pass; planned {line.planned}: {counts}")
    reasons = {row.reason: row for row in reversed(rows) if row.state == "errored"}
    for row in list(reversed(reasons.values()))[:SHOWN]:
        complain(f"{row.grader} errored, first at {row.id} turn {row.turn}: {row.reason.strip()}")
    if len(reasons) > SHOWN:
        complain(f"… and {len(reasons) - SHOWN} other reasons in {folder.scores_file}")
    lacking = unlabelled_paragraph(gradable_in(folder, suite, only=tuple(only), judge=judge), run=str(folder.path))
    if lacking:
        complain(lacking)
    complain(f"verdicts: chatparity gate {folder.path}")
