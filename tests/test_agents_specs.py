"""Specifications of agents: what `--agent` takes, and what it says of everything else."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from chatparity.agents import Agent, open_agent
from chatparity.errors import UsageError
from chatparity.exchange import Conversation
from chatparity.suite import AgentTable, Settings, Suite, SuiteTable
from chatparity.transcript import Turn

QUESTION = Conversation(
    id="en-1", turn=1, trial=0, language="en", history=(Turn(speaker="customer", text="Where is my refund?"),)
)
GOOD = {"url": "http://127.0.0.1:9", "body": {"q": "{{ text }}"}, "reply": {"text": "a"}}


def suite_at(root: Path, agents: dict[str, dict[str, Any]] | None = None) -> Suite:
    settings = Settings(suite=SuiteTable(name="test"), agent=AgentTable(), agents=agents or {})
    return Suite(root=root, shipped=root, settings=settings)


@pytest.fixture(autouse=True)
def _no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ACME_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def test_an_agent_file_can_stand_anywhere_and_says_that_it_keeps_the_session(tmp_path: Path) -> None:
    file = tmp_path / "bot.toml"
    file.write_text(
        'url = "http://127.0.0.1:9/x"\nkeeps_session = true\nbody = { q = "{{ text }}" }\nreply = { text = "a" }\n'
    )

    async def opened() -> Agent:
        async with open_agent(f"http:{file}", suite_at(tmp_path)) as agent:
            return agent

    assert asyncio.run(opened()).keeps_session


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("carrier-pigeon:x", ["carrier-pigeon", "sandbox[:FAULT=RATE,…]", "openai:MODEL[@URL]", "recorded:FILE"]),
        ("openai:", ["MODEL"]),
        ("openai:gpt", ["OPENAI_API_KEY", "not set"]),
        ("openai:gpt@ftp://host", ["ftp://host"]),
        ("openai:gpt@http://me:word@host/v1", ["keep secrets in the environment"]),
        ("http:unknown", ["unknown", "acme", "openai-chat", ".toml"]),
        ("http:missing.toml", ["missing.toml", "no such file"]),
        ("http:acme", ["ACME_TOKEN", "headers.X-Token"]),
        ("http:typo", ["agents.typo", "boby"]),
        ("http:half", ["[agents.half]", "reply is missing"]),
        ("http:brace", ["body.q", "not a template"]),
        ("http:path", ["reply.text", "JMESPath"]),
        ("recorded:nowhere.jsonl", ["nowhere.jsonl"]),
        ("sandbox:rude", ["FAULT=RATE", "rude"]),
    ],
)
def test_a_bad_specification_is_refused_with_what_is_wrong(spec: str, words: list[str], tmp_path: Path) -> None:
    agents: dict[str, dict[str, Any]] = {
        "acme": {**GOOD, "headers": {"X-Token": "${ACME_TOKEN}"}},
        "typo": {**GOOD, "boby": {}},
        "half": {key: GOOD[key] for key in ("url", "body")},
        "brace": {**GOOD, "body": {"q": "{{ text"}},
        "path": {**GOOD, "reply": {"text": "a..b["}},
    }

    async def opened() -> None:
        async with open_agent(spec, suite_at(tmp_path, agents)):
            pass

    with pytest.raises(UsageError) as raised:
        asyncio.run(opened())
    assert [word for word in words if word not in str(raised.value)] == [], str(raised.value)
    assert "word@" not in str(raised.value)


def test_a_template_that_names_an_unknown_variable_ends_the_replay(tmp_path: Path) -> None:
    table = {**GOOD, "body": {"q": "{{ txet }}"}}

    async def asked() -> None:
        async with open_agent("http:bad", suite_at(tmp_path, {"bad": table})) as agent:
            await agent.reply(QUESTION)

    with pytest.raises(UsageError, match=r"txet.*the variables are messages"):
        asyncio.run(asked())
