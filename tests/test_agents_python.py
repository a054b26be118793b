"""Functions as agents: every form a function may have, measured, and a crash costs one exchange."""

from __future__ import annotations

import asyncio
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatparity.agents import open_agent
from chatparity.errors import AgentFailure, UsageError
from chatparity.exchange import Conversation, Failure, Reply, Usage
from chatparity.replay.attempts import Backoff, ask
from chatparity.suite import AgentTable, Settings, Suite, SuiteTable
from chatparity.transcript import ToolCall, Turn

QUESTION = Conversation(
    id="en-1", turn=1, trial=0, language="en", history=(Turn(speaker="customer", text="Where is it?"),), session="s-1"
)
MODULE = '''
    """A module of agents, in every form one may have."""
    import asyncio, threading, time
    from chatparity.errors import AgentFailure
    from chatparity.exchange import Reply
    from chatparity.transcript import ToolCall

    together = most = 0
    guard = threading.Lock()

    def plain(conversation):
        return f"{conversation.history[-1].text} In thread {threading.current_thread().name}."

    async def later(conversation):
        await asyncio.sleep(0)
        return "Later."

    def pieces(conversation):
        time.sleep(0.03)
        yield "It "
        time.sleep(0.03)
        yield "came."
        yield {"handover": True, "usage": {"input_tokens": 3, "output_tokens": 4}}

    async def async_pieces(conversation):
        await asyncio.sleep(0.03)
        yield "It "
        await asyncio.sleep(0.03)
        yield "came."

    def message(conversation):
        call = {"id": "a", "type": "function", "function": {"name": "refund", "arguments": '{"order": "H-1"}'}}
        return {"role": "assistant", "content": "Wait.", "tool_calls": [call],
                "tool_log": [{"name": "hand_over", "arguments": {}, "ok": True, "result": None}]}

    def whole(conversation):
        return Reply(text="Mine.", tool_calls=(ToolCall(name="note"),), latency=9.0)

    class Bot:
        async def __call__(self, conversation):
            return "By an object."
        def method(self, conversation):
            return "By a method."
    bot = Bot()

    def crash(conversation):
        raise ValueError("no such order H-1")
    async def async_crash(conversation):
        raise TimeoutError("the model is slow")
    def stops(conversation):
        raise StopIteration
    def leaves(conversation):
        raise SystemExit(3)
    def half(conversation):
        yield "Half"
        raise RuntimeError("gone")
    def number(conversation):
        return 7
    def nothing(conversation):
        return ""
    def unwritable(conversation):
        return {"text": "x", "tool_calls": [{"name": "a", "ok": True, "result": object()}]}
    def empty_reply(conversation):
        return Reply(text=" ")
    def failed(conversation):
        raise AgentFailure("http_429", "slow down", retryable=True, retry_after=0.0)
    def says_error(conversation):
        return {"error": "out of credit"}

    def slow(conversation):
        global together, most
        with guard:
            together += 1
            most = max(most, together)
        time.sleep(0.05)
        with guard:
            together -= 1
        return "Slow."
    release = threading.Event()
    def hangs(conversation):
        release.wait(20)
        return "At last."

    def remembers(conversation):
        return "I know you."
    remembers.keeps_session = True
'''


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Suite]:
    (tmp_path / "many_agents.py").write_text(textwrap.dedent(MODULE))
    monkeypatch.chdir(tmp_path)
    yield suite_at(tmp_path)
    sys.modules.pop("many_agents", None)


def suite_at(root: Path, concurrency: int = 2) -> Suite:
    settings = Settings(suite=SuiteTable(name="test"), agent=AgentTable(concurrency=concurrency))
    return Suite(root=root, shipped=root, settings=settings)


async def asked(function: str, suite: Suite) -> Reply:
    async with open_agent(f"python:many_agents:{function}", suite) as agent:
        return await agent.reply(QUESTION)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        ("later", "Later."),
        ("pieces", "It came."),
        ("async_pieces", "It came."),
        ("bot", "By an object."),
        ("bot.method", "By a method."),
        ("message", "Wait."),
        ("whole", "Mine."),
    ],
)
def test_a_function_may_be_of_any_form(function: str, text: str, suite: Suite) -> None:
    reply = asyncio.run(asked(function, suite))
    assert reply.text == text
    assert reply.latency is not None


def test_what_is_not_async_runs_outside_the_loop(suite: Suite) -> None:
    assert asyncio.run(asked("plain", suite)).text == "Where is it? In thread chatparity-agent."
    assert threading.current_thread().name not in asyncio.run(asked("plain", suite)).text


@pytest.mark.parametrize("function", ["pieces", "async_pieces"])
def test_a_generator_shows_the_time_to_its_first_piece(function: str, suite: Suite) -> None:
    reply = asyncio.run(asked(function, suite))
    assert reply.first_token is not None
    assert reply.latency is not None
    assert 0.03 <= reply.first_token <= reply.latency - 0.03


