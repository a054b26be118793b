"""How close the replay comes to the limit N·L/C of an endpoint, beside a bare aiohttp loop in the same run.

The endpoint is a child process that answers every chat completion after a fixed latency. N requests are sent, C at a
time; the limit is the time that N·L/C seconds of waiting take when nothing else costs any. In every round each client
runs once, in turn, so that whatever else the machine does falls on all of them; shown is the median of the rounds,
and `ratio` is time / limit (1.00 is perfect). `CPU` is this process's time a request. The replay's rows include its
journal, synced to the disk as in a run; the bare loop writes nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import aiohttp

from chatparity.agents import open_agent
from chatparity.exchange import Point, ReplyRecord
from chatparity.jsonl import Journal
from chatparity.replay import plan, replay
from chatparity.suite import AgentTable, Settings, Suite, SuiteTable
from chatparity.transcript import Transcript, Turn

Client = Callable[[], Awaitable[None]]
TEXT = "Your refund of 249.00 was sent on 12 March and should arrive within five banking days."
HEAD = {"id": "chatcmpl-1", "created": 0, "model": "bench"}
USAGE = {"prompt_tokens": 120, "completion_tokens": 24, "total_tokens": 144}


class Endpoint(asyncio.Protocol):
    """The least HTTP server that can answer a chat completion, streamed or not, after a fixed time."""

    def __init__(self, latency: float) -> None:
        self._latency = latency
        self._waiting = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Remember where to answer."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer once the request is whole."""
        self._waiting += data
        head, found, body = self._waiting.partition(b"\r\n\r\n")
        if not found:
            return
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        if len(body) >= int(length.split(b":")[1]):
            self._waiting = b""
            answer = STREAMED if b'"stream":true' in body.replace(b" ", b"") else WHOLE
            asyncio.get_running_loop().call_later(self._latency, self._answer, answer)

    def _answer(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


def response(kind: str, body: bytes) -> bytes:
    """Return an HTTP response."""
    return f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def completion() -> bytes:
    """Return a whole chat completion as a response."""
    choice = {"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}
    body = {**HEAD, "object": "chat.completion", "choices": [choice], "usage": USAGE}
    return response("application/json", json.dumps(body).encode())


def chunks() -> bytes:
    """Return the same as a stream: its opening, two pieces, its end and the usage."""
    ends = [({"role": "assistant"}, None), ({"content": TEXT[:40]}, None), ({"content": TEXT[40:]}, None), ({}, "stop")]
    choices = [[{"index": 0, "delta": delta, "finish_reason": finish}] for delta, finish in ends]
    events = [{**HEAD, "object": "chat.completion.chunk", "choices": choice} for choice in choices]
    events.append({**HEAD, "object": "chat.completion.chunk", "choices": [], "usage": USAGE})
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    return response("text/event-stream", body.encode())


WHOLE = completion()
STREAMED = chunks()


async def serve(latency: float) -> None:
    """Serve until standard input closes; print the port."""
    server = await asyncio.get_running_loop().create_server(lambda: Endpoint(latency), "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)


def conversations(count: int) -> list[tuple[Point, ...]]:
    """Return synthetic conversations with `count` points in all, four each."""
    turns = [
        Turn(speaker=speaker, text=f"Where is my refund for order H-{n}? I have waited for two weeks now.")
        for n in range(4)
        for speaker in ("customer", "human_agent")
    ]
    talks = [Transcript(schema=1, id=f"t{n}", language="en", turns=tuple(turns)) for n in range(-(-count // 4))]
    return plan(talks, trials=1, languages=("*",))


async def bare(url: str, count: int, concurrency: int) -> None:
    """Post `count` times with nothing around it: what aiohttp itself can do."""
    message = {"role": "user", "content": "Where is my refund for order H-3? I have waited for two weeks now."}
    body = json.dumps({"model": "bench", "messages": [message] * 4}).encode()
    left = iter(range(count))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:

        async def work() -> None:
            for _ in left:
                async with session.post(f"{url}/chat/completions", data=body) as answer:
                    json.loads(await answer.read())

        await asyncio.gather(*(work() for _ in range(concurrency)))


async def replayed(spec: str, points: Sequence[tuple[Point, ...]], concurrency: int, folder: Path) -> None:
    """Replay the conversations against an agent, with a journal as a run keeps it."""
    settings = Settings(suite=SuiteTable(name="bench"), agent=AgentTable(concurrency=concurrency))
    suite = Suite(root=folder, shipped=folder, settings=settings)
    file = folder / "replies.jsonl"
    file.unlink(missing_ok=True)
    with Journal(file, ReplyRecord) as journal:
        async with open_agent(spec, suite) as agent:
            await replay(agent, points, settings=suite, mode="teacher_forced", done={}, sink=journal.append)
        errored = [record for record in journal.read() if record.state != "replied"]
    if errored:
        raise SystemExit(f"{spec}: {len(errored)} requests failed, the first with {errored[0].failure}")


def measure(clients: dict[str, Client], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Run each client once a round and return its (wall, CPU) seconds."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in clients}
    for number in range(rounds):
        # The order turns, so that no client always runs after the same other.
        names = list(clients)
        for name in names[number % len(names) :] + names[: number % len(names)]:
            wall, cpu = time.perf_counter(), time.process_time()
            asyncio.run(clients[name]())  # type: ignore[arg-type]
            found[name].append((time.perf_counter() - wall, time.process_time() - cpu))
    return found


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=1200, help="N, a multiple of 4")
    parser.add_argument("--latency", type=float, default=0.05, help="L, seconds")
    parser.add_argument("--concurrency", type=int, default=50, help="C")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        asyncio.run(serve(options.latency))
        return
    count, concurrency = options.requests - options.requests % 4, options.concurrency
    command = [sys.executable, __file__, "--serve", "--latency", str(options.latency)]
    with (
        tempfile.TemporaryDirectory() as name,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child,
    ):
        assert child.stdout is not None
        assert child.stdin is not None
        url = f"http://127.0.0.1:{int(child.stdout.readline())}/v1"
        points, folder = conversations(count), Path(name)
        clients: dict[str, Client] = {
            "bare aiohttp loop": lambda: bare(url, count, concurrency),
            "replay, http:openai-chat": lambda: replayed(f"http:openai-chat@{url}", points, concurrency, folder),
            "replay, openai:MODEL": lambda: replayed(f"openai:bench@{url}", points, concurrency, folder),
        }
        measure({key: client for key, client in clients.items() if "openai:" in key}, 1)  # imports the client
        found = measure(clients, options.rounds)
        child.stdin.close()
    show(found, count, options.latency, concurrency)


def show(found: dict[str, list[tuple[float, float]]], count: int, latency: float, concurrency: int) -> None:
    """Print the table."""
    limit = count * latency / concurrency
    rounds = len(next(iter(found.values())))
    print(f"N = {count} requests, L = {latency * 1000:g} ms, C = {concurrency}: limit N·L/C = {limit:.2f} s")
    head = f"{'client':26} {'median s':>9} {'min':>6} {'max':>6} {'requests/s':>11} {'ratio':>6} {'to bare':>8}"
    print(f"{head} {'CPU ms':>7}   ({rounds} rounds)")
    floor = [wall for wall, _ in found["bare aiohttp loop"]]
    for name, times in found.items():
        walls = [wall for wall, _ in times]
        median = statistics.median(walls)
        paired = statistics.median(wall / other for wall, other in zip(walls, floor, strict=True))
        cpu = statistics.median(used for _, used in times) / count * 1000
        shown = f"{name:26} {median:9.2f} {min(walls):6.2f} {max(walls):6.2f} {count / median:11.0f}"
        print(f"{shown} {median / limit:6.2f} {paired:8.2f} {cpu:7.2f}")


if __name__ == "__main__":
    main()
