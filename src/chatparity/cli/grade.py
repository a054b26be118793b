"""`chatparity grade`: only the scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatparity.cli.options import AsJson, Judge, MaxJudgeCost, MaxJudgeRequests, MaxJudgeTokens, Offline
from chatparity.cli.show import complain, progress, say
from chatparity.cli.spent import INCOMPLETE, how_to_judge_on, show_judge_spending
from chatparity.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chatparity.grading.rows import ScoreRow
    from chatparity.run.folder import RunFolder

EXAMPLES = """Examples:

  chatparity grade runs/candidate

  chatparity grade my-logs.jsonl --graders politeness,language

  chatparity grade runs/candidate --graders accuracy_llm --judge openai:gpt-5 --max-judge-cost 5

  chatparity grade runs/candidate --offline"""

SHOWN = 3
RAISED = "the grader raised"


def command(
    what: Annotated[Path, typer.Argument(metavar="RUN|PATH", help="A run, or transcripts with recorded answers.")],
    graders: Annotated[
        str, typer.Option(metavar="A,B", help="Only these graders or dimensions; a fitted model by its file.")
    ] = "",
    judge: Judge = None,
    out: Annotated[Path | None, typer.Option(metavar="RUN", help="Where PATH's run goes.")] = None,
    offline: Offline = False,
    max_judge_cost: MaxJudgeCost = None,
    max_judge_tokens: MaxJudgeTokens = None,
    max_judge_requests: MaxJudgeRequests = None,
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
    from chatparity.run.judging import Judging
    from chatparity.run.needs import gradable_in
    from chatparity.run.select import Options
    from chatparity.suite import load_suite

    suite = load_suite()
    folder = RunFolder(what)
    if not folder.exists():
        if not what.exists():
            raise UsageError(f"{what}: no such run, file or folder")
        options = Options(paths=(what,), agent=f"recorded:{what}", out=out, answered_only=True)
        folder = asyncio.run(replay_run(suite, options))
    only = [name for name in graders.split(",") if name]
    judging = Judging(offline, max_judge_cost, max_judge_tokens, max_judge_requests)
    with progress("grading") as show:
        rows = asyncio.run(grade_run(suite, folder, judge=judge, only=only, on_progress=show, judging=judging))
    show_judge_spending(folder, suite)
    if as_json:
        say(msgspec.json.encode(ledger(rows)).decode())
    else:
        _show(rows, folder)
        lacking = unlabelled_paragraph(gradable_in(folder, suite, only=tuple(only), judge=judge), run=str(folder.path))
        if lacking:
            complain(lacking)
        complain(f"verdicts: chatparity gate {folder.path}")
    stopped = how_to_judge_on(folder, judge, judging)
    if stopped:
        complain(stopped)
        raise typer.Exit(INCOMPLETE)


def _show(rows: Sequence[ScoreRow], folder: RunFolder) -> None:
    """Say what became of the scores, a line a grader and arm, and what errored."""
    from chatparity.grading.panel import disagrees
    from chatparity.grading.rows import ledger

    manifest = folder.manifest()
    recording = manifest.agent.startswith("recorded:")
    # What a recording holds may be people's: then both lines are about the same answers.
    side = {"ai": "all that was recorded" if recording else "ai", "human": "by people" if recording else "human"}
    for line in ledger(rows):
        counts = ", ".join(
            f"{name} {getattr(line, name)}"
            for name in ("graded", "abstained", "errored", "diverged", "skipped", "not_run")
            if getattr(line, name)
        )
        good = sum(row.verdict == "pass" for row in rows if row.grader == line.grader and row.arm == line.arm)
        say(f"{line.grader} ({side[line.arm]}): {good}/{line.graded} pass; planned {line.planned}: {counts}")
        panels = [row for row in rows if row.panel and row.grader == line.grader and row.arm == line.arm]
        if panels:
            divided = sum(disagrees(row.panel) for row in panels)
            say(f"  the judges of the panel disagree on {divided} of {len(panels)}")
    _say_errors(rows, folder)
    unanswered = sum(one.transcripts for one in manifest.datasets) - len(folder.transcripts())
    if recording and unanswered and manifest.selection == {"answered_only": True}:
        complain(f"{unanswered} conversations in which nobody answered are left out")


def _say_errors(rows: Sequence[ScoreRow], folder: RunFolder) -> None:
    """Say what errored: each grader's first of each kind, the kind being what stands before the colon."""
    kinds: dict[tuple[str, str], list[ScoreRow]] = {}
    for row in rows:
        if row.state == "errored":
            kinds.setdefault((row.grader, row.reason.partition(":")[0]), []).append(row)
    # A grader that raises is a fault of the suite, and is said before what an endpoint failed to answer.
    found = sorted(kinds.values(), key=lambda of: not of[0].reason.startswith(RAISED))
    for first, *more in found[:SHOWN]:
        count = f" {len(more) + 1} times" if more else ""
        complain(f"{first.grader} errored{count}, first at {first.id} turn {first.turn}: {first.reason.strip()}")
    if len(found) > SHOWN:
        complain(f"… and {len(found) - SHOWN} other reasons in {folder.scores_file}")
