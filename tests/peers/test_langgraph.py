"""A LangGraph graph, asked by the function that stands in docs/agents.md, with its own memory and without."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Chatparity = Callable[..., Any]
PAGE = (Path(__file__).parents[2] / "docs" / "agents.md").read_text()


@pytest.fixture(autouse=True)
def bot(chatparity: Chatparity) -> None:
    """Lay the page's function beside a graph."""
    [block] = re.findall(r'^```python\n("""graph_bot\.py:.*?)^```', PAGE, flags=re.MULTILINE | re.DOTALL)
    Path("graph_bot.py").write_text(block)
    shutil.copy(Path(__file__).parent / "my_graph.py", "my_graph.py")


def test_a_graph_answers_and_the_tools_it_used_are_read(chatparity: Chatparity) -> None:
    done = chatparity("try", "Where is my parcel?", "--agent", "python:graph_bot:reply", "--json", peers=True)
    assert done.code == 0, done.err
    reply = json.loads(done.out)["reply"]
    assert reply["text"] == "I looked: H-1 was sent yesterday."
    [call] = reply["tool_calls"]
    assert (call["name"], call["arguments"], call.get("ok", True)) == ("get_order", {"order": "H-1"}, True)
    assert call["result"] == "H-1 was sent yesterday"


@pytest.mark.parametrize(
    ("function", "mode"), [("reply", "teacher_forced"), ("reply", "free_running"), ("remembers", "free_running")]
)
def test_a_graph_is_shown_the_conversation_or_remembers_it(function: str, mode: str, chatparity: Chatparity) -> None:
    pair = [{"speaker": "customer", "text": "Hello!"}, {"speaker": "human_agent", "text": "Good day."}]
    logs = [{"schema": 1, "id": f"en-{n}", "language": "en", "turns": pair * 3} for n in range(3)]
    Path("logs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in logs))
    words = ["replay", "logs.jsonl", "--agent", f"python:graph_bot:{function}", "--out", "run", "--mode", mode]
    done = chatparity(*words, peers=True)
    assert done.code == 0, done.err
    records = [json.loads(line) for line in Path("run/replies.jsonl").read_text().splitlines()]
    texts = {(record["id"], record["turn"]): record["reply"]["text"] for record in records}
    assert texts == {
        (f"en-{n}", 2 * turn + 1): f"You have asked {turn + 1} times." for n in range(3) for turn in range(3)
    }


def test_a_graph_that_remembers_cannot_be_shown_a_recorded_history(chatparity: Chatparity) -> None:
    pair = [{"speaker": "customer", "text": "Hello!"}, {"speaker": "human_agent", "text": "Good day."}]
    Path("logs.jsonl").write_text(json.dumps({"schema": 1, "id": "a", "language": "en", "turns": pair}) + "\n")
    done = chatparity("replay", "logs.jsonl", "--agent", "python:graph_bot:remembers", "--out", "run", peers=True)
    assert done.code == 2
    assert "--mode free_running" in done.err
