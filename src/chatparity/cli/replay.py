"""`chatparity replay`: only the replies."""

from __future__ import annotations

from chatparity.cli.options import Agent, Ids, Limit, ModeOption, Out, Paths, Resume, SkipInvalid, Slice, Trials
from chatparity.cli.options import run_options as read
from chatparity.cli.show import complain, progress, say

EXAMPLES = """Examples:

  chatparity replay datasets/support --agent openai:gpt-5-mini --out runs/candidate

  chatparity replay --agent openai:gpt-5-mini --out runs/candidate --resume"""


def command(
    paths: Paths = None,
    agent: Agent = None,
    mode: ModeOption = None,
    out: Out = None,
    resume: Resume = False,
    limit: Limit = None,
    slices: Slice = None,
    ids: Ids = None,
    trials: Trials = None,
    skip_invalid: SkipInvalid = False,
) -> None:
    """Ask an agent for its replies, no more.

    They are kept in a run; nothing is graded.
    """
    import asyncio

    from chatparity.run.examine import replay_run, with_folder
    from chatparity.suite import load_suite

    options = read(
        paths,
        agent=agent,
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
            folder = asyncio.run(replay_run(suite, options, on_progress=show))
    except KeyboardInterrupt:
        complain(f"to go on: chatparity replay --out {options.out} --resume")
        raise
    replied = folder.replies.read()
    errored = sum(record.state == "errored" for record in replied)
    complain(f"{len(replied)} exchanges, {errored} errored; grade them: chatparity grade {folder.path}")
    say(str(folder.path))
