"""An endpoint described by a table: what is sent as templates, and JMESPath expressions that find the reply.

    url = "https://support.example.com/chat"
    headers = { Authorization = "Bearer ${ACME_TOKEN}" }
    body = { conversation = "{{ session }}", message = "{{ text }}", history = "{{ messages }}" }
    reply = { text = "answer.text", handover = "answer.status == 'human'" }

A text of the body that is one `{{ expression }}` becomes its value, structures and all, and a key whose value is
`none` is left out; any other text is a Jinja template. Headers are templates too; an empty one is left out. `${NAME}`
is a variable of the environment, in the address, in headers and in the body.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2
import jinja2.sandbox
import msgspec

from chatparity.agents.failures import malformed
from chatparity.agents.masking import expand, from_environment
from chatparity.agents.reading import Paths
from chatparity.agents.streams import Streaming
from chatparity.errors import InputError, Problem, UsageError
from chatparity.exchange import Conversation
from chatparity.transcript import Turn

OWN = ("system", "tools", "language", "market", "customer", "session", "id", "turn", "trial")
VARIABLES = ("messages", "history", "text", *OWN, "server_session", "request")
Filler = Callable[[Mapping[str, Any]], Any]
_FROM_ENVIRONMENT = re.compile(r"\$\{(\w+)\}")


class EndpointTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An agent file, or `[agents.NAME]` of suite.toml.

    Either `preset` with `url`, `model`, `api_version` and `key_env` (the variable that holds the key), or `url`,
    `body` and `reply`. `extra` is merged into the body. `stream` says that the answer is streamed and how; `marker` is
    the data of its last event. `keeps_session`: the endpoint remembers the conversation, by our `{{ session }}` or by
    the id that it hands out at `reply.session` and is given back as `{{ server_session }}`.
    """

    url: str | None = None
    preset: str | None = None
    model: str | None = None
    api_version: str | None = None
    key_env: str | None = None
    headers: dict[str, str] = {}
    body: dict[str, Any] | None = None
    extra: dict[str, Any] = {}
    reply: Paths | None = None
    stream: Streaming | None = None
    marker: str | None = None
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


class Filling:
    """A table of templates made ready to be filled in for a conversation."""

    def __init__(self, table: Mapping[str, Any], *, where: str) -> None:
        """Compile all of it and read `${NAME}` from the environment. Raises UsageError naming what is wrong."""
        self._where = where
        self._secrets: dict[str, str] = {}
        self._environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
            undefined=jinja2.StrictUndefined,
            # The texts become JSON values, not HTML.
            autoescape=False,
        )
        self._fill = self._compiled(table, where)

    def filled(self, conversation: Conversation, server_session: Any = None) -> dict[str, Any]:
        """Return the table for a conversation, whose endpoint may have handed out a session id before.

        Raises UsageError when a template fails on it.
        """
        found: dict[str, Any] = self._made(conversation, server_session, self._fill)
        return found

    def body(self, conversation: Conversation, server_session: Any = None) -> bytes:
        """Return the same as JSON. Raises UsageError as well for a value that JSON cannot hold."""
        found: bytes = self._made(conversation, server_session, lambda names: msgspec.json.encode(self._fill(names)))
        return found

    def _made(self, conversation: Conversation, server_session: Any, make: Filler) -> Any:
        variables: dict[str, Any] = {
            "environment": self._secrets,
            "messages": conversation.messages(),
            "history": [_plain(turn) for turn in conversation.history],
            "text": conversation.history[-1].text if conversation.history else "",
            **{name: getattr(conversation, name) for name in OWN},
            "server_session": server_session,
            "request": uuid.uuid4().hex,
        }
        try:
            return make(variables)
        except (jinja2.TemplateError, TypeError, ValueError) as error:
            known = ", ".join(VARIABLES)
            raise UsageError(f"{self._where}: {error}; the variables are {known}") from error

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
        for variable in _FROM_ENVIRONMENT.findall(text):
            self._secrets[variable] = from_environment(variable, needed_by=place)
        # A secret goes in as a variable: it is never read as a template, and no customer's text as a secret's name.
        text = _FROM_ENVIRONMENT.sub(r"{{ environment.\1 }}", text)
        inner = text.strip()
        try:
            if inner.startswith("{{") and inner.endswith("}}") and "}}" not in inner[2:-2]:
                expression = self._environment.compile_expression(inner[2:-2].strip("-+ "), undefined_to_none=False)
                return lambda names: _defined(expression(**names))
            template = self._environment.from_string(text)
        except jinja2.TemplateSyntaxError as error:
            raise UsageError(f"{place}: not a template: {error.message}: {text!r}") from error
        return template.render


class Headers:
    """The headers of a table: `fixed` are the same in all requests; where one `moves`, some are filled in for each."""

    def __init__(self, table: Mapping[str, str], *, where: str) -> None:
        """Read `${NAME}` from the environment. Raises UsageError naming what is unset or not a template."""
        moving = {name: text for name, text in table.items() if "{{" in text or "{%" in text}
        self.fixed = {
            name: expand(text, needed_by=f"{where}.{name}") for name, text in table.items() if name not in moving
        }
        self._where = where
        self.moves = bool(moving)
        self._moving = Filling(moving, where=where) if moving else None

    def filled(self, conversation: Conversation, server_session: Any = None) -> dict[str, str]:
        """Return the headers that differ from request to request, without empty ones. Raises AgentFailure."""
        if self._moving is None:
            return {}
        found = {name: str(value) for name, value in self._moving.filled(conversation, server_session).items()}
        for name, value in found.items():
            if any(not character.isprintable() for character in value):
                raise malformed(self._where, f"{name}: a header cannot hold {value!r}")
        return {name: value for name, value in found.items() if value.strip()}


def _defined(value: Any) -> Any:
    """Return a value; one that does not exist raises, as it does in any other template."""
    if isinstance(value, jinja2.Undefined):
        str(value)
    return value


def _plain(turn: Turn) -> dict[str, Any]:
    """Return a turn as a template shows it: who spoke (never whether a person or an AI answered) and what was said."""
    speaker = turn.speaker if turn.speaker in ("customer", "tool") else "agent"
    return {"speaker": speaker, "text": turn.text}
