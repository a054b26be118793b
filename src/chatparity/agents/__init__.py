"""Agents: whatever answers customers, opened from a specification such as `openai:MODEL@URL`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from chatparity.agents.base import Agent
from chatparity.agents.trace import Trace
from chatparity.errors import UsageError
from chatparity.suite import Suite

__all__ = ["KINDS", "Agent", "Trace", "open_agent"]

Opener = Callable[[str, str, Suite, Path | None, Trace | None], Awaitable[Agent]]


async def _sandbox(spec: str, argument: str, suite: Suite, records: Path | None, trace: Trace | None) -> Agent:
    from chatparity.agents.sandbox import SandboxAgent

    return await SandboxAgent.start(spec, argument, suite, records, trace)


async def _openai(spec: str, argument: str, suite: Suite, records: Path | None, trace: Trace | None) -> Agent:
    from chatparity.agents.openai_client import OpenAIAgent

    return OpenAIAgent.from_spec(spec, argument, suite, trace)


async def _http(spec: str, argument: str, suite: Suite, records: Path | None, trace: Trace | None) -> Agent:
    from chatparity.agents.endpoint import open_http

    return open_http(spec, argument, suite, trace)


async def _python(spec: str, argument: str, suite: Suite, records: Path | None, trace: Trace | None) -> Agent:
    from chatparity.agents.python_function import PythonAgent

    return PythonAgent.from_spec(spec, argument, suite, trace)


async def _command(spec: str, argument: str, suite: Suite, records: Path | None, trace: Trace | None) -> Agent:
    from chatparity.agents.command import CommandAgent

    return CommandAgent.from_spec(spec, argument, suite, trace)


async def _recorded(spec: str, argument: str, suite: Suite, records: Path | None, trace: Trace | None) -> Agent:
    from chatparity.agents.recorded import RecordedAgent

    return RecordedAgent.read(spec, argument, suite)


# How each kind is written, and what opens it. Clients are imported only when their kind is asked for.
KINDS: dict[str, tuple[str, Opener]] = {
    "sandbox": ("sandbox[:FAULT=RATE,…]", _sandbox),
    "openai": ("openai:MODEL[@URL]", _openai),
    "http": ("http:NAME|FILE.toml", _http),
    "python": ("python:module:function", _python),
    "command": ("command:PROGRAM [ARGUMENT…]", _command),
    "recorded": ("recorded:FILE", _recorded),
}


@asynccontextmanager
async def open_agent(
    spec: str, suite: Suite, *, records: Path | None = None, trace: Trace | None = None
) -> AsyncIterator[Agent]:
    """Open the agent that a specification names and close it afterwards.

    `records` is a file of transcripts whose records fill the sandbox's shop instead of those of the suite.
    `trace` is filled with each request as it goes out and the raw answer to it; a recorded agent sends none.
    Raises UsageError for a specification that cannot be used; the message lists the kinds there are.
    """
    kind, _, argument = spec.partition(":")
    if kind not in KINDS:
        forms = ", ".join(form for form, _ in KINDS.values())
        raise UsageError(f"--agent: there is no kind of agent called {kind!r}: expected one of {forms}")
    agent = await KINDS[kind][1](spec, argument, suite, records, trace)
    try:
        yield agent
    finally:
        await agent.close()
