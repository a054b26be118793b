"""What `chatparity try` prints: a request, the raw answer and what was read out of it, masked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import msgspec

from chatparity.agents.masking import mask, mask_all, names_secret
from chatparity.agents.trace import Trace
from chatparity.exchange import Conversation, Failure, Reply

_SHOWN = 20_000
_WIDTH = 100


def lines(trace: Trace, found: Reply | Failure, question: Conversation) -> Iterator[str]:
    """Yield what a person sees."""
    yield f"request   {trace.where or 'nothing is sent to this kind of agent'}"
    yield from _indented("\n".join(f"{name}: {value}" for name, value in _headers(trace).items()))
    yield from _indented(_shown(trace.body))
    yield f"\nreply     {trace.head}".rstrip()
    yield from _indented(_raw(trace.answer) or "(nothing)")
    if not isinstance(found, Reply):
        return
    yield "\nread"
    for name, value in _read(found, trace, question).items():
        head, *more = value.split("\n")
        yield f"  {name:<12}{head}"
        yield from (f"  {'':<12}{line}" for line in more)


def _read(reply: Reply, trace: Trace, question: Conversation) -> dict[str, str]:
    """Return what was read out of the reply, by name."""
    calls = [
        f"{call.name}({msgspec.json.encode(call.arguments).decode()}) "
        + (f"-> {msgspec.json.encode(call.result).decode()}" if call.ok else "asked for, not carried out")
        for call in reply.tool_calls
    ]
    usage = reply.usage
    first = "not measured: the reply is not streamed" if reply.first_token is None else f"{reply.first_token:.3f} s"
    given = f"; the endpoint's: {mask_all(trace.session)}" if trace.session is not None else ""
    return {
        "text": mask_all(reply.text) or "(none)",
        "tool calls": mask_all("\n".join(calls)) or "none",
        "handover": "yes" if reply.handover else "no",
        "usage": f"{usage.input_tokens} tokens read, {usage.output_tokens} written" if usage else "not told",
        "model": reply.model or "not told",
        "session id": f"ours: {question.session}{given}",
        "first token": first,
        "total": "not measured" if reply.latency is None else f"{reply.latency:.3f} s",
    }


def in_json(trace: Trace, found: Reply | Failure, question: Conversation, advised: str) -> str:
    """Return the same for a program."""
    shown: dict[str, Any] = {
        "request": {"where": trace.where, "headers": _headers(trace), "body": mask_all(_decoded(trace.body))},
        "response": {"head": trace.head, "status": trace.status, "raw": _raw(trace.answer)},
        "session": {"ours": question.session, "endpoint": mask_all(trace.session)},
        "reply": None,
        "failure": None,
    }
    if isinstance(found, Failure):
        shown["failure"] = {"kind": found.kind, "message": found.message, "advice": advised}
    else:
        everything = {name: getattr(found, name) for name in type(found).__struct_fields__}
        shown["reply"] = mask_all(msgspec.to_builtins(everything))
    return msgspec.json.encode(shown).decode()


def _headers(trace: Trace) -> dict[str, str]:
    """Return the headers of the request; those whose names speak of secrets are not shown at all."""
    return {name: "***" if names_secret(name) else mask(value) for name, value in trace.headers.items()}


def _decoded(body: bytes) -> Any:
    """Return a body as the JSON it is, else as text."""
    try:
        return msgspec.json.decode(body) if body else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return body.decode("utf-8", "replace")


def _shown(body: bytes) -> str:
    """Return a body for a person, JSON laid out."""
    found = mask_all(_decoded(body))
    if found is None or isinstance(found, str):
        return found or ""
    return "\n".join(_laid_out(found))


def _laid_out(value: Any, indent: str = "", before: str = "", after: str = "") -> Iterator[str]:
    """Yield the lines of a JSON value, what fits on one line on one; a tool is shown by its name."""
    short = json.dumps(_named(value), ensure_ascii=False)
    if len(short) <= _WIDTH or not isinstance(value, (dict, list)) or _named(value) is not value:
        yield f"{indent}{before}{short}{after}"
        return
    first, last = "{}" if isinstance(value, dict) else "[]"
    keys = (
        [f"{json.dumps(key, ensure_ascii=False)}: " for key in value] if isinstance(value, dict) else [""] * len(value)
    )
    parts = list(value.values()) if isinstance(value, dict) else value
    yield f"{indent}{before}{first}"
    for number, (key, part) in enumerate(zip(keys, parts, strict=True), 1):
        yield from _laid_out(part, indent + "  ", key, "," if number < len(parts) else "")
    yield f"{indent}{last}{after}"


def _named(value: Any) -> Any:
    """Return the definition of a tool without what makes it long, anything else as it is."""
    inner = value.get("function") if isinstance(value, dict) else None
    if not isinstance(inner, dict) or "parameters" not in inner:
        return value
    return {**value, "function": {"name": inner.get("name"), "…": "the definition: see --json"}}


def _raw(answer: bytes) -> str:
    """Return an answer as it came, masked; the end of a very long one is left out."""
    text = mask(answer.decode("utf-8", "replace"))
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}… ({len(text) - _SHOWN} more characters)"


def _indented(text: str) -> Iterator[str]:
    """Yield lines that cannot be taken for ours."""
    yield from (f"  {line}" for line in text.splitlines())
