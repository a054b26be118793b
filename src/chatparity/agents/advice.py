"""What to change when an agent fails: one piece of advice for every kind of failure."""

from __future__ import annotations

from collections.abc import Callable

from chatparity.agents.masking import KEY_ENV, variables_read

Advice = Callable[[str, int | None], str]
_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND, _NOT_ALLOWED, _TOO_LARGE, _UNPROCESSABLE = 401, 403, 404, 405, 413, 422


def advice(kind: str, *, spec: str, status: int | None = None) -> str:
    """Return what a person can change after a failure of this kind; `spec` is the agent, `status` the HTTP status."""
    return ADVICE.get(kind, _unknown)(spec, status)


def _refused(spec: str, status: int | None) -> str:
    return (
        "Nobody listens there. Is the server running? Are host and port of the address right (http or https)? "
        "From inside a container, 127.0.0.1 is the container itself."
    )


def _timeout(spec: str, status: int | None) -> str:
    return (
        "The server took the request and did not finish in time. Raise timeout_seconds under [agent] in suite.toml, "
        "or look at the server: it may wait for a model that is still loading. A stream whose end is never sent needs "
        "`marker` or `reply.end`, so that its end is known."
    )


def _http_429(spec: str, status: int | None) -> str:
    return (
        "The server wants fewer requests. Lower concurrency under [agent] in suite.toml; a run waits as long as "
        "Retry-After says. If this was the first request, the key's quota is used up."
    )


def _http_5xx(spec: str, status: int | None) -> str:
    return "The server failed at this request: its own log says why. A run tries again; attempts is under [agent]."


def _http_3xx(spec: str, status: int | None) -> str:
    return (
        "The server sends us to another address, which is not followed, because the key would go with it. "
        "Write that address into `url`; often it is https instead of http, or a slash at the end."
    )


def _http_4xx(spec: str, status: int | None) -> str:
    if status in (_UNAUTHORISED, _FORBIDDEN):
        return _key(spec)
    if status in (_NOT_FOUND, _NOT_ALLOWED):
        return (
            "There is nothing at this path, or it takes no POST. Compare the path with the server's documentation: "
            "an openai: address ends in /v1 (no /chat/completions), rasa's is only http://HOST:5005; a model or "
            "deployment that does not exist is answered so as well."
        )
    if status == _TOO_LARGE:
        return "The request is too large for the server: set knowledge = false or records = false under [agent]."
    field = " Its message above names the field that it did not expect." if status == _UNPROCESSABLE else ""
    return (
        "The server does not take this body: compare the request above with its documentation."
        f"{field} Change `body`, or add what an OpenAI-compatible server wants under `extra`."
    )


def _key(spec: str) -> str:
    names = variables_read()
    if names:
        return (
            f"The key is wrong, or may not do this. It was read from {', '.join(names)}: is that the variable, and is "
            "its value whole (no quotation marks, no line break)?"
        )
    if spec.startswith("openai:"):
        return f"The server wants a key and none was sent: export {KEY_ENV}=…"
    return (
        "The server wants a key and none was sent: name the variable that holds it, "
        'key_env = "MY_KEY" or headers = { Authorization = "Bearer ${MY_KEY}" }.'
    )


def _malformed(spec: str, status: int | None) -> str:
    if spec.startswith("command:"):
        return (
            "Each line of the program's standard output must be one JSON object; what it logs belongs on stderr. "
            "Is every line flushed?"
        )
    if spec.startswith("python:"):
        return 'The function must return a text, an object such as {"text": "…"} or a Reply, or yield pieces of text.'
    return (
        "The answer came and could not be read; the message names the expression that found nothing, and the keys that "
        'are there. Change `reply` to where the text stands in the raw reply above, and set stream = "sse" or '
        '"ndjson" if it comes in pieces (remove it if not).'
    )


def _stream_cut(spec: str, status: int | None) -> str:
    return (
        "The connection ended before the reply did. Look for a proxy or load balancer with a shorter time limit. If "
        "the raw reply above is whole, `marker` or `reply.end` does not fit its last event."
    )


def _empty(spec: str, status: int | None) -> str:
    return (
        "The answer came and no text, tool call or handover was found in it. If the raw reply above holds the text, "
        "change `reply.text` to where it stands; if not, the agent said nothing (a content filter, a limit of tokens)."
    )


def _no_recording(spec: str, status: int | None) -> str:
    return (
        "A recording answers only what was asked when it was made: it cannot be tried with a new question. "
        "Use it with `chatparity run`."
    )


def _crashed(spec: str, status: int | None) -> str:
    if spec.startswith("command:"):
        return (
            "The program ended instead of answering; its last words on stderr stand above. It must read a line, answer "
            "with a line, and go on until its standard input closes."
        )
    return "The function raised an exception: the message says which and where. Run it by hand with the request above."


def _agent_error(spec: str, status: int | None) -> str:
    return "The endpoint itself says that it failed, in the words above: its own log knows more."


def _unknown(spec: str, status: int | None) -> str:
    return "The message above says what happened."


ADVICE: dict[str, Advice] = {
    "refused": _refused,
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
