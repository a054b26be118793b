"""Logs from a plain table, CSV or Parquet: columns are found by the claims file's mapping and read by their type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from chatparity.claims.fields import FIELDS, HANDLERS
from chatparity.claims.logs import Column, Logs, Numbers, Words
from chatparity.errors import InputError, Problem, UsageError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SHOWN = 3
READERS = {
    ".csv": "read_csv({}, all_varchar = true, header = true)",
    ".tsv": "read_csv({}, all_varchar = true, header = true, delim = '\t')",
    ".parquet": "read_parquet({})",
}
YES = ("true", "yes", "y", "1", "1.0", "t")
NO = ("false", "no", "n", "0", "0.0", "f")
EXPECTED = {
    "number": "a finite number such as 12.5",
    "flag": "yes or no (true, false, 1, 0)",
    "time": "a date and time such as 2026-03-02T09:14:00+01:00, of the years 1971 to 2199",
}
Key = tuple[str, str]


def read_table(
    path: Path,
    columns: Mapping[str, str],
    values: Mapping[str, Mapping[str, str]],
    others: Iterable[Key] = (),
    *,
    skip_invalid: bool = False,
) -> Logs:
    """Read a table; `columns` gives the column of a field where it is not the field's own name.

    `values` translates words, field by field; `others` are (field, column) pairs that single claims ask for. A field
    whose column is not there is left out. Raises UsageError for a file that cannot be read and for a mapped column
    that is not there, InputError for values that are not of the field's type; with `skip_invalid` their rows are
    counted and left out.
    """
    import duckdb

    with duckdb.connect(":memory:") as base:
        try:
            base.execute("SET TimeZone = 'UTC'")
            source = READERS[path.suffix.lower()].format(_literal(str(path)))
            base.execute(f"CREATE TEMP TABLE logs AS SELECT * FROM {source}")  # noqa: S608 - quoted
        except duckdb.Error as error:
            raise UsageError(f"{path}: cannot be read as a table: {str(error).splitlines()[0]}") from error
        there = [str(row[0]) for row in base.execute("DESCRIBE logs").fetchall()]
        wanted = _wanted(path, there, columns, others)
        counted = base.execute("SELECT count(*) FROM logs").fetchone()
        n = int(counted[0]) if counted else 0
        if n == 0:
            raise UsageError(f"{path}: the table has no rows: expected one a conversation")
        bad = _Bad(path)
        found = {key: _read(base, key[0], column, values.get(key[0], {}), bad) for key, column in wanted.items()}
    _unlike(found.get(("id", "")), columns.get("id", "id"), bad)
    if bad.rows and not skip_invalid:
        raise InputError(bad.problems)
    keep = np.ones(n, dtype=bool)
    keep[sorted(bad.rows)] = False
    kept = {key: one.at(keep) if isinstance(one, Words) else one[keep] for key, one in found.items()}
    return Logs(
        int(keep.sum()),
        {name: one for (name, instead), one in kept.items() if not instead},
        (str(path),),
        invalid=len(bad.rows),
        others={key: one for key, one in kept.items() if key[1]},
    )


def _wanted(path: Path, there: Sequence[str], columns: Mapping[str, str], others: Iterable[Key]) -> dict[Key, str]:
    """Return the column of each field that can be read, and of each (field, column) that a claim asks for."""
    missing = [repr(column) for column in columns.values() if column not in there]
    if missing:
        raise UsageError(
            f"{path}: no column {', '.join(missing)}, named in [columns] of the claims file: "
            f"there are {', '.join(there)}"
        )
    found = {(name, ""): columns.get(name, name) for name in FIELDS if columns.get(name, name) in there}
    found |= {(name, column): column for name, column in others if column in there}
    if not found:
        raise UsageError(
            f"{path}: none of its columns ({', '.join(there)}) is a field: name them in [columns] of the claims file"
        )
    return found


class _Bad:
    """The rows that hold a value that cannot be read, and the first few of each column as problems."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows: set[int] = set()
        self.problems: list[Problem] = []

    def add(self, column: str, expected: str, found: Mapping[int, str]) -> None:
        """Note the rows (from 0) with the text that each holds; line 1 is the header."""
        self.rows.update(found)
        for row, text in list(found.items())[:SHOWN]:
            self.problems.append(Problem(self.path, row + 2, column, f"expected {expected}, got {text!r}"))
        if len(found) > SHOWN:
            more = f"and {len(found) - SHOWN} more rows: --skip-invalid counts such rows and leaves them out"
            self.problems.append(Problem(self.path, None, column, more))


