"""The agent `command:…`: a program of yours that reads requests from its standard input and answers on its output.

One JSON object a line, in both directions. A request holds `id`, `turn`, `trial`, `session`, `language`, `market`,
`customer`, `messages` (OpenAI chat messages, the system prompt first), `text` (the customer's last message), `tools`.
The answer is an object as in `answer`, with the request's `id` or none; before it there may be lines of
`{"delta": "…"}`, the pieces of the text. What is not an answer belongs on standard error.

Each process answers one request at a time and lives until the run ends; there are at most `[agent].concurrency`.
"""

from __future__ import annotations

import asyncio
import shlex
import shutil
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import Collection
from typing import IO, Any

import msgspec

from chatparity.agents.answer import said_of
from chatparity.agents.failures import malformed
from chatparity.agents.masking import excerpt, mask
from chatparity.agents.process import complaint, stop
from chatparity.agents.reading import shape_of
from chatparity.agents.trace import Trace
from chatparity.agents.wire import Said, reply_of
from chatparity.errors import AgentFailure, UsageError
from chatparity.exchange import Conversation, Reply
from chatparity.suite import Suite

LONGEST_LINE = 16 * 2**20


class CommandAgent:
    """Asks a small pool of processes; they are started when they are needed, and a dead one is replaced."""

    keeps_session = False

    def __init__(
        self,
        name: str,
        words: list[str],
        *,
        processes: int,
        handover_tools: Collection[str],
        trace: Trace | None = None,
    ) -> None:
        self.name = name
        self._words = words
        self._where = mask(name)
        self._handover_tools = frozenset(handover_tools)
        self._places = asyncio.Semaphore(processes)
        self._idle: list[_Worker] = []
        self._trace = trace

    @classmethod
    def from_spec(cls, spec: str, argument: str, suite: Suite, trace: Trace | None = None) -> CommandAgent:
        """Return the agent of a command line. Raises UsageError when it cannot be split or names no program."""
        try:
            words = shlex.split(argument)
        except ValueError as error:
            raise UsageError(f"--agent {mask(spec)}: not a command line: {error}") from error
        if not words or shutil.which(words[0]) is None:
            expected = "expected command:PROGRAM [ARGUMENT…], for example command:'python bot.py'"
            got = f"no program {words[0]!r} is found" if words else "got none"
            raise UsageError(f"--agent {mask(spec)}: {expected}; {got}")
        table = suite.settings.agent
        return cls(spec, words, processes=table.concurrency, handover_tools=table.handover_tools, trace=trace)

    async def reply(self, conversation: Conversation) -> Reply:
        """Ask one process once. Raises AgentFailure: `crashed` when it ends instead, `malformed`, `empty`."""
        request = msgspec.json.encode(_request(conversation)) + b"\n"
        async with self._places:
            worker = self._idle.pop() if self._idle else await _Worker.start(self._words, self._where)
            if self._trace is not None:
                self._trace.sent(f"write to {self._where}", request)
            begun = time.perf_counter()
            try:
                said, first = await worker.ask(request, conversation.id, self._trace)
            except BaseException as error:
                # Given up in the middle or out of step: nobody could tell its next answer from a late one. A program
                # that says itself that it failed is in step.
                if isinstance(error, AgentFailure) and error.kind == "agent_error":
                    self._idle.append(worker)
                else:
                    await worker.stop(patience=0.0)
                raise
            self._idle.append(worker)
        latency = time.perf_counter() - begun
        return reply_of(
            said,
            where=self._where,
            handover_tools=self._handover_tools,
            latency=latency,
            first_token=first and first - begun,
        )

    async def close(self) -> None:
        """End the processes: their standard input closes first."""
        workers, self._idle = self._idle, []
        await asyncio.gather(*(worker.stop() for worker in workers))


class _Worker:
    """One process of the pool."""

    def __init__(self, child: Process, errors: IO[bytes], where: str) -> None:
        self._child = child
        self._errors = errors
        self._where = where

    @classmethod
    async def start(cls, words: list[str], where: str) -> _Worker:
        """Start a process. Raises AgentFailure `crashed` when that cannot be done."""
        errors = tempfile.TemporaryFile()  # noqa: SIM115 — it lives as long as the process
        try:
            child = await asyncio.create_subprocess_exec(
                *words,
                stdin=PIPE,
                stdout=PIPE,
                stderr=errors,
                limit=LONGEST_LINE,
                # Ctrl-C is for us: the program must go on answering until we have stopped asking.
                start_new_session=True,
            )
        except OSError as error:
            errors.close()
            raise AgentFailure("crashed", f"{where}: cannot be started: {error.strerror}", retryable=False) from error
        return cls(child, errors, where)

    async def ask(self, request: bytes, wanted: str, trace: Trace | None) -> tuple[Said, float | None]:
        """Return the answer to a request line, and when its first words came. Raises AgentFailure."""
        assert self._child.stdin is not None
        pieces: list[str] = []
        first: float | None = None
        try:
            self._child.stdin.write(request)
            await self._child.stdin.drain()
        except (BrokenPipeError, ConnectionResetError) as error:
            raise await self._died() from error
        while True:
            answer = await self._line(trace)
            if answer.get("id") not in (None, wanted):
                raise malformed(self._where, f"asked about {wanted!r}, it answers about {answer['id']!r}")
            delta = answer.get("delta")
            if not isinstance(delta, str):
                break
            pieces.append(delta)
            first = first or (time.perf_counter() if delta else None)
        if pieces and answer.get("text") is None and answer.get("content") is None:
            answer = {**answer, "text": "".join(pieces)}
        return said_of(answer, where=self._where), first

    async def stop(self, *, patience: float = 2.0) -> None:
        """End the process."""
        try:
            await stop(self._child, patience=patience)
        finally:
            self._errors.close()

    async def _line(self, trace: Trace | None) -> dict[str, Any]:
        """Return the next line of the output, an object. Raises AgentFailure."""
        assert self._child.stdout is not None
        try:
            line = await self._child.stdout.readline()
        except ValueError as error:
            raise malformed(self._where, f"a line is longer than {LONGEST_LINE} bytes") from error
        if trace is not None:
            trace.heard(line)
        if not line.endswith(b"\n"):
            raise await self._died()
        try:
            found = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            why = f"expected an object of JSON a line (what is no answer belongs on stderr), got {excerpt(line)!r}"
            raise malformed(self._where, why) from error
        if not isinstance(found, dict):
            raise malformed(self._where, f"expected an object of JSON a line; {shape_of(found)}")
        return found

    async def _died(self) -> AgentFailure:
        """Return what the end of the process, or of its output, means."""
        await stop(self._child, patience=0.5)
        said = complaint(self._errors)
        how = f"it ended with exit code {self._child.returncode}"
        after = f"; it said: {said}" if said else ""
        return AgentFailure("crashed", f"{self._where}: {how}{after}", retryable=True)


def _request(conversation: Conversation) -> dict[str, Any]:
    """Return what a program is told."""
    names = ("id", "turn", "trial", "session", "language", "market", "customer")
    return {
        **{name: getattr(conversation, name) for name in names},
        "text": conversation.history[-1].text if conversation.history else "",
        "messages": conversation.messages(),
        "tools": conversation.tools,
    }
