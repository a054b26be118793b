"""Round trips: what any transcript says survives being written in another tool's form and imported again."""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatparity.importers import import_file
from chatparity.transcript import Speaker, ToolCall, Transcript, Turn

BEGAN = 1_767_225_600  # 2026-01-01, in seconds of 1970
CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
TEXTS = st.text(CHARACTERS, min_size=1, max_size=40).filter(lambda text: bool(text.strip()))
# HTML has one kind of space, and takes it off both ends.
LINES = st.lists(
    st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=9), min_size=1, max_size=4
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**50), 2**50) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
CALLS = st.builds(
    ToolCall,
    name=st.from_regex(r"[a-z_]{1,12}", fullmatch=True),
    arguments=st.dictionaries(TEXTS, VALUES, max_size=3),
    result=VALUES,
)


def turns(speaker: Speaker, texts: st.SearchStrategy[str], calls: bool) -> st.SearchStrategy[Turn]:
    made = st.lists(CALLS, max_size=2).map(tuple) if calls else st.just(())
    return st.builds(Turn, speaker=st.just(speaker), text=texts, tool_calls=made)


def talks(
    texts: st.SearchStrategy[str] = TEXTS, *, agents: tuple[Speaker, ...] = ("ai_agent",), calls: bool = False
) -> st.SearchStrategy[list[Turn]]:
    """Conversations that a customer begins and in which anyone may speak twice in a row."""
    first = turns("customer", texts, calls=False)
    anyone = st.one_of(first, *(turns(agent, texts, calls) for agent in agents))
    return st.tuples(first, st.lists(anyone, max_size=6)).map(lambda parts: [parts[0], *parts[1]])


def answered(texts: st.SearchStrategy[str] = TEXTS, *, calls: bool = True) -> st.SearchStrategy[list[Turn]]:
    """Conversations in which each message of a customer has one answer, as each call of a model has."""
    pair = st.tuples(turns("customer", texts, calls=False), turns("ai_agent", texts, calls))
    return st.lists(pair, min_size=1, max_size=4).map(lambda pairs: [turn for pair in pairs for turn in pair])


def chat(talk: list[Turn]) -> list[dict[str, Any]]:
    """Write turns as OpenAI's chat messages."""
    found: list[dict[str, Any]] = []
    number = 0
    for turn in talk:
        calls = []
        results = []
        for call in turn.tool_calls:
            number += 1
            function = {"name": call.name, "arguments": json.dumps(call.arguments)}
            calls.append({"id": f"c{number}", "type": "function", "function": function})
            results.append({"role": "tool", "tool_call_id": f"c{number}", "content": json.dumps(call.result)})
        if calls:
            found += [{"role": "assistant", "content": None, "tool_calls": calls}, *results]
        found.append({"role": "user" if turn.speaker == "customer" else "assistant", "content": turn.text})
    return found


def openai_chat(number: int, talk: list[Turn]) -> list[Any]:
    return [{"id": f"talk-{number}", "language": "pl", "messages": chat(talk)}]


def sharegpt(number: int, talk: list[Turn]) -> list[Any]:
    said: list[dict[str, str]] = []
    for turn in talk:
        for call in turn.tool_calls:
            made = {"name": call.name, "arguments": call.arguments}
            said += [{"from": "function_call", "value": json.dumps(made)}]
            said += [{"from": "observation", "value": json.dumps(call.result)}]
        said.append({"from": "human" if turn.speaker == "customer" else "gpt", "value": turn.text})
    return [{"id": f"talk-{number}", "language": "pl", "conversations": said}]


def zendesk(number: int, talk: list[Turn]) -> list[Any]:
    who = {"customer": 1, "human_agent": 2}
    comments: list[dict[str, Any]] = []
    for place, turn in enumerate(talk):
        time = dt.datetime.fromtimestamp(BEGAN + place, dt.UTC).isoformat()
        comments.append({"author_id": who[turn.speaker], "body": turn.text, "public": True, "created_at": time})
        comments.append({"author_id": 2, "body": "INTERNAL", "public": False, "created_at": time})
    users = [{"id": 1, "role": "end-user"}, {"id": 2, "role": "agent"}]
    return [{"id": f"talk-{number}", "requester_id": 1, "comments": comments, "users": users}]


def intercom(number: int, talk: list[Turn]) -> list[Any]:
    who = {"customer": "user", "human_agent": "admin", "ai_agent": "bot"}
    parts = []
    for place, turn in enumerate(talk):
        body = "<p>" + "<br>".join(html.escape(line) for line in turn.text.split("\n")) + "</p>"
        author = {"type": who[turn.speaker], "id": turn.speaker}
        parts.append({"part_type": "comment", "body": body, "author": author, "created_at": BEGAN + place})
    first, *rest = parts
    return [
        {
            "id": f"talk-{number}",
            "created_at": BEGAN,
            "source": {"type": "conversation", "body": first["body"], "author": first["author"]},
            "conversation_parts": {"conversation_parts": rest},
        }
    ]


def calls_of(talk: list[Turn]) -> list[tuple[list[Any], Any]]:
    """Return what a model was sent and what it answered, for each of its answers: the whole history every time."""
    messages = chat(talk)
    return [(messages[:place], one) for place, one in enumerate(messages) if one["role"] == "assistant"]


def langfuse(number: int, talk: list[Turn]) -> list[Any]:
    traces = []
    for place, (sent, answer) in enumerate(calls_of(talk)):
        time = dt.datetime.fromtimestamp(BEGAN + place, dt.UTC).isoformat()
        one = {"id": f"o{place}", "type": "GENERATION", "startTime": time, "endTime": time}
        trace = {"id": f"t{number}-{place}", "sessionId": f"talk-{number}", "timestamp": time}
        traces.append({**trace, "observations": [{**one, "input": sent, "output": answer}]})
    return traces


