"""What to change when an agent fails: one piece of advice for every kind of failure, by what the endpoint answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import msgspec

from chatparity.agents.masking import variables_read
from chatparity.agents.refusals import refusal

Form = Literal["nothing", "page", "events", "json", "text"]


@dataclass(frozen=True)
class Seen:
    """What is known of a failure: the agent's specification, the HTTP status, and the raw answer as far as it came."""

    spec: str
    status: int | None = None
    raw: bytes = b""

    @property
    def kind(self) -> str:
        """Return the kind of agent that was asked."""
        return self.spec.partition(":")[0]

    @property
    def form(self) -> Form:
        """Return what the answer looks like, whatever it was expected to be."""
        text = self.raw.strip().removeprefix(b"\xef\xbb\xbf")
        if not text:
            return "nothing"
        if text.startswith(b"<"):
            return "page"
        if text.startswith((b"data:", b"event:", b"id:", b"retry:")):
            return "events"
        try:
            msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return "text"
        return "json"


Advice = Callable[[Seen], str]


def advice(kind: str, *, spec: str, status: int | None = None, raw: bytes = b"") -> str:
    """Return what a person can change after a failure of this kind.

    `spec` is the agent, `status` the HTTP status of its answer and `raw` the answer itself, as far as there were any.
    """
    return ADVICE.get(kind, _unknown)(Seen(spec, status, raw))


def _refused(seen: Seen) -> str:
    return (
        "Nobody listens there. Is the server running? Are host and port of the address right? "
        "From inside a container, 127.0.0.1 is the container itself."
    )


def _unknown_host(seen: Seen) -> str:
    return (
        "No machine of this name is known. Is the name in the address spelled right? Can this machine look names up "
        "(VPN, DNS)? A name that only exists inside a cluster or a compose file is known only there."
    )


def _tls(seen: Seen) -> str:
    return (
        "The encrypted connection could not be set up. If the message speaks of a wrong version, the server speaks "
        "plain HTTP: write http:// instead of https://. If it speaks of the certificate (self-signed, an own "
        "authority, another host name, expired), name the authority's file in the variable SSL_CERT_FILE, or ask the "
        "server by the name that its certificate is for; the check cannot be switched off."
    )


def _timeout(seen: Seen) -> str:
    if seen.kind in ("python", "command"):
        return "No answer in time. Raise timeout_seconds under [agent] in suite.toml, or find out what it waits for."
    if seen.status is None:
        return (
            "Not even the head of an answer came in time. Raise timeout_seconds under [agent] in suite.toml, or look "
            "at the server: it may wait for a model that is still loading. A firewall that drops packets looks the "
            "same."
        )
    return (
        "An answer began and did not end in time. Raise timeout_seconds under [agent] in suite.toml. If all of it "
        "stands above, it is a stream whose end is not recognised: set `marker` or `reply.end`."
    )


def _http_429(seen: Seen) -> str:
    return (
        "The server wants fewer requests. Lower concurrency under [agent] in suite.toml; a run waits as long as "
        "Retry-After says. If this was the first request, the key's quota is used up."
    )


def _http_5xx(seen: Seen) -> str:
    # LiteLLM does so where there is no Authorization header at all.
    keyless = "" if variables_read() else " No key is set and none was sent: some proxies answer that with 500."
    return (
        "The server failed at this request: its own log says why. A run tries again, as often as attempts under "
        f"[agent] says. 502, 503 and 504 mostly mean that what stands behind a proxy is not running.{keyless}"
    )


def _http_3xx(seen: Seen) -> str:
    return (
        "The server sends us to another address, which is not followed, because the key would go with it. "
        "Write that address into `url`; often it is https instead of http, or a slash at the end. A login page means "
        "that the endpoint wants a key."
    )


def _http_4xx(seen: Seen) -> str:
    return refusal(seen.status, spec=seen.spec, said=seen.raw.decode("utf-8", "replace"))


