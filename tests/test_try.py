"""`chatparity try`: what went out, what came back, what was read out of it, and what to change when it fails."""

from __future__ import annotations

import ast
import contextlib
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from chatparity import cli
from chatparity.agents.advice import ADVICE, advice
from chatparity.suite import MODULE

SOURCE = Path(__file__).parents[1] / "src" / "chatparity"
SUITE = """
[suite]
name = "test"
[agent]
default = "http:bot"
system = "evals/system.md"
tools = "evals/tools.json"
timeout_seconds = 0.5
[agents.bot]
url = "URL/chat"
headers = { Authorization = "Bearer ${BOT_TOKEN}" }
body = { q = "{{ text }}", system = "{{ system }}", tools = "{{ tools }}", key = "${BOT_TOKEN}" }
reply = { text = "answer.text", handover = "answer.human", tool_calls = "answer.calls" }
[agents.kept]
url = "URL/chat"
keeps_session = true
stream = "sse"
body = { q = "{{ text }}" }
reply = { text = "t", session = "sid", end = "done" }
[agents.open]
url = "URL/chat"
body = { q = "{{ text }}" }
reply = { text = "answer.text" }
"""
PARAMETERS = {"type": "object", "properties": {"id": {"type": "string", "description": "An order's id. " * 9}}}
TOOL = {"type": "function", "function": {"name": "get_order", "parameters": PARAMETERS}}


@dataclass
class Server:
    """Answers every request the same; `raw` may break off before `length` bytes."""

    url: str = ""
    status: int = 200
    raw: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    seconds: float = 0.0
    bodies: list[Any] = field(default_factory=list)


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            state.bodies.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            time.sleep(state.seconds)
            with contextlib.suppress(ConnectionError):
                self.send_response(state.status)
                for name, value in {"content-type": "application/json", **state.headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(state.length or len(state.raw)))
                self.end_headers()
                self.wfile.write(state.raw)

        def log_message(self, *args: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{listening.server_port}"
    yield state
    listening.shutdown()
    listening.server_close()
    thread.join(5)


@dataclass
class Done:
    code: int
    out: str
    err: str


Try = Callable[..., Done]


@pytest.fixture
def run(
    tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Try]:
    """Run the command in a suite of its own."""
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "suite.toml").write_text(SUITE.replace("URL", server.url))
    (tmp_path / "evals" / "system.md").write_text("Be kind to {{ customer }} in {{ language }}.")
    (tmp_path / "evals" / "tools.json").write_text(json.dumps({"tools": [TOOL]}))
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BOT_TOKEN", "very-secret-token")
    monkeypatch.chdir(tmp_path)
    before = sys.modules.pop(MODULE, None)

    def command(*arguments: str) -> Done:
        with pytest.raises(SystemExit) as left:
            cli.main(["try", *arguments])
        captured = capsys.readouterr()
        assert "very-secret-token" not in captured.out + captured.err
        return Done(int(left.value.code or 0), captured.out, captured.err)

    yield command
    sys.modules.pop(MODULE, None)
    if before is not None:
        sys.modules[MODULE] = before


def answers(server: Server, **answer: Any) -> None:
    server.raw = json.dumps({"answer": answer}).encode()


def test_a_reply_is_shown_with_its_request_and_what_was_read_out_of_it(server: Server, run: Try) -> None:
    call = {"name": "get_order", "arguments": {"id": "H-1"}, "ok": True, "result": {"status": "sent"}}
    answers(server, text="It is on its way.", human=True, calls=[call], seen="Bearer very-secret-token")
    done = run("Where is it?", "--language", "en", "--customer", "c-7", "--market", "GB")
    assert (done.code, done.err) == (0, "")
    assert server.bodies[0]["system"] == "Be kind to c-7 in en."
    assert server.bodies[0]["tools"] == [TOOL]
    request, reply, read = done.out.split("\n\n")
    assert f"POST {server.url}/chat" in request
    assert "Authorization: ***" in request
    assert '"q": "Where is it?"' in request
    assert '"name": "get_order"' in request
    assert reply.startswith("reply     HTTP 200\n")
    assert '"text": "It is on its way."' in reply
    for words in (
        "text        It is on its way.",
        'tool calls  get_order({"id":"H-1"}) -> {"status":"sent"}',
        "handover    yes",
        "session id  ours: ",
        "first token not measured: the reply is not streamed",
        "total       0.",
    ):
        assert words in read


