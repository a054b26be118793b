"""Messages in the form of OpenAI's chat completions, which many tools log: role, content, tool calls."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chatparity.importers.draft import Asked, Said, Source
from chatparity.importers.values import label, unpacked

TEXTS = ("text", "input_text", "output_text", "refusal")
NOT_TEXT = "part of a message that is no text left out"


def chat_messages(items: Any, source: Source, place: str) -> list[Said]:
    """Return a list of chat messages. Raises ValueError, naming the message, for what is none."""
    if not isinstance(items, list):
        raise ValueError(f"expected a list of messages, got {type(items).__name__}")
    found = []
    for number, item in enumerate(items):
        try:
            found.append(chat_message(item, source, place))
        except ValueError as error:
            raise ValueError(f"[{number}]: {error}") from error
    return found


def chat_message(item: Any, source: Source, place: str) -> Said:
    """Return one chat message. Raises ValueError for what is none."""
    if not isinstance(item, dict) or not isinstance(item.get("role"), str):
        raise ValueError(f'expected an object with a "role", got {item!r:.80}')
    calls = item.get("tool_calls") or ([{"function": item["function_call"]}] if item.get("function_call") else [])
    if not isinstance(calls, list):
        raise ValueError(f"tool_calls: expected a list, got {calls!r:.80}")
    text = content_text(item.get("content"), source, place)
    return Said(
        role=item["role"],
        text=text or (item.get("refusal") or ""),
        raw=item,
        time=item.get("timestamp") or item.get("created_at"),
        asked=tuple(asked(one) for one in calls),
        answers=label(item.get("tool_call_id")),
    )


def content_text(content: Any, source: Source, place: str) -> str:
    """Return the text of a message's content: itself, or its text parts; others are counted."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list):
        raise ValueError(f"content: expected a text or a list of parts, got {type(content).__name__}")
    texts = []
    for part in content:
        text = part if isinstance(part, str) else None
        if isinstance(part, dict) and part.get("type", "text") in TEXTS:
            text = next((part[key] for key in ("text", "refusal", "content") if isinstance(part.get(key), str)), None)
        source.tally.add(NOT_TEXT, place, text is None)
        texts.append(text)
    return "\n".join(text for text in texts if text is not None)


def asked(call: Any) -> Asked:
    """Return a tool call. Raises ValueError for what is none, and for arguments that are no JSON object."""
    function = call.get("function", call) if isinstance(call, dict) else None
    if not isinstance(function, dict) or not isinstance(function.get("name"), str):
        raise ValueError(f"tool_calls: expected an object with a function's name, got {call!r:.80}")
    given = unpacked(function.get("arguments") or {})
    if not isinstance(given, dict):
        raise ValueError(f"tool_calls: expected a JSON object as arguments of {function['name']}, got {given!r:.80}")
    return Asked(name=function["name"], arguments=given, key=label(call.get("id")))


def choice_messages(choices: Any) -> list[Any]:
    """Return the message of a completion's first choice; the others were never sent."""
    first = choices[0] if isinstance(choices, list) and choices else None
    return [first["message"]] if isinstance(first, dict) and isinstance(first.get("message"), dict) else []


def joined(parts: Iterable[list[Said]]) -> tuple[list[Said], int]:
    """Join what a model was sent and answered, call after call, into one conversation; each message stands once.

    A call repeats the history before it, or its end: the longest end of what is already there that a call begins with
    is not added again. Messages of the system, which may change from call to call, count as the same. Returns the
    messages and the number of calls that repeated nothing although they begin with an agent's words.
    """
    found: list[Said] = []
    keys: list[tuple[Any, ...]] = []
    system: set[str] = set()
    unjoined = 0
    for part in parts:
        fresh = []
        for one in part:
            if one.role in ("system", "developer"):
                if one.text not in system:
                    system.add(one.text)
                    found.append(one)
                continue
            fresh.append(one)
        new = [_key(one) for one in fresh]
        again = next((n for n in range(min(len(keys), len(new)), 0, -1) if keys[-n:] == new[:n]), 0)
        unjoined += bool(keys) and not again and len({one.role for one in fresh[:-1]}) > 1
        found.extend(fresh[again:])
        keys.extend(new[again:])
    return found, unjoined


def _key(one: Said) -> tuple[Any, ...]:
    calls = tuple((call.name, repr(sorted(call.arguments.items()))) for call in one.asked)
    return one.role, one.text, calls, one.answers
