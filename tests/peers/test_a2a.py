"""An A2A agent of its own SDK: whole and streamed, protocols 1.0 and 0.3, its context and its waiting task kept."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Chatparity = Callable[..., Any]
LEADING = [("1.0", False), ("1.0", True), ("0.3", False), ("0.3", True)]


def describe(url: str, version: str, streamed: bool) -> None:
    stream = 'stream = "sse"\n' if streamed else ""
    Path("agent.toml").write_text(f'preset = "a2a"\nurl = "{url}"\napi_version = "{version}"\n{stream}')


@pytest.mark.parametrize(("version", "streamed"), LEADING)
def test_a_question_is_answered_and_the_context_is_shown(
    version: str, streamed: bool, a2a_agent: str, chatparity: Chatparity
) -> None:
    describe(a2a_agent, version, streamed)
    done = chatparity("try", "Where is my parcel?", "--agent", "http:agent.toml", "--json")
    assert done.code == 0, done.err
    shown = json.loads(done.out)
    assert shown["reply"]["text"] == "Which order is it?", "what it says while it works is no part of the reply"
    assert shown["session"]["endpoint"]["context"]
    assert shown["session"]["endpoint"]["task"], "the task waits for the customer"
    assert (shown["reply"]["first_token"] is not None) == streamed


@pytest.mark.parametrize(("version", "streamed"), LEADING)
def test_a_handover_and_a_failure_are_told(
    version: str, streamed: bool, a2a_agent: str, chatparity: Chatparity
) -> None:
    describe(a2a_agent, version, streamed)
    person = chatparity("try", "A person, please", "--agent", "http:agent.toml")
    assert "handover    yes" in person.out
    failed = chatparity("try", "fail", "--agent", "http:agent.toml")
    assert failed.code == 1
    assert failed.err.startswith("agent_error")
    assert "The warehouse does not answer." in failed.err


TURNS = [
    {"speaker": "customer", "text": "Where is my parcel?"},
    {"speaker": "human_agent", "text": "Which order, please?"},
    {"speaker": "customer", "text": "H-1"},
    {"speaker": "human_agent", "text": "It is on its way. Can I do more?"},
    {"speaker": "customer", "text": "No, thanks!"},
    {"speaker": "human_agent", "text": "Goodbye."},
]


@pytest.mark.parametrize(("version", "streamed"), LEADING)
def test_a_conversation_goes_on_in_its_context(
    version: str, streamed: bool, a2a_agent: str, chatparity: Chatparity
) -> None:
    describe(a2a_agent, version, streamed)
    logs = [{"schema": 1, "id": f"en-{n}", "language": "en", "synthetic": True, "turns": TURNS} for n in range(3)]
    Path("logs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in logs))
    words = ["replay", "logs.jsonl", "--agent", "http:agent.toml", "--out", "run", "--mode", "free_running"]
    done = chatparity(*words)
    assert done.code == 0, done.err
    records = [json.loads(line) for line in Path("run/replies.jsonl").read_text().splitlines()]
    texts = {(record["id"], record["turn"]): record.get("reply", record)["text"] for record in records}
    expected = ["Which order is it?", "Order H-1 is on its way.\nAnything else?", "This is message 3."]
    assert texts == {(f"en-{n}", turn): text for n in range(3) for turn, text in zip((1, 3, 5), expected, strict=True)}


def test_it_cannot_be_shown_a_recorded_history(a2a_agent: str, chatparity: Chatparity) -> None:
    describe(a2a_agent, "1.0", streamed=False)
    Path("logs.jsonl").write_text(json.dumps({"schema": 1, "id": "en-1", "language": "en", "turns": TURNS}) + "\n")
    done = chatparity("run", "logs.jsonl", "--agent", "http:agent.toml", "--mode", "teacher_forced", "--out", "run")
    assert done.code == 2
    assert "keeps the session on its own side" in done.err
    assert "--mode free_running" in done.err
