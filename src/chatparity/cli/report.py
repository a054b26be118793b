"""`chatparity report`: pages and figures of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatparity.cli.options import Baseline
from chatparity.cli.show import say

EXAMPLES = """Examples:

  chatparity report runs/candidate

  chatparity report runs/candidate --baseline runs/last-release"""


def command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A graded run.")],
    baseline: Baseline = None,
) -> None:
    """Write the pages and figures of a run.

    Prints the path of report.html.
    """
    from chatparity.gate import judge_run
    from chatparity.gate.page import write_report
    from chatparity.run.folder import RunFolder
    from chatparity.suite import load_suite

    suite = load_suite()
    folder = RunFolder(run)
    say(str(write_report(folder, judge_run(folder, suite, baseline), baseline)))
