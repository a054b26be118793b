"""docs/agents.md is true: its tables open, its functions and programs answer, its commands parse, its kinds are all.

The tables at work: `test_agents_docs_served.py`; the graph, with the real LangGraph: `peers/test_langgraph.py`.
"""

from __future__ import annotations

import asyncio
import re
import shlex
import sys
from pathlib import Path

import pytest
import typer.main

from chatparity.agents import KINDS, open_agent
from chatparity.agents.advice import ADVICE
from chatparity.agents.presets import PRESETS
from chatparity.agents.template import VARIABLES, read_table
from chatparity.cli import app
from chatparity.exchange import Conversation, Reply
from chatparity.suite import Settings, Suite, SuiteTable
from chatparity.transcript import Turn

PAGE = (Path(__file__).parents[1] / "docs" / "agents.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)


def asked(spec: str, root: Path, text: str) -> Reply:
    async def once() -> Reply:
        turn = Turn(speaker="customer", text=text)
        question = Conversation(id="x", turn=1, trial=0, language="en", history=(turn,), session="s")
        suite = Suite(root=root, shipped=root, settings=Settings(suite=SuiteTable(name="test")))
        async with open_agent(spec, suite) as agent:
            return await agent.reply(question)

    return asyncio.run(once())


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write the page's Python files, each under the name that its first line gives, and go there."""
    for block in blocks("python"):
        named = re.match(r'"""(\w+\.py):', block)
        assert named
        (tmp_path / named[1]).write_text(block)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("number", range(len(blocks("toml"))))
def test_every_table_of_the_page_opens(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ACME_TOKEN", "QWEN_KEY", "AZURE_OPENAI_API_KEY"):
        monkeypatch.setenv(name, "a-key-for-the-test")
    path = tmp_path / "agent.toml"
    path.write_text(blocks("toml")[number])

    async def opened() -> str:
        suite = Suite(root=tmp_path, shipped=tmp_path, settings=Settings(suite=SuiteTable(name="test")))
        async with open_agent(f"http:{path}", suite) as agent:
            return agent.name

    assert asyncio.run(opened()) == f"http:{path}"


def test_the_complete_table_has_all_that_it_promises(tmp_path: Path) -> None:
    (tmp_path / "agent.toml").write_text(blocks("toml")[0])
    table = read_table(tmp_path / "agent.toml")
    assert "${ACME_TOKEN}" in table.headers["Authorization"]
    assert (table.stream, table.keeps_session) == ("sse", True)
    assert (table.body or {})["history"] == "{{ messages }}"
    assert table.reply is not None
    assert all((table.reply.session, table.reply.tool_calls, table.reply.handover))


def test_every_preset_has_a_table_on_the_page() -> None:
    for preset in PRESETS:
        assert any(f'preset = "{preset}"' in block for block in blocks("toml")), preset


def test_the_function_of_the_page_answers(folder: Path) -> None:
    try:
        reply = asked("python:bot:reply", folder, "Where is my parcel?")
        assert (reply.text, reply.tool_calls[0].ok) == ("It is on its way.", True)
        assert asked("python:bot:reply", folder, "A person, please").handover
    finally:
        sys.modules.pop("bot", None)


def test_the_program_of_the_page_answers(folder: Path) -> None:
    assert asked(f"command:{sys.executable} bot_program.py", folder, "Hello?").text == "You asked: Hello?"


def commands() -> list[list[str]]:
    lines = [line for block in blocks("sh") for line in block.splitlines() if line.startswith("chatparity ")]
    return [shlex.split(line)[1:] for line in lines]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_a_command_of_the_page_is_one_the_program_takes(words: list[str]) -> None:
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    group.commands[words[0]].make_context(words[0], list(words[1:])).close()


def test_every_kind_variable_and_failure_stands_on_the_page() -> None:
    named = set(re.findall(r"`([^`]+)`", re.sub(r"```.*?```", "", PAGE, flags=re.DOTALL)))
    assert [kind for kind in KINDS if not any(name.startswith(kind) for name in named)] == []
    assert [name for name in VARIABLES if name not in named] == []
    listed = set(re.findall(r"^\| `(\w+)` \|", PAGE.split("## When it fails")[1], flags=re.MULTILINE))
    assert listed == set(ADVICE)
