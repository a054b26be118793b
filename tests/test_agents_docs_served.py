"""The tables of docs/agents.md at work: each is asked of a server on this machine that speaks the wire it describes."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest

from chatparity import cli
from chatparity.exchange import ReplyRecord
from chatparity.jsonl import Journal, write_transcripts
from chatparity.run.examine import replay_run
from chatparity.run.select import Options
from chatparity.sandbox.answering import shop_of
from chatparity.suite import MODULE, load_suite
from chatparity.transcript import Transcript, Turn

PAGE = (Path(__file__).parents[1] / "docs" / "agents.md").read_text()
KEYS = {"ACME_TOKEN": "acme-key-of-the-test", "QWEN_KEY": "qwen-key-of-the-test"}
AZURE_KEY = "azure-key-of-the-test"
SUITE = '[suite]\nname = "test"\n'


def table(words: str) -> str:
    """Return the one table of the page that has these words in it."""
    [found] = [one for one in re.findall(r"^```toml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL) if words in one]
    return str(found)


def moved(text: str, url: str) -> str:
    """Return a table whose address is on this machine, its path kept."""
    return re.sub(r'^url = "([^"]+)"', lambda m: f'url = "{url}{urlsplit(m[1]).path}"', text, flags=re.MULTILINE)


@dataclass
class Asked:
    """One request, as a server saw it."""

    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Company:
    """Speaks all the wires of the page; what it is asked is kept, by path."""

    url: str = ""
    requests: list[Asked] = field(default_factory=list)
    conversations: dict[str, int] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, asked: Asked) -> tuple[int, list[Any] | Any]:
        """Return status and answer; a list of events is streamed."""
        with self.lock:
            self.requests.append(asked)
        return WIRES[asked.path.partition("?")[0]](self, asked)

    def chat(self, asked: Asked) -> tuple[int, Any]:
        """Speak the wire of the complete table: a session of its own, server-sent events, tools, a handover flag."""
        if asked.headers.get("authorization") != f"Bearer {KEYS['ACME_TOKEN']}":
            return 401, {"error": {"message": "who are you?"}}
        with self.lock:
            known = asked.body.get("conversation") or f"srv-{len(self.conversations)}"
            number = self.conversations[known] = self.conversations.get(known, 0) + 1
        text = asked.body["message"]
        if "fail" in text:
            return 200, [{"type": "error", "conversation_id": known, "error": {"message": "no stock system"}}]
        call = {"name": "get_order", "arguments": {"order": "H-1"}, "ok": True, "result": {"status": "sent"}}
        return 200, [
            {"type": "start", "conversation_id": known},
            {"type": "delta", "delta": {"text": f"Message {number} "}},
            {"type": "action", "actions": [call]},
            {"type": "delta", "delta": {"text": f"of {len(asked.body['history'])}."}},
            {"type": "state", "status": "human" if "person" in text else "bot"},
            {"type": "done", "usage": {"prompt": 11, "completion": 7}},
        ]

    def rounds(self, asked: Asked) -> tuple[int, Any]:
        """Call tools in three rounds, each with what the one before found, and then answer."""
        assert asked.headers["authorization"] == f"Bearer {KEYS['ACME_TOKEN']}"
        assert asked.body["tools"]
        messages = asked.body["messages"]
        last = max(place for place, message in enumerate(messages) if message["role"] == "user")
        found = [json.loads(one["content"])["result"] for one in messages[last:] if one["role"] == "tool"]
        if "flight" in messages[last]["content"]:
            return 200, {"text": "", "calls": [{"tool": "book_flight", "input": {"to": "Oslo"}}]}
        if not found:
            return 200, {"text": "One moment.", "calls": [{"tool": "list_orders", "input": {}}], "more": True}
        order = found[0]["orders"][0]["id"]
        names = ("get_order", "get_refunds")
        if len(found) <= len(names):
            return 200, {"text": "", "calls": [{"tool": names[len(found) - 1], "input": {"order": order}}]}
        return 200, {"text": f"{found[1]['order']['merchant']}: {json.dumps(found[2])}", "handover": False}

    def completion(self, asked: Asked) -> tuple[int, Any]:
        """Speak chat completions, streamed where that is asked for."""
        key = asked.headers.get("api-key") or asked.headers.get("authorization", "").removeprefix("Bearer ")
        if key not in (AZURE_KEY, KEYS["QWEN_KEY"]):
            return 401, {"error": {"message": "Incorrect API key provided"}}
        usage = {"prompt_tokens": 3, "completion_tokens": 2}
        if not asked.body.get("stream"):
            choice = {"index": 0, "message": {"role": "assistant", "content": "Hello."}, "finish_reason": "stop"}
            return 200, {"model": "m", "choices": [choice], "usage": usage}
        return 200, [
            {"model": "m", "choices": [{"index": 0, "delta": {"content": "Hel"}}]},
            {"model": "m", "choices": [{"index": 0, "delta": {"content": "lo."}, "finish_reason": "stop"}]},
            {"model": "m", "choices": [], "usage": usage},
        ]

    def rasa(self, asked: Asked) -> tuple[int, Any]:
        """Speak Rasa's REST channel."""
        texts = ["Hello.", "How can I help?"]
        return 200, [[{"recipient_id": asked.body["sender"], "text": text} for text in texts]][0]

    def a2a(self, asked: Asked) -> tuple[int, Any]:
        """Speak Agent2Agent 1.0, streamed."""
        assert asked.headers["a2a-version"] == "1.0"
        assert asked.body["method"] == "SendStreamingMessage"
        task = {"taskId": "t-1", "contextId": "c-1"}
        results: list[dict[str, Any]] = [
            {"task": {"id": "t-1", "contextId": "c-1", "status": {"state": "TASK_STATE_SUBMITTED"}}},
            {"artifactUpdate": {**task, "artifact": {"artifactId": "a", "parts": [{"text": "Hel"}]}}},
            {"artifactUpdate": {**task, "append": True, "artifact": {"artifactId": "a", "parts": [{"text": "lo."}]}}},
            {"statusUpdate": {**task, "status": {"state": "TASK_STATE_COMPLETED"}}},
        ]
        return 200, [{"jsonrpc": "2.0", "id": asked.body["id"], "result": result} for result in results]


