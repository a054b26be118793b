"""The sandbox over HTTP: OpenAI-compatible chat completions, streamed or not, on this machine only."""

from __future__ import annotations

import asyncio
import hashlib
import os
import socket
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from chatparity.errors import UsageError
from chatparity.sandbox.agent import SandboxAgent
from chatparity.sandbox.company import open_company
from chatparity.sandbox.faults import Chance, check_faults, read_faults, transport

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

MODEL = "sandbox"
SLOW_SECONDS = 2.0
RETRY_AFTER_SECONDS = 1
_PIECE = 24


def serve(
    *, port: int, faults: Mapping[str, float], seed: int, datasets: Sequence[Path], until_stdin_closes: bool
) -> None:
    """Serve the sandbox on 127.0.0.1 until it is stopped; `port` 0 takes a free one.

    Prints one line of JSON, `{"url": "http://127.0.0.1:PORT/v1"}`, once it listens. `faults` are rates in [0, 1] by
    name. With `until_stdin_closes` it ends when its standard input does. Raises UsageError for an unknown fault, a
    port that is taken and data that cannot be used.
    """
    import uvicorn

    app = make_app(faults=faults, seed=seed, datasets=datasets)
    listening = _listen(port)
    url = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
    config = uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
    server = uvicorn.Server(config)
    if until_stdin_closes:
        threading.Thread(target=_stop_with_stdin, args=(server,), daemon=True).start()
    sys.stdout.write(msgspec.json.encode({"url": url}).decode() + "\n")
    sys.stdout.flush()
    server.run(sockets=[listening])


def make_app(*, faults: Mapping[str, float], seed: int, datasets: Sequence[Path]) -> Starlette:
    """Return the sandbox as an ASGI application. Raises as `serve` does."""
    from starlette.applications import Starlette
    from starlette.routing import Route

    company = open_company(datasets)
    check_faults(faults, read_faults(company.folder / "faults.toml"))
    desk = _Desk(SandboxAgent(company, faults, seed), faults, seed)
    return Starlette(
        routes=[
            Route("/v1/chat/completions", desk.complete, methods=["POST"]),
            Route("/v1/models", desk.models, methods=["GET"]),
            Route("/sandbox/stats", desk.stats, methods=["GET"]),
        ]
    )


class _Desk:
    """Answers requests, and counts each one it receives."""

    def __init__(self, agent: SandboxAgent, faults: Mapping[str, float], seed: int) -> None:
        self._agent = agent
        self._faults = faults
        self._seed = seed
        self._received = 0
        self._by_status: Counter[str] = Counter()
        self._seen: Counter[bytes] = Counter()

    async def models(self, request: Request) -> Response:
        """Name the one model there is."""
        return _json({"object": "list", "data": [{"id": MODEL, "object": "model", "owned_by": "chatparity"}]})

    async def stats(self, request: Request) -> Response:
        """Say how many chat requests came in, and how many ended with each status."""
        return _json({"requests": self._received, "by_status": dict(self._by_status)})

    async def complete(self, request: Request) -> Response:
        """Answer one chat completion request, or fail at it as a transport fault wants."""
        self._received += 1
        body = await request.body()
        asked = hashlib.blake2b(body, digest_size=16).digest()
        attempt = self._seen[asked]
        self._seen[asked] += 1
        fault = transport(self._faults, Chance(self._seed, asked), attempt)
        if fault == "hang":
            await _until_gone(request)
        if fault == "slow":
            await asyncio.sleep(SLOW_SECONDS)
        response = self._respond(body, fault)
        self._by_status[str(response.status_code)] += 1
        return response

    def _respond(self, body: bytes, fault: str | None) -> Response:
        if fault == "http_500":
            return _error(500, "server_error", "the sandbox fails on purpose (http_500)")
        if fault == "http_429":
            wait = {"retry-after": str(RETRY_AFTER_SECONDS)}
            return _error(429, "rate_limit_exceeded", "the sandbox is busy on purpose (http_429)", wait)
        try:
            asked = msgspec.json.decode(body, type=_Asked)
            answered = self._agent.complete(asked.messages)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            return _error(400, "invalid_request_error", f"expected a chat completion request: {error}")
        except UsageError as error:
            return _error(500, "server_error", str(error))
        head = {
            "id": "chatcmpl-" + hashlib.blake2b(body, digest_size=12).hexdigest(),
            "created": 0,
            "model": asked.model or MODEL,
        }
        if asked.stream:
            return _streamed(head, answered, asked.wants_usage, fault)
        return _whole(head, answered, fault)


