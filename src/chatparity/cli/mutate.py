"""`chatparity mutate`: which planted faults do the graders find."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatparity.cli.options import AsJson, Judge, Paths, SkipInvalid, SplitOption, read_split
from chatparity.cli.show import complain, progress, say

EXAMPLES = """Examples:

  chatparity mutate --split dev

  chatparity mutate my-logs.jsonl --graders hallucination --faults wrong_amount,off_by_one_date

  chatparity mutate datasets/ --language pl --out mutants/

  chatparity mutate --list"""


def command(
    paths: Paths = None,
    graders: Annotated[str, typer.Option(metavar="A,B", help="Only these graders or dimensions.")] = "",
    faults: Annotated[str, typer.Option(metavar="A,B", help="Only these faults; --list names all.")] = "",
    language: Annotated[
        list[str] | None, typer.Option(metavar="L,…", help="Only conversations in these languages.")
    ] = None,
    split: SplitOption = None,
    seed: Annotated[int, typer.Option(metavar="S", help="Another seed plants other faults into other answers.")] = 0,
    each: Annotated[
        int, typer.Option(min=0, metavar="N", help="At most N mutants of a fault and language; 0: all there can be.")
    ] = 20,
    judge: Judge = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Write mutants, misses and the figure there.")] = None,
    skip_invalid: SkipInvalid = False,
    as_json: AsJson = False,
    show_list: Annotated[bool, typer.Option("--list", help="List the faults and what each one changes.")] = False,
) -> None:
    """Find which planted faults the graders find.

    Known faults are put into good recorded answers. Nobody is asked but the judge.
    Without ratings, any recorded answer counts as good.
    """
    import asyncio

    import msgspec

    if show_list:
        _say_faults(as_json)
        return
    from chatparity.mutate import examine
    from chatparity.mutate.folder import check_folder, write_folder
    from chatparity.mutate.text import told
    from chatparity.suite import load_suite

    suite = load_suite()
    if out is not None:
        check_folder(out)
    with progress("grading") as show:
        asked = examine(
            suite,
            paths or (),
            graders=_names(graders),
            faults=_names(faults),
            languages=[name for text in language or () for name in _names(text)],
            split=read_split(split),
            seed=seed,
            each=each,
            judge=judge,
            skip_invalid=skip_invalid,
            on_progress=show,
        )
        found = asyncio.run(asked)
    say(msgspec.json.encode(found.result).decode() if as_json else told(found.result))
    if out is not None:
        files = write_folder(out, found)
        complain("written: " + ", ".join(str(file) for file in files))


def _names(text: str) -> list[str]:
    """Return the names in `a,b`."""
    return [name.strip() for name in text.split(",") if name.strip()]


def _say_faults(as_json: bool) -> None:
    """Print each fault with what it says of itself."""
    import msgspec

    from chatparity.mutate import faults_named

    faults = faults_named().values()
    if as_json:
        listed = [{"name": one.name, "sees": one.sees, "rule": one.rule, "doc": one.doc} for one in faults]
        say(msgspec.json.encode(listed).decode())
        return
    say("\n\n".join(f"{one.name}\n  " + one.doc.replace("\n\n", "\n").replace("\n", "\n  ") for one in faults))
