"""What a run would cost and what it did cost, as `run` and `replay` print it, and how to go on after a budget."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from chatparity.cli.show import complain, say

if TYPE_CHECKING:
    from chatparity.run.folder import RunFolder
    from chatparity.run.judging import Judging
    from chatparity.run.select import Options
    from chatparity.suite import Suite

INCOMPLETE = 4


def show_dry_run(suite: Suite, options: Options, *, as_json: bool, judged: bool = True) -> None:
    """Print what a run would ask; `judged` is false where nothing would be graded."""
    import dataclasses

    import msgspec

    from chatparity.run.dry_run import dry_run, dry_run_text

    found = dry_run(suite, options if judged else dataclasses.replace(options, judge="none"))
    say(msgspec.json.encode(found).decode() if as_json else dry_run_text(found))


def show_spending(folder: RunFolder, suite: Suite) -> None:
    """Print requests, tokens and money of a run, and what of them is not known."""
    from chatparity.run.budget import run_spending

    for line in run_spending(folder, suite).lines():
        complain(line)
    show_judge_spending(folder, suite)


def show_judge_spending(folder: RunFolder, suite: Suite) -> None:
    """Print what a run has spent on its judge, in one line; nothing when no judge was ever asked."""
    from chatparity.run.judging import spent_on_judge

    spent = spent_on_judge(folder, suite)
    if spent.requests:
        complain(spent.line())


def json_of(folder: RunFolder, suite: Suite) -> str:
    """Return a replayed run for a program: its folder, how its exchanges ended, what was spent."""
    from collections import Counter
    from dataclasses import asdict

    import msgspec

    from chatparity.run.budget import run_spending

    states = Counter(record.state for record in folder.outcomes())
    found = {
        "run": str(folder.path),
        "planned": folder.manifest().planned,
        "states": dict(states),
        "spent": asdict(run_spending(folder, suite)),
    }
    return msgspec.json.encode(found).decode()


def how_to_judge_on(folder: RunFolder, judge: str | None, judging: Judging) -> str:
    """Return why scores by the judge are missing and how to get them, or an empty text when none is."""
    from chatparity.run.judging import not_judged

    why = not_judged(folder.scores())
    if not why:
        return ""
    again = f"chatparity grade {shlex.quote(str(folder.path))}"
    if judge is not None and judge != folder.manifest().judge:
        again += f" --judge {shlex.quote(judge)}"
    how = "to ask the judge for them"
    if not judging.offline:
        how = "to go on, with a higher budget (--max-judge-cost, --max-judge-tokens, --max-judge-requests or [judge])"
    return f"{why}\n{how}: {again}"


def how_to_go_on(folder: RunFolder, suite: Suite, options: Options, *, command: str) -> str:
    """Return why a run stopped at its budget and how to go on, or an empty text when it is whole."""
    from chatparity.run.budget import unfinished

    why = unfinished(folder, suite, options)
    if not why:
        return ""
    again = f"chatparity {command} --out {shlex.quote(str(folder.path))} --resume"
    return f"{why}\nto go on, with a higher budget (--max-cost, --max-minutes, --max-requests or [budget]): {again}"