def test_objects_carry_calls_handover_and_usage(suite: Suite) -> None:
    streamed = asyncio.run(asked("pieces", suite))
    assert (streamed.handover, streamed.usage) == (True, Usage(input_tokens=3, output_tokens=4))
    message = asyncio.run(asked("message", suite))
    assert message.tool_calls == (
        ToolCall(name="hand_over"),
        ToolCall(name="refund", arguments={"order": "H-1"}, ok=False),
    )
    assert message.handover
    assert asyncio.run(asked("whole", suite)).latency == 9.0, "what a function has measured itself stays"


@pytest.mark.parametrize(
    ("function", "kind", "words"),
    [
        ("crash", "crashed", ["ValueError: no such order H-1", "many_agents.py:", "in crash"]),
        ("async_crash", "crashed", ["TimeoutError: the model is slow"]),
        ("stops", "crashed", ["StopIteration"]),
        ("leaves", "crashed", ["SystemExit: 3"]),
        ("half", "crashed", ["RuntimeError: gone"]),
        ("number", "malformed", ["a text, an object or a Reply", "7"]),
        ("unwritable", "malformed", ["cannot be written down"]),
        ("nothing", "empty", ["empty"]),
        ("empty_reply", "empty", ["empty"]),
        ("failed", "http_429", ["slow down"]),
        ("says_error", "agent_error", ["out of credit"]),
    ],
)
def test_what_a_function_does_wrong_has_its_name(function: str, kind: str, words: list[str], suite: Suite) -> None:
    with pytest.raises(AgentFailure) as raised:
        asyncio.run(asked(function, suite))
    assert raised.value.kind == kind
    assert [word for word in words if word not in str(raised.value)] == [], str(raised.value)


def test_no_more_calls_run_at_once_than_the_suite_allows(suite: Suite) -> None:
    async def many() -> int:
        async with open_agent("python:many_agents:slow", suite) as agent:
            await asyncio.gather(*(agent.reply(QUESTION) for _ in range(6)))
        most: int = sys.modules["many_agents"].most
        return most

    assert asyncio.run(many()) == 2


def test_a_call_that_hangs_is_a_timeout_and_keeps_its_place_until_it_ends(suite: Suite) -> None:
    async def tried() -> tuple[object, object, object]:
        async with open_agent("python:many_agents:hangs", suite_at(suite.root, concurrency=1)) as agent:

            async def once(seconds: float) -> object:
                return await ask(agent, QUESTION, attempts=1, timeout_seconds=seconds, backoff=Backoff())

            first, waiting = await once(0.05), await once(0.05)
            sys.modules["many_agents"].release.set()
            return first, waiting, await once(5.0)

    first, waiting, after = asyncio.run(tried())
    assert isinstance(first, Failure)
    assert isinstance(waiting, Failure)
    assert (first.kind, waiting.kind) == ("timeout", "timeout")
    assert isinstance(after, Reply)


def test_a_function_says_that_it_keeps_the_session(suite: Suite) -> None:
    async def kept(function: str) -> bool:
        async with open_agent(f"python:many_agents:{function}", suite) as agent:
            return agent.keeps_session

    assert asyncio.run(kept("remembers"))
    assert not asyncio.run(kept("plain"))


def test_the_module_is_found_at_the_suites_root_and_the_path_is_left_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, elsewhere = tmp_path / "suite", tmp_path / "elsewhere"
    (root / "bots").mkdir(parents=True)
    elsewhere.mkdir()
    (root / "bots" / "kind_bot.py").write_text(
        "from bots import words\n\ndef reply(conversation):\n    return words.HI\n"
    )
    (root / "bots" / "words.py").write_text("HI = 'Hi from the root'\n")
    monkeypatch.chdir(elsewhere)
    before = sys.path[:]

    async def at_root() -> Reply:
        async with open_agent("python:bots.kind_bot:reply", suite_at(root)) as agent:
            return await agent.reply(QUESTION)

    try:
        assert asyncio.run(at_root()).text == "Hi from the root"
        assert sys.path == before
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == "bots"]:
            del sys.modules[name]


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("python:", ["python:module:function"]),
        ("python:many_agents", ["python:module:function"]),
        ("python:no_such_module:reply", ["no module no_such_module", "looked in"]),
        ("python:broken_agent:reply", ["importing broken_agent fails", "ModuleNotFoundError", "broken_agent.py:1"]),
        ("python:many_agents:absent", ["absent in many_agents is nothing"]),
        ("python:many_agents:most", ["is of type int"]),
        ("python:many_agents:Bot", ["is a class"]),
    ],
)
def test_a_function_that_is_not_there_is_refused_with_what_is_wrong(spec: str, words: list[str], suite: Suite) -> None:
    (suite.root / "broken_agent.py").write_text("import no_such_part\n")

    async def opened() -> None:
        async with open_agent(spec, suite):
            pass

    before = sys.path[:]
    with pytest.raises(UsageError) as raised:
        asyncio.run(opened())
    assert [word for word in words if word not in str(raised.value)] == [], str(raised.value)
    assert sys.path == before
