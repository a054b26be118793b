"""`chatparity failures`: what fails in a run, in which words, and what is new since a baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatparity.cli.options import AsJson, Baseline
from chatparity.cli.show import complain, say

EXAMPLES = """Examples:

  chatparity failures runs/candidate

  chatparity failures runs/candidate --baseline runs/last-release

  chatparity failures runs/candidate --taxonomy our-taxonomy.toml --out map/

  chatparity failures runs/candidate --labels sample/ --json"""


def command(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A graded run.")],
    baseline: Baseline = None,
    taxonomy: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Categories in place of the suite's graders/taxonomy.toml.")
    ] = None,
    labels: Annotated[
        list[Path] | None,
        typer.Option(metavar="SAMPLE", help="A judged sample of the run: people's categories count. May be repeated."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Where the page goes; default: failures/ in the run.")
    ] = None,
    seed: Annotated[int, typer.Option(metavar="S", help="Another seed may part the themes otherwise.")] = 0,
    as_json: AsJson = False,
) -> None:
    """Map what fails in a run.

    Categories of a taxonomy with their rates, themes of failing replies that are alike, and what is new since a
    baseline; as a page, as Markdown and as JSON.
    """
    import msgspec

    from chatparity.failures import map_failures
    from chatparity.failures.page import write_map
    from chatparity.failures.text import map_text
    from chatparity.suite import load_suite

    suite = load_suite()
    found = map_failures(run, suite, baseline=baseline, taxonomy=taxonomy, labels=labels or (), seed=seed)
    page = write_map(found, out or run / "failures")
    if as_json:
        say(msgspec.json.encode(found).decode())
        complain(f"page: {page}")
        return
    say(map_text(found))
    say(f"page: {page}")
