"""CSV: one message a row, with the conversation it belongs to; columns are named in the first row."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatparity.errors import InputError, Problem, UsageError
from chatparity.importers.draft import Draft, Said, Source
from chatparity.importers.grouping import grouped
from chatparity.importers.mapping import FIELDS
from chatparity.importers.records import Record
from chatparity.importers.values import label

# The columns, and what else spreadsheets call them.
COLUMNS = {
    "conversation": ("conversation", "conversation_id", "ticket", "ticket_id", "chat_id", "thread_id"),
    "speaker": ("speaker", "role", "author", "sender", "from"),
    "text": ("text", "message", "body", "content"),
    "time": ("time", "timestamp", "created_at", "at", "date"),
}
OF_CONVERSATION = tuple(name for name in FIELDS if name not in ("id", "started_at"))
OF_ANSWER = ("accuracy", "politeness", "hallucinated", "note", "escalation", "escalation_reason")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
_DELIMITERS = ",;\t|"
GUESSED = "file that is not UTF-8: read as Windows-1252 (name another under [reading] encoding in a mapping file)"
UNKNOWN = 'filled cell of the column "{}", which is not known, left out'
DIFFERS = 'row whose "{}" differs from its conversation\'s first: the first is taken'


def read_csv(source: Source) -> Iterator[Draft | Problem]:
    """Yield the conversations of a CSV file, each once its last row was read, but none that a broken row belongs to.

    Raises InputError for what is no CSV file from some row on: nothing after it can be read.
    """
    table = _Table(source)
    for group in grouped(table.rows(0), table.rows(1)):
        if isinstance(group, Problem):
            yield group
        elif group[0] not in table.broken:
            yield table.draft(*group)


class _Table:
    """A CSV file: how it is written, and which column holds what."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.encoding = source.mapping.reading.get("encoding") or _encoding(source)
        try:
            with source.path.open(encoding=self.encoding, newline="") as file:
                head = file.readline()
        except UnicodeError as error:
            raise InputError([Problem(source.path, 1, "", f"expected {self.encoding}: {error}")]) from error
        except LookupError as error:
            raise UsageError(f"reading.encoding of the mapping file: {error}") from error
        # Excel writes the delimiter in a line of its own when it is told to.
        self.skipped = head.lower().startswith("sep=")
        given = source.mapping.reading.get("delimiter") or (head.strip()[4:5] if self.skipped else "")
        self.delimiter = given or max(_DELIMITERS, key=lambda one: len(next(csv.reader([head], delimiter=one), [])))
        self.names: list[str] = []
        self.where: dict[str, int] = {}
        self.broken: set[str] = set()

    def rows(self, step: int) -> Iterator[tuple[str, tuple[int, list[str]]] | Problem]:
        """Yield (conversation, (line, cells)) for each row; `step` says which of two readings this is."""
        path = self.source.path
        told = self.source.told(step, 2)
        with path.open("rb") as binary, io.TextIOWrapper(binary, self.encoding, newline="") as file:
            reader = csv.reader(file, delimiter=self.delimiter, strict=True)
            start = 1
            try:
                if self.skipped:
                    next(reader, None)
                problem = self._head(next(reader, []))
                if problem is not None:
                    yield problem
                    return
                start = reader.line_num + 1
                for cells in reader:
                    yield from self._row(start, cells)
                    start = reader.line_num + 1
                    if told is not None:
                        told(binary.tell())
            except csv.Error as error:
                message = f"expected a row of a CSV file (a quote left open?): {error}"
                raise InputError([Problem(path, start, "", message)]) from error
            except UnicodeError as error:
                raise InputError([Problem(path, start, "", f"expected {self.encoding}: {error}")]) from error

    def _head(self, cells: list[str]) -> Problem | None:
        """Find the columns in the first row; return what is wrong with it."""
        self.names = cells
        plain = [cell.strip().lower().replace(" ", "_").replace("-", "_") for cell in cells]
        overridden = {"conversation": self.source.mapping.fields.get("id")}
        overridden |= {name: self.source.mapping.message.get(name) for name in ("speaker", "text", "time")}
        self.where = {name: plain.index(name) for name in (*OF_CONVERSATION, *OF_ANSWER) if name in plain}
        for name, others in COLUMNS.items():
            found = next((plain.index(one) for one in others if one in plain), None)
            if found is not None:
                self.where[name] = found
        missing = [one for one in ("conversation", "speaker", "text") if one not in self.where and not overridden[one]]
        if len(set(cells)) != len(cells):
            return Problem(self.source.path, 1, "", "expected columns with different names")
        if missing:
            got = ", ".join(cells) or "none"
            message = f"expected a first row with the columns conversation, speaker and text, got {got}"
            return Problem(self.source.path, 1, "", f"{message}: {', '.join(missing)} missing")
        return None

    def _row(self, line: int, cells: list[str]) -> Iterator[tuple[str, tuple[int, list[str]]] | Problem]:
        """Yield one row with its conversation; rows without any text are no rows."""
        if not any(cells):
            return
        if len(cells) != len(self.names):
            place = self.where.get("conversation", len(cells))
            self.broken |= {key for cell in cells[place : place + 1] if (key := label(cell))}
            yield Problem(self.source.path, line, "", f"expected {len(self.names)} cells, got {len(cells)}")
            return
        key = self._key(cells)
        if key is None:
            yield Problem(self.source.path, line, "conversation", "expected the conversation the message belongs to")
            return
        yield key, (line, cells)

    def _key(self, cells: list[str]) -> str | None:
        finder = self.source.mapping.fields.get("id")
        if finder is None:
            return label(self.cell(cells, "conversation"))
        return label(finder.find(dict(zip(self.names, cells, strict=True))))

    def cell(self, cells: list[str], name: str) -> str:
        return cells[self.where[name]] if name in self.where else ""

    def draft(self, key: str, rows: list[tuple[int, list[str]]]) -> Draft:
        """Return the rows of one conversation as a draft."""
        path, tally = self.source.path, self.source.tally
        first_line, first = rows[0]
        record = Record(path, first_line, dict(zip(self.names, first, strict=True)))
        fields: dict[str, Any] = {"id": key}
        labels: dict[int, dict[str, str]] = {}
        said = []
        known = set(self.where.values())
        unknown = [n for n, name in enumerate(self.names) if n not in known and not self._mapped(name)]
        for number, (line, cells) in enumerate(rows):
            for place in unknown:
                tally.add(UNKNOWN.format(self.names[place]), f"{path}:{line}", int(bool(cells[place])))
            for name in OF_CONVERSATION:
                value = self.cell(cells, name)
                if value and fields.setdefault(name, value) != value:
                    tally.add(DIFFERS.format(name), f"{path}:{line}")
            given = {name: value for name in OF_ANSWER if (value := self.cell(cells, name).strip())}
            if given:
                labels[number] = given
            raw = dict(zip(self.names, cells, strict=True))
            role, text, time = (self.cell(cells, name) for name in ("speaker", "text", "time"))
            said.append(Said(role=role.strip(), text=text, raw=raw, time=time.strip(), line=line))
        return Draft(record, said, fields, labels=labels)

    def _mapped(self, name: str) -> bool:
        """Say whether some expression of the mapping reads a column."""
        mapping = self.source.mapping
        finders = (*mapping.fields.values(), *mapping.message.values(), *([mapping.keep] if mapping.keep else ()))
        return any(name in finder.text for finder in finders)


def _encoding(source: Source) -> str:
    """Return the encoding that a file's mark tells, UTF-8 where it is, else Windows-1252, which is counted."""
    with source.path.open("rb") as file:
        start = file.read(4)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    if _is_utf8(source.path):
        return "utf-8"
    source.tally.add(GUESSED, str(source.path))
    return "cp1252"


def _is_utf8(path: Path) -> bool:
    with path.open(encoding="utf-8", newline="") as file:
        try:
            while file.read(1 << 20):
                pass
        except UnicodeDecodeError:
            return False
    return True
