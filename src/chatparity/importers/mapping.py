"""The mapping file: where a person says that fields or speakers of a source stand elsewhere than we think."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chatparity.errors import InputError, Problem, UsageError

FIELDS = (
    "id",
    "language",
    "market",
    "channel",
    "intent",
    "difficulty",
    "customer",
    "cluster",
    "started_at",
    "csat",
    "resolved",
    "recontact_7d",
    "handle_seconds",
)
MESSAGE = ("text", "speaker", "time")
LEAVE_OUT = "leave_out"
SYSTEM = "system"
SPEAKERS = ("customer", "human_agent", "ai_agent", "tool", SYSTEM, LEAVE_OUT)
READING = ("delimiter", "encoding")


class Finder:
    """A JMESPath expression; one that is exactly the name of a field is that field, whatever characters it has."""

    def __init__(self, text: str) -> None:
        import jmespath

        self.text = text
        self._compiled = jmespath.compile(text) if text else None

    def find(self, data: Any) -> Any:
        """Return what the expression finds in `data`; None for nothing, and always None for an empty expression.

        Raises UsageError for a function that does not take what it is given.
        """
        if self._compiled is None:
            return None
        if isinstance(data, dict) and self.text in data:
            return data[self.text]
        from jmespath.exceptions import JMESPathError

        try:
            return self._compiled.search(data)
        except JMESPathError as error:
            raise UsageError(f"mapping file: {self.text!r} cannot be applied to a record: {error}") from error


@dataclass(frozen=True)
class Mapping:
    """What a mapping file says; the empty one leaves every format as it is.

    `fields` finds a conversation's fields in its record, `message` those of a message, `messages` the list of messages,
    `keep` is a condition on each message (Langfuse: observation, OpenTelemetry: span), `speakers` names the speaker of
    a role or of an author's id, `reading` the delimiter and encoding of a CSV file.
    """

    fields: dict[str, Finder] = field(default_factory=dict)
    message: dict[str, Finder] = field(default_factory=dict)
    messages: Finder | None = None
    keep: Finder | None = None
    speakers: dict[str, str] = field(default_factory=dict)
    reading: dict[str, str] = field(default_factory=dict)

    def kept(self, data: Any) -> bool:
        """Say whether a message is to be imported."""
        return self.keep is None or bool(self.keep.find(data))


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file. Raises InputError with every key that is not known and every value that cannot be used."""
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError([Problem(path, None, "", f"cannot be read: {error.strerror}")]) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError([Problem(path, None, "", f"expected TOML: {error}")]) from error
    reader = _Reader(path)
    known = ("messages", "keep", "fields", "message", "speakers", "reading")
    reader.known("", data, known)
    mapping = Mapping(
        fields=reader.paths("fields", data.get("fields", {}), FIELDS),
        message=reader.paths("message", data.get("message", {}), MESSAGE),
        messages=reader.path("messages", data.get("messages")),
        keep=reader.path("keep", data.get("keep")),
        speakers=reader.speakers(data.get("speakers", {})),
        reading=reader.texts("reading", data.get("reading", {}), READING),
    )
    if len(mapping.reading.get("delimiter", ",")) != 1:
        reader.wrong("reading.delimiter", f"expected one character, got {mapping.reading['delimiter']!r}")
    if reader.found:
        raise InputError(reader.found)
    return mapping


class _Reader:
    """Reads the parts of a mapping file and keeps what is wrong with them."""

    def __init__(self, path: Path) -> None:
        self.source = path
        self.found: list[Problem] = []

    def wrong(self, field_name: str, message: str) -> None:
        self.found.append(Problem(self.source, None, field_name, message))

    def known(self, table: str, given: Any, names: tuple[str, ...]) -> dict[str, Any]:
        """Return a table without the keys that do not exist, each of which is a problem."""
        if not isinstance(given, dict):
            self.wrong(table, f"expected a table, got {given!r}")
            return {}
        for name in given:
            if name not in names:
                self.wrong(f"{table}.{name}".lstrip("."), f"unknown key: expected one of {', '.join(names)}")
        return {name: value for name, value in given.items() if name in names}

    def texts(self, table: str, given: Any, names: tuple[str, ...]) -> dict[str, str]:
        found = {}
        for name, value in self.known(table, given, names).items():
            if isinstance(value, str):
                found[name] = value
            else:
                self.wrong(f"{table}.{name}", f"expected a text, got {value!r}")
        return found

    def paths(self, table: str, given: Any, names: tuple[str, ...]) -> dict[str, Finder]:
        read = ((name, self.path(f"{table}.{name}", text)) for name, text in self.texts(table, given, names).items())
        return {name: path for name, path in read if path is not None}

    def path(self, name: str, text: Any) -> Finder | None:
        import jmespath.exceptions

        if text is None:
            return None
        try:
            return Finder(text)
        except (jmespath.exceptions.JMESPathError, AttributeError, TypeError) as error:
            reason = str(error).partition("\n")[0]
            self.wrong(
                name, f"expected a JMESPath expression, got {text!r} (quote odd names: '\"My field\"'): {reason}"
            )
            return None

    def speakers(self, given: Any) -> dict[str, str]:
        if not isinstance(given, dict):
            self.wrong("speakers", f"expected a table, got {given!r}")
            return {}
        for role, speaker in given.items():
            if speaker not in SPEAKERS:
                self.wrong(f"speakers.{role}", f"expected one of {', '.join(SPEAKERS)}, got {speaker!r}")
        return {str(role).casefold(): str(speaker) for role, speaker in given.items()}