class _Asked(msgspec.Struct, frozen=True):
    """The part of a chat completion request that the sandbox reads."""

    messages: list[dict[str, Any]]
    model: str = ""
    stream: bool = False
    stream_options: dict[str, Any] | None = None

    @property
    def wants_usage(self) -> bool:
        return bool((self.stream_options or {}).get("include_usage"))


def _whole(head: Mapping[str, Any], answered: Mapping[str, Any], fault: str | None) -> Response:
    """Return a completion in one piece."""
    message = {"role": "assistant", "content": answered["content"], "tool_log": answered["tool_log"]}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    content = msgspec.json.encode(
        {**head, "object": "chat.completion", "choices": [choice], "usage": answered["usage"]}
    )
    if fault == "malformed_json":
        content = content[: len(content) * 2 // 3]
    if fault == "stream_cut":
        return _cut([content[: len(content) // 2]], "application/json")
    return _bytes(content)


def _streamed(head: Mapping[str, Any], answered: Mapping[str, Any], usage: bool, fault: str | None) -> Response:
    """Return a completion as server-sent events: the text in pieces, then the tool log, usage and the end."""
    from starlette.responses import StreamingResponse

    def event(delta: Mapping[str, Any], finish: str | None = None, **more: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        chunk = {**head, "object": "chat.completion.chunk", "choices": [choice], **more}
        return b"data: " + msgspec.json.encode(chunk) + b"\n\n"

    text = answered["content"]
    events = [event({"role": "assistant", "content": ""})]
    events += [event({"content": text[start : start + _PIECE]}) for start in range(0, len(text), _PIECE)]
    events.append(event({"tool_log": answered["tool_log"]}, "stop", usage=answered["usage"]))
    if usage:
        last = {**head, "object": "chat.completion.chunk", "choices": [], "usage": answered["usage"]}
        events.append(b"data: " + msgspec.json.encode(last) + b"\n\n")
    events.append(b"data: [DONE]\n\n")
    if fault == "malformed_json":
        middle = len(events) // 2
        events[middle] = events[middle][: len(events[middle]) // 2] + b"\n\n"
    if fault == "stream_cut":
        return _cut(events[: max(len(events) // 2, 1)], "text/event-stream")

    async def sent() -> AsyncIterator[bytes]:
        for one in events:
            yield one

    return StreamingResponse(sent(), media_type="text/event-stream")


def _cut(pieces: Sequence[bytes], kind: str) -> Response:
    """Return a response that sends `pieces` and then breaks the connection."""
    from starlette.responses import StreamingResponse

    async def sent() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece
        raise ConnectionAbortedError("the sandbox breaks the connection on purpose (stream_cut)")

    return StreamingResponse(sent(), media_type=kind)


async def _until_gone(request: Request) -> None:
    """Wait until the client gives up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _json(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    return _bytes(msgspec.json.encode(value), status, headers)


def _bytes(content: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    from starlette.responses import Response

    return Response(content, status, headers, media_type="application/json")


def _error(status: int, kind: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    return _json({"error": {"message": message, "type": kind, "code": status}}, status, headers)


def _listen(port: int) -> socket.socket:
    """Return a socket that listens on this machine only. Raises UsageError when the port cannot be had."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind(("127.0.0.1", port))
        listening.listen(2048)
    except (OSError, OverflowError) as error:
        listening.close()
        raise UsageError(f"port {port} cannot be used: {error}; take another, or 0 for any free one") from error
    return listening


def _stop_with_stdin(server: Any) -> None:
    """Tell the server to stop once standard input ends, as it does when the parent process is gone."""
    while os.read(0, 4096):
        pass
    server.should_exit = True
