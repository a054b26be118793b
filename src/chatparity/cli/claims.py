"""`chatparity claims`: each public claim with its formula, figure, interval and verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from chatparity.cli.options import AsJson, SkipInvalid
from chatparity.cli.show import complain, progress, say
from chatparity.errors import UsageError

if TYPE_CHECKING:
    from chatparity.claims.file import ClaimsFile
    from chatparity.claims.logs import Logs
    from chatparity.claims.result import Ledger
    from chatparity.suite import Suite

EXAMPLES = """Examples:

  chatparity claims --demo --out claims/

  chatparity claims --example > my-claims.toml

  chatparity claims logs.parquet --claims my-claims.toml --out claims/

  chatparity claims logs.csv --claims my-claims.toml --gate"""

DEMO_LOGS = "demo-logs.csv"
CODES = {"PASS": 0, "FAIL": 1, "INCONCLUSIVE": 3}


def command(
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="PATH", help="Logs: transcripts, or a table (.csv, .tsv, .parquet); default: the suite's."
        ),
    ] = None,
    claims: Annotated[
        Path | None, typer.Option(metavar="FILE.toml", help="The claims; default: the suite's evals/claims.toml.")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Measure made-up logs whose truth is known.")] = False,
    seed: Annotated[int, typer.Option(min=0, metavar="S", help="Another seed makes other logs for --demo.")] = 1,
    only: Annotated[list[str] | None, typer.Option(metavar="ID,…", help="Only the claims with these ids.")] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write claims.html, claims.md, claims.json and figures here.")
    ] = None,
    gate: Annotated[
        bool,
        typer.Option("--gate", help="Exit 1 if a claim is contradicted, 3 if one cannot be told or is out of date."),
    ] = False,
    example: Annotated[bool, typer.Option("--example", help="Print the claims file to start from, and stop.")] = False,
    sampled: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="The share of customers that the logs hold, from above 0 to 1."),
    ] = None,
    skip_invalid: SkipInvalid = False,
    as_json: AsJson = False,
) -> None:
    """Measure what was said of the assistant in public.

    Each claim: supported, contradicted or cannot be told, with its interval and the data that would tell.
    """
    from chatparity.suite import load_suite

    suite = load_suite()
    if example:
        say((suite.shipped / "evals" / "claims.toml").read_text(encoding="utf-8").rstrip("\n"))
        return
    if demo and path is not None:
        raise UsageError(f"--demo makes its own logs: leave {path} out, or leave --demo out")
    from chatparity.claims.file import choose, read_claims, with_sampled
    from chatparity.claims.measure import measure_claims

    file = choose(read_claims(claims or suite.path(suite.settings.claims.file)), only)
    if sampled is not None:
        file = with_sampled(file, sampled)
    with progress("reading"):
        logs, file = _demo(file, seed, out) if demo else (_logs(path, file, suite, skip_invalid=skip_invalid), file)
    with progress("measuring") as show:
        ledger = measure_claims(file, logs, on_progress=show)
    page = _page(ledger, out)
    if as_json:
        import msgspec

        say(msgspec.json.encode(ledger).decode())
    else:
        _tell(ledger)
    if page is not None:
        (complain if as_json else say)(f"page: {page}")
    if page is not None and demo:
        complain(f"again: chatparity claims {page.parent / DEMO_LOGS} --sampled {file.ledger.sampled:g}")
    if gate:
        raise typer.Exit(CODES[ledger.effect])


def _page(ledger: Ledger, out: Path | None) -> Path | None:
    """Write the page and all beside it into a folder, where one is named."""
    if out is None:
        return None
    from chatparity.claims.page import write_page

    return write_page(ledger, out)


def _logs(path: Path | None, file: ClaimsFile, suite: Suite, *, skip_invalid: bool) -> Logs:
    """Read the logs that were named, else those that suite.toml names."""
    from chatparity.claims.read import read_logs

    named = suite.settings.claims.logs
    if path is None and named is None:
        raise UsageError("name the logs (transcripts or a table), set [claims] logs in suite.toml, or try --demo")
    return read_logs(path if path is not None else suite.path(str(named)), file, skip_invalid=skip_invalid)


def _demo(file: ClaimsFile, seed: int, out: Path | None) -> tuple[Logs, ClaimsFile]:
    """Draw the demo's logs; with a folder, leave them there as a table that anyone can measure again."""
    import dataclasses

    from chatparity.claims.demo import draw, write_table
    from chatparity.claims.file import with_sampled
    from chatparity.claims.world import demo

    world = demo()
    logs = draw(world, seed).logs
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        write_table(logs, out / DEMO_LOGS)
    return dataclasses.replace(logs, sources=(f"demo, seed {seed} (synthetic)",)), with_sampled(file, world.sampled)


def _tell(ledger: Ledger) -> None:
    """Print a line a claim with what it rests on, and the count of verdicts."""
    from chatparity.claims.text import claim_lines

    for claim in ledger.claims:
        for line in claim_lines(claim):
            say(line)
    counts = ", ".join(f"{n} {verdict}" for verdict, n in ledger.counts().items())
    made = ", synthetic" if ledger.synthetic else ""
    say(f"{counts}  ({ledger.conversations:,} conversations{made})")
    if ledger.invalid:
        complain(f"{ledger.invalid:,} invalid lines or rows were skipped")
