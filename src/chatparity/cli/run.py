"""`chatparity run`: replay, grade, gate, report."""

from __future__ import annotations

import typer

from chatparity.cli.options import (
    Agent,
    AsJson,
    Baseline,
    DryRun,
    Ids,
    Judge,
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
from chatparity.cli.spent import INCOMPLETE, how_to_go_on, show_dry_run, show_spending
from chatparity.cli.verdict import show_verdict

EXAMPLES = """Examples:

  chatparity run

  chatparity run --agent sandbox:wrong_amount=0.5 --slice language=pl

  chatparity run real.jsonl --agent recorded:real.jsonl --out runs/real

  chatparity run --agent openai:gpt-5-mini --dry-run

  chatparity run --agent openai:gpt-5-mini --out runs/real --max-requests 200

  chatparity run --out runs/real --resume"""


def command(
    paths: Paths = None,
    agent: Agent = None,
    judge: Judge = None,
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
    baseline: Baseline = None,
    as_json: AsJson = False,
) -> None:
    """Replay, grade, gate, report.

    Asks the agent for every answer of the suite (or PATH), grades both sides and decides the gates.
    """
    import asyncio

    from chatparity.errors import RunIncomplete
    from chatparity.gate import judge_run
    from chatparity.gate.page import write_report
    from chatparity.grading.needs import unlabelled_paragraph
    from chatparity.run.examine import examine, with_folder
    from chatparity.run.needs import gradable_in
    from chatparity.sandbox.answering import shop_of
    from chatparity.suite import load_suite

    options = read(
        paths,
        agent=agent,
        judge=judge,
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
        show_dry_run(suite, options, as_json=as_json)
        return
    options = with_folder(suite, options)
    try:
        with progress("replaying") as show:
            folder = asyncio.run(examine(suite, options, on_progress=show, tools=shop_of(suite)))
    except KeyboardInterrupt:
        complain(f"to go on: chatparity run --out {options.out} --resume")
        raise
    show_spending(folder, suite)
    stopped = how_to_go_on(folder, suite, options, command="run")
    try:
        findings = judge_run(folder, suite, baseline)
    except RunIncomplete as error:
        if not stopped:
            raise
        complain(f"{error}\n{stopped}")
        raise typer.Exit(INCOMPLETE) from None
    page = write_report(folder, findings)
    code = show_verdict(folder, findings, as_json=as_json)
    if not as_json:
        say(f"report: {page}")
        lacking = unlabelled_paragraph(gradable_in(folder, suite, judge=judge), run=str(folder.path))
        if lacking:
            complain(lacking)
    if stopped:
        complain(stopped)
    raise typer.Exit(INCOMPLETE if stopped else code)