def _malformed(seen: Seen) -> str:
    if seen.kind == "command":
        return (
            "Each line of the program's standard output must be one JSON object; what it logs belongs on stderr. "
            "Is every line flushed?"
        )
    if seen.kind == "python":
        return 'The function must return a text, an object such as {"text": "…"} or a Reply, or yield pieces of text.'
    if seen.form == "page":
        return (
            "The answer is a web page, not an API's: compare the address with the server's documentation. A login "
            "page means that a key is missing; an error page that a proxy stands in between."
        )
    if seen.kind == "openai":
        return (
            "The server does not speak the chat completions wire at this address. Does the address end where "
            "/chat/completions follows (often /v1)? Another wire is described by a file: --agent http:FILE.toml."
        )
    if seen.form == "events":
        return (
            'The answer is a stream of server-sent events. It needs stream = "sse" and a `reply` that speaks of one '
            "event. The data of each must be JSON; a last one that is none is named by `marker`, and events of plain "
            "text need a function around them: python:…"
        )
    if seen.form == "text":
        return (
            'The answer is no JSON. If it is one object of JSON a line, set stream = "ndjson"; if the server can '
            'answer with JSON, ask for it (headers = { Accept = "application/json" }); else put a function around it: '
            "python:…"
        )
    return (
        "The answer is JSON and not what the table says; the message names the expression and the keys that are "
        "there. Change `reply` to where the text stands in the raw reply above, and remove `stream` if the answer "
        "comes whole."
    )


def _stream_cut(seen: Seen) -> str:
    if seen.form == "nothing":
        return (
            "The server hung up without a word. It may speak https where the address says http; else its own log says "
            "why. A proxy or load balancer with a shorter time limit looks the same."
        )
    return (
        "If the raw reply above is whole, its end was not recognised: change `reply.end` to what is true of the last "
        "event, name a last event that is no JSON with `marker`, or remove both. If it is not whole, look for a proxy "
        "or load balancer with a shorter time limit, and into the server's log."
    )


def _empty(seen: Seen) -> str:
    if seen.kind in ("python", "command", "openai"):
        return (
            "There was an answer, and neither words nor a tool call nor a handover in it. Did the model stop early "
            "(a content filter, a limit of tokens)? An agent that hands over says so: by a handover tool or "
            "`handover: true`."
        )
    if seen.form == "nothing":
        return (
            "The server said that all is well and sent nothing. Is this the path that answers, or one that only takes "
            "the message and answers later (a webhook)? Such an endpoint needs a function around it: python:…"
        )
    return (
        "The answer came and no text, tool call or handover was found in it. If the raw reply above holds the text, "
        "change `reply.text` to where it stands; if not, the agent said nothing (a content filter, a limit of tokens)."
    )


def _no_recording(seen: Seen) -> str:
    return (
        "A recording answers only what was asked when it was made: it cannot be tried with a new question. "
        "Use it with `chatparity run`."
    )


def _crashed(seen: Seen) -> str:
    if seen.kind == "command":
        return (
            "The program ended instead of answering; its last words on stderr stand above. It must read a line, answer "
            "with a line, and go on until its standard input closes."
        )
    return "The function raised an exception: the message says which and where. Run it by hand with the request above."


def _agent_error(seen: Seen) -> str:
    return "The endpoint itself says that it failed, in the words above: its own log knows more."


def _unknown(seen: Seen) -> str:
    return "The message above says what happened."


ADVICE: dict[str, Advice] = {
    "refused": _refused,
    "unknown_host": _unknown_host,
    "tls": _tls,
    "timeout": _timeout,
    "http_429": _http_429,
    "http_5xx": _http_5xx,
    "http_4xx": _http_4xx,
    "http_3xx": _http_3xx,
    "malformed": _malformed,
    "stream_cut": _stream_cut,
    "empty": _empty,
    "no_recording": _no_recording,
    "crashed": _crashed,
    "agent_error": _agent_error,
}
