"""Labels in SQLite: every change is kept with its author and time, and what holds now is derived from them.

The journal `change` is append-only (triggers refuse anything else); `answer` is what it adds up to, changed in the same
transaction. WAL lets readers read while one writes; `synchronous = FULL` puts a change on the disk before the click is
answered. Any number of processes may write: SQLite lets one in at a time.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from chatparity.errors import UsageError

FILE = "labels.sqlite"
VERSION = 1
DECISION = "=decision"  # no person's name begins so
BUSY_SECONDS = 20.0

SCHEMA = """
CREATE TABLE change (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  act TEXT NOT NULL, at TEXT NOT NULL, author TEXT NOT NULL, rater TEXT NOT NULL, item TEXT NOT NULL,
  field TEXT NOT NULL, value TEXT, before TEXT, undoes TEXT, guideline INTEGER NOT NULL, source TEXT NOT NULL
);
CREATE INDEX change_rater ON change (rater, seq);
CREATE INDEX change_item ON change (item, seq);
CREATE INDEX change_undoes ON change (undoes) WHERE undoes IS NOT NULL;
CREATE TRIGGER change_stays BEFORE UPDATE ON change BEGIN SELECT RAISE(ABORT, 'changes are kept'); END;
CREATE TRIGGER change_is_kept BEFORE DELETE ON change BEGIN SELECT RAISE(ABORT, 'changes are kept'); END;
CREATE TABLE answer (
  rater TEXT NOT NULL, item TEXT NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (rater, item, field)
) WITHOUT ROWID;
CREATE INDEX answer_item ON answer (item);
CREATE INDEX answer_field ON answer (rater, field, item, value);
CREATE TABLE guideline (
  version INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, author TEXT NOT NULL, text TEXT NOT NULL
);
CREATE TABLE session (name TEXT PRIMARY KEY, at TEXT NOT NULL, items TEXT NOT NULL);
CREATE TABLE of (sample TEXT NOT NULL);
"""


@dataclass(frozen=True)
class Change:
    """One change of one field, as it was made. `value` and `before` are None where there is, or was, no answer.

    Changes of one click share `act`; `undoes` names the act that this one took back. `guideline` is the version of the
    notes that held, `source` where the change was made.
    """

    seq: int
    act: str
    at: str
    author: str
    rater: str
    item: str
    field: str
    value: str | None
    before: str | None
    undoes: str | None
    guideline: int
    source: str


@dataclass(frozen=True)
class Note:
    """One version of the guideline notes."""

    version: int
    at: str
    author: str
    text: str


class Store:
    """The labels of one sample. Safe to use from several threads and processes."""

    def __init__(self, path: Path, sample: str) -> None:
        """Open or make the file. Raises UsageError when it is of another sample, or no file of labels."""
        self.path = path
        self._lock = threading.RLock()
        try:
            self._base = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            self._base.execute("PRAGMA journal_mode = WAL")
            self._base.execute("PRAGMA synchronous = FULL")
            self._prepare(sample)
        except sqlite3.Error as error:
            raise UsageError(f"{path}: not a file of labels that can be used: {error}") from error

    def _prepare(self, sample: str) -> None:
        """Make the tables where there are none, and hold the file against its sample."""
        with self._writing():
            version = self._base.execute("PRAGMA user_version").fetchone()[0]
            if version == 0:
                for statement in _statements(SCHEMA):
                    self._base.execute(statement)
                self._base.execute("INSERT INTO of VALUES (?)", (sample,))
                self._base.execute(f"PRAGMA user_version = {VERSION}")
            elif version != VERSION:
                raise UsageError(f"{self.path}: labels of version {version}: this chatparity reads version {VERSION}")
            there = self._base.execute("SELECT sample FROM of").fetchone()[0]
        if there != sample:
            raise UsageError(f"{self.path}: holds the labels of sample {there}, and this is {sample}: move it away")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._base.close()

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Hold the one place of the writer for one transaction: all of it is kept, or nothing."""
        with self._lock:
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")

    def save(
        self,
        item: str,
        values: Mapping[str, str | None],
        *,
        author: str,
        rater: str | None = None,
        source: str = "page",
        at: str | None = None,
    ) -> int:
        """Write down what `author` says of an item, by field; None takes an answer back. Return how many changed.

        `rater` is whose answers they are: the author's own, or DECISION. Once a rater has `seen` what graders found,
        their answers stay: raises UsageError for a change of them.
        """
        whose = rater or author
        with self._writing():
            now = self._of(whose, item)
            changed = {field: value for field, value in values.items() if now.get(field) != value}
            if "seen" in now and set(changed) - {"comment", "preference"}:
                raise UsageError("these answers stay as they were given before the findings were shown")
            self._append(item, changed, now, author=author, rater=whose, source=source, at=at)
        return len(changed)

    def mark(self, rater: str, items: Sequence[str], field: str) -> None:
        """Write down `yes` in a field of many items at once, where it does not stand yet."""
        with self._writing():
            for item in items:
                now = self._of(rater, item)
                if field not in now:
                    self._append(item, {field: "yes"}, now, author=rater, rater=rater, source="page")

    def undo(self, rater: str) -> str | None:
        """Take back the last act of a rater that still stands; return its item, None where there is nothing."""
        with self._writing():
            row = self._base.execute(
                "SELECT act, item FROM change WHERE rater = ? AND undoes IS NULL AND field != 'seen'"
                " AND source = 'page' AND act NOT IN"
                " (SELECT undoes FROM change WHERE undoes IS NOT NULL) ORDER BY seq DESC LIMIT 1",
                (rater,),
            ).fetchone()
            if row is None:
                return None
            act, item = str(row[0]), str(row[1])
            now = self._of(rater, item)
            if "seen" in now:
                raise UsageError(f"{item}: these answers stay as they were given before the findings were shown")
            rows = self._base.execute("SELECT field, before FROM change WHERE act = ?", (act,)).fetchall()
            self._append(item, dict(rows), now, author=rater, rater=rater, source="page", undoes=act)
            return item

    def _append(
        self,
        item: str,
        values: Mapping[str, str | None],
        now: Mapping[str, str],
        *,
        author: str,
        rater: str,
        source: str,
        at: str | None = None,
        undoes: str | None = None,
    ) -> None:
        """Add changes to the journal and to what holds now; the transaction is the caller's."""
        act, time = uuid.uuid4().hex, at or stamp()
        guideline = self._base.execute("SELECT COALESCE(MAX(version), 0) FROM guideline").fetchone()[0]
        for field, value in values.items():
            self._base.execute(
                "INSERT INTO change (act, at, author, rater, item, field, value, before, undoes, guideline, source)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (act, time, author, rater, item, field, value, now.get(field), undoes, guideline, source),
            )
            if value is None:
                self._base.execute(
                    "DELETE FROM answer WHERE rater = ? AND item = ? AND field = ?", (rater, item, field)
                )
            else:
                self._base.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?)", (rater, item, field, value))

    def _of(self, rater: str, item: str) -> dict[str, str]:
        rows = self._base.execute("SELECT field, value FROM answer WHERE rater = ? AND item = ?", (rater, item))
        return dict(rows.fetchall())

    def of(self, rater: str, item: str) -> dict[str, str]:
        """Return what a rater says of an item now, by field."""
        with self._lock:
            return self._of(rater, item)

    def about(self, item: str) -> dict[str, dict[str, str]]:
        """Return what everybody says of an item now, by rater and field."""
        with self._lock:
            rows = self._base.execute("SELECT rater, field, value FROM answer WHERE item = ?", (item,)).fetchall()
        found: dict[str, dict[str, str]] = {}
        for rater, field, value in rows:
            found.setdefault(rater, {})[field] = value
        return found

    def values(self, rater: str, field: str) -> dict[str, str]:
        """Return one field of a rater's answers, by item."""
        with self._lock:
            rows = self._base.execute("SELECT item, value FROM answer WHERE rater = ? AND field = ?", (rater, field))
            return dict(rows.fetchall())

    def given_by_others(self, rater: str, field: str, value: str) -> dict[str, int]:
        """Return how many people but `rater` have this value in a field, by item; items of nobody are left out."""
        with self._lock:
            rows = self._base.execute(
                "SELECT item, COUNT(*) FROM answer WHERE field = ? AND value = ? AND rater NOT IN (?, ?) GROUP BY item",
                (field, value, rater, DECISION),
            ).fetchall()
            return {str(item): int(count) for item, count in rows}

    def everything(self) -> dict[str, dict[str, dict[str, str]]]:
        """Return all answers that hold now, by item, rater and field."""
        with self._lock:
            rows = self._base.execute("SELECT item, rater, field, value FROM answer").fetchall()
        found: dict[str, dict[str, dict[str, str]]] = {}
        for item, rater, field, value in rows:
            found.setdefault(item, {}).setdefault(rater, {})[field] = value
        return found

    def raters(self) -> list[str]:
        """Return everybody who has answered anything, in the order in which they began."""
        with self._lock:
            rows = self._base.execute(
                "SELECT rater, MIN(seq) FROM change WHERE rater != ? GROUP BY rater ORDER BY 2", (DECISION,)
            ).fetchall()
        return [str(row[0]) for row in rows]

    def history(self, item: str | None = None) -> list[Change]:
        """Return every change there was, oldest first; of one item, where it is named."""
        with self._lock:
            rows = self._base.execute(
                "SELECT * FROM change WHERE ?1 IS NULL OR item = ?1 ORDER BY seq", (item,)
            ).fetchall()
        return [Change(*row) for row in rows]

    def notes(self) -> list[Note]:
        """Return every version of the guideline notes, oldest first."""
        with self._lock:
            rows = self._base.execute("SELECT version, at, author, text FROM guideline ORDER BY version").fetchall()
        return [Note(*row) for row in rows]

    def write_note(self, text: str, author: str, *, on: int) -> Note:
        """Add a version of the notes to the one that its author had read, `on`.

        Raises UsageError when somebody else wrote one in between: nobody's words are overwritten unseen.
        """
        with self._writing():
            last = self._base.execute("SELECT COALESCE(MAX(version), 0) FROM guideline").fetchone()[0]
            if last != on:
                raise UsageError(f"version {last} of the notes was written meanwhile: read it, then save yours again")
            at = stamp()
            self._base.execute("INSERT INTO guideline (at, author, text) VALUES (?, ?, ?)", (at, author, text))
            return Note(last + 1, at, author, text)

    def begin(self, name: str, items: Sequence[str]) -> None:
        """Name the items of a calibration session. Raises UsageError when it is there with others."""
        with self._writing():
            row = self._base.execute("SELECT items FROM session WHERE name = ?", (name,)).fetchone()
            if row is None:
                self._base.execute("INSERT INTO session VALUES (?, ?, ?)", (name, stamp(), "\n".join(items)))
            elif row[0] != "\n".join(items):
                there = len(row[0].split("\n"))
                raise UsageError(f"session {name}: is there already, with {there} items: leave --items out to open it")

    def session(self, name: str) -> list[str] | None:
        """Return the items of a session, None where there is no such session."""
        with self._lock:
            row = self._base.execute("SELECT items FROM session WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0]).split("\n")


def stamp() -> str:
    """Return the time as it is written down: UTC, to the millisecond."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds")


def _statements(script: str) -> Iterable[str]:
    """Yield the statements of a script; `executescript` would end the transaction."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
