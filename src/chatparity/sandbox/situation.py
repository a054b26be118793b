"""What a request says: who asks, which day it is, what was said and done so far."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

import msgspec

from chatparity.transcript import ToolCall

Role = Literal["customer", "agent"]
_HEADER = re.compile(r"^(Today|Customer|Language|Market):[ \t]*(\S+)[ \t]*$", re.MULTILINE)

_PASSAGE = re.compile(r"^- \[([\w-]+)\]", re.MULTILINE)


@dataclass(frozen=True)
class Said:
    """One message of the conversation, with the tool calls an agent made before it spoke."""

    role: Role
    text: str
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True)
class Situation:
    """A request, read.

    The headers of the system message (None where missing), the conversation, and the ids of the policy passages that
    the system message holds.
    """

    today: dt.date | None
    customer: str | None
    language: str | None
    market: str | None
    said: tuple[Said, ...]
    passages: frozenset[str] = frozenset()

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """Return every tool call made so far, oldest first."""
        return tuple(call for message in self.said for call in message.calls)

    @property
    def last(self) -> str:
        """Return the customer's words since the agent last spoke, joined by line breaks."""
        texts: list[str] = []
        for message in reversed(self.said):
            if message.role != "customer":
                break
            texts.append(message.text)
        return "\n".join(reversed(texts))

    @property
    def before(self) -> tuple[Said, ...]:
        """Return what was said before the customer's last words."""
        end = len(self.said)
        while end and self.said[end - 1].role == "customer":
            end -= 1
        return self.said[:end]

    @property
    def earlier(self) -> list[str]:
        """Return what the customer wrote before the last words, oldest first, one text for each time they spoke."""
        texts: list[str] = []
        fresh = True
        for message in self.before:
            if message.role == "agent":
                fresh = True
            elif fresh:
                texts.append(message.text)
                fresh = False
            else:
                texts[-1] += "\n" + message.text
        return texts

    @property
    def last_answer(self) -> str:
        """Return what the agent said last, or an empty text."""
        return next((message.text for message in reversed(self.said) if message.role == "agent"), "")


def read_situation(messages: Sequence[Mapping[str, Any]]) -> Situation:
    """Read OpenAI chat messages. The first system message carries the headers; later ones are passed over."""
    system = next((_text(item) for item in messages if item.get("role") in ("system", "developer")), "")
    header = _headers(system)
    return Situation(
        today=_day(header.get("Today")),
        customer=header.get("Customer"),
        language=(header.get("Language") or "").partition("-")[0].lower() or None,
        market=header.get("Market"),
        said=_said(messages),
        passages=_passages(system),
    )


def _said(messages: Sequence[Mapping[str, Any]]) -> tuple[Said, ...]:
    """Return the conversation; a tool call counts as done only with the tool message that says what became of it."""
    found: list[Said] = []
    asked: dict[str, tuple[str, dict[str, Any]]] = {}
    calls: list[ToolCall] = []
    for item in messages:
        role = item.get("role")
        if role == "assistant":
            for call in item.get("tool_calls") or ():
                function = call.get("function") or {}
                asked[str(call.get("id"))] = (str(function.get("name")), _object(function.get("arguments")))
            if _text(item):
                found.append(Said("agent", _text(item), tuple(calls)))
                calls = []
        elif role == "tool":
            known = asked.get(str(item.get("tool_call_id")))
            if known:
                calls.append(_called(known[0], known[1], _object(_text(item))))
        elif role == "user":
            if calls:
                found.append(Said("agent", "", tuple(calls)))
                calls = []
            found.append(Said("customer", _text(item)))
    if calls:
        found.append(Said("agent", "", tuple(calls)))
    return tuple(found)


def _called(name: str, arguments: dict[str, Any], answer: dict[str, Any]) -> ToolCall:
    """Return a call with what became of it, from a tool message that holds `ok` and `result` or the result alone."""
    result = answer.get("result", answer)
    inner = result.get("ok", True) if isinstance(result, dict) else True
    return ToolCall(name=name, arguments=arguments, ok=bool(answer.get("ok", inner)), result=result)


def _object(text: Any) -> dict[str, Any]:
    """Return a JSON object given as text; what is none gives an empty one."""
    try:
        value = msgspec.json.decode(text) if isinstance(text, str) else text
    except msgspec.DecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _text(message: Mapping[str, Any]) -> str:
    """Return a message's content as one text, also where it is a list of parts."""
    content = message.get("content")
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(str(part.get("text", "")) for part in parts if isinstance(part, dict) and part.get("text"))


@lru_cache(maxsize=512)
def _passages(system: str) -> frozenset[str]:
    return frozenset(_PASSAGE.findall(system))


@lru_cache(maxsize=512)
def _headers(system: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in _HEADER.findall(system):
        found.setdefault(name, value)
    return found


def _day(text: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text) if text else None
    except ValueError:
        return None
