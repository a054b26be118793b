"""`chatparity run`: replay, grade, gate, report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

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
    MaxJudgeCost,
    MaxJudgeRequests,
    MaxJudgeTokens,
    MaxMinutes,
    MaxRequests,
    ModeOption,
    Offline,
    Out,
    Paths,
    Resume,
    Seed,
    SkipInvalid,
    Slice,
    SplitOption,
    StopEarly,
    Trials,
)
from chatparity.cli.options import run_options as read
from chatparity.cli.show import complain, progress, say
from chatparity.cli.spent import INCOMPLETE, how_to_go_on, how_to_judge_on, show_dry_run, show_spending
from chatparity.cli.verdict import show_verdict

if TYPE_CHECKING:
    from chatparity.run.folder import RunFolder
    from chatparity.run.select import Options
    from chatparity.suite import Suite

EXAMPLES = """Examples:

  chatparity run

  chatparity run --agent sandbox:wrong_amount=0.5 --slice language=pl

  chatparity run real.jsonl --agent recorded:real.jsonl --out runs/real

  chatparity run --agent openai:gpt-5-mini --dry-run

  chatparity run --agent openai:gpt-5-mini --out runs/real --max-requests 200

  chatparity run --out runs/real --resume

  chatparity run --agent openai:gpt-5-mini --judge openai:gpt-5 --stop-early"""


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
    stop_early: StopEarly = False,
    seed: Seed = None,
    offline: Offline = False,
    max_judge_cost: MaxJudgeCost = None,
    max_judge_tokens: MaxJudgeTokens = None,
    max_judge_requests: MaxJudgeRequests = None,
    dry_run: DryRun = False,
    baseline: Baseline = None,
    as_json: AsJson = False,
) -> None:
    """Replay, grade, gate, report.

    Asks the agent for every answer of the suite (or PATH), grades both sides and decides the gates.
    """
    import asyncio

    from chatparity.gate.early import looking_at
    from chatparity.gate.plan import check_names, plan_gates
    from chatparity.run.examine import examine, with_folder
    from chatparity.run.judging import Judging
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
        stop_early=stop_early,
        seed=seed,
        judging=Judging(
            offline=offline,
            max_cost=max_judge_cost,
            max_tokens=max_judge_tokens,
            max_requests=max_judge_requests,
        ),
    )
    suite = load_suite()
    if resume:
        check_names(suite)
    else:
        plan_gates(suite, options)
    if dry_run:
        show_dry_run(suite, options, as_json=as_json)
        return
    look = looking_at(suite, baseline)
    options = with_folder(suite, options)
    try:
        with progress("replaying") as show:
            folder = asyncio.run(examine(suite, options, on_progress=show, tools=shop_of(suite), looking=look))
    except KeyboardInterrupt:
        complain(f"to go on: chatparity run --out {options.out} --resume")
        raise
    raise typer.Exit(_decided(folder, suite, options, baseline, as_json=as_json))


def _decided(folder: RunFolder, suite: Suite, options: Options, baseline: Path | None, *, as_json: bool) -> int:
    """Decide the gates of a replayed run, write its report, print both; return the exit code."""
    from chatparity.errors import RunIncomplete
    from chatparity.gate import judge_run
    from chatparity.gate.page import write_report
    from chatparity.grading.needs import unlabelled_paragraph
    from chatparity.run.needs import gradable_in

    show_spending(folder, suite)
    asked = how_to_go_on(folder, suite, options, command="run")
    judged = how_to_judge_on(folder, options.judge, options.judging)
    stopped = "\n".join(one for one in (asked, judged) if one)
    try:
        findings = judge_run(folder, suite, baseline)
    except RunIncomplete as error:
        if not stopped:
            raise
        complain(f"{error}\n{stopped}")
        return INCOMPLETE
    page = write_report(folder, findings, baseline)
    code = show_verdict(folder, findings, suite, as_json=as_json)
    if not as_json:
        say(f"report: {page}")
        lacking = unlabelled_paragraph(gradable_in(folder, suite, judge=options.judge), run=str(folder.path))
        if lacking:
            complain(lacking)
    if stopped:
        complain(stopped)
    return INCOMPLETE if stopped else code
