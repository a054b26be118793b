"""What several test files need: a judge's endpoint that answers by a script, over real HTTP."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest


@dataclass
class ScriptedJudge:
    """An OpenAI-compatible server on loopback that gives the answers of its script, one a request, in order.

    An answer is a text (the message's content), an object (its JSON is the content), or (status, headers, body).
    `always` answers once the script is used up; without it the server says 500. A function is asked for the answer to
    the request's body.
    """

    url: str = ""
    script: list[Any] = field(default_factory=list)
    always: Any = None
    requests: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, headers: dict[str, str], body: dict[str, Any]) -> tuple[int, dict[str, str], dict[str, Any]]:
        with self.lock:
            self.requests.append(body)
            self.headers.append(headers)
            given = self.script.pop(0) if self.script else self.always
        if callable(given):
            given = given(body)
        if given is None:
            return 500, {}, {"error": {"message": "the script is used up"}}
        if isinstance(given, tuple):
            return given
        content = given if isinstance(given, str) else json.dumps(given)
        message = {"role": "assistant", "content": content}
        return (
            200,
            {},
            {
                "id": "chat-1",
                "object": "chat.completion",
                "created": 1,
                "model": body.get("model", ""),
                "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
                "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
            },
        )

    def prompts(self, number: int = -1) -> tuple[str, str]:
        """Return the first system and the first user message of a request."""
        messages = self.requests[number]["messages"]
        by_role = {role: next(m["content"] for m in messages if m["role"] == role) for role in ("system", "user")}
        return by_role["system"], by_role["user"]


@pytest.fixture
def judge_server() -> Iterator[ScriptedJudge]:
    scripted = ScriptedJudge()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            status, headers, given = scripted.answer(
                {name.lower(): value for name, value in self.headers.items()}, body
            )
            data = json.dumps(given).encode()
            with contextlib.suppress(ConnectionError):  # a client that stopped waiting has hung up
                self.send_response(status)
                for name, value in {"content-type": "application/json", **headers}.items():
                    self.send_header(name, value)
                self.send_header("content-length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    scripted.url = f"http://127.0.0.1:{server.server_port}/v1"
    yield scripted
    server.shutdown()
    server.server_close()
    thread.join(5)
