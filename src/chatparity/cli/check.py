"""`chatparity check`: whether transcripts are what they should be."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chatparity.cli.options import AsJson
from chatparity.cli.show import say

EXAMPLES = """Examples:

  chatparity check datasets/

  chatparity check my-logs.jsonl --json"""


def command(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Transcript files; folders are walked.")],
    as_json: AsJson = False,
) -> None:
    """Validate transcripts.

    Schema, labels, ids: every problem is listed; then the exit code is 2.
    """
    from collections import Counter

    from chatparity.errors import Problem
    from chatparity.jsonl import scan
    from chatparity.transcript import answer_turns

    good = answers = 0
    languages: Counter[str] = Counter()
    bad: list[Problem] = []
    for _, _, item in scan(paths):
        if isinstance(item, Problem):
            bad.append(item)
        else:
            good += 1
            answers += len(answer_turns(item))
            languages[item.language] += 1
    if as_json:
        import msgspec

        found = [{"file": str(one.path), "line": one.line, "field": one.field, "message": one.message} for one in bad]
        counts = {"transcripts": good, "answers": answers, "languages": languages, "problems": found}
        say(msgspec.json.encode(counts).decode())
    else:
        for problem in bad:
            say(str(problem))
        by_language = ", ".join(f"{name} {count}" for name, count in sorted(languages.items()))
        say(f"{good} transcripts, {answers} answers ({by_language}), {len(bad)} problems")
    if bad:
        raise typer.Exit(2)
