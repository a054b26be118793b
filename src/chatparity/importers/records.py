"""JSON files of other tools, one record at a time, each with the line it stands on.

A file is either lines of JSON, read as a stream, or one JSON document, whose bytes are read whole but whose records
are decoded one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from chatparity.errors import Problem

_MARK = b"\xef\xbb\xbf"
_LINES = (".jsonl", ".ndjson")
# What decoding raises for what is no JSON, no UTF-8, or nested thousands of levels deep.
UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_BYTE = re.compile(r"byte (\d+)")
OnBytes = Callable[[int], None]


@dataclass(frozen=True)
class Record:
    """One JSON object of a file: its line, its place within the document, and what stood beside its list."""

    path: Path
    line: int | None
    data: dict[str, Any]
    within: str = ""
    around: Mapping[str, Any] = field(default_factory=dict)

    @property
    def place(self) -> str:
        """Where the record stands, as `file:line`."""
        return str(Problem(self.path, self.line, "", "")).removesuffix(": ")

    def problem(self, where: str, message: str) -> Problem:
        """Return what is wrong at `where`, a path inside the record."""
        return Problem(self.path, self.line, ".".join(one for one in (self.within, where) if one), message)


def read_records(path: Path, wrap: tuple[str, ...] = (), on_bytes: OnBytes | None = None) -> Iterator[Record | Problem]:
    """Yield the JSON objects of a file in order, and a problem for each place where there is none.

    An object that holds a list under a name of `wrap` stands for the objects of that list. `on_bytes` is told how many
    bytes have been read.
    """
    found = False
    for one in _by_line(path, wrap, on_bytes) if _is_lines(path) else _whole(path, wrap, on_bytes):
        found = True
        yield one
    if not found:
        yield Problem(path, None, "", "the file holds no record: expected JSON objects, one a line or in a list")


def _is_lines(path: Path) -> bool:
    """Say whether a file is lines of JSON: its first line, or else its second, is a whole object."""
    if path.suffix.lower() in _LINES:
        return True
    with path.open("rb") as file:
        first = next((line for line in file if line.strip()), b"").removeprefix(_MARK).strip()
        if first.startswith(b"["):
            return False
        second = next((line for line in file if line.strip()), b"")
    return any(_is_object(line) for line in (first, second))


def _is_object(line: bytes) -> bool:
    try:
        msgspec.json.decode(line, type=dict[str, msgspec.Raw])
    except UNREADABLE:
        return False
    return True


def _by_line(path: Path, wrap: tuple[str, ...], on_bytes: OnBytes | None) -> Iterator[Record | Problem]:
    """Yield the records of a file of lines; blank lines hold nothing and are passed over."""
    decoder = msgspec.json.Decoder(Any)
    done = 0
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            done += len(line)
            if on_bytes is not None:
                on_bytes(done)
            text = line.removeprefix(_MARK) if number == 1 else line
            if not text.strip():
                continue
            try:
                value = decoder.decode(text)
            except UNREADABLE as error:
                yield Problem(path, number, "", f"expected JSON: {error}")
                continue
            yield from _objects(path, number, value, wrap)


def _objects(path: Path, line: int, value: Any, wrap: tuple[str, ...]) -> Iterator[Record | Problem]:
    """Yield the records that one line stands for."""
    name = next((one for one in wrap if isinstance(value, dict) and isinstance(value.get(one), list)), "")
    items = value[name] if name else value if isinstance(value, list) else None
    if items is None:
        yield _record(path, line, "", value, {})
        return
    around = {key: other for key, other in value.items() if key != name} if name else {}
    for number, item in enumerate(items):
        yield _record(path, line, f"{name}[{number}]", item, around)


def _record(path: Path, line: int, where: str, value: Any, around: Mapping[str, Any]) -> Record | Problem:
    if isinstance(value, dict):
        return Record(path, line, value, where, around)
    return Problem(path, line, where, f"expected a JSON object, got {type(value).__name__}")


def _whole(path: Path, wrap: tuple[str, ...], on_bytes: OnBytes | None) -> Iterator[Record | Problem]:
    """Yield the records of one JSON document, decoding each when its turn comes."""
    data = path.read_bytes().removeprefix(_MARK)
    if not data.strip():
        return
    try:
        name, items, around = _items(data, wrap)
    except UNREADABLE as error:
        at = _BYTE.search(str(error))
        line = data.count(b"\n", 0, int(at[1])) + 1 if at else None
        yield Problem(path, line, "", f"expected JSON: {error}")
        return
    at_byte, line_number = 0, 1
    for number, raw in enumerate(items):
        # Raw values lie in the document in order, so that the next find is the value itself.
        start = data.index(bytes(raw), at_byte)
        line_number += data.count(b"\n", at_byte, start)
        at_byte = start
        if on_bytes is not None:
            on_bytes(at_byte)
        where = f"{name}[{number}]" if name is not None else ""
        try:
            value = msgspec.json.decode(raw)
        except UNREADABLE as error:
            yield Problem(path, line_number, where, f"expected JSON: {error}")
            continue
        yield _record(path, line_number, where, value, around)


def _items(data: bytes, wrap: tuple[str, ...]) -> tuple[str | None, list[msgspec.Raw], dict[str, Any]]:
    """Return the name of a document's list (None when the document is the record), its items and what is beside it."""
    if data.lstrip().startswith(b"["):
        return "", msgspec.json.decode(data, type=list[msgspec.Raw]), {}
    if not data.lstrip().startswith(b"{"):
        return None, [msgspec.json.decode(data, type=msgspec.Raw)], {}
    parts = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    name = next((one for one in wrap if bytes(parts.get(one, b"")).startswith(b"[")), None)
    if name is None:
        return None, [msgspec.json.decode(data, type=msgspec.Raw)], {}
    around = {key: msgspec.json.decode(raw) for key, raw in parts.items() if key != name}
    return name, msgspec.json.decode(parts[name], type=list[msgspec.Raw]), around