Wire = Callable[[Company, Asked], tuple[int, Any]]
WIRES: dict[str, Wire] = {
    "/v2/chat": Company.chat,
    "/v1/answer": Company.rounds,
    "/v1/chat/completions": Company.completion,
    "/openai/deployments/my-deployment/chat/completions": Company.completion,
    "/webhooks/rest/webhook": Company.rasa,
    "/": Company.a2a,
}


@pytest.fixture
def company() -> Iterator[Company]:
    served = Company()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, answer = served.answer(Asked(self.path, headers, body))
            streamed = isinstance(answer, list) and "rest" not in self.path
            self.send_response(status)
            self.send_header("content-type", "text/event-stream" if streamed else "application/json")
            self.end_headers()
            for part in answer if streamed else [answer]:
                data = json.dumps(part)
                self.wfile.write(f"data: {data}\n\n".encode() if streamed else data.encode())
                self.wfile.flush()

        def log_message(self, *args: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    served.url = f"http://127.0.0.1:{listening.server_port}"
    yield served
    listening.shutdown()
    listening.server_close()
    thread.join(5)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Stand in a suite of its own, with every key of the page set."""
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "suite.toml").write_text(SUITE)
    for name, value in {**KEYS, "AZURE_OPENAI_API_KEY": AZURE_KEY}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    before = sys.modules.pop(MODULE, None)
    yield tmp_path
    sys.modules.pop(MODULE, None)
    if before is not None:
        sys.modules[MODULE] = before


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as left:
        cli.main(list(arguments))
    return int(left.value.code or 0)


def test_the_complete_table_is_tried_and_everything_is_read(
    company: Company, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("agent.toml").write_text(moved(table("delta.text"), company.url))
    assert run("try", "Where is it? A person, please", "--agent", "http:agent.toml", "--json") == 0
    out = capsys.readouterr().out
    shown = json.loads(out)
    reply = shown["reply"]
    assert (reply["text"], reply["handover"]) == ("Message 1 of 1.", True)
    assert (reply["usage"], reply["first_token"] > 0) == ({"input_tokens": 11, "output_tokens": 7}, True)
    assert [(call["name"], call["result"]) for call in reply["tool_calls"]] == [("get_order", {"status": "sent"})]
    assert shown["session"]["endpoint"] == "srv-0"
    assert shown["request"]["headers"]["Authorization"] == "***"
    assert KEYS["ACME_TOKEN"] not in out
    [asked] = company.requests
    assert asked.body["client"] == shown["session"]["ours"]
    assert asked.body["history"] == [{"role": "user", "content": "Where is it? A person, please"}]
    assert "conversation" not in asked.body, "in the first turn there is no id yet"
    assert run("try", "fail", "--agent", "http:agent.toml") == 1
    assert "the endpoint says: no stock system" in capsys.readouterr().err


def test_the_complete_table_is_replayed_free_running_and_nothing_else(
    company: Company, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("agent.toml").write_text(moved(table("delta.text"), company.url))
    pair = (Turn(speaker="customer", text="Hello!"), Turn(speaker="human_agent", text="Good day!"))
    write_transcripts(
        Path("logs.jsonl"), [Transcript(schema=1, id=name, language="en", turns=pair * 3) for name in ("a", "b")]
    )
    words = ["replay", "logs.jsonl", "--agent", "http:agent.toml", "--out", "run"]
    assert run(*words) == 2
    said = capsys.readouterr().err
    assert "keeps the session on its own side" in said
    assert "--mode free_running" in said
    assert company.requests == []
    assert run(*words, "--mode", "free_running") == 0
    records = Journal(Path("run/replies.jsonl"), ReplyRecord).read()
    texts = {(record.id, record.turn): record.reply and record.reply.text for record in records}
    assert texts == {
        (name, turn): f"Message {number} of {length}."
        for name in ("a", "b")
        for number, (turn, length) in enumerate([(1, 1), (3, 5), (5, 9)], 1)
    }, "the server counts by the id that it handed out; the history has the agent's own calls and their results"
    assert sorted(company.conversations.values()) == [3, 3]


@pytest.mark.parametrize(
    ("words", "text", "streamed"),
    [
        ('preset = "openai-chat"', "Hello.", True),
        ('preset = "azure-openai"', "Hello.", False),
        ('preset = "rasa"', "Hello.\nHow can I help?", False),
        ('preset = "a2a"', "Hello.", True),
    ],
)
def test_every_preset_of_the_page_is_answered(
    words: str, text: str, streamed: bool, company: Company, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("agent.toml").write_text(moved(table(words), company.url))
    assert run("try", "Hi", "--agent", "http:agent.toml", "--customer", "c-1", "--json") == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["reply"]["text"], shown["reply"]["first_token"] is not None) == (text, streamed)
    [asked] = company.requests
    if "openai-chat" in words:
        assert (asked.body["max_tokens"], asked.body["user"], asked.body["model"]) == (600, "c-1", "qwen3")
    if "azure" in words:
        assert asked.path.endswith("?api-version=2024-10-21")


@pytest.mark.parametrize("words", ['preset = "openai-chat"', 'preset = "azure-openai"'])
def test_a_wrong_key_names_its_variable(
    words: str, company: Company, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "AZURE_OPENAI_API_KEY" if "azure" in words else "QWEN_KEY"
    monkeypatch.setenv(name, "not-the-right-key-1")
    Path("agent.toml").write_text(moved(table(words), company.url))
    assert run("try", "Hi", "--agent", "http:agent.toml") == 1
    captured = capsys.readouterr()
    assert name in captured.err
    assert "not-the-right-key-1" not in captured.out + captured.err


def test_tools_called_in_several_rounds_are_answered_by_the_record_and_the_shop(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACME_TOKEN", KEYS["ACME_TOKEN"])
    suite = load_suite(Path(__file__))
    settings = suite.settings
    agent = msgspec.structs.replace(settings.agent, shop=True, mode="teacher_forced")
    suite = replace(suite, settings=msgspec.structs.replace(settings, agent=agent))
    (tmp_path / "agent.toml").write_text(moved(table("calls[]"), company.url))
    flight = (Turn(speaker="customer", text="A flight, please"), Turn(speaker="human_agent", text="We sell none."))
    odd = tmp_path / "odd.jsonl"
    write_transcripts(odd, [Transcript(schema=1, id="en-odd", language="en", turns=flight)])
    options = Options(
        paths=(suite.path("datasets/support/starter/en.jsonl"), odd),
        ids=("en-0001", "en-odd"),
        agent=f"http:{tmp_path / 'agent.toml'}",
        out=tmp_path / "run",
    )
    run_folder = asyncio.run(replay_run(suite, options, tools=shop_of(suite)))
    records = {(one.id, one.turn): one for one in run_folder.replies.read()}
    first = records["en-0001", 1]
    assert first.reply is not None, first
    calls = [(call.name, call.ok) for call in first.reply.tool_calls]
    assert calls == [("list_orders", True), ("get_order", True), ("get_refunds", True)]
    assert first.reply.text.startswith("One moment.\n")
    assert first.spent is not None
    assert first.spent.requests == 4
    lost = records["en-odd", 1]
    assert (lost.state, lost.reply) == ("diverged", None)
    assert "the agent called book_flight" in lost.reason
