"""Langfuse: the generations of traces, joined into one conversation a session."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatparity.errors import Problem
from chatparity.importers.chat import chat_messages, choice_messages, joined
from chatparity.importers.draft import Draft, Said, Source
from chatparity.importers.grouping import grouped
from chatparity.importers.records import Record
from chatparity.importers.values import label, names, part, seconds_of, unpacked

_WRAP = ("data", "traces")
GENERATION = "GENERATION"
OTHER = "observation that is no generation left out"
EMPTY = "generation without input and output left out"
NOT_KEPT = "generation that the mapping's `keep` leaves out"
WHOLE = "trace without a generation: its own input and output were taken"
SILENT = "session whose traces hold no messages left out"
UNJOINED = "generation that does not continue the conversation before it: added whole"
SCORES = "score left out: a label of another tool's making"


def read_langfuse(source: Source) -> Iterator[Draft | Problem]:
    """Yield the sessions of an export of traces, each once its last trace was read."""
    for group in grouped(_keyed(source, 0), _keyed(source, 1)):
        made = group if isinstance(group, Problem) else _draft(group[0], group[1], source)
        if made is not None:
            yield made


def _keyed(source: Source, step: int) -> Iterator[tuple[str, Record] | Problem]:
    """Yield each trace, or row of an observation, with the session it belongs to, or else its trace."""
    for record in source.records(_WRAP, step, 2):
        if isinstance(record, Problem):
            yield record
            continue
        data = record.data
        finder = source.mapping.fields.get("id")
        beside = record.around.get("id") if "traces" in record.within else None
        keys = (_get(data, "sessionId", "session_id"), beside, _get(data, "traceId", "trace_id"), data.get("id"))
        key = label(finder.find(data)) if finder else next((name for one in keys if (name := label(one))), None)
        yield record.problem("id", "expected a trace with an id") if key is None else (key, record)


def _get(data: dict[str, Any], *names_of: str) -> Any:
    """Return a field under the first of its names that is there: the API's or the blob export's."""
    return next((data[name] for name in names_of if data.get(name) is not None), None)


def _draft(key: str, records: list[Record], source: Source) -> Draft | Problem | None:
    """Return the traces of a session as one conversation, or None where none of them has messages."""
    calls: list[tuple[float, int, dict[str, Any], Record]] = []
    for record in records:
        try:
            for one in _generations(record, source):
                moment = seconds_of(_get(one, "startTime", "start_time", "timestamp", "createdAt")) or 0.0
                calls.append((moment, len(calls), one, record))
        except (ValueError, TypeError) as error:
            return record.problem("startTime", str(error))
    parts = []
    for moment, _, one, record in sorted(calls, key=lambda call: call[:2]):
        try:
            parts.append(_said(one, moment, source, record.place))
        except (ValueError, TypeError) as error:
            return record.problem("input", str(error))
    if not parts:
        source.tally.add(SILENT, records[0].place)
        return None
    said, unjoined = joined(parts)
    first = records[0]
    source.tally.add(UNJOINED, first.place, unjoined)
    given = part(first.data, "metadata")
    metadata: dict[str, Any] = given if isinstance(given, dict) else {}
    fields = {name: metadata.get(name) for name in ("language", "market", "channel", "intent")}
    fields |= {
        "id": key,
        "customer": _get(first.data, "userId", "user_id"),
        "started_at": _get(first.data, "timestamp", "startTime", "start_time"),
    }
    tags = names(first.data.get("tags"))
    meta = {"traces": [label(one.data.get("id")) for one in records]}
    return Draft(first, said, fields, {**meta, **({"tags": tags} if tags else {})}, chosen=True)


def _generations(record: Record, source: Source) -> Iterator[dict[str, Any]]:
    """Yield what of a record a model was asked and answered: generations, or else the trace itself."""
    data, tally = record.data, source.tally
    listed = data.get("observations")
    scores = data.get("scores")
    tally.add(SCORES, record.place, len(scores) if isinstance(scores, list) else 0)
    if _get(data, "traceId", "trace_id") is not None and "type" in data:
        listed = [data]
    found = 0
    for one in listed if isinstance(listed, list) else ():
        if not isinstance(one, dict) or one.get("type") != GENERATION:
            tally.add(OTHER, record.place)
        elif not source.mapping.kept(one):
            found += 1
            tally.add(NOT_KEPT, record.place)
        elif not one.get("input") and not one.get("output"):
            tally.add(EMPTY, record.place)
        else:
            found += 1
            yield one
    if not found and (data.get("input") or data.get("output")) and "type" not in data:
        tally.add(WHOLE, record.place)
        yield data


def _said(one: dict[str, Any], moment: float, source: Source, place: str) -> list[Said]:
    """Return the messages of a generation. Raises ValueError for input or output that holds none."""
    asked = _messages(one.get("input"), "user", source, place)
    answered = _messages(one.get("output"), "assistant", source, place)
    # The generation's time is that of the message it answers; the answer came when it ended.
    ended = _get(one, "endTime", "end_time")
    for said, time in ((asked[-1:], moment or None), (answered, ended)):
        for message in said:
            message.time = message.time or time
    return [*asked, *answered]


def _messages(value: Any, role: str, source: Source, place: str) -> list[Said]:
    """Return what an input or an output holds: messages in any of the forms integrations log, or a text."""
    inside = unpacked(value) if isinstance(value, str) and value.lstrip()[:1] in ("{", "[") else value
    for name in ("messages", "choices", "content", "text", "output", "input", "args", "kwargs"):
        if isinstance(inside, dict) and "role" not in inside and name in inside:
            held = choice_messages(inside[name]) if name == "choices" else inside[name]
            return _messages(held, role, source, place)
    if isinstance(inside, dict) and "role" in inside:
        inside = [inside]
    if isinstance(inside, list) and inside and all(isinstance(one, dict) and "role" in one for one in inside):
        return chat_messages(inside, source, place)
    if value is None or value in ([], {}):
        return []
    if isinstance(inside, dict) and isinstance(inside.get("tool_calls"), list):
        return chat_messages([{"role": role, **inside}], source, place)
    if isinstance(value, str):
        return [Said(role=role, text=value, raw={"role": role, "content": value})]
    raise ValueError(f"expected chat messages or a text, got {value!r:.80}")