def test_programs_get_the_same_as_json(server: Server, run: Try) -> None:
    answers(server, text="Soon.", seen="very-secret-token")
    done = run("Where is it?", "--json")
    found = json.loads(done.out)
    assert done.code == 0
    assert found["request"]["where"] == f"POST {server.url}/chat"
    assert found["request"]["headers"]["Authorization"] == "***"
    assert found["request"]["body"]["tools"] == [TOOL]
    assert json.loads(found["response"]["raw"])["answer"] == {"text": "Soon.", "seen": "***"}
    assert (found["reply"]["text"], found["reply"]["handover"], found["failure"]) == ("Soon.", False, None)


def test_a_streamed_reply_shows_its_first_token_and_the_servers_session(server: Server, run: Try) -> None:
    server.raw = b'data: {"t": "Hi", "sid": "srv-9"}\n\ndata: {"t": " there", "done": true}\n\n'
    done = run("Hello", "--agent", "http:kept")
    assert done.code == 0
    assert 'data: {"t": "Hi", "sid": "srv-9"}' in done.out
    assert "text        Hi there" in done.out
    assert "the endpoint's: srv-9" in done.out
    assert "first token 0." in done.out


def test_the_official_client_is_overheard_too(server: Server, run: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "very-secret-token")
    chunk = {
        "id": "c",
        "model": "tiny",
        "choices": [{"index": 0, "delta": {"content": "Hi."}, "finish_reason": "stop"}],
    }
    server.raw = f"data: {json.dumps(chunk)}\n\ndata: [DONE]\n\n".encode()
    server.headers = {"content-type": "text/event-stream"}
    done = run("Hello", "--agent", f"openai:tiny@{server.url}/v1")
    assert done.code == 0
    assert "authorization: ***" in done.out
    assert '"stream": true' in done.out
    assert "data: [DONE]" in done.out
    assert "text        Hi." in done.out
    assert "first token 0." in done.out
    server.status, server.raw = 401, b'{"error": {"message": "Bad key very-secret-token"}}'
    failed = run("Hello", "--agent", f"openai:tiny@{server.url}/v1")
    assert failed.code == 1
    assert "Bad key ***" in failed.out
    assert "OPENAI_API_KEY" in failed.err


def test_what_an_agent_sends_does_nothing_on_a_terminal_and_cannot_pass_for_ours(server: Server, run: Try) -> None:
    answers(server, text="\x1b[2Jgone\nread\n  text        all is well\u202e")
    done = run("Hello")
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out
    assert [line for line in done.out.splitlines() if line == "read"] == ["read"]


