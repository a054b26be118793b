"""One HTTP endpoint, asked over aiohttp with as little as possible around each request."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from chatparity.agents.failures import OK, connection_failure, http_failure, malformed
from chatparity.agents.masking import is_loopback, place
from chatparity.agents.streams import Events, Heard, Streaming
from chatparity.agents.trace import Trace
from chatparity.agents.wire import Said, reply_of
from chatparity.errors import AgentFailure
from chatparity.exchange import Conversation, Reply

_NOT_OK = 300
_STREAMS = ("text/event-stream", "application/x-ndjson")
# How long the rest of a stream is waited for after its last event, so that the connection can be used again.
_DRAIN_SECONDS = 0.2


@dataclass(frozen=True)
class Wire:
    """How a conversation is written for an endpoint, and how its answer is read.

    `write` and `headers` take the conversation and the session id that the endpoint handed out before, or None.
    With `stream` the answer is streamed and put together by what `heard` returns, else `read` reads it whole.
    """

    write: Callable[[Conversation, Any], bytes]
    read: Callable[[bytes], Said]
    headers: Callable[[Conversation, Any], Mapping[str, str]] | None = None
    stream: Streaming | None = None
    heard: Callable[[], Heard] | None = None
    hands_out_session: bool = False


class HttpAgent:
    """Posts a conversation to one address and reads the answer, both as its wire says.

    It has one connection pool of `connections`, opened with the first request, and belongs to that event loop.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        wire: Wire,
        headers: Mapping[str, str],
        handover_tools: Collection[str],
        connections: int,
        keeps_session: bool = False,
        trace: Trace | None = None,
    ) -> None:
        self.name = name
        self.keeps_session = keeps_session
        self._url = url
        self._where = place(url)
        self._wire = wire
        self._headers = {"content-type": "application/json", **headers}
        self._handover_tools = frozenset(handover_tools)
        self._connections = connections
        self._trace = trace
        self._session: aiohttp.ClientSession | None = None
        self._handed_out: dict[str, Any] = {}

    async def reply(self, conversation: Conversation) -> Reply:
        """Post once and return the reply; its latency ends with the last of the response. Raises AgentFailure."""
        given = self._handed_out.get(conversation.session)
        body = self._wire.write(conversation, given)
        headers = self._wire.headers(conversation, given) if self._wire.headers else {}
        begun = time.perf_counter()
        first: float | None = None
        if self._wire.heard is None:
            content = await self._whole(body, headers)
            latency = time.perf_counter() - begun
            said = self._wire.read(content)
        else:
            said, first, ended = await self._streamed(body, headers, self._wire.heard())
            first, latency = first and first - begun, ended - begun
        self._keep(conversation, given, said)
        return reply_of(
            said, where=self._where, handover_tools=self._handover_tools, latency=latency, first_token=first
        )

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _keep(self, conversation: Conversation, given: Any, said: Said) -> None:
        """Keep the session id that the endpoint handed out. Raises AgentFailure `malformed` when it never did."""
        if not self._wire.hands_out_session:
            return
        if said.session is None and given is None:
            there = f"; {said.note}" if said.note else ""
            why = f"reply.session found nothing: the next turn could not go on with this session{there}"
            raise malformed(self._where, why)
        if self._trace is not None:
            self._trace.session = said.session or given
        if said.session is not None:
            self._handed_out[conversation.session] = said.session

    async def _whole(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Return the body of a 2xx response. Raises AgentFailure for everything else."""
        async with self._posted(body, headers) as response:
            content = await response.read()
            if self._trace is not None:
                self._trace.heard(content)
        if not OK <= response.status < _NOT_OK:
            raise http_failure(response.status, response.headers, content, where=self._where)
        return content

    async def _streamed(
        self, body: bytes, headers: Mapping[str, str], heard: Heard
    ) -> tuple[Said, float | None, float]:
        """Return what a stream says, when it began to speak and when it ended. Raises AgentFailure."""
        assert self._wire.stream is not None
        events = Events(self._wire.stream)
        first: float | None = None
        count, ended = 0, False
        async with self._posted(body, headers) as response:
            if not OK <= response.status < _NOT_OK:
                content = await response.read()
                if self._trace is not None:
                    self._trace.heard(content)
                raise http_failure(response.status, response.headers, content, where=self._where)
            async with contextlib.aclosing(_pieces(response, self._trace)) as pieces:
                async for piece in pieces:
                    for data in events.feed(piece) if piece else events.rest():
                        count += 1
                        ended = ended or heard.take(data)
                        if first is None and heard.speaking:
                            first = time.perf_counter()
                    if ended:
                        break
            done = time.perf_counter()
            if ended:
                with contextlib.suppress(TimeoutError, aiohttp.ClientError):
                    async with asyncio.timeout(_DRAIN_SECONDS):
                        await response.read()
        if count == 0:
            if response.content_type in _STREAMS:
                raise AgentFailure("empty", f"{self._where}: the stream ended without an event", retryable=True)
            form = "server-sent events" if self._wire.stream == "sse" else "lines of JSON"
            raise malformed(self._where, f"expected a stream of {form}, got {response.content_type} without any event")
        return heard.said(ended=ended), first, done

    @contextlib.asynccontextmanager
    async def _posted(self, body: bytes, headers: Mapping[str, str]) -> AsyncIterator[aiohttp.ClientResponse]:
        """Post, and give the response while it is read. Raises AgentFailure when the connection fails."""
        session = self._session or self._opened()
        if self._trace is not None:
            self._trace.sent(f"POST {self._where}", body, {**self._headers, **headers})
        try:
            async with session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                if self._trace is not None:
                    self._trace.began(f"HTTP {response.status}", response.status)
                yield response
        except aiohttp.ClientError as error:
            raise connection_failure(error, where=self._where) from error

    def _opened(self) -> aiohttp.ClientSession:
        """Open the pool. The time limit of an attempt is the caller's, so that it holds for every kind of agent."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=self._connections),
            timeout=aiohttp.ClientTimeout(total=None),
            headers=self._headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=not is_loopback(self._url),
        )
        return self._session


async def _pieces(response: aiohttp.ClientResponse, trace: Trace | None) -> AsyncGenerator[bytes, None]:
    """Yield the pieces of a body as they arrive, and an empty one at its end."""
    async for piece in response.content.iter_any():
        if trace is not None:
            trace.heard(piece)
        yield piece
    yield b""
