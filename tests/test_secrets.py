"""Keys planted in the environment, sent in headers, bodies and addresses, and repeated by the server: shown nowhere."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

PLANTED = {
    "BOT_TOKEN": "planted-in-a-header-7f3a",
    "BOT_TENANT": "planted-in-a-plain-header-91bc",
    "BOT_QUERY": "planted-in-the-address-2d4e",
    "BOT_BODY": 'planted-"in"-the-body-\u00fc-55aa',
    "OPENAI_API_KEY": "planted-for-openai-08cc",
}
TABLE = """
url = "URL/CHAT?key=${BOT_QUERY}"
headers = { Authorization = "Bearer ${BOT_TOKEN}", X-Tenant = "${BOT_TENANT}", X-Both = "${BOT_TENANT} {{ text }}" }
body = { q = "{{ text }}", code = "${BOT_BODY}" }
reply = { text = "text", tool_calls = "calls", model = "text" }
"""


@pytest.fixture
def repeating() -> Iterator[str]:
    """Serve an endpoint that says everything back that it was sent, in whatever it answers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            sent = f"{self.path} {dict(self.headers)} {body}"
            if "chat?" in self.path:
                assert json.loads(body)["code"] == PLANTED["BOT_BODY"]
            call = {"name": "look", "arguments": {"sent": sent}, "ok": True, "result": {sent: [sent]}}
            answer: dict[str, Any] = {"text": f"You sent {sent}", "calls": [call]}
            status = next((code for code in (302, 401, 422, 500) if str(code) in body), 200)
            if "completions" in self.path:
                answer = {"choices": [{"message": {"content": sent}, "finish_reason": "stop"}], "model": sent}
            self.send_response(status)
            if status == 302:
                self.send_header("location", f"http://elsewhere/?key={PLANTED['BOT_QUERY']}")
            self.end_headers()
            self.wfile.write(b"Sorry: " + sent.encode() if "text-422" in body else json.dumps(answer).encode())

        def log_message(self, *args: object) -> None:
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.daemon_threads = True
    thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()
    thread.join(5)


@pytest.fixture
def suite(tmp_path: Path, repeating: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in a suite of three conversations, two of which the endpoint refuses."""
    (tmp_path / "evals").mkdir()
    gate = '[[gate]]\ndimension = "politeness"\nat_least = 0.5\n'
    (tmp_path / "evals" / "suite.toml").write_text(
        f'[suite]\nname = "secrets"\n[agent]\nattempts = 1\nerrored_share = 1.0\n{gate}'
    )
    (tmp_path / "agent.toml").write_text(TABLE.replace("URL", repeating).replace("CHAT", "chat"))
    words = ["Hello"] * 12 + ["401 please", "500 please", "302 please"]
    lines = [
        {
            "schema": 1,
            "id": f"en-{number}",
            "language": "en",
            "turns": [{"speaker": "customer", "text": text}, {"speaker": "human_agent", "text": "Good day."}],
        }
        for number, text in enumerate(words)
    ]
    (tmp_path / "datasets").mkdir()
    (tmp_path / "datasets" / "logs.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    for name, value in PLANTED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def shown(*arguments: str) -> tuple[int, str]:
    """Run the command and return its exit code and all that it printed."""
    done = subprocess.run([sys.executable, "-m", "chatparity", *arguments], capture_output=True, text=True)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def found_in(text: str) -> list[str]:
    """Return the planted keys of which the telling end stands in a text, however the rest is written there."""
    return [name for name, value in PLANTED.items() if value[-5:] in text]


@pytest.mark.parametrize(
    ("text", "more"),
    [("Hello", ()), ("Hello", ("--json",)), ("401", ()), ("text-422", ("--json",)), ("500", ()), ("302", ())],
)
def test_try_shows_no_key_whatever_the_endpoint_says(text: str, more: tuple[str, ...], suite: Path) -> None:
    code, printed = shown("try", text, "--agent", "http:agent.toml", *more)
    assert code == (0 if text == "Hello" else 1), printed
    assert "chat" in printed
    assert found_in(printed) == []


def test_a_run_writes_no_key_anywhere(suite: Path) -> None:
    code, printed = shown("run", "--agent", "http:agent.toml", "--out", "run")
    assert code in (0, 1, 3), printed
    assert found_in(printed) == []
    files = [path for path in (suite / "run").rglob("*") if path.is_file()]
    names = {path.name for path in files}
    assert {"manifest.json", "replies.jsonl", "scores.jsonl", "gate.json", "report.html", "report.md"} <= names
    held = {path.name: found for path in files if (found := found_in(path.read_bytes().decode("utf-8", "replace")))}
    assert held == {}
    replies = (suite / "run" / "replies.jsonl").read_text()
    assert "You sent" in replies, "the replies are there"
    assert all(f'"{kind}"' in replies for kind in ("http_4xx", "http_5xx", "http_3xx")), "and so are the failures"


@pytest.mark.parametrize("form", ["openai:m@{}/v1", "http:openai-chat:m@{}/v1"])
@pytest.mark.parametrize("text", ["Hello", "401"])
def test_a_key_of_the_environment_alone_is_shown_nowhere_either(
    form: str, text: str, suite: Path, repeating: str
) -> None:
    _, printed = shown("try", text, "--agent", form.format(repeating))
    assert "completions" in printed
    assert found_in(printed) == []


@pytest.mark.parametrize(
    "form", ["http:rasa@http://127.0.0.1:9/?api_key={}", "openai:m@http://127.0.0.1:9/v1?token={}"]
)
def test_a_key_written_into_an_address_is_refused_and_not_repeated(form: str, suite: Path) -> None:
    code, printed = shown("try", "Hello", "--agent", form.format("literal-key-44"))
    assert code == 2
    assert "the address holds a secret" in printed
    assert "literal-key-44" not in printed
