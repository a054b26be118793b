"""The OpenAI chat wire: what is sent for a conversation, and how a reply is read, whatever client carried it.

Beyond the standard a message may carry `tool_log`, the calls that the endpoint carried out itself
(`{"name", "arguments", "ok", "result"}`), and `handover: true`. A standard `tool_calls` entry is only a wish: it is
kept with `ok` false until a replay answers it, except that asking for a handover tool is the handover.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from chatparity.agents.failures import malformed
from chatparity.agents.masking import excerpt
from chatparity.errors import AgentFailure
from chatparity.exchange import Conversation, Reply, Usage
from chatparity.transcript import ToolCall

_LONGEST_NAME = 200
_WAITING = ("tool_calls", "function_call")


@dataclass(frozen=True, slots=True)
class Said:
    """What an endpoint answered, before it is judged whole: calls are as they stood on the wire.

    `session` is the session id that it handed out; `note` says why there may be nothing in it. `waiting`: it says
    itself that it waits for the results of its calls.
    """

    text: str
    calls: Sequence[Any] = ()
    handover: bool = False
    usage: Usage | None = None
    model: str | None = None
    finish: str | None = None
    session: Any = None
    note: str = ""
    waiting: bool = False


class _Tokens(msgspec.Struct, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Message(msgspec.Struct, frozen=True):
    content: Any = None
    refusal: str | None = None
    tool_calls: list[Any] | None = None
    tool_log: list[Any] | None = None
    handover: Any = None


class _Choice(msgspec.Struct, frozen=True):
    message: _Message
    finish_reason: str | None = None


class _Completion(msgspec.Struct, frozen=True):
    choices: list[_Choice]
    usage: _Tokens | None = None
    model: str | None = None


_decoder = msgspec.json.Decoder(_Completion)


def request_of(conversation: Conversation, model: str) -> dict[str, Any]:
    """Return the body of a chat completion request."""
    body: dict[str, Any] = {"model": model, "messages": conversation.messages()}
    if conversation.tools:
        body["tools"] = conversation.tools
    return body


def read_completion(content: bytes, *, where: str) -> Said:
    """Return what a whole (not streamed) chat completion says. Raises AgentFailure of kind `malformed`."""
    try:
        found = _decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise malformed(where, f"not a chat completion: {error}: {excerpt(content)}") from error
    if not found.choices:
        raise malformed(where, "not a chat completion: it has no choices")
    choice = found.choices[0]
    message = choice.message
    used = found.usage
    return Said(
        text=text_of(message.content, where=where) or message.refusal or "",
        calls=(*(message.tool_log or ()), *(message.tool_calls or ())),
        handover=message.handover is True,
        usage=usage_of(used.prompt_tokens, used.completion_tokens) if used else None,
        model=found.model,
        finish=choice.finish_reason,
    )


def text_of(content: object, *, where: str) -> str:
    """Return a message's content, a text or a list of parts, as one text. Raises AgentFailure for anything else."""
    if content is None or isinstance(content, str):
        return content or ""
    if isinstance(content, list):
        parts = [part.get("text") for part in content if isinstance(part, Mapping)]
        return "".join(part for part in parts if isinstance(part, str))
    raise malformed(where, f"expected a text as the reply, got {content!r}")


def usage_of(read: object, written: object) -> Usage | None:
    """Return token counts as Usage, or None when the endpoint names none."""
    counts = [value if isinstance(value, int) and value >= 0 else 0 for value in (read, written)]
    return Usage(input_tokens=counts[0], output_tokens=counts[1]) if any(counts) else None


def reply_of(
    said: Said,
    *,
    where: str,
    handover_tools: Collection[str],
    latency: float,
    first_token: float | None = None,
) -> Reply:
    """Return what was said as a Reply. Raises AgentFailure: `empty` when there is nothing in it, `malformed`."""
    calls = tuple(_call(item, handover_tools, where) for item in said.calls)
    handover = said.handover or any(call.ok and call.name in handover_tools for call in calls)
    if not said.text.strip() and not calls and not handover:
        ended = f" (it ended with {said.finish})" if said.finish else ""
        note = f": {excerpt(said.note)}" if said.note else ""
        raise AgentFailure("empty", f"{where}: the reply is empty{ended}{note}", retryable=True)
    return Reply(
        text=said.text,
        tool_calls=calls,
        handover=handover,
        latency=latency,
        first_token=first_token,
        usage=said.usage,
        model=said.model,
        waiting=(said.waiting or said.finish in _WAITING) and not handover,
    )


def _call(item: object, handover_tools: Collection[str], where: str) -> ToolCall:
    """Return one call from the wire: carried out where it says so or has a result, else only asked for."""
    inner = item.get("function", item) if isinstance(item, Mapping) else None
    name = inner.get("name") if isinstance(inner, Mapping) else None
    if not isinstance(item, Mapping) or not isinstance(inner, Mapping) or not isinstance(name, str):
        raise malformed(where, f"expected a tool call with a name, got {item!r}")
    if not 0 < len(name) <= _LONGEST_NAME:
        raise malformed(where, f"expected a tool's name of 1 to {_LONGEST_NAME} characters, got {name!r}")
    done = item.get("ok") if "ok" in item else "result" in item or name in handover_tools
    return ToolCall(name=name, arguments=_arguments(inner), ok=done is True, result=item.get("result"))


def _arguments(inner: Mapping[str, Any]) -> dict[str, Any]:
    """Return a call's arguments; those a model wrote wrongly are kept as it wrote them, under `unparsed`."""
    given = inner.get("arguments")
    if isinstance(given, str) and given.strip():
        try:
            given = msgspec.json.decode(given)
        except (msgspec.DecodeError, UnicodeError):
            return {"unparsed": given}
    if isinstance(given, Mapping):
        return {str(name): value for name, value in given.items()}
    return {} if given in (None, "") else {"unparsed": given}