def _read(base: DuckDBPyConnection, name: str, column: str, words: Mapping[str, str], bad: _Bad) -> Column:
    """Read one column by the type of its field."""
    quoted = '"' + column.replace('"', '""') + '"'
    text = f"nullif(trim(CAST({quoted} AS VARCHAR)), '')"
    if words:
        pairs = " ".join(f"WHEN {_literal(one)} THEN {_literal(ours)}" for one, ours in words.items())
        text = f"CASE {text} {pairs} ELSE {text} END"
    kind = FIELDS[name].kind
    if kind == "text":
        read = Words.of([row[0] for row in base.execute(f"SELECT {text} FROM logs").fetchall()])  # noqa: S608 - quoted
        if name == "handled_by":
            strange = {place for place, one in enumerate(read.names) if one not in HANDLERS}
            rows = np.flatnonzero(np.isin(read.codes, sorted(strange)))
            expected = f"{', '.join(HANDLERS)} (or words that [values.handled_by] of the claims file translates)"
            bad.add(column, expected, {int(row): read.names[read.codes[row]] for row in rows})
        return read
    if kind == "flag":
        yes, no = (", ".join(map(_literal, one)) for one in (YES, NO))
        number = f"CASE WHEN lower({text}) IN ({yes}) THEN 1.0 WHEN lower({text}) IN ({no}) THEN 0.0 END"
    elif kind == "time":
        # Dates beyond these stand for "none" in many exports: 0001-01-01, 1970-01-01, 9999-12-31.
        time = f"TRY_CAST({text} AS TIMESTAMPTZ)"
        number = f"CASE WHEN {time} >= DATE '1971-01-01' AND {time} < DATE '2200-01-01' THEN epoch({time}) END"
    else:
        number = f"TRY_CAST({text} AS DOUBLE)"
    query = f"SELECT CAST({number} AS DOUBLE) AS v, {text} IS NOT NULL AS given FROM logs"  # noqa: S608 - quoted
    got = base.execute(query).fetchnumpy()
    numbers: Numbers = np.array(np.ma.filled(np.ma.asarray(got["v"]), np.nan), dtype=np.float64)
    wrong = np.flatnonzero(np.asarray(got["given"], dtype=bool) & ~np.isfinite(numbers))
    if len(wrong):
        texts = base.execute(f"SELECT {text} FROM logs").fetchall()  # noqa: S608 - quoted
        bad.add(column, EXPECTED[kind], {int(row): str(texts[row][0]) for row in wrong})
    _possible(name, column, numbers, bad)
    return numbers


def _possible(name: str, column: str, numbers: Numbers, bad: _Bad) -> None:
    """Note the rows whose number cannot be: a share beyond 1, seconds or turns below 0."""
    if name == "accuracy":
        outside, expected = (numbers < 0) | (numbers > 1), "a number from 0 to 1"
    elif name.endswith(("_seconds", "_turn")):
        outside, expected = numbers < 0, "a number from 0"
    else:
        return
    bad.add(column, expected, {int(row): f"{numbers[row]:g}" for row in np.flatnonzero(outside)})


def _unlike(ids: Column | None, column: str, bad: _Bad) -> None:
    """Note the rows whose id stands in an earlier one: a conversation that is there twice would count twice."""
    if not isinstance(ids, Words):
        return
    first = np.unique(ids.codes, return_index=True)[1]
    again = np.ones(len(ids.codes), dtype=bool)
    again[first] = False
    again &= ids.codes >= 0
    bad.add(column, "an id of its own", {int(row): ids.names[ids.codes[row]] for row in np.flatnonzero(again)})


def _literal(text: str) -> str:
    """Return a text as SQL."""
    return "'" + text.replace("'", "''") + "'"
