"""The agent `python:module:function`: a function of yours, asked in this process.

It takes a `Conversation` and returns the reply's text, an object as in `answer`, or a `Reply`. It may be `async`, and
it may be a generator of texts (and objects), which shows the time to its first word. What is not `async` runs in
threads.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from chatparity.agents.answer import said_of
from chatparity.agents.failures import malformed
from chatparity.agents.masking import excerpt
from chatparity.agents.threads import Threads
from chatparity.agents.trace import Trace
from chatparity.agents.wire import reply_of
from chatparity.errors import AgentFailure, UsageError
from chatparity.exchange import Conversation, Reply
from chatparity.suite import Suite

Function = Callable[[Conversation], Any]
_EXPECTED = "expected python:module:function, for example python:bots.support:reply"


class PythonAgent:
    """Asks a function. Its attribute `keeps_session`, where it is true, says that it remembers by `session`."""

    def __init__(self, name: str, function: Function, suite: Suite, trace: Trace | None = None) -> None:
        self.name = name
        self.keeps_session = getattr(function, "keeps_session", False) is True
        self._function = function
        self._handover_tools = frozenset(suite.settings.agent.handover_tools)
        self._threads = Threads(suite.settings.agent.concurrency)
        self._trace = trace

    @classmethod
    def from_spec(cls, spec: str, argument: str, suite: Suite, trace: Trace | None = None) -> PythonAgent:
        """Import the function of `module:function`. Raises UsageError when there is none or its import fails."""
        module, _, path = argument.partition(":")
        if not module or not path:
            raise UsageError(f"--agent {spec}: {_EXPECTED}")
        found: Any = _imported(spec, module, (Path.cwd(), suite.root))
        for name in path.split("."):
            found = getattr(found, name, None)
        if not callable(found) or inspect.isclass(found):
            got = "of type " + type(found).__name__ if found is not None else "nothing that is there"
            got = "a class: make an instance and name that, or its method" if inspect.isclass(found) else got
            raise UsageError(f"--agent {spec}: {_EXPECTED}; {path} in {module} is {got}")
        return cls(spec, found, suite, trace)

    async def reply(self, conversation: Conversation) -> Reply:
        """Call the function once. Raises AgentFailure: `crashed` for whatever it raises, `malformed`, `empty`."""
        heard = _Heard(time.perf_counter())
        if self._trace is not None:
            self._trace.sent(f"call {self.name}", msgspec.json.encode(conversation))
        try:
            await self._asked(conversation, heard)
        except AgentFailure:
            raise
        except (Exception, SystemExit) as error:
            raise AgentFailure("crashed", f"{self.name}: {_crash(error)}", retryable=False) from error
        finally:
            latency = time.perf_counter() - heard.begun
            if self._trace is not None:
                self._trace.heard(msgspec.json.encode(heard.pieces, enc_hook=repr) if heard.pieces else b"")
        return self._written_down(heard.whole(self.name, latency, self._handover_tools))

    async def close(self) -> None:
        """Hold nothing open: a call that never ends is left behind."""

    async def _asked(self, conversation: Conversation, heard: _Heard) -> None:
        """Call the function in the loop when it is asynchronous, else in a thread, and hear all it says."""
        function = self._function
        # A callable object says by its `__call__` what it is.
        if any(_asynchronous(one) for one in (function, type(function).__call__)):
            found = function(conversation)
        else:
            found = await self._threads.run(lambda abandoned: _in_thread(function, conversation, heard, abandoned))
        if isinstance(found, Awaitable):
            found = await found
        if isinstance(found, AsyncIterator):
            async for piece in found:
                heard.take(piece)
        elif isinstance(found, Iterator):
            await self._threads.run(lambda abandoned: _drained(found, heard, abandoned))
        elif found is not _HEARD:
            heard.result(found)

    def _written_down(self, reply: Reply) -> Reply:
        """Return a reply that a run can keep. Raises AgentFailure `malformed` for values that JSON has no form for."""
        try:
            msgspec.json.encode(reply)
        except (UnicodeEncodeError, OverflowError, TypeError) as error:
            raise malformed(self.name, f"the reply cannot be written down: {error}") from error
        return reply


_HEARD = object()


def _asynchronous(function: Any) -> bool:
    return inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function)


def _in_thread(function: Function, conversation: Conversation, heard: _Heard, abandoned: threading.Event) -> Any:
    """Call a function, and if it returns an iterator go through it in this thread."""
    found = function(conversation)
    return _drained(found, heard, abandoned) if isinstance(found, Iterator) else found


def _drained(pieces: Iterator[Any], heard: _Heard, abandoned: threading.Event) -> object:
    for piece in pieces:
        if abandoned.is_set():
            break
        heard.take(piece)
    if abandoned.is_set() and hasattr(pieces, "close"):
        pieces.close()
    return _HEARD


@dataclass
class _Heard:
    """What a function has said so far; times are seconds of `perf_counter`."""

    begun: float
    pieces: list[Any] = field(default_factory=list)
    streamed: bool = False
    first: float | None = None

    def take(self, piece: Any) -> None:
        """Add a piece of a stream."""
        self.streamed = True
        self.pieces.append(piece)
        if self.first is None and piece and (isinstance(piece, str) or _speaks(piece)):
            self.first = time.perf_counter() - self.begun

    def result(self, found: Any) -> None:
        """Take what a function returned at once."""
        self.pieces.append(found)

    def whole(self, where: str, latency: float, handover_tools: frozenset[str]) -> Reply:
        """Return the reply. Raises AgentFailure."""
        if len(self.pieces) == 1 and isinstance(self.pieces[0], Reply):
            return _completed(self.pieces[0], where, latency)
        merged: dict[str, Any] = {"text": ""}
        for piece in self.pieces:
            if isinstance(piece, str):
                merged["text"] += piece
            elif isinstance(piece, Mapping):
                said_of(piece, where=where)
                _add(merged, piece, where)
            else:
                expected = "a piece of text or an object" if self.streamed else "a text, an object or a Reply"
                got = "None (is a `return` missing?)" if piece is None else f"{piece!r} of type {type(piece).__name__}"
                raise malformed(where, f"expected {expected}, got {got}")
        said = said_of(merged, where=where)
        return reply_of(said, where=where, handover_tools=handover_tools, latency=latency, first_token=self.first)


def _speaks(piece: Any) -> bool:
    return isinstance(piece, Mapping) and any(piece.get(key) for key in ("text", "content", "tool_calls", "tool_log"))


def _add(merged: dict[str, Any], piece: Mapping[str, Any], where: str) -> None:
    """Add an object to what was said before it: texts and calls are joined, the rest replaces."""
    merged["text"] += said_of(piece, where=where).text
    for key in ("tool_calls", "tool_log"):
        merged[key] = [*merged.get(key, ()), *(piece.get(key) or ())]
    merged |= {key: piece[key] for key in ("handover", "waiting", "usage", "model") if piece.get(key) is not None}


def _completed(reply: Reply, where: str, latency: float) -> Reply:
    """Return a Reply with its latency, where the function has not measured it itself. Raises AgentFailure `empty`."""
    if not reply.text.strip() and not reply.tool_calls and not reply.handover:
        raise AgentFailure("empty", f"{where}: the reply is empty", retryable=True)
    return reply if reply.latency is not None else msgspec.structs.replace(reply, latency=latency)


def _imported(spec: str, module: str, folders: tuple[Path, ...]) -> Any:
    """Import a module that may lie in one of the folders; `sys.path` is afterwards what it was."""
    before = sys.path[:]
    sys.path[:0] = [str(folder) for folder in dict.fromkeys(folders)]
    importlib.invalidate_caches()
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        wanted = error.name is not None and f"{module}.".startswith(f"{error.name}.")
        why = f"there is no module {error.name}" if wanted else f"importing {module} fails: {_crash(error)}"
        places = " and ".join(str(folder) for folder in dict.fromkeys(folders))
        raise UsageError(f"--agent {spec}: {why}; looked in {places} and where Python looks") from error
    except (Exception, SystemExit) as error:
        raise UsageError(f"--agent {spec}: importing {module} fails: {_crash(error)}") from error
    finally:
        sys.path[:] = before


def _crash(error: BaseException) -> str:
    """Return an exception and where it came from, masked, on one line."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" [{Path(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}]" if frames else ""
    return f"{type(error).__name__}: {excerpt(str(error))}{place}"
