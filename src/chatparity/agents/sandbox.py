"""The agent `sandbox[:FAULT=RATE,…]`: the embedded support agent, started as a child process and asked over HTTP."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from pathlib import Path
from typing import IO

import msgspec

from chatparity.agents.endpoint import openai_chat
from chatparity.agents.http_agent import HttpAgent
from chatparity.agents.process import complaint, stop
from chatparity.agents.trace import Trace
from chatparity.errors import UsageError
from chatparity.exchange import Conversation, Reply
from chatparity.suite import Suite

START_SECONDS = 60.0


class _Ready(msgspec.Struct):
    """The line a sandbox prints once it listens."""

    url: str


class SandboxAgent:
    """A sandbox of our own. It ends when its standard input closes, so also when this process is killed."""

    keeps_session = False

    def __init__(self, name: str, child: Process, http: HttpAgent) -> None:
        self.name = name
        self._child = child
        self._http = http

    @property
    def process(self) -> int:
        """Return the sandbox's process id."""
        return self._child.pid

    @classmethod
    async def start(
        cls, name: str, argument: str, suite: Suite, records: Path | None = None, trace: Trace | None = None
    ) -> SandboxAgent:
        """Start a sandbox with the faults of `FAULT=RATE,…`. Raises UsageError with its own words if it does not.

        Its shop is filled from the transcripts in `records`, or else from those of the suite.
        """
        options = _options(name, argument, records)
        with tempfile.TemporaryFile() as complaints:
            child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "chatparity", "sandbox", "--port", "0", "--until-stdin-closes", *options),
                cwd=suite.root,
                stdin=PIPE,
                stdout=PIPE,
                stderr=complaints,
                # Ctrl-C is for us: the sandbox must go on answering until we have stopped asking.
                start_new_session=True,
            )
            try:
                url = await _listening(child, complaints, name)
            except BaseException:
                await stop(child)
                raise
        return cls(
            name, child, openai_chat(name, f"{url}/chat/completions", suite, model="sandbox", headers={}, trace=trace)
        )

    async def reply(self, conversation: Conversation) -> Reply:
        """Ask the sandbox once. Raises AgentFailure."""
        return await self._http.reply(conversation)

    async def close(self) -> None:
        """End the sandbox."""
        try:
            await self._http.close()
        finally:
            await stop(self._child)


def _options(name: str, argument: str, records: Path | None) -> list[str]:
    """Return the sandbox's own options. Raises UsageError for a fault without a rate."""
    faults = [part.strip() for part in argument.split(",") if part.strip()]
    for fault in faults:
        if "=" not in fault:
            raise UsageError(f"--agent {name}: expected FAULT=RATE, for example wrong_amount=0.5, got {fault!r}")
    shop = ["--datasets", str(records.resolve())] if records is not None else []
    return [*(word for fault in faults for word in ("--fault", fault)), *shop]


async def _listening(child: Process, complaints: IO[bytes], name: str) -> str:
    """Return the address that the sandbox prints. Raises UsageError when it prints none."""
    assert child.stdout is not None
    try:
        async with asyncio.timeout(START_SECONDS):
            line = await child.stdout.readline()
            if not line:
                await child.wait()
    except TimeoutError as error:
        raise UsageError(f"--agent {name}: the sandbox did not listen within {START_SECONDS:g} s") from error
    if not line:
        said = complaint(complaints)
        raise UsageError(f"--agent {name}: the sandbox did not start: {said or f'exit code {child.returncode}'}")
    try:
        return msgspec.json.decode(line, type=_Ready).url
    except msgspec.DecodeError as error:
        raise UsageError(f"--agent {name}: expected the sandbox's address, got {line!r}") from error
