"""A conversation as its source tells it, before it is a transcript: the same shape for every format."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatparity.errors import Problem
from chatparity.importers.mapping import Mapping
from chatparity.importers.records import OnBytes, Record, read_records
from chatparity.importers.result import Tally


@dataclass(frozen=True)
class Asked:
    """A tool call that an agent asked for; `key` is the source's id of it, `result` what came back where it is told."""

    name: str
    arguments: dict[str, Any]
    key: str | None = None


@dataclass
class Said:
    """One message of a source.

    `role` is the source's own word for the speaker and `author` its id; `time` is what the source says of the time;
    `raw` is the message as it stands in the file, for the mapping. A message of role `tool` answers the call `answers`
    (None: the first that has no answer yet). `line` is the message's own line where it has one.
    """

    role: str
    text: str
    raw: Any = None
    author: str | None = None
    time: Any = None
    asked: tuple[Asked, ...] = ()
    answers: str | None = None
    line: int | None = None


@dataclass
class Draft:
    """One conversation of a source: its record, what the source says of it, and its messages in order.

    `fields` has names of `mapping.FIELDS` and values as the source writes them; `labels` are what a message's row says
    of the answer it begins, by the place of the message in `said`; `chosen` says that the mapping's `keep` has been
    heeded already, because it speaks of something larger than a message.
    """

    record: Record
    said: list[Said]
    fields: dict[str, Any] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    labels: dict[int, dict[str, str]] = field(default_factory=dict)
    chosen: bool = False


@dataclass
class Source:
    """A file being imported: its path, the mapping, what is counted, and who is told of progress.

    `language` is that of records that name none; without it theirs is detected.
    """

    path: Path
    mapping: Mapping
    tally: Tally
    language: str | None = None
    on_bytes: OnBytes | None = None

    def records(self, wrap: tuple[str, ...] = (), step: int = 0, steps: int = 1) -> Iterator[Record | Problem]:
        """Yield the records of a JSON file and what is wrong in between; this is reading `step` of `steps`."""
        return read_records(self.path, wrap, self.told(step, steps))

    def told(self, step: int, steps: int) -> OnBytes | None:
        """Return what tells of the bytes read when a file is read `steps` times."""
        told = self.on_bytes
        if told is None:
            return None
        size = self.path.stat().st_size
        return lambda done: told((step * size + done) // steps)

    def messages(self, record: Record, default: Any) -> Any:
        """Return a record's list of messages: where the mapping says, else `default`."""
        return default if self.mapping.messages is None else self.mapping.messages.find(record.data)
