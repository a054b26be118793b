"""The sandbox over real HTTP: the wire it speaks, what it counts, how it fails on purpose and how it ends."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from chatparity.errors import UsageError
from chatparity.sandbox.server import serve

START = """
import sys
from chatparity.sandbox import serve
faults = dict((name, float(rate)) for name, _, rate in (text.partition("=") for text in sys.argv[1:]))
serve(port=0, faults=faults, seed=0, datasets=[], until_stdin_closes=True)
"""
Start = Callable[..., str]


@pytest.fixture
def start() -> Iterator[Start]:
    """Give a function that starts a sandbox with the faults it is given and returns its URL."""
    with ExitStack() as stack:

        def started(*faults: str) -> str:
            command = [sys.executable, "-c", START, *faults]
            server = stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE))
            assert server.stdin is not None
            assert server.stdout is not None
            stack.callback(server.stdin.close)
            return str(json.loads(server.stdout.readline())["url"])

        yield started


def body(text: str = "Where is my refund?", **more: Any) -> dict[str, Any]:
    return {"model": "sandbox", "messages": [{"role": "user", "content": text}], **more}


def post(url: str, *bodies: dict[str, Any], timeout: float = 10.0) -> list[tuple[int, dict[str, str], str]]:
    """Return status, headers and text of each request, made one after the other; what breaks off raises."""

    async def ask() -> list[tuple[int, dict[str, str], str]]:
        found = []
        limit = aiohttp.ClientTimeout(total=timeout)
        async with aiohttp.ClientSession(timeout=limit) as session:
            for one in bodies:
                async with session.post(f"{url}/chat/completions", json=one) as response:
                    headers = {name.lower(): value for name, value in response.headers.items()}
                    found.append((response.status, headers, await response.text()))
        return found

    return asyncio.run(ask())


def get(url: str) -> dict[str, Any]:
    async def ask() -> dict[str, Any]:
        async with aiohttp.ClientSession() as session, session.get(url) as response:
            found: dict[str, Any] = await response.json()
            return found

    return asyncio.run(ask())


def test_it_speaks_chat_completions_and_counts_every_request(start: Start) -> None:
    url = start()
    [(status, _, text)] = post(url, body())
    answered = json.loads(text)
    message = answered["choices"][0]["message"]
    assert status == 200
    assert answered["choices"][0]["finish_reason"] == "stop"
    assert "£24.00" in message["content"]
    assert {"name", "arguments", "ok", "result"} == set(message["tool_log"][0])
    assert answered["usage"]["total_tokens"] == sum(
        answered["usage"][name] for name in ("prompt_tokens", "completion_tokens")
    )
    assert get(f"{url}/models")["data"][0]["id"] == "sandbox"
    post(url, body(), {"messages": "none"})
    assert get(url.removesuffix("/v1") + "/sandbox/stats") == {"requests": 3, "by_status": {"200": 2, "400": 1}}


def test_a_streamed_answer_is_the_same_answer_in_pieces(start: Start) -> None:
    url = start()
    (_, _, whole), (_, headers, stream) = post(url, body(), body(stream=True, stream_options={"include_usage": True}))
    expected = json.loads(whole)["choices"][0]["message"]
    lines = [line.removeprefix("data: ") for line in stream.split("\n\n") if line]
    assert headers["content-type"].startswith("text/event-stream")
    assert lines.pop() == "[DONE]"
    chunks = [json.loads(line) for line in lines]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
    assert "".join(delta.get("content", "") for delta in deltas) == expected["content"]
    assert deltas[-1]["tool_log"] == expected["tool_log"]
    assert chunks[-1]["usage"]["completion_tokens"] > 0


def test_broken_requests_are_answered_with_400_and_what_was_expected(start: Start) -> None:
    url = start()
    [(status, _, text)] = post(url, {"messages": 3})
    assert status == 400
    assert "expected a chat completion request" in json.loads(text)["error"]["message"]


def test_a_transport_fault_strikes_attempts_so_that_a_retry_can_succeed(start: Start) -> None:
    url = start("http_429=0.5")
    answers = post(url, *[body()] * 12)
    statuses = [status for status, _, _ in answers]
    assert {200, 429} == set(statuses)
    assert next(headers for status, headers, _ in answers if status == 429)["retry-after"] == "1"
    again = start("http_429=0.5")
    assert [status for status, _, _ in post(again, *[body()] * 12)] == statuses


def test_faults_of_the_transport_look_like_the_failures_they_stand_for(start: Start) -> None:
    assert post(start("http_500=1"), body())[0][0] == 500
    [(status, _, text)] = post(start("malformed_json=1"), body())
    assert status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    cut = start("stream_cut=1")
    for stream in (True, False):
        with pytest.raises(aiohttp.ClientError):
            post(cut, body(stream=stream))
    with pytest.raises(TimeoutError):
        post(start("hang=1"), body(), timeout=0.4)


def test_fifty_at_a_time_are_all_answered(start: Start) -> None:
    url = start()

    async def flood() -> list[int]:
        async with aiohttp.ClientSession() as session:

            async def one(number: int) -> int:
                async with session.post(f"{url}/chat/completions", json=body(f"Refund? {number}")) as response:
                    await response.read()
                    return response.status

            return await asyncio.gather(*(one(number) for number in range(100)))

    assert asyncio.run(flood()) == [200] * 100
    assert get(url.removesuffix("/v1") + "/sandbox/stats")["requests"] == 100


def test_it_ends_when_its_standard_input_does() -> None:
    command = [sys.executable, "-c", START]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stderr is not None
        server.stdout.readline()
        server.stdin.close()
        before = time.monotonic()
        assert server.wait(10) == 0
        assert time.monotonic() - before < 5
        assert server.stdout.read() + server.stderr.read() == b""


def test_an_unknown_fault_and_a_port_that_is_taken_are_usage_errors(start: Start) -> None:
    with pytest.raises(UsageError, match="unknown fault 'typo'"):
        serve(port=0, faults={"typo": 1.0}, seed=0, datasets=[], until_stdin_closes=False)
    taken = int(start().split(":")[2].split("/")[0])
    with pytest.raises(UsageError, match=f"port {taken} cannot be used"):
        serve(port=taken, faults={}, seed=0, datasets=[], until_stdin_closes=False)


def test_transcripts_that_are_given_bring_their_customers(tmp_path: Path) -> None:
    from chatparity.sandbox.company import open_company

    home = Path(__file__).parents[1] / "datasets" / "sandbox"
    line = (home / "demo.jsonl").read_text(encoding="utf-8").replace("c-100", "c-777").replace('"demo"', '"mine"')
    (tmp_path / "mine.jsonl").write_text(line, encoding="utf-8")
    company = open_company([tmp_path])
    assert company.customer("c-777").records["account"]["id"] == "c-777"
    assert company.customer("c-778") is company.demo