FAILURES: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "401": ("http_4xx", {"status": 401}, ["BOT_TOKEN", "HTTP 401"]),
    "404": ("http_4xx", {"status": 404}, ["path"]),
    "422": ("http_4xx", {"status": 422}, ["body", "field"]),
    "429": ("http_429", {"status": 429}, ["concurrency"]),
    "500": ("http_5xx", {"status": 500}, ["log"]),
    "moved": (
        "http_3xx",
        {"status": 307, "headers": {"location": "https://elsewhere"}},
        ["https://elsewhere", "`url`"],
    ),
    "no json": ("malformed", {"raw": b"<html>"}, ["expected JSON", "<html>"]),
    "no text": ("empty", {"raw": b'{"reply": {"text": "Hi"}, "id": 3}'}, ["'answer.text'", "reply, id", "reply.text"]),
    "not a text": ("malformed", {"raw": b'{"answer": {"text": 3}}'}, ["'answer.text'", "the keys answer", "`reply`"]),
    "cut": ("stream_cut", {"raw": b'{"answ', "length": 99}, ["proxy"]),
    "slow": ("timeout", {"seconds": 1.0}, ["timeout_seconds"]),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_says_what_to_change(name: str, server: Server, run: Try) -> None:
    kind, given, words = FAILURES[name]
    for key, value in given.items():
        setattr(server, key, value)
    done = run("Where is it?")
    assert done.code == 1
    assert done.err.startswith(f"{kind}: ")
    assert "\nwhat to change: " in done.err
    assert [word for word in words if word not in done.err] == [], done.err
    assert f"POST {server.url}/chat" in done.out, "the request is shown all the same"
    assert json.loads(run("Where is it?", "--json").out)["failure"]["kind"] == kind


def test_a_server_that_is_not_there_is_asked_after(run: Try, tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        done = run("Hello", "--agent", f"http:rasa@{url}")
    assert done.code == 1
    assert "refused: " in done.err
    assert "Is the server running?" in done.err


def test_functions_programs_and_recordings_have_advice_of_their_own(run: Try, tmp_path: Path) -> None:
    (tmp_path / "try_bot.py").write_text(
        "def good(conversation):\n    yield 'Fine'\n\ndef bad(conversation):\n    raise KeyError('order')\n"
    )
    (tmp_path / "talks.py").write_text("print('Loading...')\n")
    turns = [{"speaker": "customer", "text": "Hi"}, {"speaker": "human_agent", "text": "Hello"}]
    (tmp_path / "old.jsonl").write_text(json.dumps({"schema": 1, "id": "a", "language": "en", "turns": turns}) + "\n")
    good = run("Hello", "--agent", "python:try_bot:good")
    assert good.code == 0
    assert "call python:try_bot:good" in good.out
    assert '["Fine"]' in good.out
    bad = run("Hello", "--agent", "python:try_bot:bad")
    assert "KeyError: 'order' [try_bot.py:5 in bad]" in bad.err
    assert "The function raised" in bad.err
    talks = run("Hello", "--agent", f"command:{sys.executable} -S -E talks.py")
    assert talks.code == 1
    assert "stderr" in talks.err
    recorded = run("Hello", "--agent", "recorded:old.jsonl")
    assert "chatparity run" in recorded.err
    assert "nothing is sent" in recorded.out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("  ",), "TEXT"),
        (("Hi", "--agent", "pigeon:x"), "pigeon"),
        (("Hi", "--language", "English"), "language"),
        (("Hi", "--market", "gb"), "market"),
        (("Hi", "--agent", "http:nobody"), "nobody"),
        ((), "TEXT"),
    ],
)
def test_bad_usage_is_exit_code_two(arguments: tuple[str, ...], words: str, run: Try) -> None:
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.err


def test_every_kind_of_failure_that_the_agents_raise_has_advice() -> None:
    raised = {
        node.args[0].value
        for path in [*(SOURCE / "agents").rglob("*.py"), SOURCE / "replay" / "attempts.py"]
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "AgentFailure"
        and isinstance(node.args[0], ast.Constant)
    }
    assert len(raised) >= 10
    assert raised == set(ADVICE)
    for kind in ADVICE:
        for status in (None, 400, 401, 404, 413):
            assert len(advice(kind, spec="http:x", status=status)) > 40


def test_a_key_that_was_never_sent_is_asked_for(server: Server, run: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatparity.agents.masking._read", {})
    server.status = 401
    done = run("Hi", "--agent", "http:open")
    assert 'key_env = "MY_KEY"' in done.err
    openai = run("Hi", "--agent", f"openai:tiny@{server.url}/v1")
    assert "export OPENAI_API_KEY" in openai.err
