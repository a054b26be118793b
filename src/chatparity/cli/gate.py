"""`chatparity gate`: the verdicts of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatparity.cli.options import AsJson, Baseline
from chatparity.cli.verdict import show_verdict

EXAMPLES = """Examples:

  chatparity gate runs/candidate

  chatparity gate runs/candidate --baseline runs/last-release --json"""


def command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A graded run.")],
    baseline: Baseline = None,
    as_json: AsJson = False,
) -> None:
    """Decide the gates of a run.

    PASS leaves exit code 0, FAIL 1, INCONCLUSIVE 3.
    """
    from chatparity.gate import judge_run
    from chatparity.run.folder import RunFolder
    from chatparity.suite import load_suite

    folder, suite = RunFolder(run), load_suite()
    findings = judge_run(folder, suite, baseline)
    raise typer.Exit(show_verdict(folder, findings, suite, as_json=as_json))
