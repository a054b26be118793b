"""Intercom: exported conversations, whose first message is their source and whose parts are the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatparity.errors import Problem
from chatparity.importers.draft import Draft, Said, Source
from chatparity.importers.html_text import html_text
from chatparity.importers.records import Record
from chatparity.importers.values import label, names, objects, part

INTERNAL = "internal note left out: it was not sent to the customer"
EVENT = "event without a text (assigned, closed, …) left out"
REDACTED = "redacted message left out"
ATTACHED = "attachment left out"
PICTURE = "picture inside a message left out"


def read_intercom(source: Source) -> Iterator[Draft | Problem]:
    """Yield the conversations of an export."""
    for record in source.records(("conversations", "data")):
        yield record if isinstance(record, Problem) else _draft(record, source)


def _draft(record: Record, source: Source) -> Draft | Problem:
    data = record.data
    given = data.get("conversation_parts")
    items = source.messages(record, part(given, "conversation_parts") if isinstance(given, dict) else given)
    if not isinstance(items, list):
        return record.problem("conversation_parts", "expected a list of conversation parts, got none")
    said = []
    first = data.get("source")
    if isinstance(first, dict):
        items = [{"created_at": data.get("created_at"), "part_type": "comment", **first}, *items]
    for number, item in enumerate(items):
        try:
            one = _part(item, source, record.place)
        except ValueError as error:
            return record.problem(f"conversation_parts[{number - isinstance(first, dict)}]", str(error))
        if one is not None:
            said.append(one)
    fields = {
        "id": data.get("id"),
        "customer": _customer(data),
        "channel": part(first, "type"),
        "started_at": data.get("created_at"),
        "csat": part(data, "conversation_rating", "rating"),
    }
    tags = names(part(data, "tags", "tags"))
    meta = {name: data[name] for name in ("title", "state", "custom_attributes") if data.get(name)}
    return Draft(record, said, fields, {**meta, **({"tags": tags} if tags else {})})


def _customer(data: dict[str, Any]) -> str | None:
    contacts = objects(part(data, "contacts", "contacts"))
    return label(contacts[0].get("id")) if contacts else label(part(data, "user", "id"))


def _part(item: Any, source: Source, place: str) -> Said | None:
    """Return a message, None for a part the customer never saw. Raises ValueError for what is none."""
    if not isinstance(item, dict) or not isinstance(item.get("author"), dict):
        raise ValueError(f'expected an object with an "author", got {item!r:.80}')
    body = item.get("body")
    if not isinstance(body, str | None):
        raise ValueError(f"body: expected a text, got {body!r:.80}")
    source.tally.add(ATTACHED, place, len(objects(item.get("attachments"))))
    if "note" in str(item.get("part_type")):
        source.tally.add(INTERNAL, place)
        return None
    if not body:
        source.tally.add(REDACTED if item.get("redacted") else EVENT, place)
        return None
    text, pictures = html_text(body)
    source.tally.add(PICTURE, place, pictures)
    author = item["author"]
    answered = author.get("from_ai_agent") or author.get("is_ai_answer")
    role = "bot" if answered else str(author.get("type"))
    return Said(role=role, text=text, raw=item, author=label(author.get("id")), time=item.get("created_at"))
