"""`chatparity estimate`: the corrected rates of failures from what people said of a sample."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatparity.cli.options import AsJson
from chatparity.cli.show import say

EXAMPLES = """Examples:

  chatparity estimate sample/

  chatparity estimate sample/ --within 1

  chatparity estimate sample/ --run runs/candidate --json"""


def command(
    sample: Annotated[
        Path, typer.Argument(metavar="SAMPLE", help="A sample that people judged, on the page or in its sheet.")
    ],
    labels: Annotated[
        Path | None,
        typer.Option(metavar="SHEET", help="The filled-in sheet; default: the page's labels, else its own."),
    ] = None,
    run: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Automatic scores of all the answers; default: the sample's run.")
    ] = None,
    within: Annotated[
        float, typer.Option(metavar="POINTS", help="Say how many more labels bring the bounds so near.")
    ] = 2.0,
    as_json: AsJson = False,
) -> None:
    """Estimate how often each failure happens in all answers.

    Labels are weighted back to what the sample was drawn from, and corrected with every automatic score there is.
    """
    from chatparity.estimate import estimate
    from chatparity.estimate.text import estimate_text
    from chatparity.suite import load_suite

    found = estimate(sample, load_suite(), sheet=labels, run=run, half_width=within / 100)
    if as_json:
        import msgspec

        say(msgspec.json.encode(found).decode())
        return
    say(estimate_text(found))
