"""`chatparity run`: replay, grade, gate, report."""

from __future__ import annotations

import typer

from chatparity.cli.options import (
    Agent,
    AsJson,
    Baseline,
    Ids,
    Judge,
    Limit,
    ModeOption,
    Out,
    Paths,
    Resume,
    SkipInvalid,
    Slice,
    Trials,
)
from chatparity.cli.options import run_options as read
from chatparity.cli.show import complain, progress, say
from chatparity.cli.verdict import show_verdict

EXAMPLES = """Examples:

  chatparity run

  chatparity run --agent sandbox:wrong_amount=0.5 --slice language=pl

  chatparity run real.jsonl --agent recorded:real.jsonl --out runs/real

  chatparity run --out runs/real --resume"""


def command(
    paths: Paths = None,
    agent: Agent = None,
    judge: Judge = None,
    mode: ModeOption = None,
    out: Out = None,
    resume: Resume = False,
    limit: Limit = None,
    slices: Slice = None,
    ids: Ids = None,
    trials: Trials = None,
    skip_invalid: SkipInvalid = False,
    baseline: Baseline = None,
    as_json: AsJson = False,
) -> None:
    """Replay, grade, gate, report.

    Asks the agent for every answer of the suite (or PATH), grades both sides and decides the gates.
    """
    import asyncio

    from chatparity.gate import judge_run
    from chatparity.gate.page import write_report
    from chatparity.grading.needs import unlabelled_paragraph
    from chatparity.run.examine import examine, with_folder
    from chatparity.run.needs import gradable_in
    from chatparity.suite import load_suite

    options = read(
        paths,
        agent=agent,
        judge=judge,
        mode=mode,
        out=out,
        resume=resume,
        limit=limit,
        slices=slices,
        ids=ids,
        trials=trials,
        skip_invalid=skip_invalid,
    )
    suite = load_suite()
    options = with_folder(suite, options)
    try:
        with progress("replaying") as show:
            folder = asyncio.run(examine(suite, options, on_progress=show))
    except KeyboardInterrupt:
        complain(f"to go on: chatparity run --out {options.out} --resume")
        raise
    findings = judge_run(folder, suite, baseline)
    page = write_report(folder, findings)
    code = show_verdict(folder, findings, as_json=as_json)
    if not as_json:
        say(f"report: {page}")
        lacking = unlabelled_paragraph(gradable_in(folder, suite, judge=judge), run=str(folder.path))
        if lacking:
            complain(lacking)
    raise typer.Exit(code)
