"""Chat completion chunks: the OpenAI chat wire as any compatible server streams it, put together again."""

from __future__ import annotations

from typing import Any

import msgspec

from chatparity.agents.failures import cut, malformed
from chatparity.agents.masking import excerpt
from chatparity.agents.streams import DONE
from chatparity.agents.wire import Said, text_of, usage_of
from chatparity.errors import AgentFailure
from chatparity.exchange import Usage


class _Tokens(msgspec.Struct, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Function(msgspec.Struct, frozen=True):
    name: str | None = None
    arguments: str | None = None


class _Call(msgspec.Struct, frozen=True):
    index: int = 0
    function: _Function = _Function()


class _Delta(msgspec.Struct, frozen=True):
    content: Any = None
    refusal: str | None = None
    tool_calls: list[_Call] | None = None
    tool_log: list[Any] | None = None
    handover: Any = None


class _Choice(msgspec.Struct, frozen=True):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct, frozen=True):
    choices: list[_Choice] | None = None
    usage: _Tokens | None = None
    model: str | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Chunk)


class ChunksHeard:
    """The chunks of one streamed completion; it is whole once one of them has a finish_reason."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._texts: list[str] = []
        self._asked: dict[int, dict[str, str]] = {}
        self._log: list[Any] = []
        self._handover = False
        self._usage: Usage | None = None
        self._model: str | None = None
        self._finish: str | None = None
        self.speaking = False

    def take(self, data: bytes) -> bool:
        """Add a chunk and say whether it was the last. Raises AgentFailure: `malformed`, or `agent_error`."""
        if data == DONE:
            return True
        try:
            chunk = _decoder.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise malformed(self._where, f"not a chat completion chunk: {error}: {excerpt(data)}") from error
        if chunk.error:
            said = excerpt(msgspec.json.encode(chunk.error))
            raise AgentFailure("agent_error", f"{self._where}: error in the stream: {said}", retryable=True)
        self._model = chunk.model or self._model
        if chunk.usage is not None:
            self._usage = usage_of(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        for choice in (chunk.choices or ())[:1]:
            self._finish = choice.finish_reason or self._finish
            if choice.delta is not None:
                self._delta(choice.delta)
        return False

    def said(self, *, ended: bool) -> Said:
        """Return the whole. Raises AgentFailure `stream_cut` when no chunk has a finish_reason."""
        if self._finish is None:
            raise cut(self._where, "the stream ended without a finish_reason")
        return Said(
            text="".join(self._texts),
            calls=(*self._log, *({"function": self._asked[index]} for index in sorted(self._asked))),
            handover=self._handover,
            usage=self._usage,
            model=self._model,
            finish=self._finish,
        )

    def _delta(self, delta: _Delta) -> None:
        text = text_of(delta.content, where=self._where) or delta.refusal or ""
        self.speaking = self.speaking or bool(text or delta.tool_calls)
        self._texts.append(text)
        self._log += delta.tool_log or ()
        self._handover = self._handover or delta.handover is True
        for call in delta.tool_calls or ():
            whole = self._asked.setdefault(call.index, {"name": "", "arguments": ""})
            whole["name"] += call.function.name or ""
            whole["arguments"] += call.function.arguments or ""
