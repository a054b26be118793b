"""Choosing an importer by the name of its format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from chatparity.errors import InputError, Problem, UsageError
from chatparity.importers.result import ImportResult
from chatparity.importers.tau_bench import read_tau_bench
from chatparity.transcript import problems

FORMATS: dict[str, Callable[[Path], ImportResult]] = {"tau-bench": read_tau_bench}


def import_file(form: str, source: Path) -> ImportResult:
    """Read a file of another tool, whose format is called `form`, and return its transcripts and notes.

    Raises UsageError for an unknown format or a file that is not there, InputError for content that cannot be read as
    the format or that would not make valid transcripts; nothing is left out silently.
    """
    if form not in FORMATS:
        raise UsageError(f'import: no format is called "{form}": there is {", ".join(sorted(FORMATS))}')
    if not source.is_file():
        raise UsageError(f"{source}: no such file")
    result = FORMATS[form](source)
    wrong = [
        Problem(source, None, f"{transcript.id}: {field}", message)
        for transcript in result.transcripts
        for field, message in problems(transcript)
    ]
    if wrong:
        raise InputError(wrong)
    return result
