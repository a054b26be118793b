"""ShareGPT: `{"conversations": [{"from": …, "value": …}]}`, with the tool calls LLaMA-Factory adds to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatparity.errors import Problem
from chatparity.importers.chat import asked
from chatparity.importers.draft import Draft, Said, Source
from chatparity.importers.records import Record
from chatparity.importers.values import label, unpacked

_CALL = "function_call"
TOOLS = "tool definitions left out: a transcript holds calls"


def read_sharegpt(source: Source) -> Iterator[Draft | Problem]:
    """Yield the conversations of a ShareGPT file."""
    for record in source.records():
        yield record if isinstance(record, Problem) else _draft(record, source)


def _draft(record: Record, source: Source) -> Draft | Problem:
    items = source.messages(record, record.data.get("conversations"))
    if not isinstance(items, list):
        return record.problem("conversations", "expected a list of messages, got none")
    source.tally.add(TOOLS, record.place, int(bool(record.data.get("tools"))))
    said = []
    system = record.data.get("system")
    if isinstance(system, str) and system:
        said.append(Said(role="system", text=system, raw={"from": "system", "value": system}))
    for number, item in enumerate(items):
        try:
            said.append(_message(item))
        except ValueError as error:
            return record.problem(f"conversations[{number}]", str(error))
    return Draft(record, said, {name: record.data.get(name) for name in ("id", "language")})


def _message(item: Any) -> Said:
    """Return one message. Raises ValueError for what is none."""
    if not isinstance(item, dict):
        raise ValueError(f'expected an object with "from" and "value", got {item!r:.80}')
    role, value = item.get("from", item.get("role")), item.get("value", item.get("content"))
    if not isinstance(role, str) or not isinstance(value, str | None):
        raise ValueError(f'expected texts as "from" and "value", got {item!r:.80}')
    if role != _CALL:
        return Said(role=role, text=value or "", raw=item)
    calls = unpacked(value)
    made = tuple(asked(one) for one in (calls if isinstance(calls, list) else [calls]))
    return Said(role="assistant", text="", raw=item, asked=tuple(made), author=label(item.get("id")))
