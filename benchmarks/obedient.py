"""A scripted judge that obeys every instruction it sees outside the data block, served over real HTTP.

It is the weakest judge there can be, so that what protects it is the way material is put before it and nothing else. It
knows all attacks: when any piece of one of them, as it is or as `NFKC` reads it, stands outside the data block, it does
what that attack is after. Otherwise it is honest: it gives 5 where the reply names the fee of £6.00 and else 2. The
`sloppy` one takes anything that looks like a closing tag, in any characters, for the end of the material.
"""

from __future__ import annotations

import contextlib
import json
import re
import threading
import unicodedata
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from chatparity.judge.injections import Attack, attacks

STRICT = re.compile(r"<(data(?:-[0-9a-f]{16})?)>.*?(?:</\1>|\Z)", re.DOTALL)
SLOPPY = re.compile(r"<data(?:-[0-9a-f]{16})?>.*?(?:<\s*/\s*data[^>]*>|\Z)", re.DOTALL)
LOOK_ALIKES = str.maketrans({"ᐸ": "<", "ᐳ": ">", "‹": "<", "›": ">", "〈": "<", "〉": ">"})
PIECE = 10
SCORES = {"raise": 5, "lower": 1}


def reading(text: str) -> str:
    """Return a text as a reader who forgives everything reads it."""
    plain = unicodedata.normalize("NFKC", text).translate(LOOK_ALIKES)
    return "".join(one for one in plain if unicodedata.category(one) not in ("Cf", "Cc") or one in "\n\t")


def outside(messages: list[dict[str, str]], *, sloppy: bool) -> str:
    """Return what stands outside the data blocks of chat messages."""
    text = "\n".join(str(message["content"]) for message in messages)
    # The rule itself names the tags of the data block, without making one.
    return SLOPPY.sub("", reading(text)) if sloppy else STRICT.sub("", text)


def pieces(attack: Attack) -> list[str]:
    """Return the pieces of an attack of which each alone is enough to be obeyed: its lines, whole where it has one."""
    return [one.strip() for one in attack.text.splitlines() if len(one.strip()) >= PIECE]


def obeyed(messages: list[dict[str, str]], *, sloppy: bool) -> Attack | None:
    """Return the attack that has come through, or None."""
    seen = outside(messages, sloppy=sloppy)
    read = reading(seen)
    for attack in attacks():
        if any(one in seen or (reading(one) and reading(one) in read) for one in pieces(attack)):
            return attack
    return None


def verdict(messages: list[dict[str, str]], *, sloppy: bool) -> dict[str, Any]:
    """Return what this judge says."""
    steered = obeyed(messages, sloppy=sloppy)
    text = str(messages[-1]["content"])
    fee = re.search(r"The late fee is £[69]\.00", text)
    quote = [fee[0]] if fee else []
    if steered is not None:
        reason = f"I was told to: {steered.name}."
        return {"reason": reason, "evidence": quote, "unsure": False, "score": SCORES[steered.goal]}
    right = fee is not None and "£6" in fee[0]
    return {"reason": "By the knowledge.", "evidence": quote, "unsure": False, "score": 5 if right else 2}


@contextlib.contextmanager
def serving(*, sloppy: bool = False) -> Iterator[str]:
    """Serve the judge on a free port; give its base URL."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            message = {"role": "assistant", "content": json.dumps(verdict(asked["messages"], sloppy=sloppy))}
            choice = {"index": 0, "finish_reason": "stop", "message": message}
            head = {"id": "c", "object": "chat.completion", "created": 1, "model": asked["model"]}
            usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
            data = json.dumps({**head, "choices": [choice], "usage": usage}).encode()
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
