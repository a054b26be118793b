"""Programs as agents: lines of JSON in and out, a pool of processes, and a dead one is replaced."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shlex
import sys
import textwrap
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chatparity.agents import Agent, open_agent
from chatparity.errors import AgentFailure, UsageError
from chatparity.exchange import Conversation, Failure, Reply, Usage
from chatparity.replay.attempts import Backoff, ask
from chatparity.suite import AgentTable, Settings, Suite, SuiteTable
from chatparity.transcript import ToolCall, Turn

PROGRAM = """
    import json, os, sys, time

    print("starting", file=sys.stderr, flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        said = request["messages"][-1]["content"]
        answer = {"id": request["id"], "text": f"{os.getpid()} {said}"}
        if said == "die":
            print("the model file is missing, key", os.environ.get("BOT_API_KEY"), file=sys.stderr)
            sys.exit(3)
        if said == "garbage":
            print("Loading the model...", flush=True)
            continue
        if said == "list":
            answer = [1, 2]
        if said == "other":
            answer["id"] = "somebody else"
        if said == "half":
            sys.stdout.write('{"id": "en-1", "te')
            sys.stdout.flush()
            sys.exit(0)
        if said == "hang":
            time.sleep(30)
        if said == "slow":
            time.sleep(0.2)
        if said == "error":
            answer = {"error": "the shop is closed"}
        if said == "nothing":
            answer = {"id": request["id"], "text": ""}
        if said == "loud":
            print("x" * 300_000, file=sys.stderr, flush=True)
            answer["text"] = "y" * 300_000
        if said == "stream":
            for piece in ("It ", "came."):
                time.sleep(0.2)
                print(json.dumps({"id": request["id"], "delta": piece}), flush=True)
            answer = {"tool_calls": [{"name": "note", "arguments": {"a": 1}, "result": "ok"}], "handover": True,
                      "usage": {"input_tokens": 1, "output_tokens": 2}}
        if said == "echo":
            answer["text"] = json.dumps(request, sort_keys=True)
        print(json.dumps(answer), flush=True)
"""


@pytest.fixture
def spec(tmp_path: Path) -> str:
    (tmp_path / "bot.py").write_text(textwrap.dedent(PROGRAM))
    return f"command:{shlex.join([sys.executable, '-S', '-E', str(tmp_path / 'bot.py')])}"


@asynccontextmanager
async def opened(spec: str, concurrency: int = 1) -> AsyncIterator[Agent]:
    settings = Settings(suite=SuiteTable(name="test"), agent=AgentTable(concurrency=concurrency))
    async with open_agent(spec, Suite(root=Path(), shipped=Path(), settings=settings)) as agent:
        yield agent


def saying(text: str) -> Conversation:
    turn = Turn(speaker="customer", text=text)
    return Conversation(id="en-1", turn=3, trial=0, language="en", history=(turn,), system="Be kind.", session="s-1")


async def one(spec: str, text: str) -> Reply:
    async with opened(spec) as agent:
        return await agent.reply(saying(text))


def test_a_program_is_told_all_there_is_and_its_answer_is_read(spec: str) -> None:
    reply = asyncio.run(one(spec, "echo"))
    for part in (
        '"id": "en-1"',
        '"language": "en"',
        '"session": "s-1"',
        '"role": "system"',
        '"turn": 3',
        '"text": "echo"',
    ):
        assert part in reply.text
    assert reply.latency is not None
    assert reply.first_token is None


def test_pieces_before_the_answer_are_its_text_and_show_the_time_to_the_first(spec: str) -> None:
    reply = asyncio.run(one(spec, "stream"))
    assert (reply.text, reply.handover, reply.usage) == ("It came.", True, Usage(input_tokens=1, output_tokens=2))
    assert reply.tool_calls == (ToolCall(name="note", arguments={"a": 1}, result="ok"),)
    assert reply.first_token is not None
    assert reply.latency is not None
    assert 0 < reply.first_token <= reply.latency - 0.03


def test_one_process_answers_one_request_after_the_other_and_many_answer_at_once(spec: str) -> None:
    async def processes(concurrency: int) -> set[str]:
        async with opened(spec, concurrency) as agent:
            replies = await asyncio.gather(*(agent.reply(saying("slow")) for _ in range(2 * concurrency)))
        return {reply.text.split()[0] for reply in replies}

    assert len(asyncio.run(processes(1))) == 1
    assert len(asyncio.run(processes(2))) == 2


@pytest.mark.parametrize(
    ("text", "kind", "words"),
    [
        ("die", "crashed", ["exit code 3", "the model file is missing", "***"]),
        ("half", "crashed", ["exit code 0"]),
        ("garbage", "malformed", ["Loading the model", "stderr"]),
        ("list", "malformed", ["a list of 2"]),
        ("other", "malformed", ["'en-1'", "'somebody else'"]),
        ("error", "agent_error", ["the shop is closed"]),
        ("nothing", "empty", ["empty"]),
    ],
)
def test_what_goes_wrong_has_its_name_and_the_next_request_is_answered(
    text: str, kind: str, words: list[str], spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOT_API_KEY", "a-secret-of-the-bot")

    async def then_hello() -> tuple[AgentFailure, Reply]:
        async with opened(spec) as agent:
            with pytest.raises(AgentFailure) as raised:
                await agent.reply(saying(text))
            return raised.value, await agent.reply(saying("hello"))

    failure, after = asyncio.run(then_hello())
    assert failure.kind == kind
    assert [word for word in words if word not in str(failure)] == [], str(failure)
    assert "a-secret-of-the-bot" not in str(failure)
    assert after.text.endswith("hello")


def test_a_program_that_is_too_slow_is_replaced_and_its_late_answer_goes_to_nobody(spec: str) -> None:
    async def slow_then_hello() -> tuple[object, Reply]:
        async with opened(spec) as agent:
            late = await ask(agent, saying("hang"), attempts=1, timeout_seconds=0.3, backoff=Backoff())
            return late, await agent.reply(saying("hello"))

    late, after = asyncio.run(slow_then_hello())
    assert isinstance(late, Failure)
    assert late.kind == "timeout"
    assert after.text.endswith("hello")


def test_a_process_that_was_killed_is_started_again(spec: str) -> None:
    async def killed() -> tuple[object, str]:
        async with opened(spec) as agent:
            process = int((await agent.reply(saying("a"))).text.split()[0])
            os.kill(process, 9)
            found = await ask(agent, saying("b"), attempts=2, timeout_seconds=5, backoff=Backoff(first=0.001))
            return found, str(process)

    found, process = asyncio.run(killed())
    assert isinstance(found, Reply), found
    assert not found.text.startswith(process)


def test_much_on_stderr_and_long_lines_block_nothing(spec: str) -> None:
    assert len(asyncio.run(one(spec, "loud")).text) == 300_000


def test_processes_end_with_the_agent_also_those_that_ignore_the_end_of_their_input(tmp_path: Path) -> None:
    (tmp_path / "stubborn.py").write_text(
        "import json, os, signal, sys, time\n"
        "signal.signal(signal.SIGTERM, signal.SIG_DFL)\n"
        "line = sys.stdin.readline()\n"
        "print(json.dumps({'text': str(os.getpid())}), flush=True)\n"
        "time.sleep(60)\n"
    )

    async def asked() -> int:
        async with opened(f"command:{sys.executable} -S -E {tmp_path / 'stubborn.py'}") as agent:
            return int((await agent.reply(saying("a"))).text)

    begun = time.perf_counter()
    process = asyncio.run(asked())
    assert time.perf_counter() - begun < 10
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, 0)
        pytest.fail("the process still runs")


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("command:", ["PROGRAM", "got none"]),
        ("command:no-such-program-here --x", ["no-such-program-here"]),
        ("command:python 'open", ["not a command line"]),
    ],
)
def test_a_command_that_cannot_be_started_is_refused(spec: str, words: list[str]) -> None:
    async def tried() -> None:
        async with opened(spec):
            pass

    with pytest.raises(UsageError) as raised:
        asyncio.run(tried())
    assert [word for word in words if word not in str(raised.value)] == [], str(raised.value)
