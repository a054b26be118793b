"""OpenTelemetry: the messages of GenAI spans, joined into one conversation a `gen_ai.conversation.id`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from chatparity.errors import Problem
from chatparity.importers.chat import chat_message, joined
from chatparity.importers.draft import Asked, Draft, Said, Source
from chatparity.importers.grouping import grouped
from chatparity.importers.otlp import Span, spans
from chatparity.importers.values import label, seconds_of, unpacked

CONVERSATION = "gen_ai.conversation.id"
INPUT, OUTPUT, SYSTEM = "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions"
EVENTS = {
    "gen_ai.system.message": "system",
    "gen_ai.user.message": "user",
    "gen_ai.assistant.message": "assistant",
    "gen_ai.tool.message": "tool",
    "gen_ai.choice": "assistant",
}
PROMPT = {"gen_ai.content.prompt": "gen_ai.prompt", "gen_ai.content.completion": "gen_ai.completion"}
SILENT = "span without messages left out: another operation, or its content was not captured"
OUTER = "span around other spans with messages left out: theirs are the same"
NOT_KEPT = "span that the mapping's `keep` leaves out"
NOT_TEXT = "part of a message that is no text left out"
UNJOINED = "span whose messages do not continue the conversation before it: added whole"
OTHERS = "second or later choice left out: it was never sent"
UNTRACED = "expected a span with a trace id"


def read_otel(source: Source) -> Iterator[Draft | Problem]:
    """Yield the conversations of a file of spans and events, each once its last span was read."""
    names: dict[str, str] = {}
    for span in _spans(source, 0):
        if not isinstance(span, Problem) and (given := _named(span, source)):
            names.setdefault(span.trace, given)
    for group in grouped(_keyed(source, names, 1), _keyed(source, names, 2)):
        made = group if isinstance(group, Problem) else _draft(group[0], group[1], source)
        if made is not None:
            yield made


def _spans(source: Source, step: int) -> Iterator[Span | Problem]:
    for record in source.records((), step, 3):
        if isinstance(record, Problem):
            yield record
            continue
        try:
            yield from spans(record)
        except (ValueError, TypeError) as error:
            yield record.problem("", str(error))


def _named(span: Span, source: Source) -> str | None:
    """Return the conversation a span names."""
    finder = source.mapping.fields.get("id")
    return label(finder.find(span.plain()) if finder else span.attributes.get(CONVERSATION))


def _keyed(source: Source, names: dict[str, str], step: int) -> Iterator[tuple[str, Span] | Problem]:
    """Yield each span with its conversation: the one it names, the one its trace names, else its trace."""
    for span in _spans(source, step):
        if isinstance(span, Problem):
            yield span
            continue
        key = _named(span, source) or names.get(span.trace) or span.trace
        yield (key, span) if key else span.record.problem("traceId", UNTRACED)


def _draft(key: str, group: list[Span], source: Source) -> Draft | Problem | None:
    """Return the spans of a conversation as one conversation, or None where none of them has messages."""
    tally = source.tally
    owned: dict[str, list[Span]] = {}
    for one in group:
        if one.event is not None:
            owned.setdefault(one.span, []).append(one)
    own_spans = [one for one in group if one.event is None]
    known = {one.span for one in own_spans}
    # Events whose span is not in the file stand for it.
    alone = [events[0] for span, events in owned.items() if span not in known]
    found: list[tuple[float, int, Span, list[Said]]] = []
    for number, span in enumerate([*own_spans, *alone]):
        try:
            said = _said(span, owned.get(span.span, []), source)
            moment = seconds_of(_number(span.start)) or 0.0
        except (ValueError, TypeError) as error:
            return span.record.problem(span.name, str(error))
        if not said:
            tally.add(SILENT, span.record.place)
        elif not source.mapping.kept(span.plain()):
            tally.add(NOT_KEPT, span.record.place)
        else:
            found.append((moment, number, span, said))
    if not found:
        return None
    around = _ancestors(own_spans, {span.span for _, _, span, _ in found})
    tally.add(OUTER, group[0].record.place, sum(span.span in around for _, _, span, _ in found))
    inner = sorted((one for one in found if one[2].span not in around), key=lambda one: one[:2])
    said, unjoined = joined([one[3] for one in inner])
    tally.add(UNJOINED, group[0].record.place, unjoined)
    last = group[-1]
    fields = {"id": key, "customer": last.attributes.get("user.id") or last.attributes.get("enduser.id")}
    models = sorted({name for one in group if (name := label(one.attributes.get("gen_ai.request.model")))})
    return Draft(group[0].record, said, fields, {"models": models} if models else {}, chosen=True)


def _number(time: Any) -> Any:
    """Return nanoseconds, which OTLP writes as a text, as a number."""
    return int(time) if isinstance(time, str) and time.isdigit() else time


def _ancestors(group: list[Span], speaking: set[str]) -> set[str]:
    """Return the spans around those that speak."""
    parents = {one.span: one.parent for one in group}
    found: set[str] = set()
    for span in speaking:
        above = parents.get(span)
        while above and above not in found:
            found.add(above)
            above = parents.get(above)
    return found


def _said(span: Span, events: list[Span], source: Source) -> list[Said]:
    """Return the messages of a span: its attributes', its events', or those of its log records."""
    place = span.record.place
    told = [(span.attributes, span.start, span.end)]
    told += [(attributes, span.start, span.end) for _, _, attributes in span.events]
    told += [(one.body if isinstance(one.body, dict) else one.attributes, one.start, one.end) for one in events]
    told += [(one.attributes, one.start, one.end) for one in events if isinstance(one.body, dict)]
    for attributes, start, end in told:
        if INPUT in attributes or OUTPUT in attributes:
            return _captured(attributes, start, end, source, place)
    listed = [(name, attributes, time) for name, time, attributes in span.events]
    listed += [(one.event or "", one.body if one.body is not None else one.attributes, one.start) for one in events]
    return [said for name, body, time in listed for said in _event(name, body, _number(time), source, place)]


def _captured(attributes: dict[str, Any], start: Any, end: Any, source: Source, place: str) -> list[Said]:
    """Return the messages of the attributes that hold the chat history."""
    asked = [_message(one, source, place) for one in _listed(attributes.get(INPUT), INPUT)]
    answers = _listed(attributes.get(OUTPUT), OUTPUT)
    source.tally.add(OTHERS, place, len(answers[1:]))
    answered = [_message(one, source, place) for one in answers[:1]]
    instructions = _listed(attributes.get(SYSTEM), SYSTEM)
    system = [_message({"role": "system", "parts": instructions}, source, place)] if instructions else []
    for said, time in ((asked[-1:], start), (answered, end)):
        for one in said:
            one.time = _number(time)
    return [*system, *[one for group in (asked, answered) for said in group for one in _split(said)]]


def _listed(given: Any, name: str) -> list[Any]:
    found = unpacked(given)
    if found is None:
        return []
    if not isinstance(found, list):
        raise ValueError(f"{name}: expected a list, got {given!r:.80}")
    return found


def _message(item: Any, source: Source, place: str) -> Said:
    """Return a message made of parts. Raises ValueError for what is none."""
    if not isinstance(item, dict) or not isinstance(item.get("role"), str):
        raise ValueError(f'expected a message with a "role", got {item!r:.80}')
    if "parts" not in item:
        return chat_message(item, source, place)
    texts, asked = [], []
    said = Said(role=item["role"], text="", raw=item)
    for part in item["parts"]:
        kind = part.get("type") if isinstance(part, dict) else None
        if kind == "text":
            if not isinstance(part.get("content"), str | None):
                raise ValueError(f"text: expected a text as content, got {part['content']!r:.80}")
            texts.append(part.get("content") or "")
        elif kind == "tool_call":
            arguments = unpacked(part.get("arguments") or {})
            if not isinstance(part.get("name"), str) or not isinstance(arguments, dict):
                raise ValueError(f"tool_call: expected a name and an object of arguments, got {part!r:.80}")
            asked.append(Asked(part["name"], arguments, label(part.get("id"))))
        elif kind != "tool_call_response":
            source.tally.add(NOT_TEXT, place)
    said.text, said.asked = "\n".join(texts), tuple(asked)
    return said


def _split(said: Said) -> list[Said]:
    """Return a message as itself, or as one message for each result of a tool that it holds."""
    parts = said.raw.get("parts", []) if isinstance(said.raw, dict) else []
    results = [one for one in parts if isinstance(one, dict) and one.get("type") == "tool_call_response"]
    if not results:
        return [said]
    found = [said] if said.text or said.asked else []
    for one in results:
        given = one.get("response", one.get("result"))
        text = given if isinstance(given, str) else _encoded(given)
        found.append(Said(role="tool", text=text, raw=said.raw, answers=label(one.get("id")), time=said.time))
    return found


def _encoded(value: Any) -> str:

    return msgspec.json.encode(value).decode()


def _event(name: str, body: Any, time: Any, source: Source, place: str) -> list[Said]:
    """Return the messages of one of the older events: one a message, its content in attributes or in the body."""
    held = unpacked(body.get("gen_ai.event.content", body)) if isinstance(body, dict) else unpacked(body)
    if name in PROMPT and isinstance(held, dict):
        listed = _listed(held.get(PROMPT[name]), PROMPT[name])
        return [_message(one, source, place) for one in listed]
    if name not in EVENTS:
        return []
    if not isinstance(held, dict):
        raise ValueError(f"{name}: expected an object, got {held!r:.80}")
    source.tally.add(OTHERS, place, int(bool(held.get("index"))))
    if held.get("index"):
        return []
    inside = unpacked(held.get("message")) if name == "gen_ai.choice" else held
    inside = inside if isinstance(inside, dict) else {"content": inside if inside is not None else held.get("content")}
    content, calls = inside.get("content"), unpacked(inside.get("tool_calls"))
    made = {"role": EVENTS[name], "content": content, "tool_calls": calls, "tool_call_id": inside.get("id")}
    said = chat_message({key: one for key, one in made.items() if one is not None}, source, place)
    said.time = time
    return [said]
