"""`chatparity import`: other people's formats become transcripts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatparity.cli.show import complain, progress, say

EXAMPLES = """Examples:

  chatparity import zendesk tickets.json -o logs.jsonl

  chatparity import csv chats.csv -o logs.jsonl --language pl --skip-invalid

  chatparity import openai-chat calls.jsonl -o logs.jsonl --map map.toml"""
FORMS = "csv, intercom, langfuse, openai-chat, otel, sharegpt, tau-bench or zendesk."


def command(
    form: Annotated[str, typer.Argument(metavar="FORMAT", help=FORMS)],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to read.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="OUT.jsonl", help="The transcripts to write.")],
    mapping: Annotated[
        Path | None, typer.Option("--map", metavar="MAP.toml", help="Where fields and speakers stand elsewhere.")
    ] = None,
    language: Annotated[
        str | None, typer.Option(metavar="CODE", help="Of conversations that name none; default: detected.")
    ] = None,
    skip_invalid: Annotated[
        bool, typer.Option("--skip-invalid", help="Leave out, count and list what is broken instead of stopping.")
    ] = False,
) -> None:
    """Turn a log of another tool into transcripts.

    What cannot be mapped is counted and listed.
    """
    from chatparity.errors import InputError, Problem, UsageError
    from chatparity.importers import import_file, load_mapping
    from chatparity.jsonl import write_transcripts

    if not out.parent.is_dir():
        raise UsageError(f"{out}: there is no folder {out.parent} to write to")
    if out.exists() and file.exists() and out.samefile(file):
        raise UsageError(f"{out}: expected another file than the one to read")
    left_out: list[Problem] = []
    read_by = load_mapping(mapping) if mapping is not None else None
    try:
        with progress("importing") as show:
            result = import_file(
                form,
                file,
                mapping=read_by,
                language=language,
                skip_invalid=left_out if skip_invalid else None,
                on_progress=show,
            )
            count = write_transcripts(out, result.transcripts)
    except InputError as error:
        if skip_invalid:
            raise
        last = f"{len(error.problems)} problems, nothing is written: --skip-invalid leaves out what is broken"
        raise UsageError(f"{error}\n{last}") from error
    for problem in left_out:
        complain(f"left out: {problem}")
    for note in result.notes:
        complain(str(note))
    say(f"{out}: {count} transcripts" + (f", {len(left_out)} problems left out" if skip_invalid else ""))