def parts_of(message: dict[str, Any]) -> dict[str, Any]:
    """Write a chat message in the parts of the GenAI semantic conventions."""
    if message["role"] == "tool":
        answer = {"type": "tool_call_response", "id": message["tool_call_id"], "response": message["content"]}
        return {"role": "tool", "parts": [answer]}
    parts: list[dict[str, Any]] = [{"type": "text", "content": message["content"]}] if message["content"] else []
    for call in message.get("tool_calls", ()):
        function = call["function"]
        arguments = json.loads(function["arguments"])
        parts.append({"type": "tool_call", "id": call["id"], "name": function["name"], "arguments": arguments})
    return {"role": message["role"], "parts": parts}


def otel(number: int, talk: list[Turn]) -> list[Any]:
    lines = []
    for place, (sent, answer) in enumerate(calls_of(talk)):
        given = {
            "gen_ai.operation.name": "chat",
            "gen_ai.conversation.id": f"talk-{number}",
            "gen_ai.input.messages": json.dumps([parts_of(one) for one in sent]),
            "gen_ai.output.messages": json.dumps([parts_of(answer)]),
        }
        attributes = [{"key": key, "value": {"stringValue": value}} for key, value in given.items()]
        start = str((BEGAN + place) * 10**9)
        ids = {"traceId": f"{number:016x}{place:016x}", "spanId": f"{place:016x}"}
        span = {**ids, "name": "chat", "startTimeUnixNano": start, "endTimeUnixNano": start, "attributes": attributes}
        lines.append({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]})
    return lines


def otel_events(number: int, talk: list[Turn]) -> list[Any]:
    """Write spans as conventions before 1.37 had them: an event a message."""
    names = {"user": "gen_ai.user.message", "assistant": "gen_ai.assistant.message", "tool": "gen_ai.tool.message"}
    lines = []
    for place, (sent, answer) in enumerate(calls_of(talk)):
        events: list[dict[str, Any]] = []
        for one in sent:
            told = {key: value if isinstance(value, str) else json.dumps(value) for key, value in one.items() if value}
            events.append({"name": names[one["role"]], "attributes": {**told, "id": one.get("tool_call_id", "")}})
        choice = {"index": 0, "finish_reason": "stop", "message": json.dumps(answer)}
        events.append({"name": "gen_ai.choice", "attributes": choice})
        context = {"trace_id": f"0x{number:016x}{place:016x}", "span_id": f"0x{place:016x}"}
        time = dt.datetime.fromtimestamp(BEGAN + place, dt.UTC).isoformat()
        attributes = {"gen_ai.conversation.id": f"talk-{number}"}
        lines.append(
            {"name": "chat", "context": context, "start_time": time, "attributes": attributes, "events": events}
        )
    return lines


def as_lines(exporter: Callable[[int, list[Turn]], list[Any]]) -> Callable[[list[list[Turn]]], str]:
    return lambda given: "\n".join(
        json.dumps(one) for number, talk in enumerate(given) for one in exporter(number, talk)
    )


def as_list(exporter: Callable[[int, list[Turn]], list[Any]]) -> Callable[[list[list[Turn]]], str]:
    return lambda given: json.dumps(
        [one for number, talk in enumerate(given) for one in exporter(number, talk)], indent=1
    )


def as_rows(given: list[list[Turn]]) -> str:
    """Write conversations as CSV, their rows mixed."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(["conversation", "speaker", "text"])
    for place in range(max(len(talk) for talk in given)):
        for number, talk in enumerate(given):
            if place < len(talk):
                writer.writerow([f"talk-{number}", talk[place].speaker, talk[place].text])
    return out.getvalue()


def back(form: str, content: str) -> dict[str, Transcript]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_text(content, encoding="utf-8", newline="")
        return {one.id: one for one in import_file(form, path, language="pl").transcripts}


def said(talk: Any) -> Any:
    """Return who said and called what, as JSON holds it."""
    return msgspec.to_builtins([(turn.speaker, turn.text, turn.tool_calls) for turn in talk])


HTML = LINES.map("\n".join)
PEOPLE: tuple[Speaker, ...] = ("human_agent",)
EVERYONE: tuple[Speaker, ...] = ("human_agent", "ai_agent")
CASES = {
    "openai-chat lines": ("openai-chat", as_lines(openai_chat), talks(calls=True)),
    "openai-chat list": ("openai-chat", as_list(openai_chat), talks(calls=True)),
    "sharegpt": ("sharegpt", as_list(sharegpt), talks(calls=True)),
    "zendesk lines": ("zendesk", as_lines(zendesk), talks(agents=PEOPLE)),
    "zendesk list": ("zendesk", as_list(zendesk), talks(agents=PEOPLE)),
    "intercom": ("intercom", as_list(intercom), talks(HTML, agents=EVERYONE)),
    "csv": ("csv", as_rows, talks(agents=EVERYONE)),
    "langfuse": ("langfuse", as_lines(langfuse), answered()),
    "otel": ("otel", as_lines(otel), answered()),
    "otel events": ("otel", as_lines(otel_events), answered()),
}


@pytest.mark.parametrize("case", CASES)
def test_every_text_and_call_lands_exactly_once_and_in_order(case: str) -> None:
    form, export, strategy = CASES[case]

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(strategy, min_size=1, max_size=3))
    def holds(given_talks: list[list[Turn]]) -> None:
        found = back(form, export(given_talks))
        assert {name: said(one.turns) for name, one in found.items()} == {
            f"talk-{number}": said(talk) for number, talk in enumerate(given_talks)
        }

    holds()
