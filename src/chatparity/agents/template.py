"""An endpoint described by a table: the JSON body as a template, and JMESPath expressions that find the reply.

    url = "https://support.example.com/chat"
    headers = { Authorization = "Bearer ${ACME_TOKEN}" }
    body = { conversation = "{{ session }}", message = "{{ text }}", history = "{{ messages }}" }
    reply = { text = "answer.text", handover = "answer.status == 'human'" }

A text of the body that is one `{{ expression }}` becomes its value, structures and all, and a key whose value is
`none` is left out; any other text is a Jinja template.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
import jinja2.sandbox
import jmespath
import jmespath.exceptions
import msgspec

from chatparity.agents.failures import malformed
from chatparity.agents.masking import excerpt
from chatparity.agents.wire import Said, text_of, usage_of
from chatparity.errors import InputError, Problem, UsageError
from chatparity.exchange import Conversation
from chatparity.transcript import Turn

VARIABLES = (
    "messages",
    "history",
    "text",
    "system",
    "tools",
    "language",
    "market",
    "customer",
    "session",
    "id",
    "turn",
    "trial",
)
Filler = Callable[[Mapping[str, Any]], Any]


class Paths(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`reply`: JMESPath expressions into the response; `handover` hands over where it finds something true."""

    text: str
    tool_calls: str | None = None
    handover: str | None = None
    input_tokens: str | None = None
    output_tokens: str | None = None
    model: str | None = None


class EndpointTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An agent file, or `[agents.NAME]` of suite.toml.

    Either `preset = "openai-chat"` with `url`, `model` and `key_env` (the variable that holds the key), or `url`,
    `body` and `reply`. `keeps_session`: the endpoint remembers the conversation by `{{ session }}`.
    """

    url: str | None = None
    preset: str | None = None
    model: str | None = None
    key_env: str | None = None
    headers: dict[str, str] = {}
    body: dict[str, Any] | None = None
    reply: Paths | None = None
    keeps_session: bool = False


def read_table(source: Path, table: Mapping[str, Any] | None = None, *, field: str = "") -> EndpointTable:
    """Return the table that a TOML file holds, or `table` of that file. Raises InputError naming the key."""
    try:
        given = msgspec.toml.decode(source.read_bytes()) if table is None else table
        return msgspec.convert(given, EndpointTable)
    except FileNotFoundError as error:
        raise UsageError(f"{source}: no such file") from error
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        name = ".".join(part for part in (field, place.rstrip("`").lstrip(".")) if part)
        raise InputError([Problem(source, None, name, message[:1].lower() + message[1:])]) from error
    except (msgspec.DecodeError, UnicodeDecodeError, IsADirectoryError) as error:
        raise InputError([Problem(source, None, field, f"expected TOML: {error}")]) from error


class Template:
    """A table made ready: writes the body of a request, and reads the reply."""

    def __init__(self, body: Mapping[str, Any], paths: Paths, *, where: str) -> None:
        """Compile all of it. Raises UsageError naming the text that is wrong."""
        self._where = where
        self._environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
            undefined=jinja2.StrictUndefined,
            # The texts become JSON values, not HTML.
            autoescape=False,
        )
        self._body = self._compiled(body, f"{where}: body")
        self._paths = {
            name: self._path(name, expression)
            for name in Paths.__struct_fields__
            if (expression := getattr(paths, name)) is not None
        }

    def body(self, conversation: Conversation) -> bytes:
        """Return the request's JSON body for a conversation. Raises UsageError when the template fails on it."""
        variables: dict[str, Any] = {
            "messages": conversation.messages(),
            "history": [_plain(turn) for turn in conversation.history],
            "text": conversation.history[-1].text if conversation.history else "",
            **{name: getattr(conversation, name) for name in VARIABLES[3:]},
        }
        try:
            return msgspec.json.encode(self._body(variables))
        except (jinja2.TemplateError, TypeError, ValueError) as error:
            known = ", ".join(VARIABLES)
            raise UsageError(f"{self._where}: body: {error}; the variables are {known}") from error

    def read(self, content: bytes) -> Said:
        """Return what the response says. Raises AgentFailure of kind `malformed`."""
        try:
            data = msgspec.json.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise malformed(self._where, f"expected JSON: {error}: {excerpt(content)}") from error
        try:
            found = {name: path.search(data) for name, path in self._paths.items()}
        except jmespath.exceptions.JMESPathError as error:
            raise malformed(self._where, f"the response does not fit `reply`: {error}") from error
        calls = found.get("tool_calls") or ()
        if not isinstance(calls, (list, tuple)):
            raise malformed(self._where, f"expected a list at reply.tool_calls, got {calls!r}")
        model = found.get("model")
        return Said(
            text=text_of(found["text"], where=self._where),
            calls=calls,
            handover=bool(found.get("handover")),
            usage=usage_of(found.get("input_tokens"), found.get("output_tokens")),
            model=model if isinstance(model, str) else None,
        )

    def _compiled(self, value: Any, place: str) -> Filler:
        """Return a function that fills a part of the body."""
        if isinstance(value, str):
            return self._text(value, place)
        if isinstance(value, Mapping):
            fields = {name: self._compiled(part, f"{place}.{name}") for name, part in value.items()}
            return lambda names: {name: filled for name, part in fields.items() if (filled := part(names)) is not None}
        if isinstance(value, list):
            items = [self._compiled(part, f"{place}[{index}]") for index, part in enumerate(value)]
            return lambda names: [part(names) for part in items]
        return lambda names: value

    def _text(self, text: str, place: str) -> Filler:
        """Return a function that gives the value of `{{ expression }}`, or the filled text."""
        inner = text.strip()
        try:
            if inner.startswith("{{") and inner.endswith("}}") and "}}" not in inner[2:-2]:
                expression = self._environment.compile_expression(inner[2:-2].strip("-+ "), undefined_to_none=False)
                return lambda names: _defined(expression(**names))
            template = self._environment.from_string(text)
        except jinja2.TemplateSyntaxError as error:
            raise UsageError(f"{place}: not a template: {error.message}: {text!r}") from error
        return template.render

    def _path(self, name: str, expression: str) -> Any:
        try:
            return jmespath.compile(expression)
        except jmespath.exceptions.JMESPathError as error:
            message = str(error).splitlines()[0]
            raise UsageError(f"{self._where}: reply.{name}: not a JMESPath: {message}: {expression!r}") from error


def _defined(value: Any) -> Any:
    """Return a value; one that does not exist raises, as it does in any other template."""
    if isinstance(value, jinja2.Undefined):
        str(value)
    return value


def _plain(turn: Turn) -> dict[str, Any]:
    """Return a turn as a template shows it: who spoke (never whether a person or an AI answered) and what was said."""
    speaker = turn.speaker if turn.speaker in ("customer", "tool") else "agent"
    return {"speaker": speaker, "text": turn.text}
