"""The README's walk is true: every command of it from `chatparity init` on, run in order in an empty repository.

What a reader brings is stood in for: an endpoint that speaks what the README's agent.toml describes, an export of a
support tool, and somebody who fills in the sheet. `make` is what runs this test, and `pip install` has a test of its
own over the built wheel (test_packaging.py).
"""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

README = (Path(__file__).parents[1] / "README.md").read_text()
TOKEN = "the-token-of-the-walk"
ELSEWHERE = ("make", "pip", "export", ".venv/bin/python")


def commands() -> list[list[str]]:
    """Return the words of every command of the README's shell blocks, in order, but those that other tests run."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    lines = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    return [words for words in lines if words and words[0] not in ELSEWHERE]


class Endpoint(BaseHTTPRequestHandler):
    """Answers as the README's agent.toml describes: server-sent events, and a 401 without the token."""

    def log_message(self, *args: Any) -> None:
        """Keep quiet."""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        known = self.headers["authorization"] == f"Bearer {TOKEN}"
        complete = asked["session"] and asked["message"] and asked["history"] and asked["language"]
        self.send_response(200 if known and complete else 401)
        self.send_header("content-type", "text/event-stream")
        self.end_headers()
        call = {"name": "list_orders", "arguments": {}, "ok": True, "result": {"ok": True, "orders": []}}
        events: list[dict[str, Any]] = [
            {"type": "delta", "delta": {"text": "Thank you, "}},
            {"type": "action", "actions": [call]},
            {"type": "delta", "delta": {"text": "I will look into it at once."}},
            {"type": "state", "status": "bot"},
            {"type": "done", "usage": {"prompt": 11, "completion": 7}},
        ]
        for event in events:
            self.wfile.write(f"data: {json.dumps(event)}\n\n".encode())


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def export(path: Path) -> None:
    """Write what a support tool might export: 60 conversations, three of them with a rude answer."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["conversation", "speaker", "text"])
        for number in range(60):
            writer.writerow([f"c{number}", "customer", "Hello, where is the parcel that I ordered with you last week?"])
            kind = "I am sorry about the wait; I will look into it at once."
            writer.writerow([f"c{number}", "agent", kind if number % 20 else "You are an idiot."])


def fill(path: Path) -> None:
    """Fill in the sheet as a person would: one column."""
    rows = list(csv.reader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    column = next(number for number, heading in enumerate(rows[0]) if heading.startswith("politeness"))
    for row in rows[1:]:
        row[column] = "4"
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)


def ready(words: list[str], folder: Path, endpoint: str) -> None:
    """Bring what the reader brings before a command: agent.toml after `init`, the export, the filled sheet."""
    if "http:agent.toml" in words:
        [table] = re.findall(r"^```toml\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
        (folder / "agent.toml").write_text(table.replace("https://support.example.com", endpoint))
    if "import" in words:
        export(folder / "chats.csv")
    if "--labels" in words:
        fill(folder / "sample" / "sample.csv")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_walk_of_the_readme_leads_from_an_empty_repository_to_labels(tmp_path: Path, endpoint: str) -> None:
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    keep = {name: value for name, value in os.environ.items() if not name.startswith(("CHATPARITY_", "PYTEST_"))}
    # An agent that knows no company fails the examination: that is a verdict (exit 1), and what the README promises.
    verdict = {"run": (0, 1, 3)}
    ran: list[str] = []
    for words in commands():
        ready(words, tmp_path, endpoint)
        done = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            env={**keep, "ACME_TOKEN": TOKEN, "COLUMNS": "120"},
        )
        allowed = verdict.get(words[1], (0,)) if words[0] == "chatparity" and "--dry-run" not in words else (0,)
        assert done.returncode in allowed, f"{shlex.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert "Traceback" not in done.stderr
        assert TOKEN not in done.stdout + done.stderr
        ran.append(words[1] if words[0] == "chatparity" else words[0])
    assert ran[:2] == ["init", "pytest"]
    assert {"try", "run", "import", "check", "grade", "sample"} <= set(ran)
    assert (tmp_path / "reports" / "runs" / "first" / "report.html").is_file()
    labelled = [json.loads(line) for line in (tmp_path / "labelled.jsonl").read_text().splitlines()]
    assert len(labelled) == 50
    assert all(one["labels"]["answers"] for one in labelled)
