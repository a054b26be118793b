"""The sandbox as an agent: a child process that answers, and that never outlives whoever started it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatparity.agents import open_agent
from chatparity.agents.sandbox import SandboxAgent
from chatparity.errors import AgentFailure, UsageError
from chatparity.exchange import Conversation, Reply
from chatparity.jsonl import read_transcripts, write_transcripts
from chatparity.suite import AgentTable, Settings, Suite, SuiteTable, shipped_root
from chatparity.transcript import Turn

DATA = shipped_root() / "datasets" / "support" / "starter" / "en.jsonl"


def question(suite: Suite) -> Conversation:
    """Return a wish for a person, from the one customer of the suite."""
    [talk] = read_transcripts([suite.root / "talks.jsonl"])
    assert talk.started_at is not None
    return Conversation(
        id=talk.id,
        turn=1,
        trial=0,
        language="en",
        history=(Turn(speaker="customer", text="I want to talk to a human, please."),),
        system=f"Today: {talk.started_at.date()}\nCustomer: {talk.customer}\nLanguage: en\nMarket: {talk.market}",
    )


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    """Lay out a suite with one shipped transcript, so that the sandbox has few records to load."""
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "suite.toml").write_text('[suite]\nname = "test"\ndatasets = ["talks.jsonl"]\n')
    write_transcripts(tmp_path / "talks.jsonl", read_transcripts([DATA])[:1])
    settings = Settings(suite=SuiteTable(name="test"), agent=AgentTable())
    return Suite(root=tmp_path, shipped=shipped_root(), settings=settings)


def alive(process: int) -> bool:
    """Say whether a process still runs (one that ended and was not collected does not)."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout
    return bool(state.strip()) and not state.startswith("Z")


def gone_within(seconds: float, process: int) -> bool:
    until = time.monotonic() + seconds
    while alive(process) and time.monotonic() < until:
        time.sleep(0.05)
    return not alive(process)


def test_the_sandbox_answers_and_ends_with_its_agent(suite: Suite) -> None:
    async def asked() -> tuple[Reply, int]:
        async with open_agent("sandbox", suite) as agent:
            assert isinstance(agent, SandboxAgent)
            return await agent.reply(question(suite)), agent.process

    reply, process = asyncio.run(asked())
    assert (reply.model, bool(reply.text)) == ("sandbox", True)
    assert reply.latency is not None
    assert not alive(process)


def test_faults_of_the_specification_reach_the_sandbox(suite: Suite) -> None:
    async def asked() -> None:
        async with open_agent("sandbox:http_500=1", suite) as agent:
            await agent.reply(question(suite))

    with pytest.raises(AgentFailure, match="HTTP 500") as raised:
        asyncio.run(asked())
    assert raised.value.kind == "http_5xx"


def test_a_fault_that_does_not_exist_is_refused_in_the_sandboxs_own_words(suite: Suite) -> None:
    async def opened() -> None:
        async with open_agent("sandbox:moody=1", suite):
            pass

    with pytest.raises(UsageError, match=r"sandbox:moody=1: the sandbox did not start: .*moody.*wrong_amount"):
        asyncio.run(opened())


def test_the_sandbox_ends_when_whoever_started_it_is_killed(suite: Suite) -> None:
    program = f"""
import asyncio
from pathlib import Path
from chatparity.agents.sandbox import SandboxAgent
from chatparity.suite import AgentTable, Settings, Suite, SuiteTable
async def main():
    settings = Settings(suite=SuiteTable(name="test"), agent=AgentTable())
    suite = Suite(root=Path({str(suite.root)!r}), shipped=Path({str(suite.shipped)!r}), settings=settings)
    agent = await SandboxAgent.start("sandbox", "", suite)
    print(agent.process, flush=True)
    await asyncio.sleep(60)
asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert alive(child)
        parent.send_signal(signal.SIGKILL)
    assert gone_within(10, child)
