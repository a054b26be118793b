"""`chatparity replay`: only the replies."""

from __future__ import annotations

import typer

from chatparity.cli.options import (
    Agent,
    AsJson,
    DryRun,
    Ids,
    Limit,
    MaxCost,
    MaxMinutes,
    MaxRequests,
    ModeOption,
    Out,
    Paths,
    Resume,
    SkipInvalid,
    Slice,
    SplitOption,
    Trials,
)
from chatparity.cli.options import run_options as read
from chatparity.cli.show import complain, progress, say
from chatparity.cli.spent import INCOMPLETE, how_to_go_on, json_of, show_dry_run, show_spending

EXAMPLES = """Examples:

  chatparity replay datasets/support --agent openai:gpt-5-mini --out runs/candidate

  chatparity replay --agent openai:gpt-5-mini --dry-run

  chatparity replay --agent openai:gpt-5-mini --out runs/candidate --resume"""


def command(
    paths: Paths = None,
    agent: Agent = None,
    mode: ModeOption = None,
    out: Out = None,
    resume: Resume = False,
    limit: Limit = None,
    split: SplitOption = None,
    slices: Slice = None,
    ids: Ids = None,
    trials: Trials = None,
    skip_invalid: SkipInvalid = False,
    max_cost: MaxCost = None,
    max_minutes: MaxMinutes = None,
    max_requests: MaxRequests = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Ask an agent for its replies, no more.

    They are kept in a run; nothing is graded.
    """
    import asyncio

    from chatparity.run.examine import replay_run, with_folder
    from chatparity.sandbox.answering import shop_of
    from chatparity.suite import load_suite

    options = read(
        paths,
        agent=agent,
        mode=mode,
        out=out,
        resume=resume,
        limit=limit,
        split=split,
        slices=slices,
        ids=ids,
        trials=trials,
        skip_invalid=skip_invalid,
        max_cost=max_cost,
        max_minutes=max_minutes,
        max_requests=max_requests,
    )
    suite = load_suite()
    if dry_run:
        show_dry_run(suite, options, as_json=as_json, judged=False)
        return
    options = with_folder(suite, options)
    try:
        with progress("replaying") as show:
            folder = asyncio.run(replay_run(suite, options, on_progress=show, tools=shop_of(suite)))
    except KeyboardInterrupt:
        complain(f"to go on: chatparity replay --out {options.out} --resume")
        raise
    replied = folder.replies.read()
    errored = sum(record.state == "errored" for record in replied)
    complain(f"{len(replied)} exchanges, {errored} errored; grade them: chatparity grade {folder.path}")
    show_spending(folder, suite)
    say(json_of(folder, suite) if as_json else str(folder.path))
    stopped = how_to_go_on(folder, suite, options, command="replay")
    if stopped:
        complain(stopped)
        raise typer.Exit(INCOMPLETE)
