"""The agent `openai:MODEL[@URL]`: the official client over aiohttp, streamed to see the time to first token."""

from __future__ import annotations

import json
import os
import ssl
import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
import msgspec
import openai

from chatparity.agents.failures import connection_failure, cut, http_failure, malformed
from chatparity.agents.masking import checked_url, excerpt, is_loopback, key_for, mask, place
from chatparity.agents.trace import Trace
from chatparity.agents.traced_client import hooks
from chatparity.agents.wire import Said, reply_of, request_of, text_of, usage_of
from chatparity.errors import AgentFailure, UsageError
from chatparity.exchange import Conversation, Reply, Usage
from chatparity.suite import Suite

if TYPE_CHECKING:
    from openai.types.chat import ChatCompletionChunk
    from openai.types.chat.chat_completion_chunk import ChoiceDelta

OPENAI_URL = "https://api.openai.com/v1"


class OpenAIAgent:
    """Asks a chat completion endpoint once a reply; retries are the replay's, so that each attempt is counted."""

    keeps_session = False

    def __init__(
        self,
        name: str,
        model: str,
        url: str,
        key: str | None,
        *,
        handover_tools: Collection[str],
        trace: Trace | None = None,
    ) -> None:
        self.name = name
        self._model = model
        self._where = place(url)
        self._handover_tools = frozenset(handover_tools)
        # The client insists on a key, also where a local server wants none.
        self._client = openai.AsyncOpenAI(
            api_key=key or "none",
            base_url=url,
            max_retries=0,
            timeout=None,
            http_client=openai.DefaultAioHttpClient(
                timeout=None,
                follow_redirects=False,
                trust_env=not is_loopback(url),
                # The authorities of this machine and SSL_CERT_FILE, as for all other agents.
                verify=ssl.create_default_context() if url.startswith("https:") else True,
                event_hooks=hooks(trace) if trace is not None else None,
            ),
        )

    @classmethod
    def from_spec(cls, spec: str, argument: str, suite: Suite, trace: Trace | None = None) -> OpenAIAgent:
        """Return the agent of `MODEL[@URL]`. Raises UsageError for a missing model, address or key."""
        model, _, url = argument.partition("@")
        source = f"--agent {mask(spec)}"
        if not model:
            raise UsageError(f"{source}: expected openai:MODEL[@URL], got no model")
        url = checked_url(url or os.environ.get("OPENAI_BASE_URL") or OPENAI_URL, needed_by=source)
        key = key_for(url, None, needed_by=source)
        return cls(spec, model, url, key, handover_tools=suite.settings.agent.handover_tools, trace=trace)

    async def reply(self, conversation: Conversation) -> Reply:
        """Ask once and return the reply; its latency ends with the stream. Raises AgentFailure."""
        heard = _Heard(time.perf_counter())
        body = request_of(conversation, self._model)
        try:
            stream = await self._client.chat.completions.create(
                **body, stream=True, stream_options={"include_usage": True}
            )
            async with stream:
                async for chunk in stream:
                    heard.take(chunk)
        except (openai.APIError, aiohttp.ClientError) as error:
            raise self._failure(error) from error
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise malformed(self._where, f"a piece of the stream is not JSON: {error}") from error
        latency = time.perf_counter() - heard.begun
        if heard.pieces == 0:
            raise malformed(self._where, "expected a stream of chat completion chunks, got none")
        if heard.finish is None:
            raise cut(self._where, "the stream ended without a finish_reason")
        reply = reply_of(
            heard.said(self._where),
            where=self._where,
            handover_tools=self._handover_tools,
            latency=latency,
            first_token=heard.first_token,
        )
        try:
            msgspec.json.encode(reply)
        except (UnicodeEncodeError, OverflowError, TypeError) as error:
            raise malformed(self._where, f"the reply cannot be written down: {error}") from error
        return reply

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _failure(self, error: openai.APIError | aiohttp.ClientError) -> AgentFailure:
        """Return what an error of the client means."""
        # The transport calls a refused connection a timeout: only aiohttp's own error below it tells.
        cause: BaseException | None = error
        while cause is not None:
            if isinstance(cause, aiohttp.ClientError):
                return connection_failure(cause, where=self._where)
            cause = cause.__cause__
        if isinstance(error, openai.APIStatusError):
            response = error.response
            return http_failure(response.status_code, response.headers, error.message, where=self._where)
        if isinstance(error, openai.APIConnectionError):
            return cut(self._where, str(error.__cause__ or error))
        if isinstance(error, openai.APIResponseValidationError):
            return malformed(self._where, f"not a chat completion: {error.message}")
        said = excerpt(str(error))
        return AgentFailure("http_5xx", f"{self._where}: error in the stream: {said}", retryable=True)


@dataclass
class _Heard:
    """The pieces of a stream put together; times are seconds of `perf_counter`."""

    begun: float
    pieces: int = 0
    texts: list[str] = field(default_factory=list)
    asked: dict[int, dict[str, Any]] = field(default_factory=dict)
    log: list[Any] = field(default_factory=list)
    handover: bool = False
    first_token: float | None = None
    finish: str | None = None
    usage: Usage | None = None
    model: str | None = None

    def take(self, chunk: ChatCompletionChunk) -> None:
        """Add a piece."""
        self.pieces += 1
        self.model = chunk.model or self.model
        if chunk.usage is not None:
            self.usage = usage_of(chunk.usage.prompt_tokens, chunk.usage.completion_tokens)
        # Some endpoints send pieces without choices, or with null for them.
        for choice in (chunk.choices or ())[:1]:
            self.finish = choice.finish_reason or self.finish
            if choice.delta is not None:
                self._delta(choice.delta)

    def _delta(self, delta: ChoiceDelta) -> None:
        text = text_of(delta.content, where="stream") or delta.refusal or ""
        if text or delta.tool_calls:
            self.first_token = self.first_token or time.perf_counter() - self.begun
        self.texts.append(text)
        for call in delta.tool_calls or ():
            whole = self.asked.setdefault(call.index, {"name": "", "arguments": ""})
            if call.function is not None:
                whole["name"] += call.function.name or ""
                whole["arguments"] += call.function.arguments or ""
        more = delta.model_extra or {}
        log = more.get("tool_log")
        self.log.extend(log if isinstance(log, list) else ())
        self.handover = self.handover or more.get("handover") is True

    def said(self, where: str) -> Said:
        """Return the whole."""
        asked = [{"function": self.asked[index]} for index in sorted(self.asked)]
        return Said(
            text="".join(self.texts),
            calls=(*self.log, *asked),
            handover=self.handover,
            usage=self.usage,
            model=self.model,
            finish=self.finish,
        )
