"""Logs from whatever a path names: transcripts, or a plain table."""

from __future__ import annotations

from pathlib import Path

from chatparity.claims.file import ClaimsFile
from chatparity.claims.logs import Logs
from chatparity.claims.table import READERS, read_table
from chatparity.claims.transcripts import read_transcripts_as_logs
from chatparity.errors import UsageError


def read_logs(path: Path, file: ClaimsFile, *, skip_invalid: bool = False) -> Logs:
    """Read the logs that `path` names, with the columns that a claims file asks for.

    A `.csv`, `.tsv` or `.parquet` file is a table, anything else transcripts. Raises UsageError and InputError.
    """
    others = {pair for claim in file.claim for pair in claim.fields.items()}
    if path.suffix.lower() in READERS and not path.is_dir():
        if not path.is_file():
            raise UsageError(f"{path}: no such file or folder")
        return read_table(path, file.columns, file.values, sorted(others), skip_invalid=skip_invalid)
    if file.columns or file.values:
        raise UsageError(
            f"{path}: [columns] and [values] of the claims file are for tables ({', '.join(READERS)}); transcripts "
            "have fields of their own: take the two tables out, or give a table"
        )
    return read_transcripts_as_logs([path], sorted(others), skip_invalid=skip_invalid)
