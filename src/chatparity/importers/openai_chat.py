"""OpenAI chat: one conversation a line, as fine-tuning files, stored completions, batches and request logs hold it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatparity.errors import Problem
from chatparity.importers.chat import chat_messages, choice_messages
from chatparity.importers.draft import Draft, Source
from chatparity.importers.records import Record
from chatparity.importers.values import part

# Where the messages stand, and the reply to them, in the shapes that are about.
_MESSAGES = (("messages",), ("body", "messages"), ("request", "messages"), ("request", "body", "messages"))
_CHOICES = (("choices",), ("response", "choices"), ("response", "body", "choices"))
_IDS = (("conversation_id",), ("metadata", "conversation_id"), ("id",), ("custom_id",))
_FIELDS = ("language", "market", "channel", "intent", "difficulty", "customer", "cluster")
OTHERS = "second or later choice of a completion left out: it was never sent"
TOOLS = "tool definitions left out: a transcript holds calls"


def read_openai_chat(source: Source) -> Iterator[Draft | Problem]:
    """Yield the conversations of a file of OpenAI chat messages."""
    for record in source.records():
        yield record if isinstance(record, Problem) else _draft(record, source)


def _draft(record: Record, source: Source) -> Draft | Problem:
    data = record.data
    items = source.messages(record, _first(data, _MESSAGES))
    if items is None:
        return record.problem("messages", "expected a list of chat messages, got none")
    choices = _first(data, _CHOICES)
    source.tally.add(OTHERS, record.place, max(0, len(choices) - 1) if isinstance(choices, list) else 0)
    source.tally.add(TOOLS, record.place, int(bool(data.get("tools") or data.get("functions"))))
    try:
        said = chat_messages(items if not choices else [*items, *choice_messages(choices)], source, record.place)
    except (ValueError, TypeError) as error:
        return record.problem("messages", str(error))
    given = data.get("metadata")
    metadata: dict[str, Any] = given if isinstance(given, dict) else {}
    fields = {name: data.get(name, metadata.get(name)) for name in _FIELDS}
    fields |= {"id": _first(data, _IDS), "started_at": data.get("created", data.get("created_at"))}
    fields["customer"] = fields["customer"] or data.get("user")
    meta = {name: data[name] for name in ("model", "metadata") if data.get(name)}
    return Draft(record, said, fields, meta)


def _first(data: dict[str, Any], paths: tuple[tuple[str, ...], ...]) -> Any:
    return next((found for path in paths if (found := part(data, *path)) is not None), None)
