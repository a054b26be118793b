"""The agent `http:NAME|FILE.toml`: any JSON endpoint, opened from its table or from a preset."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from chatparity.agents.chunks import ChunksHeard
from chatparity.agents.http_agent import HttpAgent, Wire
from chatparity.agents.masking import checked_url, expand, from_environment, mask, place
from chatparity.agents.presets import OPENAI, PRESETS, openai_address, written_out
from chatparity.agents.reading import Paths, Reading
from chatparity.agents.template import EndpointTable, Filling, Headers, read_table
from chatparity.agents.trace import Trace
from chatparity.agents.wire import read_completion, request_of
from chatparity.errors import UsageError
from chatparity.exchange import Conversation
from chatparity.suite import MARKER, Suite


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
        place_of = f"{source}: url"
        url = checked_url(expand(table.url, needed_by=place_of), needed_by=place_of, written=table.url)
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
