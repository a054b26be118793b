"""`chatparity sandbox`: the embedded agent over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatparity.errors import UsageError

EXAMPLES = """Examples:

  chatparity sandbox --port 8900

  chatparity sandbox --fault wrong_amount=0.2 --fault http_429=0.1 --seed 7"""


def command(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
    fault: Annotated[
        list[str] | None, typer.Option(metavar="NAME=RATE", help="Switch a fault on, striking this share of requests.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Which requests a fault strikes.")] = 0,
    datasets: Annotated[
        list[Path] | None, typer.Option(metavar="PATH", help="Transcripts whose records fill the shop.")
    ] = None,
    until_stdin_closes: Annotated[
        bool, typer.Option("--until-stdin-closes", help="Stop when standard input ends: for a parent process.")
    ] = False,
) -> None:
    """Serve the embedded rule-based agent over HTTP.

    It is an OpenAI-compatible endpoint; its URL is printed as one line of JSON.
    """
    from chatparity.sandbox import serve
    from chatparity.suite import load_suite

    suite = load_suite()
    paths = datasets or [suite.path(name) for name in suite.settings.suite.datasets]
    serve(port=port, faults=_rates(fault or []), seed=seed, datasets=paths, until_stdin_closes=until_stdin_closes)


def _rates(texts: list[str]) -> dict[str, float]:
    """Return `NAME=RATE` texts as a mapping."""
    found: dict[str, float] = {}
    for text in texts:
        name, equals, rate = text.partition("=")
        try:
            found[name] = float(rate) if equals else 1.0
        except ValueError as error:
            raise UsageError(f"--fault: expected NAME=RATE with a rate from 0 to 1, got {text!r}") from error
        if not 0 <= found[name] <= 1:
            raise UsageError(f"--fault: expected a rate from 0 to 1, got {text!r}")
    return found
