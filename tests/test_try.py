"""`chatparity try`: what went out, what came back, what was read out of it, and what to change when it fails."""

from __future__ import annotations

import ast
import contextlib
import json
import shutil
import socket
import ssl
import subprocess
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
    "a wrong model": ("http_4xx", {"status": 400, "raw": b'{"error": "Invalid model name"}'}, ["is its name one"]),
    "a wrong key said with 400": ("http_4xx", {"status": 400, "raw": b'{"error": "No connected db."}'}, ["BOT_TOKEN"]),
    "402": ("http_4xx", {"status": 402}, ["credit"]),
    "403": ("http_4xx", {"status": 403}, ["BOT_TOKEN", "firewall"]),
    "405": ("http_4xx", {"status": 405}, ["no POST", "path"]),
    "413": ("http_4xx", {"status": 413}, ["knowledge = false"]),
    "415": ("http_4xx", {"status": 415}, ["[headers]"]),
    "422": ("http_4xx", {"status": 422, "raw": b'{"loc": ["q"], "msg": "required"}'}, ['["q"]', "`body`", "field"]),
    "429": ("http_429", {"status": 429}, ["concurrency"]),
    "500": ("http_5xx", {"status": 500}, ["log"]),
    "moved": (
        "http_3xx",
        {"status": 307, "headers": {"location": "https://elsewhere"}},
        ["https://elsewhere", "`url`"],
    ),
    "a page": ("malformed", {"raw": b"<html>Sign in</html>"}, ["got a web page", "Sign in", "compare the address"]),
    "plain text": ("malformed", {"raw": b"Hello there"}, ["expected JSON", "Hello there", "Accept", "ndjson"]),
    "a stream": ("malformed", {"raw": b'data: {"answer": 1}\n\n'}, ['stream = "sse"']),
    "nothing": ("empty", {"raw": b""}, ["the answer has no body", "webhook"]),
    "an empty text": ("empty", {"raw": b'{"answer": {"text": ""}}'}, ["the reply is empty", "content filter"]),
    "no text": (
        "empty",
        {"raw": b'{"reply": [{"text": "Hi", "odd-key": "x"}], "id": 3}'},
        ["'answer.text' found nothing", "reply, id", 'it has texts at reply[0].text, reply[0]."odd-key"', "reply.text"],
    ),
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


STREAM_FAILURES: dict[str, tuple[str, bytes, str, list[str]]] = {
    "no end": (
        "stream_cut",
        b'data: {"t": "Hi", "sid": "s"}\n\n',
        "text/event-stream",
        ["'done'", "keys t, sid", "end"],
    ),
    "no event": ("empty", b": ping\n\n", "text/event-stream", ["without an event"]),
    "whole": ("malformed", b'{"t": "Hi"}', "application/json", ["application/json", "remove `stream`"]),
    "a page": ("malformed", b"<html>", "text/html", ["text/html", "compare the address"]),
    "plain text": ("malformed", b"data: Hi\n\n", "text/event-stream", ["must be JSON", "python:"]),
    "no session": (
        "malformed",
        b'data: {"t": "Hi", "done": 1}\n\n',
        "text/event-stream",
        ["reply.session found nothing"],
    ),
}


@pytest.mark.parametrize("name", STREAM_FAILURES)
def test_a_stream_that_fails_says_what_to_change(name: str, server: Server, run: Try) -> None:
    kind, server.raw, server.headers["content-type"], words = STREAM_FAILURES[name]
    done = run("Where is it?", "--agent", "http:kept")
    assert (done.code, done.err.partition(":")[0]) == (1, kind)
    assert [word for word in words if word not in done.err] == [], done.err


def test_a_stream_is_read_whatever_type_it_says_it_is(server: Server, run: Try) -> None:
    server.raw, server.headers["content-type"] = b'data: {"t": "Hi", "sid": "s", "done": 1}\n\n', "application/json"
    assert "text        Hi" in run("Hello", "--agent", "http:kept").out


@pytest.mark.parametrize("spec", ["http:rasa@http://bot.invalid:5005", "openai:tiny@http://bot.invalid/v1"])
def test_a_name_that_nobody_knows_is_not_taken_for_a_server_that_is_down(
    spec: str, run: Try, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*arguments: Any, **named: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    done = run("Hello", "--agent", spec)
    assert (done.code, done.err.partition(":")[0]) == (1, "unknown_host"), done.err
    assert "bot.invalid" in done.err
    assert "spelled right" in done.err


@pytest.mark.parametrize("form", ["http:rasa@{}", "openai:tiny@{}/v1"])
def test_encryption_where_there_is_none_is_said(form: str, server: Server, run: Try) -> None:
    done = run("Hello", "--agent", form.format(server.url.replace("http:", "https:")))
    assert (done.code, done.err.partition(":")[0]) == (1, "tls"), done.err
    assert "write http://" in done.err


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes a certificate with openssl")
@pytest.mark.parametrize("form", ["http:rasa@{}", "openai:tiny@{}/v1"])
def test_an_own_certificate_is_refused_until_its_file_is_named(
    form: str, run: Try, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = "openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 2 -subj /CN=localhost"
    subject = ["-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*made.split(), *subject], cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    with encrypted(context) as port:
        spec = form.format(f"https://localhost:{port}")
        refused = run("Hello", "--agent", spec)
        assert (refused.code, refused.err.partition(":")[0]) == (1, "tls"), refused.err
        assert "SSL_CERT_FILE" in refused.err
        # Authorities are read when a process starts: a person's next call is one.
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        command = [sys.executable, "-m", "chatparity", "try", "Hello", "--agent", spec]
        trusted = subprocess.run(command, capture_output=True, text=True)
        assert trusted.stderr.startswith("http_4xx"), trusted.stderr


@contextlib.contextmanager
def encrypted(context: ssl.SSLContext) -> Iterator[int]:
    """Serve 404 to everybody over TLS, and give the port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.send_error(404)

        def log_message(self, *args: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    # The handshake belongs into the handler's thread: a client that breaks it off must not stop the others.
    listening.socket = context.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield listening.server_port
    listening.shutdown()
    listening.server_close()
    thread.join(5)


def test_a_variable_that_is_not_set_is_named_with_where_it_is_needed(run: Try, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BOT_TOKEN")
    done = run("Hello")
    assert (done.code, done.out) == (2, "")
    assert "[agents.bot]: headers.Authorization" in done.err
    assert "export BOT_TOKEN=" in done.err


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
        "def forgets(conversation):\n    'Fine'\n\ndef silent(conversation):\n    return ''\n"
    )
    (tmp_path / "ends.py").write_text("import sys\nsys.exit(print('no licence', file=sys.stderr) or 3)\n")
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
    forgets = run("Hello", "--agent", "python:try_bot:forgets")
    assert "got None (is a `return` missing?)" in forgets.err
    silent = run("Hello", "--agent", "python:try_bot:silent")
    assert "reply.text" not in silent.err, "a function has no table"
    ends = run("Hello", "--agent", f"command:{sys.executable} -S -E ends.py")
    assert "exit code 3; it said: no licence" in ends.err
    assert "answer with a line" in ends.err
    missing = run("Hello", "--agent", "command:no-such-program --fast")
    assert (missing.code, "no program 'no-such-program' is found" in missing.err) == (2, True)
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
