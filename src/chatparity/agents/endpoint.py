"""The agent `http:NAME|FILE.toml`: any JSON endpoint over aiohttp, with as little as possible around each request."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from pathlib import Path

import aiohttp
import msgspec

from chatparity.agents.failures import OK, connection_failure, http_failure
from chatparity.agents.masking import checked_url, expand, from_environment, is_loopback, key_for, mask, place
from chatparity.agents.template import EndpointTable, Template, read_table
from chatparity.agents.wire import Said, read_completion, reply_of, request_of
from chatparity.errors import UsageError
from chatparity.exchange import Conversation, Reply
from chatparity.suite import MARKER, Suite

PRESET = "openai-chat"
OPENAI_URL = "https://api.openai.com/v1"
_NOT_OK = 300

Write = Callable[[Conversation], bytes]
Read = Callable[[bytes], Said]


class HttpAgent:
    """Posts what `write` makes of a conversation to one address and reads the answer with `read`.

    It has one connection pool of `connections`, opened with the first request, and belongs to that event loop.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        write: Write,
        read: Read,
        headers: Mapping[str, str],
        handover_tools: Collection[str],
        connections: int,
        keeps_session: bool = False,
    ) -> None:
        self.name = name
        self.keeps_session = keeps_session
        self._url = url
        self._where = place(url)
        self._write = write
        self._read = read
        self._headers = {"content-type": "application/json", **headers}
        self._handover_tools = frozenset(handover_tools)
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    async def reply(self, conversation: Conversation) -> Reply:
        """Post once and return the reply; its latency ends when the whole response is there. Raises AgentFailure."""
        body = self._write(conversation)
        begun = time.perf_counter()
        content = await self._post(body)
        latency = time.perf_counter() - begun
        return reply_of(self._read(content), where=self._where, handover_tools=self._handover_tools, latency=latency)

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    async def _post(self, body: bytes) -> bytes:
        """Return the body of a 2xx response. Raises AgentFailure for everything else."""
        session = self._session or self._opened()
        try:
            async with session.post(self._url, data=body, allow_redirects=False) as response:
                content = await response.read()
        except aiohttp.ClientError as error:
            raise connection_failure(error, where=self._where) from error
        if not OK <= response.status < _NOT_OK:
            raise http_failure(response.status, response.headers, content, where=self._where)
        return content

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


def openai_chat(name: str, url: str, suite: Suite, *, model: str, key: str | None) -> HttpAgent:
    """Return an agent that speaks the OpenAI chat wire, not streamed, at full speed; `url` ends before `/chat/…`."""
    address = f"{url}/chat/completions"
    return HttpAgent(
        name,
        address,
        write=lambda conversation: msgspec.json.encode(request_of(conversation, model)),
        read=partial(read_completion, where=place(address)),
        headers={"Authorization": f"Bearer {key}"} if key else {},
        handover_tools=suite.settings.agent.handover_tools,
        connections=suite.settings.agent.concurrency,
    )


def open_http(spec: str, argument: str, suite: Suite) -> HttpAgent:
    """Return the agent that `openai-chat[:MODEL][@URL]`, a name of `[agents.NAME]` or a file names.

    Raises UsageError for one that does not exist, is not complete, or needs an environment variable that is not set.
    """
    name, _, url = argument.partition("@")
    own = suite.settings.agents
    if name in own:
        table = read_table(suite.root / MARKER, own[name], field=f"agents.{name}")
        return _described(spec, table, suite, f"[agents.{name}]")
    if name.partition(":")[0] == PRESET:
        return _preset(
            spec, EndpointTable(url=url or None, model=name.partition(":")[2] or None), suite, f"--agent {mask(spec)}"
        )
    if name.endswith(".toml"):
        path = Path(argument) if Path(argument).exists() else suite.path(argument)
        return _described(spec, read_table(path), suite, str(path))
    known = ", ".join([*own, PRESET])
    raise UsageError(
        f"--agent http: there is no agent {mask(argument)!r}: expected one of {known}, or a file that ends in .toml"
    )


def _described(spec: str, table: EndpointTable, suite: Suite, source: str) -> HttpAgent:
    """Return the agent of a table."""
    if table.preset is not None:
        return _preset(spec, table, suite, source)
    for key in ("url", "body", "reply"):
        if getattr(table, key) is None:
            raise UsageError(f'{source}: {key} is missing: expected url, body and reply, or preset = "{PRESET}"')
    url = checked_url(expand(table.url or "", needed_by=f"{source}: url"), needed_by=f"{source}: url")
    headers = {name: expand(text, needed_by=f"{source}: headers.{name}") for name, text in table.headers.items()}
    if table.key_env:
        headers["Authorization"] = f"Bearer {from_environment(table.key_env, needed_by=f'{source}: key_env')}"
    assert table.reply is not None
    template = Template(table.body or {}, table.reply, where=source)
    return HttpAgent(
        spec,
        url,
        write=template.body,
        read=template.read,
        headers=headers,
        handover_tools=suite.settings.agent.handover_tools,
        connections=suite.settings.agent.concurrency,
        keeps_session=table.keeps_session,
    )


def _preset(spec: str, table: EndpointTable, suite: Suite, source: str) -> HttpAgent:
    """Return the agent of the preset, with what the table adds to it."""
    if table.preset not in (None, PRESET):
        raise UsageError(f"{source}: preset: expected {PRESET}, got {table.preset!r}")
    if table.body is not None or table.reply is not None or table.headers:
        raise UsageError(f"{source}: preset {PRESET} has its own headers, body and reply: remove those keys")
    url = checked_url(table.url or OPENAI_URL, needed_by=source).rstrip("/")
    key = key_for(url, table.key_env, needed_by=source)
    return openai_chat(spec, url, suite, model=table.model or "default", key=key)
