"""What to change when a server refuses a request (HTTP 4xx), by its status and by what its message speaks of."""

from __future__ import annotations

import re

from chatparity.agents.masking import KEY_ENV, variables_read

_UNAUTHORISED, _PAYMENT, _FORBIDDEN, _NOT_FOUND, _NOT_ALLOWED = 401, 402, 403, 404, 405
_TOO_LARGE, _WRONG_TYPE, _UNPROCESSABLE = 413, 415, 422
# Not every server says 401: LiteLLM without a database answers a wrong key with 400 and "No connected db".
_OF_A_KEY = re.compile(r"(?i)api.?key|authenticat|unauthori[sz]|credential|no.(?:connected.db|db.connection)")
_OF_A_MODEL = re.compile(r"(?i)\bmodel\b|\bdeployment\b")


def refusal(status: int | None, *, spec: str, said: str) -> str:
    """Return what a person can change after an answer of this status whose body is `said`."""
    if status == _UNAUTHORISED or (status not in (_FORBIDDEN, _NOT_FOUND) and _OF_A_KEY.search(said)):
        return _key(spec)
    if status == _FORBIDDEN:
        return f"{_key(spec)} A firewall that lets only some addresses through answers so as well."
    if status == _PAYMENT:
        return "The account behind the key has no credit left, or the model is not part of its plan."
    if status == _NOT_FOUND:
        return _path(spec, said)
    if status == _NOT_ALLOWED:
        return f"There is something at this path, and it takes no POST: it is not the one that answers. {_path(spec)}"
    if status == _TOO_LARGE:
        return (
            "The request is too large for the server: raise its limit, or leave something out of the prompt: "
            "knowledge = false or records = false under [agent] in suite.toml."
        )
    if status == _WRONG_TYPE:
        return "The server takes no application/json: another type can be set under [headers], but the body is JSON."
    return _body(spec, said, names_field=status == _UNPROCESSABLE)


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


def _path(spec: str, said: str = "") -> str:
    """Return what to look at in the address of an agent."""
    model = " Its message speaks of a model: is its name right?" if _OF_A_MODEL.search(said) else ""
    if spec.startswith(("openai:", "http:openai-chat")):
        return f"The address must end where /chat/completions follows (often /v1), and the model must exist.{model}"
    if spec.startswith("http:rasa"):
        return "Rasa's address is only http://HOST:5005, and its REST channel must be switched on in credentials.yml."
    return f"Compare the path of `url` with the server's documentation.{model}"


def _body(spec: str, said: str, *, names_field: bool) -> str:
    """Return what to look at in the body of a request."""
    if not names_field and _OF_A_MODEL.search(said):
        return "The server's message speaks of the model: is its name one that the server knows (GET /v1/models)?"
    field = " Its message names the field that is missing or that it does not expect." if names_field else ""
    change = (
        "What an OpenAI-compatible server wants beyond the standard goes into `extra` of a table with "
        'preset = "openai-chat".'
        if spec.startswith(("openai:", "http:openai-chat"))
        else "Change `body` (or `extra`, where a preset writes the body)."
    )
    return f"The server does not take this body: compare the request above with its documentation.{field} {change}"
