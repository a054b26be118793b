"""`chatparity import`: other people's formats become transcripts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatparity.cli.show import complain, say

EXAMPLES = """Examples:

  chatparity import tau-bench gpt-4o-airline.json -o real.jsonl"""


def command(
    form: Annotated[str, typer.Argument(metavar="FORMAT", help="tau-bench.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to read.")],
    out: Annotated[Path, typer.Option("-o", "--out", metavar="OUT.jsonl", help="The transcripts to write.")],
) -> None:
    """Turn a log of another tool into transcripts.

    What cannot be mapped is counted and listed.
    """
    from chatparity.importers import import_file
    from chatparity.jsonl import write_transcripts

    result = import_file(form, file)
    count = write_transcripts(out, result.transcripts)
    for note in result.notes:
        complain(str(note))
    say(f"{out}: {count} transcripts")
