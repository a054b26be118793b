"""The agent `http:NAME|FILE.toml`: any JSON endpoint over aiohttp, with as little as possible around each request."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import msgspec

from chatparity.agents.chunks import ChunksHeard
from chatparity.agents.failures import OK, connection_failure, http_failure, malformed
from chatparity.agents.masking import checked_url, expand, from_environment, is_loopback, mask, place
from chatparity.agents.presets import OPENAI, PRESETS, openai_address, written_out
from chatparity.agents.reading import Paths, Reading
from chatparity.agents.streams import Events, Heard, Streaming
from chatparity.agents.template import EndpointTable, Filling, Headers, read_table
from chatparity.agents.trace import Trace
from chatparity.agents.wire import Said, read_completion, reply_of, request_of
from chatparity.errors import UsageError
from chatparity.exchange import Conversation, Reply
from chatparity.suite import MARKER, Suite

_NOT_OK = 300
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
            raise malformed(self._where, "reply.session found nothing: the next turn could not go on with this session")
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
            form = "server-sent events" if self._wire.stream == "sse" else "lines of JSON"
            raise malformed(self._where, f"expected a stream of {form}, got {response.content_type} without any")
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


def openai_chat(
    name: str,
    url: str,
    suite: Suite,
    *,
    model: str,
    headers: Mapping[str, str],
    table: EndpointTable | None = None,
    source: str = "",
    trace: Trace | None = None,
) -> HttpAgent:
    """Return an agent that posts chat completions to `url`, as fast as it can be done.

    `table` adds its headers, what is `extra` in the body, and whether the answer is streamed.
    """
    given = table or EndpointTable()
    extra = Filling(given.extra, where=f"{source}: extra") if given.extra else None
    moving = Headers(given.headers, where=f"{source}: headers")
    streamed = {"stream": True, "stream_options": {"include_usage": True}} if given.stream else {}

    def write(conversation: Conversation, session: Any) -> bytes:
        added = extra.filled(conversation) if extra else {}
        return msgspec.json.encode({**request_of(conversation, model), **streamed, **added})

    return HttpAgent(
        name,
        url,
        wire=Wire(
            write=write,
            read=partial(read_completion, where=place(url)),
            headers=moving.filled if moving.moves else None,
            stream=given.stream,
            heard=partial(ChunksHeard, place(url)) if given.stream else None,
        ),
        headers={**headers, **moving.fixed},
        handover_tools=suite.settings.agent.handover_tools,
        connections=suite.settings.agent.concurrency,
        trace=trace,
    )


def open_http(spec: str, argument: str, suite: Suite, trace: Trace | None = None) -> HttpAgent:
    """Return the agent that a name of `[agents.NAME]`, a file, or a preset with its address names.

    A preset is written `PRESET[:MODEL][@URL]`. Raises UsageError for an agent that does not exist, is not complete, or
    needs an environment variable that is not set.
    """
    name, _, url = argument.partition("@")
    own = suite.settings.agents
    if name in own:
        table = read_table(suite.root / MARKER, own[name], field=f"agents.{name}")
        return _opened(spec, table, suite, f"[agents.{name}]", trace)
    preset, _, model = name.partition(":")
    if preset in PRESETS:
        table = EndpointTable(preset=preset, url=url or None, model=model or None)
        return _opened(spec, table, suite, f"--agent {mask(spec)}", trace)
    if name.endswith(".toml"):
        path = Path(argument) if Path(argument).exists() else suite.path(argument)
        return _opened(spec, read_table(path), suite, str(path), trace)
    known = ", ".join([*own, *PRESETS])
    raise UsageError(
        f"--agent http: there is no agent {mask(argument)!r}: expected one of {known}, or a file that ends in .toml"
    )


def _opened(spec: str, table: EndpointTable, suite: Suite, source: str, trace: Trace | None) -> HttpAgent:
    """Return the agent of a table."""
    if table.url is not None:
        url = checked_url(expand(table.url, needed_by=f"{source}: url"), needed_by=f"{source}: url")
        table = msgspec.structs.replace(table, url=url)
    if table.preset not in OPENAI:
        return _described(spec, table, suite, source, trace)
    if table.body is not None or table.reply is not None or table.keeps_session or table.stream == "ndjson":
        raise UsageError(
            f"{source}: preset {table.preset} has its own body and reply, keeps no session and streams sse: "
            "remove those keys; what the body lacks goes into extra"
        )
    url, headers = openai_address(table, source)
    model = table.model or "default"
    return openai_chat(spec, url, suite, model=model, headers=headers, table=table, source=source, trace=trace)


def _described(spec: str, table: EndpointTable, suite: Suite, source: str, trace: Trace | None) -> HttpAgent:
    """Return the agent of a table that says itself what is sent and where the reply stands."""
    if table.preset is not None:
        table = written_out(table, source)
    for name in ("url", "body", "reply"):
        if getattr(table, name) is None:
            presets = ", ".join(PRESETS)
            raise UsageError(f"{source}: {name} is missing: expected url, body and reply, or a preset: {presets}")
    assert table.url is not None
    paths = table.reply or Paths()
    _consistent(table, paths, source)
    headers = Headers(table.headers, where=f"{source}: headers")
    key: dict[str, str] = {}
    if table.key_env:
        key = {"Authorization": f"Bearer {from_environment(table.key_env, needed_by=f'{source}: key_env')}"}
    reading = Reading(paths, where=f"{place(table.url)} ({source})", marker=table.marker)
    return HttpAgent(
        spec,
        table.url,
        wire=Wire(
            write=Filling({**(table.body or {}), **table.extra}, where=f"{source}: body").body,
            read=reading.read,
            headers=headers.filled if headers.moves else None,
            stream=table.stream,
            heard=reading.heard if table.stream else None,
            hands_out_session=paths.session is not None,
        ),
        headers={**headers.fixed, **key},
        handover_tools=suite.settings.agent.handover_tools,
        connections=suite.settings.agent.concurrency,
        keeps_session=table.keeps_session,
        trace=trace,
    )


def _consistent(table: EndpointTable, paths: Paths, source: str) -> None:
    """Raise UsageError for keys that mean nothing without another."""
    if not any((paths.text, paths.tool_calls)):
        raise UsageError(f"{source}: reply.text is missing: expected a JMESPath to the reply")
    if paths.session and not table.keeps_session:
        raise UsageError(f"{source}: reply.session: who hands out session ids keeps them: add keeps_session = true")
    if table.stream is None and (paths.end or table.marker):
        raise UsageError(f'{source}: reply.end and marker belong to a stream: add stream = "sse" or "ndjson"')
