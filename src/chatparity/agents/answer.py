"""An answer as an object: what a Python function returns and what a command writes, read as a reply.

    {"text": "…", "tool_calls": [{"name", "arguments", "ok", "result"}], "handover": false,
     "waiting": false, "usage": {"input_tokens": 7, "output_tokens": 5}, "model": "…"}

A message of the OpenAI chat wire is read as well: `content` is then the text, `tool_log` the calls that were carried
out, and usage counts `prompt_tokens` and `completion_tokens`. `error` says that there is no reply, and why.
`waiting` says that words beside calls are no answer yet: the results of the calls are waited for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatparity.agents.failures import malformed
from chatparity.agents.masking import excerpt
from chatparity.agents.reading import shape_of
from chatparity.agents.wire import Said, text_of, usage_of
from chatparity.errors import AgentFailure

KEYS = ("text", "content", "tool_calls", "tool_log", "handover", "usage", "model", "error")


def said_of(answer: Mapping[str, Any], *, where: str) -> Said:
    """Return what an answer says. Raises AgentFailure: `agent_error` for its `error`, `malformed` for what is none."""
    if answer.get("error"):
        raise AgentFailure("agent_error", f"{where}: it says: {excerpt(str(answer['error']))}", retryable=True)
    if not any(key in answer for key in KEYS):
        raise malformed(where, f"expected an object with one of {', '.join(KEYS)}; {shape_of(answer)}")
    model = answer.get("model")
    return Said(
        text=_text(answer, where),
        calls=(*_list(answer, "tool_log", where), *_list(answer, "tool_calls", where)),
        handover=answer.get("handover") is True,
        usage=_usage(answer, where),
        model=model if isinstance(model, str) else None,
        waiting=answer.get("waiting") is True,
        note="" if "text" in answer or "content" in answer else f"it has no text; {shape_of(answer)}",
    )


def _text(answer: Mapping[str, Any], where: str) -> str:
    found = answer.get("text")
    return text_of(answer.get("content") if found is None else found, where=where)


def _list(answer: Mapping[str, Any], key: str, where: str) -> tuple[Any, ...]:
    found = answer.get(key)
    if found is not None and not isinstance(found, (list, tuple)):
        raise malformed(where, f"{key}: expected a list, got {found!r}")
    return tuple(found or ())


def _usage(answer: Mapping[str, Any], where: str) -> Any:
    found = answer.get("usage")
    if found is None:
        return None
    if not isinstance(found, Mapping):
        raise malformed(where, f"usage: expected an object, got {found!r}")
    return usage_of(
        found.get("input_tokens", found.get("prompt_tokens")),
        found.get("output_tokens", found.get("completion_tokens")),
    )
